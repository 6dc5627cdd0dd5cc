"""Operands for each primitive: dtypes that make sense, shapes, attributes, values.

`CASES[name]` lists (shapes of the operands, attributes); elementwise primitives need no
line, they get theirs from the number of their operands. `DTYPES[name]` are the dtypes
of the operands that have no dtype of their own (`OWN_DTYPE`).
"""

import zlib

import numpy as np

from kerasish.backend import dtypes
from kerasish.graph.registry import operations
from kerasish.graph.tensor import Spec
from tests.backend import (
    cases_convolution,
    cases_linalg,
    cases_numeric,
    cases_scattering,
)

BOOL = ("bool",)
WHOLE = dtypes.UNSIGNED + dtypes.SIGNED
FLOATS = dtypes.FLOATS
NUMBERS = WHOLE + FLOATS
ALL = dtypes.ALL

_DTYPES = {
    BOOL: "logical_and logical_or logical_xor logical_not",
    WHOLE: "left_shift right_shift",
    BOOL + WHOLE: "bitwise_and bitwise_or bitwise_xor",
    NUMBERS: "subtract floor_divide mod power negative absolute sign square "
    "reduce_sum reduce_prod cumulative_sum cumulative_prod scatter_add matmul_of",
    ALL: "add multiply maximum minimum equal not_equal less less_equal greater "
    "greater_equal select cast_to copy stop_gradient reshape_to transpose_to slice_to "
    "broadcast place concat gather arg_max arg_min arg_sort reduce_max reduce_min",
}
DTYPES = {name: group for group, names in _DTYPES.items() for name in names.split()}

# operands whose dtype is not the primitive's: (name, position) -> dtype
OWN_DTYPE = {
    ("select", 0): "bool",
    ("gather", 1): "int32",
    ("scatter_add", 0): "int32",
}

_UNARY = [((),), ((5,),), ((3, 4),), ((2, 3, 4),), ((0,),), ((2, 0, 3),)]
_BINARY = [
    ((), ()),
    ((3, 4), (3, 4)),
    ((3, 4), ()),
    ((3, 1), (4,)),
    ((2, 1, 4), (3, 1)),
    ((0, 3), (1, 3)),
    ((1,), (0,)),
]
_TERNARY = [
    ((), (), ()),
    ((3, 4), (3, 4), (3, 4)),
    ((3, 1), (4,), ()),
    ((), (2, 3), (3,)),
    ((0, 3), (3,), (1, 1)),
]
_REDUCED = [
    (((5,),), {"axis": (0,), "keepdims": False}),
    (((3, 4),), {"axis": (0,), "keepdims": False}),
    (((3, 4),), {"axis": (1,), "keepdims": True}),
    (((3, 4),), {"axis": (0, 1), "keepdims": False}),
    (((2, 3, 4),), {"axis": (0, 2), "keepdims": True}),
    (((2, 3, 4),), {"axis": (1,), "keepdims": False}),
    (((1, 1),), {"axis": (0, 1), "keepdims": True}),
    (((0, 3),), {"axis": (1,), "keepdims": False}),
    (((3, 0),), {"axis": (0,), "keepdims": True}),
]
_SUMMED = [*_REDUCED, (((0, 3),), {"axis": (0,), "keepdims": False})]
_ALONG = [
    (((5,),), {"axis": 0}),
    (((3, 4),), {"axis": 0}),
    (((3, 4),), {"axis": 1}),
    (((2, 3, 4),), {"axis": 1}),
    (((1,),), {"axis": 0}),
    (((0, 3),), {"axis": 1}),
]
_WHOLE_AXIS = slice(None)

