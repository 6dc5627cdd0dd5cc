"""What decompositions and Fourier transforms must obey (merged into `several.py`).

A decomposition is checked by putting the matrix together again; a transform by the sum
that defines it.
"""

import numpy as np

from tests.backend.cases_linalg import dominant, spread

_rng = np.random.default_rng(5)


def turned(x):
    return np.swapaxes(x, -1, -2)


def symmetric(x):
    return (x + turned(x)) / 2


def close(found, expected, rtol):
    size = max(float(np.abs(expected).max(initial=1)), 1)
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * size)


def orthonormal(columns, rtol):
    wide = np.asarray(columns, "float64")
    close(
        turned(wide) @ wide,
        np.broadcast_to(
            np.eye(wide.shape[-1]), (*wide.shape[:-2], wide.shape[-1], wide.shape[-1])
        ),
        rtol,
    )


def check_eigh(outs, x, *, rtol):
    values, vectors = outs
    orthonormal(vectors, rtol)
    assert np.all(np.diff(values, axis=-1) >= 0)
    close((vectors * values[..., None, :]) @ turned(vectors), symmetric(x), rtol)


def check_eig(outs, x, *, rtol):
    values, vectors = outs[0] + 1j * outs[1], outs[2] + 1j * outs[3]
    close(x @ vectors, vectors * values[..., None, :], rtol)
    close(np.linalg.norm(vectors, axis=-2), np.ones(values.shape), rtol)


def check_qr(outs, x, *, rtol):
    q, r = outs
    orthonormal(q, rtol)
    close(q @ r, x, rtol)
    close(r, np.triu(r), 0)


def check_svd(outs, x, *, rtol):
    u, s, vt = outs
    orthonormal(u, rtol)
    orthonormal(turned(vt), rtol)
    assert np.all(np.diff(s, axis=-1) <= 0)
    assert np.all(s >= 0)
    close((u * s[..., None, :]) @ vt, x, rtol)


def check_slogdet(outs, x, *, rtol):
    sign, size = outs
    close(sign * np.exp(size), np.linalg.det(x), rtol)


def check_lu(outs, x, *, rtol):
    factors, exchanges, order = outs
    rows, columns = x.shape[-2:]
    rank = min(rows, columns)
    lower = (np.tril(factors, -1) + np.eye(rows, columns))[..., :rank]
    upper = np.triu(factors)[..., :rank, :]
    close(lower @ upper, np.take_along_axis(x, order[..., None], -2), rtol)
    assert np.all(np.abs(lower) <= 1)  # the largest of a column was chosen
    for place in np.ndindex(x.shape[:-2]):
        rows_now = list(range(rows))
        for i, j in enumerate(exchanges[place]):
            rows_now[i], rows_now[j] = rows_now[j], rows_now[i]
        assert rows_now == order[place].tolist()


def check_fourier(outs, real, imaginary, *, rtol, axes, inverse):
    z = real + 1j * imaginary
    for axis in axes:
        z = np.moveaxis(
            np.moveaxis(z, axis, -1) @ waves(z.shape[axis], inverse), -1, axis
        )
    close(outs[0], z.real, rtol)
    close(outs[1], z.imag, rtol)


def check_real_fourier(outs, x, *, rtol):
    z = x @ waves(x.shape[-1], False)[:, : x.shape[-1] // 2 + 1]
    close(outs[0], z.real, rtol)
    close(outs[1], z.imag, rtol)


def waves(n, inverse):
    turns = np.outer(np.arange(n), np.arange(n)) / n
    return np.exp((2j if inverse else -2j) * np.pi * turns)


def matrices(draw, *shapes):
    return [([draw(_rng, shape)], {}) for shape in shapes]


def pairs(*shapes):
    return [tuple(_rng.normal(size=(2, *shape))) for shape in shapes]


def apart(rng, shape):
    """Return square matrices whose symmetric part has eigenvalues well apart."""
    turn, _ = np.linalg.qr(rng.normal(size=shape))
    whole = (turn * np.arange(1, shape[-1] + 1)) @ turned(turn)
    skew = rng.normal(size=shape)
    return whole + skew - turned(skew)


_ANY = ((4, 3), (3, 4), (2, 3, 3), (1, 1))
_AXES = [(0,), (1,), (0, 1)]

# name -> cases as (operands, attributes), check
CHECKS = {
    "eigh_of": (matrices(apart, (3, 3), (2, 4, 4), (1, 1)), check_eigh),
    "eig_of": (matrices(apart, (3, 3), (2, 4, 4), (1, 1)), check_eig),
    "qr_of": (matrices(spread, *_ANY), check_qr),
    "svd_of": (matrices(spread, *_ANY), check_svd),
    "slogdet_of": (
        [
            *matrices(dominant, (3, 3), (2, 4, 4), (1, 1), (0, 2, 2)),
            ([-dominant(_rng, (3, 3))], {}),
        ],
        check_slogdet,
    ),
    "lu_of": (
        [([_rng.normal(size=s)], {}) for s in (*_ANY, (2, 5, 2))],
        check_lu,
    ),
    "fourier_of": (
        [
            (list(pair), {"axes": axes, "inverse": inverse})
            for pair in pairs((3, 4))
            for axes in _AXES
            for inverse in (False, True)
        ],
        check_fourier,
    ),
    "real_fourier_of": (
        [([_rng.normal(size=s)], {}) for s in ((4,), (5,), (2, 6), (1,), (0, 3))],
        check_real_fourier,
    ),
}
