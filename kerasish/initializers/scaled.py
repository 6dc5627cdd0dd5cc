"""Initializers whose spread follows from a kernel's number of inputs and outputs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from kerasish.errors import explain, unknown_name
from kerasish.initializers import distributions
from kerasish.initializers.base import DIRECTORY, RandomInitializer, float_dtypes

_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")
# Standard deviation of N(0, 1) cut at two deviations, by which values are divided to
# restore the variance: sqrt(1 - 4 pdf(2) / (cdf(2) - cdf(-2))).
_TRUNCATED_STDDEV = 0.87962566103423978

Axes = Iterable[int] | None


def compute_fans(
    shape: Sequence[int], input_axes: Axes = None, output_axes: Axes = None
) -> tuple[int, int]:
    """Return the number of inputs and outputs that a kernel of `shape` connects.

    A kernel ends with (inputs, outputs); axes before these are its window, which counts
    for both. Where both `input_axes` and `output_axes` are given, their sizes count.

    Args:
        shape: Shape of the kernel.
        input_axes: Axes that run over inputs, or None.
        output_axes: Axes that run over outputs, or None.

    Example:
        >>> compute_fans((3, 3, 16, 32))
        (144, 288)
    """
    if input_axes is not None and output_axes is not None:
        sizes = [[shape[axis] for axis in axes] for axes in (input_axes, output_axes)]
        return math.prod(sizes[0]), math.prod(sizes[1])
    if len(shape) < 2:
        size = math.prod(shape)
        return size, size
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


@DIRECTORY.add()
class VarianceScaling(RandomInitializer):
    """Zero mean, and a variance of `scale / n` where `n` counts inputs or outputs.

    Args:
        scale: Factor of the variance; positive.
        mode: What `n` is: "fan_in" (inputs), "fan_out" (outputs) or "fan_avg" (the mean
            of both).
        distribution: "truncated_normal" (cut at two deviations, variance restored; also
            called "normal"), "untruncated_normal" or "uniform".
        seed: Integer, `SeedGenerator` or None; see `RandomInitializer`.
        input_axes: Axes of the kernel that run over inputs; see `compute_fans`.
        output_axes: Axes of the kernel that run over outputs.

    Raises:
        ValueError: `scale`, `mode` or `distribution` is none of these.

    Example:
        >>> values = VarianceScaling(scale=2.0, seed=0)((800, 100))
        >>> bool(abs(values.std() - 0.05) < 0.001)
        True
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Axes = None,
        output_axes: Axes = None,
    ) -> None:
        distribution = distribution.lower()
        distribution = "truncated_normal" if distribution == "normal" else distribution
        _check(scale, mode, distribution)
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.input_axes = None if input_axes is None else list(input_axes)
        self.output_axes = None if output_axes is None else list(output_axes)
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """Return values of `shape`; floating dtypes only."""
        result, compute = float_dtypes(self, dtype)
        draw = getattr(self, f"_draw_{self.distribution}")
        stddev = math.sqrt(self.scale / self._count(shape))
        values: np.ndarray = draw(stddev, shape, compute).astype(result)
        return values

    def _count(self, shape: Sequence[int]) -> float:
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        counts = {
            "fan_in": fan_in,
            "fan_out": fan_out,
            "fan_avg": (fan_in + fan_out) / 2,
        }
        return max(1.0, counts[self.mode])

    def _draw_truncated_normal(
        self, stddev: float, shape: Sequence[int], dtype: Any
    ) -> np.ndarray:
        values = distributions.truncated_normal(self.generator(), shape, dtype)
        return values * (stddev / _TRUNCATED_STDDEV)

    def _draw_untruncated_normal(
        self, stddev: float, shape: Sequence[int], dtype: Any
    ) -> np.ndarray:
        return distributions.normal(self.generator(), shape, dtype) * stddev

    def _draw_uniform(
        self, stddev: float, shape: Sequence[int], dtype: Any
    ) -> np.ndarray:
        limit = math.sqrt(3.0) * stddev  # the variance of U(-a, a) is a^2 / 3
        return distributions.uniform(self.generator(), shape, dtype) * 2 * limit - limit


@DIRECTORY.add()
class GlorotUniform(VarianceScaling):
    """U(-a, a) with a = sqrt(6 / (fan_in + fan_out)); also called Xavier uniform.

    Args:
        seed: Integer, `SeedGenerator` or None; see `RandomInitializer`.
        input_axes: Axes of the kernel that run over inputs; see `compute_fans`.
        output_axes: Axes of the kernel that run over outputs.

    References:
        Glorot & Bengio, "Understanding the difficulty of training deep feedforward
        neural networks", AISTATS 2010, eq. 16.
    """

    def __init__(
        self, seed: Any = None, input_axes: Axes = None, output_axes: Axes = None
    ) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed, input_axes, output_axes)


