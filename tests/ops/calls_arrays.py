"""Calls and formulas of joining, turning, diagonals, products, series, einsum.

Merged into `calls.py` and `formulas.py`; see `calls_numeric.py`.
"""

import numpy as np

from tests.ops.call import call

_rng = np.random.default_rng(29)


def floats(*shape):
    return _rng.uniform(-2, 2, shape)


X, Y, V, W, CUBE = floats(3, 4), floats(3, 4), floats(4), floats(4), floats(2, 3, 4)
SQUARE, LINE, POINT, EMPTY = floats(3, 3), floats(5), np.asarray(0.75), floats(0, 3)
N = _rng.integers(-5, 6, (3, 4)).astype(np.int32)
TRUE = _rng.integers(0, 2, (3, 4)).astype(bool)
PLACES = np.array([[0, 5, 11], [7, 2, 3]], np.int32)
REPEATED = np.array([3, 1, 3, 2, 1, 3], np.int32)
ROWS = np.array([[3, 1], [2, 1], [3, 1], [2, 0]], np.int32)
ALL = {"return_index": True, "return_inverse": True, "return_counts": True}
HEADS, KEYS = floats(2, 5, 3, 4), floats(2, 6, 3, 4)

CALLS = {
    "append": [call(X, V), call(X, Y, axis=1), call(X, N, axis=-2), call(X, 1.0)],
    "hstack": [call([V, LINE]), call([X, X[:, :1]]), call([CUBE, CUBE]), call([X, N])],
    "vstack": [
        call([V, W]),
        call([X, V[None]]),
        call([CUBE, CUBE]),
        call([POINT, 1.0]),
    ],
    "dstack": [call([V, W]), call([X, Y]), call([CUBE, CUBE]), call([POINT, POINT])],
    "array_split": [call(LINE, 3), call(X, 3, axis=1), call(LINE, 7), call(X, 2, -1)],
    "hsplit": [call(X, 2), call(X, [1, 3]), call(LINE, [2]), call(CUBE, 3)],
    "vsplit": [call(X, 3), call(X, [1]), call(CUBE, 2)],
    "dsplit": [call(CUBE, 2), call(CUBE, [1, 2])],
    "meshgrid": [
        call(V, LINE),
        call(V, LINE, indexing="ij"),
        call(V, LINE, W[:2]),
        call(V, LINE, W[:2], indexing="ij"),
        call(V),
        call(N[0], LINE),
    ],
    "roll": [
        call(X, 1),
        call(X, -2, axis=1),
        call(X, (1, 2), axis=(0, 1)),
        call(CUBE, 7, axis=-1),
        call(X, 1, axis=(0, 1)),
        call(X, (1, 2)),
        call(EMPTY, 1, axis=0),
    ],
    "rot90": [
        *(call(X, k=k) for k in (-1, 0, 1, 2, 3)),
        call(CUBE, axes=(1, 2)),
        call(CUBE, 3, (2, 0)),
    ],
    "fliplr": [call(X), call(CUBE)],
    "flipud": [call(X), call(V)],
    "diagonal": [
        *(call(X, offset=k) for k in (-2, 0, 1, 9)),
        call(CUBE, axis1=2, axis2=0),
        call(CUBE, 1, 1, 2),
        call(EMPTY),
    ],
    "diag": [*(call(X, k=k) for k in (-1, 0, 2)), *(call(V, k=k) for k in (-1, 0, 2))],
    "diagflat": [call(X[:2, :2]), call(V, k=1), call(N[0], k=-2), call(POINT)],
    "trace": [call(X), call(CUBE, 1, 1, 2), call(N, offset=-1), call(TRUE)],
    "inner": [call(V, W), call(X, Y), call(CUBE, X), call(X, 2.0), call(N, N)],
    "vdot": [call(X, Y), call(V, W), call(N, N)],
    "kron": [
        call(V, W[:2]),
        call(X[:2, :2], N[:, :1]),
        call(V[:2], X),
        call(CUBE, X[:1]),
        call(2.0, X),
    ],
    "cross": [
        call(SQUARE, SQUARE.T),
        call(SQUARE[0], CUBE[..., 1:]),
        call(SQUARE, X[:, 1:], axis=0),
        call(CUBE, CUBE[::-1], axisa=1, axisb=1, axisc=0),
        call(SQUARE[:, :2], SQUARE),
        call(SQUARE, SQUARE[:, 1:]),
        call(SQUARE[:, :2], SQUARE[:, 1:]),
        call(N[:, :3], N[:, 1:]),
    ],
    "vander": [
        call(V),
        call(V, N=2),
        call(V, 6, increasing=True),
        call(N[0]),
        call(V, N=0),
    ],
    "array": [
        call(X),
        call([1, 2]),
        call([[1.5, 2.0]]),
        call(N, dtype="float32"),
        call(3, "int64"),
    ],
    "empty": [call((2, 3)), call(4, dtype="int32")],
    "empty_like": [call(X), call(N), call(X, dtype="int32")],
    "geomspace": [
        call(1, 1000, 4),
        call(2.0, 32, 5, endpoint=False),
        call(-1, -8, 4),
        call(np.array([1.0, 2.0]), np.array([8.0, 50.0]), 4, axis=1),
        call(3, 10, 1),
        call(3, 10, 0),
    ],
    "logspace": [
        call(0, 3, 4),
        call(0.0, 3, 4, endpoint=False, base=2),
        call(np.array([0.0, 1.0]), np.array([1.0, 2.0]), 3, axis=-1),
        call(0, 3, 4, dtype="int32"),
        call(0, 2, 3, base=np.array([2.0, 3.0])),
    ],
    **{
        name: [call(count) for count in (0, 1, 4, 5)]
        for name in ("bartlett", "blackman", "hamming", "hanning")
    },
    "kaiser": [call(5, 2.5), call(4, 0), call(1, 3.0), call(0, 1)],
    "unravel_index": [
        call(PLACES, (3, 4)),
        call(PLACES, (2, 2, 3)),
        call(PLACES[0], 12),
        call(PLACES.astype(np.uint8), (3, 300)),
    ],
    "nonzero": [call(N), call(TRUE), call(CUBE), call(EMPTY)],
    "unique": [
        call(REPEATED),
        call(REPEATED, **ALL),
        call(ROWS, **ALL),
        call(ROWS, axis=0, **ALL),
        call(ROWS, axis=-1, **ALL),
        call(X, return_inverse=True),
        call(REPEATED, size=5, fill_value=9, **ALL),
        call(REPEATED, size=2, **ALL),
        call(ROWS, axis=0, size=4, return_inverse=True, return_counts=True),
        call(ROWS, axis=1, size=3, fill_value=-1),
        call(EMPTY),
    ],
    # three elements and their median: only one order will do
    "argpartition": [call(SQUARE, 1), call(SQUARE, 1, axis=0), call(LINE[:3], -2)],
    "einsum": [
        *(call(text, X) for text in ("ij", "ji", "ij->", "ij->j", "...j->...")),
        *(call(text, SQUARE) for text in ("ii", "ii->i", "i...->...i")),
        *(call(text, X, Y) for text in ("ij,ij", "ij,ij->j", "ij,kj->ik", "ij,kj->ki")),
        call("bij,bjk->bik", CUBE, np.swapaxes(CUBE, 1, 2)),
        call("abc,cd->abd", CUBE, X.T),
        call("...x,xy->...y", CUBE, X.T),
        call("btnh,bsnh->bnts", HEADS, KEYS),
        call("bnts,bsnh->btnh", floats(2, 3, 5, 6), KEYS),
        call("btnh,nhd->btd", HEADS, floats(3, 4, 7)),
        call("btnh,hnd->btd", HEADS, floats(4, 3, 7)),
        call("i,j", V, LINE),
        call("i,->i", V, POINT),
        call("bi,bi->b", X, Y),
        call("ij,jk,kl->il", X, X.T, X),
        call("ij,ij,i->", X, Y, floats(3), optimize=False),
        call("ab...,bc...->ac...", floats(2, 3, 1), floats(3, 2, 4)),
        call("iij,j->i", floats(2, 2, 3), floats(3)),
        call("IJ,JK", X, X.T),
        call("ij,jk->ik", N, N.T),
        call("ij,ij->i", TRUE, ~TRUE),
        call("ij->i", N.astype(np.int8)),
        call("ij,kj", X, floats(2, 1)),
    ],
}


