"""Cases, operands and references of the primitives on matrices and of transforms.

Merged into `cases.py` and `references.py`. `OPERANDS[name, position]` draws an operand
on which the primitive is defined and well conditioned: `(rng, shape) -> float64`.
"""

import numpy as np


def dominant(rng, shape):
    """Return square matrices near a multiple of the identity; not symmetric."""
    return 4 * np.eye(shape[-1]) + rng.uniform(-0.5, 0.5, shape)


def spread(rng, shape):
    """Return matrices whose singular values lie well apart."""
    rank = min(shape[-2:])
    left, _ = np.linalg.qr(rng.normal(size=(*shape[:-2], shape[-2], rank)))
    right, _ = np.linalg.qr(rng.normal(size=(*shape[:-2], shape[-1], rank)))
    return (left * np.arange(rank, 0, -1)) @ np.swapaxes(right, -1, -2)


_SQUARE = [(((3, 3),), {}), (((2, 4, 4),), {}), (((1, 1),), {}), (((0, 2, 2),), {})]
_ANY = [(((4, 3),), {}), (((3, 4),), {}), (((2, 3, 3),), {}), (((1, 2, 1),), {})]

CASES = {
    "cholesky_of": _SQUARE,
    "solve_of": [
        (((3, 3), (3, 2)), {}),
        (((2, 4, 4), (2, 4, 1)), {}),
        (((0, 2, 2), (0, 2, 3)), {}),
    ],
    "singular_values": _ANY,
    # a basis of one vector is unique but for its sign
    "complement_of": [(((3, 2),), {}), (((2, 4, 3),), {}), (((2, 1),), {})],
    "hermitian_fourier_of": [
        (((3,), (3,)), {"length": 4}),
        (((3,), (3,)), {"length": 5}),
        (((2, 4), (2, 4)), {"length": 6}),
        (((1,), (1,)), {"length": 1}),
        (((0, 3), (0, 3)), {"length": 4}),
    ],
}

OPERANDS = {
    ("pinv_of", 0): spread,
    ("cholesky_of", 0): dominant,
    ("solve_of", 0): dominant,
    ("singular_values", 0): spread,
    ("complement_of", 0): spread,
}


def cholesky_of(x):
    return np.linalg.cholesky((x + np.swapaxes(x, -1, -2)) / 2)


def solve_of(a, b):
    return np.linalg.inv(a) @ b


def singular_values(x):
    gram = np.swapaxes(x, -1, -2) @ x
    values = np.sqrt(np.maximum(np.linalg.eigvalsh(gram), 0))
    return values[..., ::-1][..., : min(x.shape[-2:])]


def complement_of(x):
    return np.linalg.qr(x, mode="complete")[0][..., x.shape[-1] :]


def hermitian_fourier_of(real, imaginary, *, length):
    """Sum the waves one by one: a_k cos(2 pi k t / n) - b_k sin(...), and mirrored."""
    t = np.arange(length)
    total = np.zeros((*real.shape[:-1], length))
    for k in range(real.shape[-1]):
        twice = 1 if k == 0 or 2 * k == length else 2
        angle = 2 * np.pi * k * t / length
        total += twice * real[..., k, None] * np.cos(angle)
        total -= twice * imaginary[..., k, None] * np.sin(angle)
    return total


REFERENCES = {
    function.__name__: function
    for function in (
        cholesky_of,
        solve_of,
        singular_values,
        complement_of,
        hermitian_fourier_of,
    )
}
