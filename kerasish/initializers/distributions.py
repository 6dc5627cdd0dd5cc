"""Initializers that draw from a fixed distribution, whatever the size of the layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.errors import ShapeError, explain
from kerasish.initializers.base import DIRECTORY, RandomInitializer, float_dtypes
from kerasish.saving.registry import public

_BOUND = 2.0  # standard deviations at which `truncated_normal` cuts


def uniform(
    generator: np.random.Generator, shape: Sequence[int], dtype: Any
) -> np.ndarray:
    """Return values of U[0, 1); `dtype` float32 or float64."""
    return generator.random(tuple(shape), dtype=dtype)


def normal(
    generator: np.random.Generator, shape: Sequence[int], dtype: Any
) -> np.ndarray:
    """Return values of N(0, 1); `dtype` float32 or float64."""
    return generator.standard_normal(tuple(shape), dtype=dtype)


def truncated_normal(
    generator: np.random.Generator, shape: Sequence[int], dtype: Any
) -> np.ndarray:
    """Return values of N(0, 1) inside [-2, 2]: those outside are drawn again."""
    values = generator.standard_normal(math.prod(shape), dtype=dtype)
    outside = np.flatnonzero(np.abs(values) > _BOUND)
    while outside.size:
        values[outside] = generator.standard_normal(outside.size, dtype=dtype)
        outside = outside[np.abs(values[outside]) > _BOUND]
    return values.reshape(tuple(shape))


@DIRECTORY.add("normal")
class RandomNormal(RandomInitializer):
    """Normal distribution.

    Args:
        mean: Mean of the values.
        stddev: Their standard deviation.
        seed: Integer, `SeedGenerator` or None; see `RandomInitializer`.

    Example:
        >>> values = RandomNormal(stddev=0.1, seed=0)((1000,))
        >>> bool(abs(values.std() - 0.1) < 0.01)
        True
    """

    def __init__(
        self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None
    ) -> None:
        self.mean = mean
        self.stddev = stddev
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """Return values of `shape`; floating dtypes only."""
        result, compute = float_dtypes(self, dtype)
        values = normal(self.generator(), shape, compute)
        return (values * self.stddev + self.mean).astype(result)


@DIRECTORY.add("uniform")
class RandomUniform(RandomInitializer):
    """Uniform distribution.

    Args:
        minval: Smallest value.
        maxval: Upper end of the values.
        seed: Integer, `SeedGenerator` or None; see `RandomInitializer`.

    Example:
        >>> values = RandomUniform(0.0, 1.0, seed=0)((1000,))
        >>> bool(values.min() >= 0.0 and values.max() <= 1.0)
        True
    """

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None
    ) -> None:
        self.minval = minval
        self.maxval = maxval
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """Return values of `shape`; floating dtypes only."""
        result, compute = float_dtypes(self, dtype)
        values = uniform(self.generator(), shape, compute)
        return (values * (self.maxval - self.minval) + self.minval).astype(result)


@DIRECTORY.add()
class TruncatedNormal(RandomInitializer):
    """Normal distribution without what is more than two deviations off the mean.

    The standard deviation of the values is about `0.88 * stddev`: the tails are gone.

    Args:
        mean: Mean of the values.
        stddev: Standard deviation before the cut.
        seed: Integer, `SeedGenerator` or None; see `RandomInitializer`.

    Example:
        >>> values = TruncatedNormal(stddev=0.5, seed=0)((1000,))
        >>> bool(abs(values).max() <= 1.0)
        True
    """

    def __init__(
        self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None
    ) -> None:
        self.mean = mean
        self.stddev = stddev
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """Return values of `shape`; floating dtypes only."""
        result, compute = float_dtypes(self, dtype)
        values = truncated_normal(self.generator(), shape, compute)
        return (values * self.stddev + self.mean).astype(result)


@DIRECTORY.add("OrthogonalInitializer")
@public("keras.initializers", "OrthogonalInitializer")  # as older files call it
class Orthogonal(RandomInitializer):
    """Random matrix with orthonormal columns (or rows, if those are fewer).

    A kernel with more than two axes is taken as a matrix, its last axis the columns.

    Args:
        gain: Factor of the orthonormal matrix.
        seed: Integer, `SeedGenerator` or None; see `RandomInitializer`.

    References:
        Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep
        linear neural networks", ICLR 2014.

    Example:
        >>> import numpy as np
        >>> q = Orthogonal(seed=0)((5, 3))
        >>> bool(np.allclose(q.T @ q, np.eye(3), atol=1e-6))
        True
    """

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        self.gain = gain
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """Return values of `shape`; floating dtypes only.

        Raises:
            ShapeError: `shape` has fewer than two axes.
        """
        if len(shape) < 2:
            raise ShapeError(
                explain(
                    "Orthogonal needs a matrix to fill.",
                    got=f"shape {tuple(shape)}",
                    expected="two axes or more",
                )
            )
        result, _ = float_dtypes(self, dtype)
        rows, columns = math.prod(shape[:-1]), shape[-1]
        matrix = _orthonormal(self.generator(), rows, columns)
        return (self.gain * matrix).reshape(tuple(shape)).astype(result)


def _orthonormal(generator: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Return a matrix drawn uniformly from those with orthonormal columns or rows."""
    # float64 throughout: LAPACK builds then agree after rounding to float32
    tall = generator.standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(tall)
    # QR is unique up to signs; fixing them makes the distribution uniform
    q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)
    return q if rows >= columns else q.T