def unique(x, axis=None, size=None, fill_value=0, **wanted):
    values, index, inverse, counts = np.unique(x, True, True, True, axis=axis)
    if size is not None:
        lacking = max(size - len(counts), 0)
        values = np.moveaxis(values, axis or 0, 0)[:size]
        filling = np.full((lacking, *values.shape[1:]), fill_value)
        values = np.moveaxis(np.concatenate([values, filling]), 0, axis or 0)
        index = np.append(index[:size], [index[0]] * lacking)
        counts = np.append(counts[:size], [0] * lacking)
    if not wanted:
        return values
    extras = {"index": index, "inverse": inverse, "counts": counts}
    return values, *(extras[name.removeprefix("return_")] for name in wanted)


def cross(x1, x2, axisa=-1, axisb=-1, axisc=-1, axis=None):
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(x1, axisa, -1), np.moveaxis(x2, axisb, -1)
    flat = a.shape[-1] == b.shape[-1] == 2
    a, b = (
        np.concatenate([v, np.zeros((*v.shape[:-1], 3 - v.shape[-1]))], -1)
        for v in (a, b)
    )
    found = np.cross(a, b)
    return found[..., 2] if flat else np.moveaxis(found, -1, axisc)


def diag(x, k=0):
    return np.diag(x, k)


AS_NUMPY = (
    "append hstack vstack dstack array_split hsplit vsplit dsplit roll rot90 fliplr "
    "flipud diagonal diagflat trace inner vdot kron vander geomspace logspace bartlett "
    "blackman hamming hanning kaiser nonzero einsum meshgrid array"
).split()
FORMULAS = {
    **{name: getattr(np, name) for name in AS_NUMPY},
    "argpartition": lambda x, kth, axis=-1: np.argsort(x, axis, kind="stable"),
    "cross": cross,
    "diag": diag,
    "empty": np.zeros,
    "empty_like": np.zeros_like,
    "unique": unique,
    "unravel_index": np.unravel_index,
}
