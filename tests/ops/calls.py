"""Calls of every public operation, and what they give by NumPy or by the formula.

`CALLS[name]` lists the calls of `kerasish.ops.<name>`; `FORMULAS[name]` takes the same
arguments and computes the result in float64. Three tests read the tables: the values
(`test_public.py`), the agreement of backends, and the parity with Keras. A public name
without calls fails the first.
"""

import numpy as np

from tests.ops import (
    calls_arrays,
    calls_convolution,
    calls_core,
    calls_ctc,
    calls_image,
    calls_linalg,
    calls_normalization,
    calls_numeric,
    calls_signal,
    calls_statistics,
)
from tests.ops.call import call

_rng = np.random.default_rng(7)


def floats(*shape, low=-2.0, high=2.0):
    return _rng.uniform(low, high, shape)


def wholes(*shape, low=0, high=5):
    return _rng.integers(low, high, shape, dtype=np.int32)


X, Y, V, M = floats(3, 4), floats(3, 4), floats(4), floats(4, 2)
CUBE, COLUMN = floats(2, 3, 4), floats(3, 1)
N, K = wholes(3, 4), wholes(3, 4, low=1)
TRUE = _rng.integers(0, 2, (3, 4)).astype(bool)
LABELS, PROBABILITIES = wholes(3, high=4), floats(3, 4, low=0.1, high=0.9)
ONE_HOT = np.eye(4)[LABELS]
POSITIVE = floats(3, 4, low=0.2, high=4)
TIED = np.array([[3.0, 1.0, 3.0, 2.0], [0.0, 0.0, -1.0, 5.0]])
EMPTY, POINT = floats(0, 3), np.asarray(0.75)

_UNARY = {
    **dict.fromkeys("sin cos sinh cosh tanh arctan arcsinh".split(), (X, POINT, EMPTY)),
    **dict.fromkeys("exp expm1 square negative sign".split(), (X, POINT, EMPTY)),
    **dict.fromkeys("absolute abs floor ceil round".split(), (X, N, EMPTY)),
    **dict.fromkeys("log log1p sqrt reciprocal rsqrt".split(), (POSITIVE, POINT)),
    **{n: (floats(3, 4, low=-0.9, high=0.9),) for n in ("arcsin", "arccos", "arctanh")},
    "arccosh": (1 + POSITIVE,),
    "tan": (floats(3, 4, low=-1.2, high=1.2),),
    "erf": (X, 3 * X, EMPTY),
    **dict.fromkeys("isnan isinf isfinite".split(), (X, N)),
    "logical_not": (TRUE,),
    **dict.fromkeys(
        "relu relu6 sigmoid log_sigmoid softplus softsign silu swish mish elu "
        "selu celu gelu leaky_relu hard_sigmoid hard_silu hard_swish hard_tanh "
        "hard_shrink soft_shrink tanh_shrink squareplus sparse_plus "
        "sparse_sigmoid".split(),
        (X, 3 * X, POINT, EMPTY),
    ),
}
_PAIRS = ((X, Y), (COLUMN, V), (X, 2), (0.5, Y), (CUBE, COLUMN), (EMPTY, 1.0))
_WHOLE_PAIRS = ((N, K), (N, 2))
_TRUTHS = ((TRUE, ~TRUE), (TRUE, TRUE[:1]))
_BINARY = {
    **dict.fromkeys("add subtract multiply".split(), (*_PAIRS, (N, K), (N, Y))),
    **dict.fromkeys("maximum minimum".split(), (*_PAIRS, (N, K))),
    **dict.fromkeys(
        ("mod", "floor_divide"), ((X, POSITIVE), (COLUMN, 1 + V**2), (N, K))
    ),
    **dict.fromkeys(("divide", "true_divide"), ((X, POSITIVE), (N, K), (1, POSITIVE))),
    "power": ((POSITIVE, X), (X, 2), (N, K), (2.0, V)),
    "arctan2": ((X, Y), (COLUMN, V)),
    **dict.fromkeys(
        "equal not_equal less less_equal greater greater_equal".split(),
        (*_PAIRS[:4], (N, K), (N, 2), (TIED, TIED)),
    ),
    **dict.fromkeys("logical_and logical_or logical_xor".split(), _TRUTHS),
    **dict.fromkeys("bitwise_and bitwise_or bitwise_xor".split(), _WHOLE_PAIRS),
    **dict.fromkeys("left_shift right_shift".split(), _WHOLE_PAIRS),
}
_REDUCED = [
    call(X),
    call(X, axis=0),
    call(X, axis=-1, keepdims=True),
    call(CUBE, axis=(0, 2)),
    call(CUBE, axis=(1, -1), keepdims=True),
    call(N, axis=1),
    call(POINT),
]
_SOFTMAXES = [call(X), call(CUBE, axis=0), call(CUBE, axis=(1, 2)), call(30 * X)]
_ARGUMENTS = [
    call(X),
    call(X, axis=0),
    call(CUBE, axis=-1, keepdims=True),
    call(TIED, axis=1),
    call(X, keepdims=True),
    call(N, axis=1),
]
_RUNNING = [call(X), call(X, axis=0), call(CUBE, axis=-1), call(N, axis=1)]

