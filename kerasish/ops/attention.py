"""Dot-product attention: values averaged by how well keys match queries.

The products run as batches of matrices, (..., heads, length, depth). Where several
query heads share one key head, they are rows of one larger matrix: keys are not copied.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kerasish.backend import dtypes
from kerasish.errors import ShapeError, explain
from kerasish.ops.activation import softmax
from kerasish.ops.declare import convert
from kerasish.ops.elementwise import add, divide, logical_and, multiply, subtract
from kerasish.ops.products import matmul_of
from kerasish.ops.shape import cast, reshape, swapaxes
from kerasish.ops.trigonometry import tanh

# Added to logits that are masked: far below any other, yet finite, so that a row of
# nothing but masked ones has equal weights and no NaN.
_FAR_BELOW = {"float16": -3e4}
_FAR = -1e9


def _kept_and_shift(logits: Any, mask: Any) -> tuple[Any, Any]:
    """Return 1 where a mask holds, else 0; and 0 where it holds, else far below."""
    dtype = dtypes.dtype_name(logits.dtype)
    kept = cast(cast(mask, "bool"), dtype)
    return kept, multiply(subtract(1, kept), _FAR_BELOW.get(dtype, _FAR))


def masked_logits(logits: Any, mask: Any) -> Any:
    """Return logits with a very negative constant wherever the mask does not hold.

    A product and a sum, which are faster than `where`.
    """
    kept, shift = _kept_and_shift(logits, mask)
    return add(multiply(logits, kept), shift)


def masked_softmax(logits: Any, mask: Any, axis: Any = -1) -> Any:
    """Return the softmax of what a mask keeps, 0 elsewhere; of nothing, only zeros.

    Args:
        logits: Any shape, floating.
        mask: Truth values that broadcast to it.
        axis: Axis, or axes, that sum to 1.
    """
    kept, shift = _kept_and_shift(logits, mask)
    return multiply(softmax(add(logits, shift), axis), kept)


def causal_mask(length: int, source_length: int) -> np.ndarray:
    """Return which of `source_length` places each of `length` may see: not later ones.

    Returns:
        Truth values, (length, source_length), on the host.
    """
    return np.tri(length, source_length, dtype=bool)


def window_mask(length: int, source_length: int, width: int) -> np.ndarray:
    """Return which of `source_length` places are less than `width` from each place.

    Returns:
        Truth values, (length, source_length), on the host.
    """
    apart = np.arange(length)[:, None] - np.arange(source_length)
    near: np.ndarray = abs(apart) < width
    return near


def head_products(query: Any, key: Any) -> Any:
    """Return the dot products of every query with every key of its head.

    Args:
        query: (batch, length, heads, depth).
        key: (batch, source length, key heads, depth): each key head serves
            `heads / key heads` neighbouring query heads.

    Returns:
        Shape (batch, heads, length, source length).
    """
    batch, length, heads, _ = query.shape
    queries = _grouped(swapaxes(query, 1, 2), key.shape[2])
    products = matmul_of(queries, swapaxes(swapaxes(key, 1, 2), -1, -2))
    return reshape(products, (batch, heads, length, key.shape[1]))


def weighted_values(weights: Any, value: Any) -> Any:
    """Return the sums of values, weighted for each query.

    Args:
        weights: (batch, heads, length, source length).
        value: (batch, source length, key heads, depth).

    Returns:
        Shape (batch, length, heads, depth).
    """
    batch, heads, length, _ = weights.shape
    sums = matmul_of(_grouped(weights, value.shape[2]), swapaxes(value, 1, 2))
    return swapaxes(reshape(sums, (batch, heads, length, value.shape[-1])), 1, 2)


def _grouped(x: Any, groups: int) -> Any:
    """Return (batch, heads, rows, n) with the rows of a group's heads in one matrix."""
    batch, heads, rows, depth = x.shape
    return reshape(x, (batch, groups, heads // groups * rows, depth))


def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Any:
    """Return `softmax(scale * query @ key^T + bias) @ value`, for each head.

    Args:
        query: (batch, length, heads, depth), floating.
        key: (batch, source length, key heads, depth); the number of heads is a multiple
            of the number of key heads, each of which serves neighbouring heads.
        value: (batch, source length, key heads, value depth).
        bias: Added to the logits; broadcasts to (batch, heads, length, source length).
        mask: Which sources count; broadcasts likewise.
        scale: Factor of the logits; `1 / sqrt(depth)` by default.
        is_causal: Whether a place sees no later ones.
        flash_attention: Accepted as in Keras; how the products are run is the backend's
            affair.
        attn_logits_soft_cap: If given, c in `c * tanh(logits / c)`, before the bias.

    Returns:
        Shape (batch, length, heads, value depth).

    Raises:
        ShapeError: The shapes do not fit.

    References:
        Vaswani et al., "Attention Is All You Need", NIPS 2017, eq. 1.

    Example:
        >>> x = [[[[1.0]], [[3.0]]]]
        >>> dot_product_attention(x, x, x, mask=[[True, False]]).reshape(-1).tolist()
        [1.0, 1.0]
    """
    query, key, value = convert(query), convert(key), convert(value)
    _check(query, key, value)
    factor = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    logits = head_products(multiply(query, factor), key)
    if attn_logits_soft_cap is not None:
        capped = tanh(divide(logits, attn_logits_soft_cap))
        logits = multiply(capped, attn_logits_soft_cap)
    if bias is not None:
        logits = add(logits, _per_head(bias))
    mask = None if mask is None else _per_head(mask)
    if is_causal:
        causal = causal_mask(*logits.shape[-2:])
        mask = causal if mask is None else logical_and(mask, causal)
    if mask is not None:
        logits = masked_logits(logits, mask)
    return weighted_values(softmax(logits), value)


def _per_head(x: Any) -> Any:
    """Return a bias or mask with its axis of heads, if it has but the batch's."""
    x = convert(x)
    if len(x.shape) != 3:
        return x
    return reshape(x, (x.shape[0], 1, *x.shape[1:]))


def _check(query: Any, key: Any, value: Any) -> None:
    shapes = [tuple(t.shape) for t in (query, key, value)]
    fits = all(len(shape) == 4 for shape in shapes)
    if fits:
        q, k, v = shapes
        heads = k[2] > 0 and q[2] % k[2] == 0
        fits = q[0] == k[0] and q[3] == k[3] and heads and k[:3] == v[:3]
    if not fits:
        raise ShapeError(
            explain(
                "These tensors are no query, key and value.",
                got="shapes " + ", ".join(map(str, shapes)),
                expected="(batch, length, heads, depth), (batch, source, key heads, "
                "depth) and (batch, source, key heads, value depth); heads a multiple "
                "of key heads",
            )
        )