CASES = {
    "copy": [(shapes, {}) for shapes in _UNARY],
    "stop_gradient": [(shapes, {}) for shapes in _UNARY],
    "cast_to": [(shapes, {"dtype": "float32"}) for shapes in _UNARY],
    "reshape_to": [
        (((3, 4),), {"newshape": (2, 6)}),
        (((3, 4),), {"newshape": (12,)}),
        (((1,),), {"newshape": ()}),
        (((),), {"newshape": (1, 1)}),
        (((0, 3),), {"newshape": (5, 0)}),
    ],
    "transpose_to": [
        (((3, 4),), {"axes": (1, 0)}),
        (((2, 3, 4),), {"axes": (2, 0, 1)}),
        (((),), {"axes": ()}),
        (((0, 3),), {"axes": (1, 0)}),
    ],
    "slice_to": [
        (((5,),), {"slices": (slice(1, 3),)}),
        (((3, 4),), {"slices": (_WHOLE_AXIS, slice(None, None, -1))}),
        (((3, 4),), {"slices": (slice(None, None, 2), slice(1, 4, 2))}),
        (((2, 3, 4),), {"slices": (slice(1, 2),)}),
        (((3, 4),), {"slices": (slice(2, 2),)}),
    ],
    "broadcast": [
        (((),), {"shape": (2, 3)}),
        (((3, 1),), {"shape": (3, 4)}),
        (((4,),), {"shape": (2, 3, 4)}),
        (((1,),), {"shape": (0,)}),
    ],
    "place": [
        (((2,),), {"shape": (5,), "slices": (slice(1, 3),), "value": 0}),
        (
            ((2, 2),),
            {"shape": (3, 4), "slices": (slice(0, 2), slice(0, 4, 2)), "value": 1},
        ),
        (((3,),), {"shape": (3,), "slices": (slice(None, None, -1),), "value": 0}),
        (((0,),), {"shape": (3,), "slices": (slice(1, 1),), "value": 1}),
    ],
    "concat": [
        (((2,), (3,)), {"axis": 0}),
        (((3, 1), (3, 2), (3, 1)), {"axis": 1}),
        (((0, 3), (2, 3)), {"axis": 0}),
        (((2,),) * 9, {"axis": 0}),
    ],
    "reduce_sum": _SUMMED,
    "reduce_prod": _SUMMED,
    "reduce_max": _REDUCED,
    "reduce_min": _REDUCED,
    "arg_max": _ALONG,
    "arg_min": _ALONG,
    "cumulative_sum": _ALONG,
    "cumulative_prod": _ALONG,
    "arg_sort": _ALONG,
    "gather": [
        (((5,), (3,)), {"axis": 0}),
        (((3, 4), (2, 2)), {"axis": 0}),
        (((2, 3, 4), (5,)), {"axis": 1}),
        (((3, 4), ()), {"axis": 1}),
        (((3, 4), (0,)), {"axis": 0}),
    ],
    "scatter_add": [
        (((6,), (6,)), {"shape": (3,)}),
        (((4,), (4, 2)), {"shape": (3, 2)}),
        (((2, 2), (2, 2, 3)), {"shape": (4, 3)}),
        (((), (3,)), {"shape": (3, 3)}),
        (((0,), (0, 2)), {"shape": (3, 2)}),
    ],
    "matmul_of": [
        (((3, 4), (4, 2)), {}),
        (((1, 4), (4, 1)), {}),
        (((2, 3, 4), (2, 4, 2)), {}),
        (((2, 1, 3, 4), (3, 4, 2)), {}),
        (((0, 4), (4, 2)), {}),
        (((3, 0), (0, 2)), {}),
    ],
}

CASES |= cases_linalg.CASES
CASES |= cases_scattering.CASES
CASES |= cases_convolution.CASES
CASES |= cases_numeric.CASES
DTYPES |= cases_scattering.DTYPES
DTYPES |= cases_convolution.DTYPES
DTYPES |= cases_numeric.DTYPES
OWN_DTYPE |= cases_scattering.OWN_DTYPE

