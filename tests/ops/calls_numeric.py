"""Calls and formulas of numbers one by one: parts, bits, rounding, comparing.

Merged into `calls.py` and `formulas.py`; the other NumPy-like functions are in
`calls_arrays.py` and `calls_statistics.py`.
"""

import math

import numpy as np

from tests.ops.call import call

_rng = np.random.default_rng(23)
NAN, INF = math.nan, math.inf


def floats(*shape, low=-2.0, high=2.0):
    return _rng.uniform(low, high, shape)


X, Y, POSITIVE = floats(3, 4), floats(3, 4), floats(3, 4, low=0.2, high=9)
COLUMN, POINT, EMPTY = floats(3, 1), np.asarray(0.75), floats(0, 3)
N = np.array([[12, -18, 0], [7, 1, -4]], np.int32)
K = np.array([[8, 12, 5], [-21, 3, 6]], np.int32)
BYTES = np.array([3, 200, 255], np.uint8)
TRUE = np.array([True, False, True])
ODD = np.array([NAN, INF, -INF, -0.0, 0.0, 1.5, -1.5, 1e30])
OTHER = np.array([1.0, INF, NAN, 0.0, -2.0, 1.500001, NAN, 1e-30])

_FLOATING = (X, POINT, EMPTY, N)
_UNARY = {
    **dict.fromkeys("cbrt exp2 deg2rad rad2deg sinc i0 fabs".split(), _FLOATING),
    **dict.fromkeys("log2 log10".split(), (POSITIVE, POINT, np.abs(K))),
    **dict.fromkeys("angle isneginf isposinf".split(), (X, ODD, N)),
    **dict.fromkeys("real imag conj conjugate isreal".split(), (X, ODD, N)),
    "trunc": (3 * X, N, ODD),
    "signbit": (X, N, ODD[1:]),
    **dict.fromkeys("bitwise_not bitwise_invert".split(), (N, BYTES, TRUE)),
}
_PAIRS = ((X, Y), (COLUMN, Y), (X, 2), (0.5, Y), (N, K), (EMPTY, 1.0))
_BINARY = {
    **dict.fromkeys("hypot logaddexp logaddexp2".split(), _PAIRS),
    **dict.fromkeys("fmax fmin heaviside".split(), (*_PAIRS, (ODD, OTHER))),
    "fmod": ((X, POSITIVE), (COLUMN, -POSITIVE), (N, K), (N, 5)),
    "divide_no_nan": ((X, Y), (X, 0), (N, K % 3), (ODD[4:], OTHER[3:7])),
    **dict.fromkeys("gcd lcm".split(), ((N, K), (N, 6), (BYTES, BYTES[:1]))),
    "ldexp": ((X, 3), (POSITIVE, N[:1, :1]), (N, K)),
    **dict.fromkeys(
        ("bitwise_left_shift", "bitwise_right_shift"), ((N, np.abs(K) % 5), (N, 2))
    ),
    **dict.fromkeys(("isclose", "allclose"), ((X, Y), (X, X + 1e-9), (ODD, OTHER))),
}
_OTHERS = {
    # the default for infinities depends on the dtype: test_rounding.py
    "nan_to_num": [call(X), call(N), call(ODD, nan=7.0, posinf=8, neginf=-9)],
    "isclose": [
        call(ODD, ODD, equal_nan=True),
        call(X, Y, rtol=0.5),
        call(X, Y, rtol=0, atol=1.0),
        call(N, N + 1),
    ],
    "allclose": [call(ODD, ODD, equal_nan=True), call(X, X * 1.001, rtol=0.01)],
    "logaddexp": [call(np.array([-INF, INF, 900.0]), np.array([-INF, INF, 900.0]))],
    "select": [
        call([X > 1, X > 0], [X, Y], -7.0),
        call([X > 1], [N[0, 0]], default=2.5),
        call([COLUMN > 0, X > 0], [COLUMN, 3]),
        call([X > 0, X > 1], [N[:1, :1], K[:1, :1]]),
    ],
    "saturate_cast": [
        call(100 * X, "int8"),
        call(200 * X, "uint8"),
        call(30 * N, "int8"),
        call(N, "uint16"),
        call(BYTES, "int8"),
        call(TRUE, "float32"),
        call(ODD[1:], "uint8"),
    ],
    "nextafter": [call(X, Y), call(ODD, OTHER), call(COLUMN, 7)],
    "view": [
        call(N, "int16"),
        call(N, "uint32"),
        call(BYTES, "int8"),
        call(np.arange(8, dtype=np.uint8), "int32"),
    ],
    "view_as_complex": [],
    "view_as_real": [],
}
CALLS = {
    **{name: [call(x) for x in xs] for name, xs in _UNARY.items()},
    **{name: [call(*pair) for pair in pairs] for name, pairs in _BINARY.items()},
}
for _name, _calls in _OTHERS.items():
    CALLS[_name] = [*CALLS.get(_name, []), *_calls]


def divide_no_nan(x1, x2):
    nothing = np.equal(x2, 0)
    return np.where(nothing, 0, x1 / np.where(nothing, 1, x2))


def saturate_cast(x, dtype):
    if np.issubdtype(dtype, np.integer):
        x = np.clip(x, np.iinfo(dtype).min, np.iinfo(dtype).max)
    return np.asarray(x).astype(dtype)


FORMULAS = {
    **{name: getattr(np, name) for name in (*_UNARY, *_BINARY) if hasattr(np, name)},
    "bitwise_invert": np.bitwise_not,
    "bitwise_left_shift": np.left_shift,
    "bitwise_right_shift": np.right_shift,
    "divide_no_nan": divide_no_nan,
    "fabs": lambda x: np.fabs(np.asarray(x, float)),
    "nan_to_num": np.nan_to_num,
    "nextafter": np.nextafter,
    "saturate_cast": saturate_cast,
    "select": lambda conditions, choices, default=0: np.select(
        np.broadcast_arrays(*conditions), np.broadcast_arrays(*choices), default
    ),
    "view": lambda x, dtype: x.view(dtype),
}
