"""Sample operands for every declared operation, found by the operation's name.

A primitive takes its shapes and attributes from `tests/backend/cases.py`. A composed
operation of which every attribute has a default gets a few shapes by the number of its
operands; any other needs a line in `FORMS`, or the contract test fails. Values are
random and lie inside `DOMAINS`, so that no sample meets a kink or a pole.
"""

import zlib
from typing import Any, NamedTuple

import numpy as np

from tests.backend import cases_linalg, cases_numeric, cases_scattering
from tests.backend.cases import OWN_DTYPE, cases_of, dtypes_of

OPERANDS = cases_linalg.OPERANDS | cases_scattering.OPERANDS | cases_numeric.OPERANDS


class Sample(NamedTuple):
    """One call of an operation.

    Attributes:
        operands: Host arrays; float64, unless the operation takes whole numbers.
        attributes: Its static arguments.
    """

    operands: list[np.ndarray]
    attributes: dict[str, Any]


FORMS = {
    "cast_to": [(((3, 4),), {"dtype": "float64"}), (((),), {"dtype": "float64"})],
    "gelu": [
        (((3, 4),), {"approximate": True}),
        (((3, 4),), {"approximate": False}),
        (((0,),), {"approximate": False}),
    ],
    "softmax_along": [
        (((3, 4),), {"axes": (1,)}),
        (((3, 4),), {"axes": (0,)}),
        (((2, 3, 4),), {"axes": (1, 2)}),
        (((3, 1),), {"axes": (1,)}),
        (((0, 3),), {"axes": (1,)}),
    ],
    "log_softmax_along": [
        (((3, 4),), {"axes": (1,)}),
        (((2, 3, 4),), {"axes": (0, 2)}),
        (((0, 3),), {"axes": (1,)}),
    ],
    "clip": [(((3, 4), (), ()), {}), (((3, 4), (4,), (3, 1)), {})],
    "clip_probability": [(((3, 4),), {"margin": 0.3}), (((0,),), {"margin": 0.1})],
    "binary_crossentropy_of": [(((3, 4), (3, 4)), {}), (((0,), (0,)), {})],
    "categorical_crossentropy_of": [
        (((3, 4), (3, 4)), {"axis": 1}),
        (((2, 3, 4), (2, 3, 4)), {"axis": 1}),
        (((0, 4), (0, 4)), {"axis": 1}),
    ],
    "hashed_words": [(((2,),), {"shape": (3, 5)}), (((2,),), {"shape": ()})],
    "moving_average": [
        (((3, 4), (3, 4)), {"weight": 0.1}),
        (((1,), (1,)), {"weight": 0.999}),
        (((0,), (0,)), {"weight": 0.5}),
    ],
    "pinv_of": [
        (((4, 3),), {"rcond": 1e-12}),
        (((2, 3, 3),), {"rcond": 1e-12}),
        (((3, 4),), {"rcond": 1e-12}),
    ],
    "add_scaled": [(((3, 4), (3, 4), ()), {}), (((0,), (0,), ()), {})],
    "standardized": [
        (((3, 4),), {"axes": (1,), "epsilon": 1e-3, "center": True}),
        (((2, 3, 4),), {"axes": (0, 2), "epsilon": 0.1, "center": True}),
        (((2, 3, 4),), {"axes": (1,), "epsilon": 1e-3, "center": False}),
        (((0, 3),), {"axes": (1,), "epsilon": 1e-3, "center": True}),
    ],
    "standardized_channels": [
        (((5, 4), (4,), (1, 4)), {"axes": (0,), "epsilon": 1e-3}),
        (((2, 3, 4), (1, 3, 1), ()), {"axes": (0, 2), "epsilon": 0.1}),
        (((3, 0), (0,), (0,)), {"axes": (0,), "epsilon": 1e-3}),
    ],
}

_GENERIC = {
    1: [((),), ((5,),), ((3, 4),), ((0,),), ((1, 1),)],
    2: [((3, 4), (3, 4)), ((3, 1), (4,)), ((), (2, 3)), ((0, 3), (1, 3))],
    3: [((3, 4), (3, 4), (3, 4)), ((3, 1), (4,), ())],
}

# intervals of the operands, where (-2, 2) would meet a pole or leave the definition
DOMAINS = {
    "divide": ((-2, 2), (0.5, 2)),
    "floor_divide": ((-3, 3), (0.5, 2)),
    "mod": ((-3, 3), (0.5, 2)),
    "power": ((0.3, 2.5), (-2, 2)),
    "arctan2": ((0.2, 2), (0.2, 2)),
    "reciprocal": ((0.5, 3),),
    "sqrt": ((0.2, 4),),
    "log": ((0.2, 4),),
    "log1p": ((-0.7, 4),),
    "tan": ((-1.2, 1.2),),
    "arcsin": ((-0.9, 0.9),),
    "arccos": ((-0.9, 0.9),),
    "arctanh": ((-0.9, 0.9),),
    "erfinv": ((-0.9, 0.9),),
    "arccosh": ((1.2, 4),),
    "cumulative_prod": ((0.3, 2),),
    "clip": ((-2, 2), (-1, -0.5), (0.5, 1)),
    "clip_probability": ((0, 1),),
    "binary_crossentropy_of": ((0, 1), (0.1, 0.9)),
    "categorical_crossentropy_of": ((0, 1), (0.1, 0.9)),
    **cases_numeric.DOMAINS,
}
_WORDS = {"hashed_words": "uint32"}


def samples_of(op):
    """Return the samples of an operation.

    Raises:
        AssertionError: It needs attributes, and nobody has given any.
    """
    return [
        Sample(_operands(op, shapes, attributes), attributes)
        for shapes, attributes in _forms(op)
    ]


def _forms(op):
    if op.name in FORMS:
        return FORMS[op.name]
    if op.is_primitive:
        return cases_of(op)
    tensors = [p for p in op.signature.parameters.values() if p.annotation == "Array"]
    others = [p for p in op.signature.parameters.values() if p not in tensors]
    needed = [p.name for p in others if p.default is p.empty]
    assert not needed, f"no sample for '{op.name}': give it {needed} in FORMS"
    return [(shapes, {}) for shapes in _GENERIC[len(tensors)]]


def _operands(op, shapes, attributes):
    rng = np.random.default_rng(zlib.crc32(op.name.encode()))
    preferred = _WORDS.get(op.name, "float64")
    if op.is_primitive and "float64" not in dtypes_of(op):
        preferred = "int32" if "int32" in dtypes_of(op) else "bool"
    return [
        _values(rng, op, i, shapes, attributes, OWN_DTYPE.get((op.name, i), preferred))
        for i in range(len(shapes))
    ]


def _values(rng, op, i, shapes, attributes, dtype):
    if (op.name, i) in OPERANDS:
        return OPERANDS[op.name, i](rng, shapes[i])
    if (op.name, i) == ("gather", 1):
        length = shapes[0][attributes["axis"]]
        return np.asarray(rng.integers(0, length, shapes[1]), dtype)
    if (op.name, i) == ("scatter_add", 0):
        return np.asarray(rng.integers(0, attributes["shape"][0], shapes[0]), dtype)
    if dtype == "bool":
        return np.asarray(rng.integers(0, 2, shapes[i]), dtype)
    if dtype in ("int32", "uint32"):
        return np.asarray(rng.integers(0, 5, shapes[i]), dtype)
    low, high = DOMAINS.get(op.name, ((-2, 2),) * len(shapes))[i]
    return np.asarray(rng.uniform(low, high, shapes[i]))
