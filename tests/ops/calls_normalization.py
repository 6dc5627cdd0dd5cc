"""Calls and formulas of normalization and attention (see `calls.py`)."""

import numpy as np

from tests.ops.call import call

_rng = np.random.default_rng(23)


def floats(*shape):
    return _rng.uniform(-2, 2, shape)


X, V3, V4 = floats(2, 3, 4), floats(3), floats(4)
POSITIVE = V4**2 + 0.1
M34 = floats(3, 4)
Q, K, V = floats(2, 3, 4, 6), floats(2, 5, 4, 6), floats(2, 5, 4, 6)
MASK = _rng.integers(0, 2, (2, 4, 3, 5)).astype(bool)
MASK[0, 0, 0] = False  # a query that may see nothing

CALLS = {
    "layer_normalization": [
        call(X),
        call(X, V4, V4[::-1].copy()),
        call(X, V3, axis=1, epsilon=1e-3),
        call(X, M34, M34, axis=(1, 2)),
        call(X, V4, rms_scaling=True),
    ],
    "rms_normalization": [
        call(X),
        call(X, V4, epsilon=0.1),
        call(X, M34, axis=[1, 2]),
        call(X, axis=1),
    ],
    "batch_normalization": [
        call(X, V4, POSITIVE, -1),
        call(X, V3, V3**2 + 0.1, axis=1, offset=V3),
        call(X, V4, POSITIVE, axis=2, offset=V4, scale=POSITIVE, epsilon=0.1),
    ],
    "dot_product_attention": [
        call(Q, K, V),
        call(Q, K, V, scale=0.3, is_causal=True),
        call(Q, K, V, mask=MASK, bias=floats(1, 4, 3, 5)),
        call(Q, K, V, mask=MASK[:, :1], is_causal=True),
    ],
}


def along(parameter, x, axis):
    axes = [a % x.ndim for a in np.atleast_1d(axis)]
    shape = [n if i in axes else 1 for i, n in enumerate(x.shape)]
    return np.reshape(parameter, shape)


def layer_normalization(
    x, gamma=1.0, beta=0.0, axis=-1, epsilon=1e-7, rms_scaling=False
):
    axes = tuple(np.atleast_1d(axis))
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    if rms_scaling:
        mean = 0
    result = (x - mean) / np.sqrt(variance + epsilon)
    if np.ndim(gamma):
        result = result * along(gamma, x, axis)
    return result + along(beta, x, axis) if np.ndim(beta) else result


def rms_normalization(x, scale=None, axis=-1, epsilon=1e-7):
    axes = tuple(np.atleast_1d(axis))
    result = x / np.sqrt((x**2).mean(axes, keepdims=True) + epsilon)
    return result if scale is None else result * along(scale, x, axis)


def batch_normalization(x, mean, variance, axis, offset=0, scale=1, epsilon=1e-3):
    def spread(p):
        return along(p, x, axis) if np.ndim(p) else p

    result = (x - spread(mean)) / np.sqrt(spread(variance) + epsilon)
    return result * spread(scale) + spread(offset)


def dot_product_attention(
    query, key, value, bias=0, mask=True, scale=None, is_causal=False
):
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    logits = np.einsum("btnh,bsnh->bnts", query, key) * scale + bias
    if is_causal:
        mask = mask & np.tri(*logits.shape[-2:], dtype=bool)
    logits = np.where(mask, logits, -1e9)
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return np.einsum("bnts,bsnh->btnh", weights, value)


FORMULAS = {
    formula.__name__: formula
    for formula in (
        *(layer_normalization, rms_normalization, batch_normalization),
        dot_product_attention,
    )
}