# where a primitive of floats is defined and not steep, one interval for each operand
_DOMAINS = {
    "divide": ((-2, 2), (0.5, 2)),
    "floor_divide": ((-3, 3), (0.5, 2)),
    "mod": ((-3, 3), (0.5, 2)),
    "power": ((0.1, 2.5), (-2, 2)),
    "reciprocal": ((0.5, 3),),
    "sqrt": ((0, 4),),
    "log": ((0.1, 4),),
    "log1p": ((-0.8, 4),),
    "tan": ((-1.2, 1.2),),
    "arcsin": ((-0.9, 0.9),),
    "arccos": ((-0.9, 0.9),),
    "arctanh": ((-0.9, 0.9),),
    "erfinv": ((-0.9, 0.9),),
    "arccosh": ((1.1, 4),),
    **cases_numeric.DOMAINS,
}
# whole numbers that are never zero, or never negative, by position of the operand
_WHOLE_DOMAINS = {
    ("floor_divide", 1): (1, 4),
    ("mod", 1): (1, 4),
    ("power", 1): (0, 4),
    ("left_shift", 1): (0, 4),
    ("right_shift", 1): (0, 4),
    ("fmod", 1): (1, 4),
}


def primitives():
    """Return every declared primitive of one result by name."""
    found = operations().items()
    return {n: op for n, op in found if op.is_primitive and not op.is_several}


def several():
    """Return every declared operation of several results by name."""
    return {name: op for name, op in operations().items() if op.is_several}


def cases_of(op):
    """Return the (shapes, attributes) of a primitive."""
    if op.name in CASES:
        return CASES[op.name]
    assert op.is_elementwise, f"primitive '{op.name}' has no line in CASES"
    arity = sum(p.annotation == "Array" for p in op.signature.parameters.values())
    forms = {1: _UNARY, 2: _BINARY, 3: _TERNARY}[arity]
    return [(shapes, {}) for shapes in forms]


def dtypes_of(op):
    """Return the dtypes a primitive is to be tried with; floats by default."""
    return DTYPES.get(op.name, FLOATS)


def operands_of(op, shapes, attributes, dtype, seed=0):
    """Return host arrays of these shapes on which the primitive is defined."""
    rng = np.random.default_rng(zlib.crc32(f"{op.name}{dtype}{seed}".encode()))
    owns = [OWN_DTYPE.get((op.name, i), dtype) for i in range(len(shapes))]
    return [
        np.asarray(_values(rng, op.name, i, shapes, own, attributes), own)
        for i, own in enumerate(owns)
    ]


def _values(rng, name, i, shapes, dtype, attributes):
    if (name, i) in cases_linalg.OPERANDS:
        return cases_linalg.OPERANDS[name, i](rng, shapes[i])
    if (name, i) in cases_convolution.OPERANDS:
        return cases_convolution.OPERANDS[name, i](rng, shapes[i])
    if (name, i) in cases_scattering.OPERANDS:
        return cases_scattering.OPERANDS[name, i](rng, shapes[i])
    if (name, i) in cases_numeric.OPERANDS:
        return cases_numeric.OPERANDS[name, i](rng, shapes[i])
    if (name, i) == ("gather", 1):
        length = shapes[0][attributes["axis"]]
        return rng.integers(-length, length, shapes[1])  # negative: from the end
    if (name, i) == ("scatter_add", 0):
        return rng.integers(0, attributes["shape"][0], shapes[0])
    if dtype == "bool":
        return rng.integers(0, 2, shapes[i])
    if dtype in WHOLE:
        ends = (0 if dtype in dtypes.UNSIGNED else -3, 4)
        return rng.integers(*_WHOLE_DOMAINS.get((name, i), ends), shapes[i])
    low, high = _DOMAINS.get(name, ((-2, 2),) * len(shapes))[i]
    # thirty-seconds: exact in every float dtype, with equal elements now and then
    thirty_seconds = rng.integers(int(low * 32), int(high * 32) + 1, shapes[i])
    return thirty_seconds / 32


def spec_of(op, operands, attributes):
    """Return the `Spec` of the primitive's result on host operands."""
    return op.infer([Spec(x.shape, x.dtype.name) for x in operands], attributes)
