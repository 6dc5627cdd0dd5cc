"""Gamma and beta draws: `keras.random.gamma` and `keras.random.beta`.

Marsaglia and Tsang's rejection method, with a fixed number of proposals for each value
drawn at once, so that nothing depends on what is accepted. At least 95% of proposals
are: all fail for one value in 10^8 or fewer, which is then the last proposal.
"""

from __future__ import annotations

import math
from typing import Any

from kerasish import ops
from kerasish.errors import explain
from kerasish.random.basics import (
    Seed,
    Shape,
    as_shape,
    float_dtype,
    normals,
    unit,
    wide_dtype,
)
from kerasish.random.seed import make_key

_PROPOSALS = 6  # even, as normal values come in pairs
_PER_VALUE = 2 * _PROPOSALS + 1  # uniform values: for normals, acceptance, small alpha


def gamma(shape: Shape, alpha: Any, dtype: Any = None, seed: Seed = None) -> Any:
    """Return values of a gamma distribution with scale 1.

    Args:
        shape: Shape of the result.
        alpha: The shape parameter, which is also the mean; positive, a number or an
            array that broadcasts to `shape`.
        dtype: A floating dtype; None means `floatx()`.
        seed: Integer (the same values every time), `SeedGenerator`, or None.

    Raises:
        DTypeError: `dtype` is not floating.
        ValueError: `alpha` is a number that is not positive.

    References:
        Marsaglia & Tsang, "A Simple Method for Generating Gamma Variables", 2000.

    Example:
        >>> bool((gamma((100,), 2.0, seed=1) > 0).all())
        True
    """
    dtype, shape = float_dtype("gamma", dtype), as_shape(shape)
    _require_positive("gamma", alpha=alpha)
    wide, size = wide_dtype(dtype), math.prod(shape)
    units = unit(make_key(seed), (_PER_VALUE * size,), wide)
    values = ops.exp(_log_gamma(units, _spread(alpha, shape, wide), size))
    return ops.cast(ops.reshape(values, shape), dtype)


def beta(
    shape: Shape, alpha: Any, beta: Any, dtype: Any = None, seed: Seed = None
) -> Any:
    """Return values of a beta distribution, in [0, 1].

    With gamma values x (of `alpha`) and y (of `beta`), they are x / (x + y).

    Args:
        shape: Shape of the result.
        alpha: The first parameter; positive, a number or an array that broadcasts to
            `shape`.
        beta: The second parameter, likewise.
        dtype: A floating dtype; None means `floatx()`.
        seed: Integer (the same values every time), `SeedGenerator`, or None.

    Raises:
        DTypeError: `dtype` is not floating.
        ValueError: A parameter is a number that is not positive.

    Example:
        >>> values = beta((100,), 2.0, 3.0, seed=1)
        >>> bool((values >= 0).all() and (values <= 1).all())
        True
    """
    dtype, shape = float_dtype("beta", dtype), as_shape(shape)
    _require_positive("beta", alpha=alpha, beta=beta)
    wide, size = wide_dtype(dtype), math.prod(shape)
    units = unit(make_key(seed), (2 * _PER_VALUE * size,), wide)
    halves = ops.split(units, [_PER_VALUE * size])
    x, y = (
        _log_gamma(half, _spread(parameter, shape, wide), size)
        for half, parameter in zip(halves, (alpha, beta), strict=True)
    )
    # from the logarithms, as small parameters make both x and y vanish; `sigmoid` of
    # their difference would round small values to zero
    values = ops.exp(ops.log_sigmoid(ops.subtract(x, y)))
    return ops.cast(ops.reshape(values, shape), dtype)


def _require_positive(who: str, **parameters: Any) -> None:
    for name, value in parameters.items():
        if isinstance(value, (int, float)) and not value > 0:
            raise ValueError(
                explain(
                    f"{who} cannot draw with this {name}.",
                    got=f"{name}={value}",
                    expected="a positive number",
                )
            )


def _spread(parameter: Any, shape: tuple[int, ...], dtype: str) -> Any:
    """Return a parameter for each value, flat; a scalar as it is."""
    parameter = ops.convert_to_tensor(parameter, dtype=dtype)
    if not parameter.shape:
        return parameter
    return ops.ravel(ops.broadcast_to(parameter, shape))


def _log_gamma(units: Any, alpha: Any, size: int) -> Any:
    """Return logarithms of gamma values, flat, from `_PER_VALUE` times as many units.

    Where alpha < 1, a value of alpha + 1 times U^(1 / alpha) (section 6 of the paper).
    """
    half, whole = _PROPOSALS * size // 2, _PROPOSALS * size
    u1, u2, u, last = ops.split(units, [half, 2 * half, 2 * half + whole])
    small = ops.less(alpha, 1.0)
    raised = ops.add(alpha, ops.cast(small, alpha.dtype))
    x = ops.reshape(normals(u1, u2), (_PROPOSALS, size))
    u = ops.reshape(u, (_PROPOSALS, size))
    value = _first_accepted(x, ops.log(ops.subtract(1.0, u)), raised)
    shrunk = ops.divide(ops.log(ops.subtract(1.0, last)), alpha)
    return ops.add(value, ops.where(small, shrunk, 0.0))


def _first_accepted(x: Any, log_u: Any, alpha: Any) -> Any:
    """Return log(d v) of the first proposal v that is accepted; alpha is at least 1.

    With d = alpha - 1/3, `v = (1 + x / sqrt(9 d))^3`, accepted where it is positive and
    `log u < x^2 / 2 + d (1 - v + log v)`.
    """
    d = ops.subtract(alpha, 1.0 / 3.0)
    root = ops.add(ops.multiply(x, ops.rsqrt(ops.multiply(d, 9.0))), 1.0)
    positive = ops.greater(root, 0.0)
    root = ops.where(positive, root, 1.0)
    v = ops.multiply(ops.square(root), root)
    log_v = ops.multiply(ops.log(root), 3.0)
    slack = ops.multiply(ops.add(ops.subtract(1.0, v), log_v), d)
    bound = ops.add(ops.multiply(ops.square(x), 0.5), slack)
    accepted = ops.unstack(ops.logical_and(positive, ops.less(log_u, bound)))
    proposals = ops.unstack(log_v)
    chosen = proposals[-1]
    pairs = list(zip(accepted, proposals, strict=True))
    for is_accepted, proposal in reversed(pairs[:-1]):
        chosen = ops.where(is_accepted, proposal, chosen)
    return ops.add(chosen, ops.log(d))
