"""Random tensors: `keras.random`'s functions, eager or inside a traced step.

All are composed of one primitive, `ops.random_bits(key, shape)`: a hash of key and
position, equal on every backend. A key is used once; where an operation needs several
independent numbers per element, it asks for that many bits at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.backend import standardize_dtype
from kerasish.errors import DTypeError, ShapeError, explain
from kerasish.graph.registry import enter
from kerasish.random.basics import (
    WORD_BITS,
    Seed,
    Shape,
    as_shape,
    box_muller,
    float_dtype,
    unit,
    wide_dtype,
    wrong_dtype,
)
from kerasish.random.seed import make_key

# erf(sqrt(2)): the share of a normal distribution within two standard deviations.
_WITHIN_TWO = 0.9544997361036416
# Quantile function of N(0, 1) near its middle: x * P(-log(1 - x^2)) at the probability
# (1 + x) / 2, as in M. Giles, "Approximating the erfinv function" (2011). Fitted for
# |x| <= erf(sqrt(2)), where it is off by less than 3e-8; lowest power first.
_QUANTILE = (
    1.2533141017920255,
    0.32811838426145057,
    0.01632262822256164,
    -0.003273935087135867,
    -0.00021814299689295474,
    9.164479732911863e-05,
    -6.496782895129539e-06,
)


def uniform(
    shape: Shape,
    minval: float = 0.0,
    maxval: float = 1.0,
    dtype: Any = None,
    seed: Seed = None,
) -> Any:
    """Return values drawn evenly from [minval, maxval).

    Args:
        shape: Shape of the result.
        minval: Lower end, included.
        maxval: Upper end, excluded.
        dtype: A floating dtype; None means `floatx()`.
        seed: Integer (the same values every time), `SeedGenerator`, or None.

    Raises:
        DTypeError: `dtype` is not floating.

    Example:
        >>> uniform((2, 3), seed=1).shape
        (2, 3)
    """
    dtype = float_dtype("uniform", dtype)
    values = unit(make_key(seed), as_shape(shape), dtype)
    if (minval, maxval) == (0.0, 1.0):
        return values
    values = ops.add(ops.multiply(values, maxval - minval), minval)
    # the sum may round up to the excluded end
    return ops.where(ops.less(values, maxval), values, ops.cast(minval, dtype))


def normal(
    shape: Shape,
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: Any = None,
    seed: Seed = None,
) -> Any:
    """Return values of a normal distribution.

    Args:
        shape: Shape of the result.
        mean: Mean of the values.
        stddev: Their standard deviation.
        dtype: A floating dtype; None means `floatx()`.
        seed: Integer (the same values every time), `SeedGenerator`, or None.

    Raises:
        DTypeError: `dtype` is not floating.

    References:
        Box & Muller, "A Note on the Generation of Random Normal Deviates", 1958.

    Example:
        >>> normal((2, 3), seed=1).shape
        (2, 3)
    """
    dtype = float_dtype("normal", dtype)
    values = box_muller(make_key(seed), as_shape(shape), wide_dtype(dtype))
    values = ops.add(ops.multiply(values, stddev), mean)
    return ops.cast(values, dtype)


enter("random_normal", normal)  # `ops.image.elastic_transform` draws by this name


def truncated_normal(
    shape: Shape,
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: Any = None,
    seed: Seed = None,
) -> Any:
    """Return values of a normal distribution cut at two standard deviations.

    Args:
        shape: Shape of the result.
        mean: Mean of the values.
        stddev: Standard deviation before the cut; that of the values is 0.88 of it.
        dtype: A floating dtype; None means `floatx()`.
        seed: Integer (the same values every time), `SeedGenerator`, or None.

    Raises:
        DTypeError: `dtype` is not floating.

    Example:
        >>> bool(abs(truncated_normal((100,), seed=1)).max() <= 2)
        True
    """
    dtype = float_dtype("truncated_normal", dtype)
    values = unit(make_key(seed), as_shape(shape), wide_dtype(dtype))
    x = ops.multiply(ops.subtract(ops.multiply(values, 2.0), 1.0), _WITHIN_TWO)
    w = ops.negative(ops.log(ops.subtract(1.0, ops.square(x))))
    values = ops.clip(ops.multiply(x, _polynomial(w, _QUANTILE)), -2.0, 2.0)
    values = ops.add(ops.multiply(values, stddev), mean)
    return ops.cast(values, dtype)


def randint(
    shape: Shape, minval: int, maxval: int, dtype: Any = "int32", seed: Seed = None
) -> Any:
    """Return whole numbers drawn evenly from [minval, maxval).

    A range that does not divide 2**32 is uneven by at most one part in 2**32 / range.

    Args:
        shape: Shape of the result.
        minval: Lower end, included.
        maxval: Upper end, excluded; at most `minval + 2**32`.
        dtype: An integer dtype.
        seed: Integer (the same values every time), `SeedGenerator`, or None.

    Raises:
        DTypeError: `dtype` is not an integer dtype.
        ValueError: The range is empty or too long.

    Example:
        >>> bool(randint((100,), 1, 7, seed=1).max() <= 6)
        True
    """
    dtype = standardize_dtype(dtype)
    if "int" not in dtype:
        raise DTypeError(wrong_dtype("randint", dtype, "an integer dtype"))
    span = maxval - minval
    if not 0 < span <= 2**WORD_BITS:
        raise ValueError(
            explain(
                "randint cannot draw from this range.",
                got=f"minval={minval}, maxval={maxval}",
                expected="minval < maxval <= minval + 2**32",
            )
        )
    bits = ops.random_bits(make_key(seed), as_shape(shape))
    if span < 2**WORD_BITS:
        bits = ops.mod(bits, span)
    return ops.add(ops.cast(bits, dtype), minval)


def categorical(
    logits: Any, num_samples: int, dtype: Any = "int32", seed: Seed = None
) -> Any:
    """Return classes drawn with the probabilities `softmax(logits)`.

    Args:
        logits: Unnormalised log-probabilities, (batch, classes), floating.
        num_samples: Draws per row.
        dtype: An integer dtype.
        seed: Integer (the same values every time), `SeedGenerator`, or None.

    Returns:
        Class indices, (batch, num_samples).

    References:
        Maddison et al., "A* Sampling", NIPS 2014 (the Gumbel-max trick).

    Example:
        >>> categorical([[0.0, 100.0]], 3, seed=1).tolist()
        [[1, 1, 1]]
    """
    logits = ops.convert_to_tensor(logits)
    if len(logits.shape) != 2:
        raise ShapeError(
            explain(
                "categorical cannot draw from these logits.",
                got=f"shape {tuple(logits.shape)}",
                expected="two axes, (batch, classes)",
            )
        )
    batch, classes = logits.shape
    bits = ops.random_bits(make_key(seed), (batch, num_samples, classes))
    # half a step up: neither logarithm below sees a zero
    places = ops.add(ops.cast(ops.right_shift(bits, 9), "float32"), 0.5)
    u = ops.multiply(places, 2.0**-23)
    gumbel = ops.negative(ops.log(ops.negative(ops.log(u))))
    scores = ops.add(ops.expand_dims(logits, 1), gumbel)
    return ops.cast(ops.argmax(scores, axis=-1), standardize_dtype(dtype))


def shuffle(x: Any, axis: int = 0, seed: Seed = None) -> Any:
    """Return `x` with its entries along an axis in random order.

    Args:
        x: Tensor of rank 1 or more.
        axis: The axis; all others keep together.
        seed: Integer (the same order every time), `SeedGenerator`, or None.

    Example:
        >>> sorted(shuffle([3, 1, 2], seed=1).tolist())
        [1, 2, 3]
    """
    x = ops.convert_to_tensor(x)
    bits = ops.random_bits(make_key(seed), (x.shape[axis],))
    return ops.take(x, ops.argsort(bits), axis=axis)


def dropout(
    inputs: Any,
    rate: float,
    noise_shape: Sequence[int | None] | None = None,
    seed: Seed = None,
) -> Any:
    """Return `inputs` with a share of the values zeroed and the rest scaled up.

    The sum of the values stays the same on average.

    Args:
        inputs: Tensor of any shape, floating.
        rate: Fraction dropped, in [0, 1].
        noise_shape: Shape of the mask; axes of length 1 are dropped as a whole, None
            stands for the length of that axis. The shape of `inputs` by default.
        seed: Integer (the same mask every time), `SeedGenerator`, or None.

    Raises:
        ValueError: `rate` lies outside [0, 1].
        ShapeError: `noise_shape` does not broadcast to the shape of `inputs`.

    References:
        Srivastava et al., "Dropout", JMLR 2014.

    Example:
        >>> sorted(set(dropout([1.0] * 20, 0.5, seed=1).tolist()))
        [0.0, 2.0]
    """
    if not 0 <= rate <= 1:
        raise ValueError(
            explain("dropout cannot use this rate.", got=repr(rate), expected="[0, 1]")
        )
    inputs = ops.convert_to_tensor(inputs)
    if rate == 0:
        return inputs
    threshold = round(rate * 2**WORD_BITS)
    if threshold == 2**WORD_BITS:
        return ops.zeros_like(inputs)
    bits = ops.random_bits(make_key(seed), _mask_shape(inputs, noise_shape))
    kept = ops.cast(ops.greater_equal(bits, threshold), inputs.dtype)
    # a product, not `where`: faster, and the gradient is one product with the same mask
    return ops.multiply(inputs, ops.multiply(kept, 1.0 / (1.0 - rate)))


def _mask_shape(inputs: Any, noise_shape: Sequence[int | None] | None) -> Any:
    shape = tuple(inputs.shape)
    if noise_shape is None:
        return shape
    start = len(shape) - len(noise_shape)
    ends = shape[max(start, 0) :]
    if start >= 0:
        pairs = list(zip(noise_shape, ends, strict=True))
        if all(wanted in (None, 1, length) for wanted, length in pairs):
            return tuple(length if n is None else n for n, length in pairs)
    raise ShapeError(
        explain(
            "dropout cannot use this noise_shape.",
            got=f"{tuple(noise_shape)} for inputs of shape {shape}",
            expected="1, None or the inputs' length on each axis",
        )
    )


def _polynomial(x: Any, coefficients: Sequence[float]) -> Any:
    """Return the polynomial's value by Horner's rule; lowest power first."""
    total: Any = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = ops.add(ops.multiply(total, x), coefficient)
    return total