_OTHERS = {
    "all": [call(TRUE), call(TRUE, axis=1), call(X, axis=0, keepdims=True)],
    "any": [call(TRUE), call(TRUE, axis=1), call(N, axis=0, keepdims=True)],
    "arange": [
        call(5),
        call(2, 7),
        call(0, 1, 0.25),
        call(5, 0, -2),
        call(3, dtype="float32"),
    ],
    "argsort": [call(X), call(TIED, axis=0), call(TIED, axis=1), call(V, axis=None)],
    "binary_crossentropy": [
        call(ONE_HOT, PROBABILITIES),
        call(ONE_HOT, 3 * X, from_logits=True),
        call(PROBABILITIES, PROBABILITIES),
    ],
    "broadcast_to": [call(V, (3, 4)), call(COLUMN, (2, 3, 4)), call(X, (3, 4))],
    "cast": [call(X, "int32"), call(N, "float32"), call(X, "bool"), call(TRUE, "int8")],
    "categorical_crossentropy": [
        call(ONE_HOT, PROBABILITIES),
        call(ONE_HOT, 3 * X, from_logits=True),
        call(ONE_HOT.T, PROBABILITIES.T, axis=0),
    ],
    "clip": [call(X, -1, 1), call(X, -0.5, Y + 2.5), call(N, 1, 3)],
    "concatenate": [
        call([X, Y]),
        call([X, COLUMN], axis=1),
        call([CUBE, CUBE, CUBE], axis=-1),
        call([X]),
        call([X, N]),
        call([EMPTY, floats(2, 3)]),
    ],
    "convert_to_numpy": [call(X), call(N)],
    "convert_to_tensor": [
        call(X),
        call([1, 2]),
        call([1.5, 2]),
        call(True),
        call(N, dtype="float32"),
        call([[1, 2], [3, 4]], dtype="int64"),
    ],
    "copy": [call(X)],
    "dot": [call(X, M), call(V, V), call(CUBE, V), call(X, 2.0), call(CUBE, M)],
    "dtype": [call(N), call(TRUE)],
    "expand_dims": [call(X, 0), call(X, -1), call(X, (0, 2))],
    "eye": [call(3), call(2, 4), call(3, 3, 1), call(3, k=-1, dtype="int32")],
    "flip": [call(X), call(X, axis=1), call(CUBE, axis=(0, 2))],
    "full": [call((2, 3), 1.5), call((2,), 7, dtype="int32"), call((), 2)],
    "full_like": [call(X, 2), call(N, 7), call(X, 3, dtype="int32")],
    "get_item": [
        call(X, 1),
        call(X, (slice(None), -1)),
        call(CUBE, (..., slice(None, None, 2))),
        call(CUBE, (0, None, slice(2))),
        call(X, np.array([2, 0], np.int32)),
    ],
    "glu": [call(X), call(CUBE, axis=0)],
    "identity": [call(3), call(2, dtype="int32")],
    "in_top_k": [call(LABELS, PROBABILITIES, 1), call(LABELS, PROBABILITIES, k=2)],
    "is_tensor": [call(3), call([1.0])],
    "leaky_relu": [call(X), call(X, negative_slope=0.1)],
    "linspace": [call(0, 1), call(-1, 1, 5), call(0, 1, 4, endpoint=False)],
    "log_softmax": _SOFTMAXES,
    "softmax": _SOFTMAXES,
    "sparsemax": [call(X), call(CUBE, axis=1), call(30 * X)],
    "logsumexp": [*_REDUCED[:5], call(1000 * X, axis=1)],
    "matmul": [
        call(X, M),
        call(V, M),
        call(X, V),
        call(V, V),
        call(CUBE, M),
        call(CUBE, floats(2, 4, 2)),
        call(CUBE, floats(5, 1, 4, 2)),
        call(N, K.T),
    ],
    "max": [*_REDUCED, call(X, axis=1, initial=0.5)],
    "min": [*_REDUCED, call(X, axis=1, initial=-0.5)],
    "mean": _REDUCED,
    "std": _REDUCED,
    "sum": [*_REDUCED, call(TRUE, axis=0), call(EMPTY, axis=0)],
    "var": _REDUCED,
    "prod": [*_REDUCED, call(TRUE, axis=0), call(N, axis=1, dtype="float32")],
    "argmax": _ARGUMENTS,
    "argmin": _ARGUMENTS,
    "cumprod": _RUNNING,
    "cumsum": [*_RUNNING, call(TRUE, axis=1)],
    "moveaxis": [call(CUBE, 0, -1), call(CUBE, (0, 1), (-1, 0))],
    "multi_hot": [call(wholes(3, 2, high=4), 4), call(wholes(2, high=4), 4)],
    "ndim": [call(CUBE), call(POINT)],
    "one_hot": [
        call(LABELS, 4),
        call(N, 5, axis=0),
        call(np.array([-1, 2, 9], np.int32), 3, dtype="int32"),
    ],
    "ones": [call((2, 3)), call((2,), dtype="int32")],
    "ones_like": [call(X), call(N), call(X, dtype="bool")],
    "outer": [call(V, V), call(X, V)],
    "pad": [
        call(X, 1),
        call(X, ((1, 0), (2, 3))),
        call(X, ((1, 1),), constant_values=2.5),
        call(X, ((1, 2), (0, 3)), mode="reflect"),
        call(X, ((1, 2), (0, 3)), mode="symmetric"),
    ],
    "ravel": [call(X), call(POINT)],
    "repeat": [call(X, 2), call(X, 3, axis=1), call(V, 2, axis=0)],
    "reshape": [call(X, (4, 3)), call(CUBE, (-1, 4)), call(X, -1), call(EMPTY, (3, 0))],
    "round": [call(X), call(2.5 * X, decimals=1), call(123.0 * X, decimals=-1)],
    "select": [],
    "shape": [call(CUBE), call(POINT)],
    "size": [call(CUBE), call(POINT)],
    "sort": [call(X), call(X, axis=0), call(TIED, axis=None)],
    "sparse_categorical_crossentropy": [
        call(LABELS, PROBABILITIES),
        call(LABELS, 3 * X, from_logits=True),
        call(LABELS[:, None], PROBABILITIES),
    ],
    "split": [call(X, 2, axis=1), call(X, (1, 3), axis=1), call(X, 3)],
    "squeeze": [call(COLUMN), call(COLUMN, axis=1), call(floats(1, 2, 1), axis=(0,))],
    "stack": [call([X, Y]), call([X, Y], axis=-1), call([V, V, V], axis=1)],
    "stop_gradient": [call(X)],
    "swapaxes": [call(CUBE, 0, 2), call(CUBE, -1, 1)],
    "take": [
        call(X, wholes(2, 2, high=3), axis=0),
        call(X, np.array([-1, 0], np.int32), axis=1),
        call(X, np.array([11, 0], np.int32)),
        call(CUBE, 1, axis=1),
    ],
    "take_along_axis": [
        call(X, wholes(3, 2, high=4), axis=1),
        call(X, wholes(1, 4, high=3), axis=0),
        call(X, np.array([[-1], [0], [-4]], np.int32), axis=1),
        call(X, wholes(5, high=12)),
    ],
    "tensordot": [
        call(X, M, 1),
        call(CUBE, floats(3, 4), 2),
        call(CUBE, CUBE, [[0, 1], [0, 1]]),
        call(X, V, [[1], [0]]),
    ],
    "threshold": [call(X, 0.3, -1.0)],
    "tile": [call(X, 2), call(X, (2, 3)), call(V, (2, 1))],
    "top_k": [call(X, 2), call(TIED, 3)],
    "transpose": [call(X), call(CUBE, (1, 2, 0)), call(CUBE, axes=(0, -1, 1))],
    "tri": [call(3), call(3, 4, 1), call(2, k=-1, dtype="int32")],
    "tril": [call(X), call(CUBE, k=1), call(N, k=-1)],
    "triu": [call(X), call(CUBE, k=1), call(N, k=-1)],
    "unstack": [call(X), call(CUBE, axis=1), call(X, num=4, axis=1)],
    "where": [
        call(TRUE, X, Y),
        call(TRUE, X, 0.5),
        call(TRUE[:1], N, X),
        call(X, 1, 2),
        call(TRUE, N, K),
    ],
    "zeros": [call((2, 3)), call((2,), dtype="int32"), call(4)],
    "zeros_like": [call(X), call(N)],
    "random_bits": [call(np.array([3, 4], np.uint32), (5,))],
    "celu": [call(X), call(X, alpha=0.5)],
    "elu": [call(X), call(X, alpha=0.5)],
    "gelu": [call(X), call(X, approximate=False)],
    "hard_shrink": [call(X), call(X, threshold=1.0)],
    "soft_shrink": [call(X), call(X, threshold=1.0)],
    "squareplus": [call(X), call(X, b=1)],
}

CALLS = {
    **{name: [call(x) for x in xs] for name, xs in _UNARY.items()},
    **{name: [call(*pair) for pair in pairs] for name, pairs in _BINARY.items()},
}
for _name, _calls in _OTHERS.items():
    CALLS[_name] = [*CALLS.get(_name, []), *_calls]
del CALLS["select"]
for _family in (
    *(calls_convolution, calls_core, calls_ctc, calls_image, calls_linalg),
    *(calls_normalization, calls_signal),
    *(calls_arrays, calls_numeric, calls_statistics),
):
    CALLS |= _family.CALLS
