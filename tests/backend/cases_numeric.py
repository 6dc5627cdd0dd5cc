"""Cases and references of the numeric primitives (see `cases.py`)."""

import numpy as np

from kerasish.backend import dtypes

NUMBERS = dtypes.UNSIGNED + dtypes.SIGNED + dtypes.FLOATS
AS_NUMPY = "exp2 log2 log10 cbrt trunc fmod hypot logaddexp logaddexp2 gcd lcm".split()

DTYPES = {
    "fmod": NUMBERS,
    "gcd": dtypes.UNSIGNED + dtypes.SIGNED,
    "lcm": dtypes.UNSIGNED + dtypes.SIGNED,
    # references compute in float64, so of the floats only that keeps its bits there
    "reinterpret": (*dtypes.UNSIGNED, *dtypes.SIGNED, "float64"),
    "search_sorted": dtypes.ALL,
}
# one interval for each operand
DOMAINS = {
    "log2": ((0.1, 4),),
    "log10": ((0.1, 4),),
    "cbrt": ((0.3, 4),),
    "fmod": ((-3, 3), (0.5, 2)),
    "hypot": ((0.2, 2), (-2, -0.2)),
}
CASES = {
    "reinterpret": [
        (((3, 4),), {"dtype": "uint8"}),
        (((3, 8),), {"dtype": "int64"}),
        (((8,),), {"dtype": "int32"}),
        (((0, 8),), {"dtype": "uint16"}),
    ],
    "search_sorted": [
        (((5,), (3,)), {"side": "left"}),
        (((5,), (2, 3)), {"side": "right"}),
        (((4,), ()), {"side": "right"}),
        (((0,), (3,)), {"side": "left"}),
        (((4,), (0, 2)), {"side": "left"}),
    ],
}
OPERANDS = {
    ("search_sorted", 0): lambda rng, shape: np.sort(0.5 * rng.integers(0, 8, shape)),
    ("search_sorted", 1): lambda rng, shape: 0.5 * rng.integers(0, 9, shape),
}


def reinterpret(x, *, dtype):
    return np.ascontiguousarray(x).view(dtype)


def search_sorted(sequence, values, *, side):
    return np.searchsorted(sequence, values, side)


def bessel(order):
    """Return the mean of exp(x cos t) cos(order t) over a circle."""
    angles = np.linspace(0, 2 * np.pi, 64, endpoint=False)

    def reference(x):
        powers = np.exp(np.asarray(x)[..., None] * np.cos(angles))
        return np.mean(powers * np.cos(order * angles), axis=-1)

    return reference


REFERENCES = {
    **{name: getattr(np, name) for name in AS_NUMPY},
    "i0": bessel(0),
    "i1": bessel(1),
    "reinterpret": reinterpret,
    "search_sorted": search_sorted,
}
