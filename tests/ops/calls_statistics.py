"""Calls and formulas of quantiles, counts, differences, and what leaves NaN out.

Merged into `calls.py` and `formulas.py`; see `calls_numeric.py`.
"""

import math
import warnings

import numpy as np

from kerasish.ops.quantiles import METHODS
from tests.ops.call import call

_rng = np.random.default_rng(31)


def floats(*shape):
    return _rng.uniform(-2, 2, shape)


X, Y, V, CUBE, POINT = floats(3, 4), floats(3, 4), floats(4), floats(2, 3, 4), floats()
LINE, SHORT = floats(7), floats(3)
N = _rng.integers(0, 6, (3, 4)).astype(np.int32)
TRUE = _rng.integers(0, 2, (3, 4)).astype(bool)
# with a row of NaN, and one without
GAPS = np.where(_rng.random((4, 5)) < 0.4, math.nan, floats(4, 5))
GAPS[1], GAPS[2] = math.nan, floats(5)
SOME = GAPS[[0, 2, 3]]
EDGES = np.array([-1.0, 0.0, 0.5, 1.5])
COUNTED = np.array([0, 3, 3, 1], np.int32)

_REDUCED = [
    call(X),
    call(X, axis=0),
    call(CUBE, axis=(0, 2), keepdims=True),
    call(N, axis=1),
    call(POINT),
]
_WITHOUT_NAN = [
    call(GAPS),
    call(GAPS, axis=1),
    call(GAPS, axis=0, keepdims=True),
    *_REDUCED[2:],
]
_QUANTILES = [
    call(X, 0.3),
    call(X, [0.1, 0.5, 1.0], axis=1),
    call(CUBE, 0.25, axis=(0, 2), keepdims=True),
    call(CUBE, np.array([[0.2, 0.8]]), axis=1),
    call(N, 0.5, axis=0),
    *(call(LINE, [0.0, 0.15, 0.35, 0.5, 1.0], method=method) for method in METHODS),
]
_PERCENTILES = [call(X, 30), call(X, [25.0, 60.0], axis=0, method="lower")]
_EXTREMES = [
    call(GAPS),
    call(GAPS, axis=1),
    call(GAPS, axis=0, keepdims=True),
    call(SOME, keepdims=True),
    call(N, axis=1),
]
_RUNNING = [call(GAPS), call(GAPS, axis=0), call(N, axis=1), call(TRUE, axis=1)]

CALLS = {
    **dict.fromkeys(("amax", "amin", "median"), _REDUCED),
    "ptp": _REDUCED,
    **dict.fromkeys(
        "nansum nanprod nanmax nanmin nanmean nanvar nanstd nanmedian".split(),
        _WITHOUT_NAN,
    ),
    **dict.fromkeys(("nanargmax", "nanargmin"), _EXTREMES),
    **dict.fromkeys(("nancumsum", "nancumprod"), _RUNNING),
    "quantile": [*_QUANTILES, call(GAPS, [0.5], axis=1)],
    "percentile": _PERCENTILES,
    "nanquantile": [*_QUANTILES, call(GAPS, 0.3), call(GAPS, [0.3, 0.9], axis=1)],
    "nanpercentile": [*_PERCENTILES, call(GAPS, 70, axis=0)],
    "average": [
        call(X),
        call(N, axis=1),
        call(X, weights=np.abs(Y)),
        call(X, axis=1, weights=np.abs(V)),
        call(CUBE, axis=(2, 0), weights=np.abs(floats(4, 2))),
        call(N, axis=0, weights=SHORT**2),
    ],
    "corrcoef": [call(X), call(CUBE[0] + CUBE[1]), call(V), call(N)],
    "count_nonzero": [call(N), call(X, axis=0), call(TRUE, axis=(0, 1)), call(GAPS)],
    "bincount": [
        call(COUNTED),
        call(COUNTED, minlength=6),
        call(COUNTED, weights=V),
        call(COUNTED, weights=COUNTED, minlength=2),
        call(np.stack([COUNTED, COUNTED]), minlength=5),
        call(COUNTED[:0]),
    ],
    "histogram": [
        call(LINE),
        call(LINE, bins=3),
        call(LINE, bins=4, range=(-1, 1)),
        call(N.ravel(), bins=2),
        call(np.ones(3), bins=2),
        call(LINE[:0], bins=2),
        call(LINE, bins=2, range=(0.5, 0.5)),
    ],
    "digitize": [
        call(X, EDGES),
        call(X, EDGES[::-1]),
        call(EDGES, EDGES),
        call(EDGES, EDGES[::-1]),
        call(N, np.array([1, 3], np.int32)),
        call(X, EDGES[:0]),
    ],
    "searchsorted": [
        call(EDGES, X),
        call(EDGES, EDGES, side="right"),
        call(EDGES, 0.5),
        call(np.array([1, 3], np.int32), N),
        call(EDGES, N),
    ],
    "isin": [
        call(N, [1, 3]),
        call(N, np.array([[2], [5]], np.int32), invert=True),
        call(X, X[1:, :2]),
        call(GAPS, GAPS[:2]),
        call(X, EDGES[:0]),
        call(N, [1.0, 2.5], assume_unique=True),
    ],
    "diff": [
        call(X),
        call(X, n=2, axis=0),
        call(N),
        call(TRUE),
        call(X, n=0),
        call(X, n=9),
        call(CUBE, axis=1),
    ],
    "trapezoid": [
        call(X),
        call(X, dx=0.5, axis=0),
        call(X, x=np.cumsum(V**2)),
        call(X, x=np.cumsum(Y**2, 0), axis=0),
        call(N),
        call(V[:1]),
    ],
    "correlate": [
        call(a, b, mode=mode)
        for mode in ("valid", "same", "full")
        for a, b in ((LINE, SHORT), (SHORT, LINE), (LINE, V), (V, V), (N[0], N[1]))
    ],
}


def quietly(function):
    """Return a function of NumPy that says nothing of rows without numbers."""

    def computed(*args, **kwargs):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            return function(*args, **kwargs)

    return computed


def nanargmax(x, axis=None, keepdims=False):
    filled = np.where(np.isnan(x), -np.inf, x)
    nothing = np.isnan(x).all(axis, keepdims=keepdims)
    return np.where(nothing, -1, np.argmax(filled, axis, keepdims=keepdims))


def bincount(x, weights=None, minlength=0):
    if x.ndim == 2:
        return np.stack([bincount(row, weights, minlength) for row in x])
    return np.bincount(x, weights, minlength)


_QUIET = (
    "nansum nanprod nanmax nanmin nanmean nanvar nanstd nanmedian nancumsum nancumprod "
    "nanquantile nanpercentile"
).split()
AS_NUMPY = (
    "amax amin ptp median quantile percentile corrcoef count_nonzero histogram "
    "digitize searchsorted isin diff trapezoid correlate average"
).split()
FORMULAS = {
    **{name: getattr(np, name) for name in AS_NUMPY},
    **{name: quietly(getattr(np, name)) for name in _QUIET},
    "bincount": bincount,
    "nanargmax": nanargmax,
    "nanargmin": lambda x, *args, **kwargs: nanargmax(-x, *args, **kwargs),
}