@DIRECTORY.add()
class GlorotNormal(VarianceScaling):
    """Truncated normal, variance 2 / (fan_in + fan_out); also called Xavier normal.

    Args:
        seed: Integer, `SeedGenerator` or None; see `RandomInitializer`.
        input_axes: Axes of the kernel that run over inputs; see `compute_fans`.
        output_axes: Axes of the kernel that run over outputs.

    References:
        Glorot & Bengio, "Understanding the difficulty of training deep feedforward
        neural networks", AISTATS 2010, eq. 12.
    """

    def __init__(
        self, seed: Any = None, input_axes: Axes = None, output_axes: Axes = None
    ) -> None:
        super().__init__(
            1.0, "fan_avg", "truncated_normal", seed, input_axes, output_axes
        )


@DIRECTORY.add()
class HeUniform(VarianceScaling):
    """U(-a, a) with a = sqrt(6 / fan_in): keeps the variance through ReLU layers.

    Args:
        seed: Integer, `SeedGenerator` or None; see `RandomInitializer`.
        input_axes: Axes of the kernel that run over inputs; see `compute_fans`.
        output_axes: Axes of the kernel that run over outputs.

    References:
        He et al., "Delving Deep into Rectifiers", ICCV 2015, eq. 10.
    """

    def __init__(
        self, seed: Any = None, input_axes: Axes = None, output_axes: Axes = None
    ) -> None:
        super().__init__(2.0, "fan_in", "uniform", seed, input_axes, output_axes)


@DIRECTORY.add()
class HeNormal(VarianceScaling):
    """Truncated normal, variance 2 / fan_in: keeps the variance through ReLU layers.

    Args:
        seed: Integer, `SeedGenerator` or None; see `RandomInitializer`.
        input_axes: Axes of the kernel that run over inputs; see `compute_fans`.
        output_axes: Axes of the kernel that run over outputs.

    References:
        He et al., "Delving Deep into Rectifiers", ICCV 2015, eq. 10.
    """

    def __init__(
        self, seed: Any = None, input_axes: Axes = None, output_axes: Axes = None
    ) -> None:
        super().__init__(
            2.0, "fan_in", "truncated_normal", seed, input_axes, output_axes
        )


@DIRECTORY.add()
class LecunUniform(VarianceScaling):
    """U(-a, a) with a = sqrt(3 / fan_in).

    Args:
        seed: Integer, `SeedGenerator` or None; see `RandomInitializer`.
        input_axes: Axes of the kernel that run over inputs; see `compute_fans`.
        output_axes: Axes of the kernel that run over outputs.

    References:
        LeCun et al., "Efficient BackProp", 1998, section 4.6.
    """

    def __init__(
        self, seed: Any = None, input_axes: Axes = None, output_axes: Axes = None
    ) -> None:
        super().__init__(1.0, "fan_in", "uniform", seed, input_axes, output_axes)


@DIRECTORY.add()
class LecunNormal(VarianceScaling):
    """Truncated normal, variance 1 / fan_in: what SELU networks start from.

    Args:
        seed: Integer, `SeedGenerator` or None; see `RandomInitializer`.
        input_axes: Axes of the kernel that run over inputs; see `compute_fans`.
        output_axes: Axes of the kernel that run over outputs.

    References:
        LeCun et al., "Efficient BackProp", 1998, section 4.6; Klambauer et al.,
        "Self-Normalizing Neural Networks", NIPS 2017.
    """

    def __init__(
        self, seed: Any = None, input_axes: Axes = None, output_axes: Axes = None
    ) -> None:
        super().__init__(
            1.0, "fan_in", "truncated_normal", seed, input_axes, output_axes
        )


def _check(scale: float, mode: str, distribution: str) -> None:
    if not scale > 0:
        raise ValueError(
            explain(
                "VarianceScaling cannot use this `scale`.",
                got=repr(scale),
                expected="a positive number",
            )
        )
    if mode not in _MODES:
        raise ValueError(unknown_name("VarianceScaling mode", mode, _MODES))
    if distribution not in _DISTRIBUTIONS:
        raise ValueError(
            unknown_name("VarianceScaling distribution", distribution, _DISTRIBUTIONS)
        )
