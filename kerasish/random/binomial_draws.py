"""Binomial draws: `keras.random.binomial`.

Where few successes are expected, their number is found by summing up probabilities
until a uniform value is passed; elsewhere by Hoermann's transformed rejection, with a
fixed number of proposals for each value drawn at once. All in float64: float32 could
not count beyond 2^24.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from kerasish import ops
from kerasish.errors import explain
from kerasish.random.basics import Seed, Shape, as_shape, float_dtype, unit
from kerasish.random.seed import make_key

_FEW = 10.0  # expected successes below which probabilities are summed up
_MOST = 60  # with fewer than 10 expected, more happen once in 10^25 draws
_PROPOSALS = 20  # at least 70% of proposals are accepted
_SHIFT = 8  # Stirling's series is exact to 1e-9 from here on


def binomial(
    shape: Shape, counts: Any, probabilities: Any, dtype: Any = None, seed: Seed = None
) -> Any:
    """Return numbers of successes in independent trials.

    Args:
        shape: Shape of the result.
        counts: Number of trials; a number or an array that broadcasts to `shape`.
        probabilities: Probability of a success, in [0, 1], likewise.
        dtype: A floating dtype; None means `floatx()`.
        seed: Integer (the same values every time), `SeedGenerator`, or None.

    Raises:
        DTypeError: `dtype` is not floating.
        ValueError: A number is out of its range.

    References:
        Hoermann, "The Generation of Binomial Random Variates", 1993 (BTRS).

    Example:
        >>> values = binomial((100,), 5, 0.5, seed=1)
        >>> bool((values >= 0).all() and (values <= 5).all())
        True
    """
    dtype, shape = float_dtype("binomial", dtype), as_shape(shape)
    _require_ranges(counts, probabilities)
    size = math.prod(shape)
    n, p = (
        ops.ravel(ops.broadcast_to(ops.convert_to_tensor(x, dtype="float64"), shape))
        for x in (counts, probabilities)
    )
    # of the rarer outcome, success or failure
    flipped = ops.greater(p, 0.5)
    rarer = ops.where(flipped, ops.subtract(1.0, p), p)
    few = ops.less(ops.multiply(n, rarer), _FEW)
    units = unit(make_key(seed), ((2 * _PROPOSALS + 1) * size,), "float64")
    first, rest = ops.split(units, [size])
    # each method is given harmless numbers where the other one is used
    summed = _by_summing(first, ops.where(few, n, 0.0), rarer)
    found = _by_rejection(
        ops.reshape(rest, (2, _PROPOSALS, size)),
        ops.where(few, 4 * _FEW, n),
        ops.where(few, 0.5, rarer),
    )
    values = ops.where(few, summed, found)
    values = ops.where(flipped, ops.subtract(n, values), values)
    return ops.cast(ops.reshape(values, shape), dtype)


def _require_ranges(counts: Any, probabilities: Any) -> None:
    wrong = isinstance(counts, (int, float)) and counts < 0
    if isinstance(probabilities, (int, float)):
        wrong = wrong or not 0 <= probabilities <= 1
    if wrong:
        raise ValueError(
            explain(
                "binomial cannot draw with these numbers.",
                got=f"counts={counts}, probabilities={probabilities}",
                expected="counts of 0 or more, probabilities in [0, 1]",
            )
        )


def _by_summing(u: Any, n: Any, p: Any) -> Any:
    """Return how many of the probabilities of 0, 1, 2, ... add up to less than u."""
    odds = ops.divide(p, ops.subtract(1.0, p))
    term = ops.exp(ops.multiply(n, ops.log1p(ops.negative(p))))
    total, count = term, ops.zeros_like(term)
    for k in range(_MOST):
        count = ops.add(count, ops.cast(ops.greater_equal(u, total), "float64"))
        ratio = ops.divide(ops.subtract(n, float(k)), float(k + 1))
        term = ops.multiply(term, ops.multiply(ops.maximum(ratio, 0.0), odds))
        total = ops.add(total, term)
    return ops.minimum(count, n)


class _Hat(NamedTuple):
    """The curve under which proposals lie, for each value (section 4 of the paper)."""

    n: Any
    odds: Any
    a: Any
    b: Any
    centre: Any
    alpha: Any
    sure: Any
    mode: Any


def _hat(n: Any, p: Any) -> _Hat:
    mean = ops.multiply(n, p)
    spread = ops.sqrt(ops.multiply(mean, ops.subtract(1.0, p)))
    b = ops.add(ops.multiply(spread, 2.53), 1.15)
    a = ops.add(ops.multiply(b, 0.0248), ops.subtract(ops.multiply(p, 0.01), 0.0873))
    return _Hat(
        n=n,
        odds=ops.divide(p, ops.subtract(1.0, p)),
        a=a,
        b=b,
        centre=ops.add(mean, 0.5),
        alpha=ops.multiply(ops.add(ops.divide(5.1, b), 2.83), spread),
        sure=ops.subtract(0.92, ops.divide(4.2, b)),
        mode=ops.floor(ops.multiply(ops.add(n, 1.0), p)),
    )


def _by_rejection(units: Any, n: Any, p: Any) -> Any:
    """Return the first proposals that are accepted, the mode where none is."""
    hat = _hat(n, p)
    u, v = ops.unstack(units)
    u, v = ops.subtract(u, 0.5), ops.subtract(1.0, v)  # v > 0, for its logarithm
    near = ops.subtract(0.5, ops.absolute(u))  # 0 only where |u| is 1/2
    near = ops.maximum(near, 2.0**-54)
    reach = ops.add(ops.divide(ops.multiply(hat.a, 2.0), near), hat.b)
    k = ops.floor(ops.add(ops.multiply(reach, u), hat.centre))
    inside = ops.logical_and(ops.greater_equal(k, 0.0), ops.less_equal(k, n))
    k = ops.clip(k, 0.0, n)
    sure = ops.logical_and(ops.greater_equal(near, 0.07), ops.less_equal(v, hat.sure))
    width = ops.add(ops.divide(hat.a, ops.square(near)), hat.b)
    height = ops.divide(ops.multiply(v, hat.alpha), width)
    under = ops.less_equal(ops.log(height), _log_ratio(k, hat))
    accepted = ops.logical_and(inside, ops.logical_or(sure, under))
    chosen = hat.mode
    pairs = zip(ops.unstack(accepted), ops.unstack(k), strict=True)
    for is_accepted, proposal in reversed(list(pairs)):
        chosen = ops.where(is_accepted, proposal, chosen)
    return chosen


def _log_ratio(k: Any, hat: _Hat) -> Any:
    """Return the logarithm of the probability of k over that of the mode."""

    def log_ways(k: Any) -> Any:
        return ops.add(_log_factorial(k), _log_factorial(ops.subtract(hat.n, k)))

    tilt = ops.multiply(ops.subtract(k, hat.mode), ops.log(hat.odds))
    return ops.add(ops.subtract(log_ways(hat.mode), log_ways(k)), tilt)


def _log_factorial(k: Any) -> Any:
    """Return log(k!) for k >= 0, by Stirling's series for (k + 8)!."""
    skipped = ops.add(k, 1.0)
    for i in range(2, _SHIFT + 1):
        skipped = ops.multiply(skipped, ops.add(k, float(i)))
    x = ops.add(k, float(_SHIFT + 1))
    inverse = ops.divide(1.0, x)
    square = ops.square(inverse)
    series = ops.subtract(1 / 360, ops.multiply(square, 1 / 1260))
    series = ops.subtract(1 / 12, ops.multiply(square, series))
    main = ops.subtract(ops.multiply(ops.subtract(x, 0.5), ops.log(x)), x)
    stirling = ops.add(ops.multiply(series, inverse), main)
    constant = 0.5 * math.log(2 * math.pi)
    return ops.subtract(ops.add(stirling, constant), ops.log(skipped))
