"""Inputs shifted and scaled to mean 0 and variance 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish import ops
from kerasish.errors import ShapeError, explain
from kerasish.layers.layer import Layer
from kerasish.layers.preprocessing.adapting import batches
from kerasish.saving.registry import public

_EPSILON = 1e-7  # the least standard deviation that is divided by


@public("keras.layers")
class Normalization(Layer):
    """`(inputs - mean) / sqrt(variance)`, with numbers given or learnt by `adapt`.

    Args:
        axis: Axis or axes that keep means and variances of their own: the features. All
            others are averaged over; None averages over everything.
        mean: Mean of the inputs; a number, or an array for the kept axes.
        variance: Their variance, given together with `mean`.
        invert: Whether to do the opposite: `inputs * sqrt(variance) + mean`.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: Only one of `mean` and `variance` is given.

    Example:
        >>> layer = Normalization(axis=None)
        >>> layer.adapt([1.0, 3.0])
        >>> layer([1.0, 2.0, 3.0]).tolist()
        [-1.0, 0.0, 1.0]
    """

    supports_masking = True

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if (mean is None) != (variance is None):
            raise ValueError(
                explain(
                    f"{self._who()} needs `mean` and `variance` together.",
                    got=f"mean={mean}, variance={variance}",
                    fix="give both, or neither and call adapt(data)",
                )
            )
        axes = (axis,) if isinstance(axis, int) else axis
        self.axis = () if axes is None else tuple(axes)
        self.input_mean = mean
        self.input_variance = variance
        self.invert = invert
        self._kept: tuple[int, ...] = ()
        self._shape: tuple[int, ...] = ()
        self._is_adapted = False

    def build(self, input_shape: Any) -> None:
        """Make mean and variance for the kept axes, unless they are given."""
        shape = tuple(input_shape)
        self._kept = self._kept_axes(shape)
        self._shape = tuple(
            shape[a] if a in self._kept else 1 for a in range(len(shape))
        )
        kept_shape = tuple(int(shape[a]) for a in self._kept)
        if self.input_mean is not None:
            self._require_broadcast(kept_shape)
        else:
            self.adapt_mean = self.add_weight(
                kept_shape, "zeros", trainable=False, name="mean"
            )
            self.adapt_variance = self.add_weight(
                kept_shape, "ones", trainable=False, name="variance"
            )
            # used by nothing, but files of Keras hold it
            self.count = self.add_weight(
                (), "zeros", dtype="int32", trainable=False, name="count"
            )
        self.built = True

    def _kept_axes(self, shape: tuple[int | None, ...]) -> tuple[int, ...]:
        ndim = len(shape)
        if any(not -ndim <= a < ndim for a in self.axis):
            raise ShapeError(
                explain(
                    f"{self._who()} cannot keep these axes.",
                    got=f"axis={self.axis} for inputs of shape {shape}",
                    expected=f"axes from {-ndim} to {ndim - 1}",
                )
            )
        kept = tuple(sorted(a % ndim for a in self.axis))
        if any(shape[a] is None for a in kept):
            raise ShapeError(
                explain(
                    f"{self._who()} must know the lengths of the axes it keeps.",
                    got=f"shape {shape}, axis={self.axis}",
                    fix="give these lengths in the input shape",
                )
            )
        return kept

    def _require_broadcast(self, kept_shape: tuple[Any, ...]) -> None:
        for name in ("mean", "variance"):
            given = np.shape(ops.convert_to_numpy(getattr(self, f"input_{name}")))
            try:
                np.broadcast_to(np.empty(given, bool), kept_shape)
            except ValueError as error:
                raise ShapeError(
                    explain(
                        f"The {name} of {self._who()} does not fit its inputs.",
                        got=f"shape {given}",
                        expected=f"shape {kept_shape}, or one that broadcasts to it",
                    )
                ) from error

    @property
    def mean(self) -> Any:
        """Mean in the inputs' rank; None before the layer is built."""
        return self._statistic("mean")

    @property
    def variance(self) -> Any:
        """Variance in the inputs' rank; None before the layer is built."""
        return self._statistic("variance")

    def _statistic(self, name: str) -> Any:
        if not self.built:
            return None
        given = getattr(self, f"input_{name}")
        if given is None:
            value = ops.cast(getattr(self, f"adapt_{name}"), self.compute_dtype)
        else:
            value = ops.convert_to_tensor(given, dtype=self.compute_dtype)
            value = ops.broadcast_to(value, [self._shape[a] for a in self._kept])
        return ops.reshape(value, self._shape)

    def adapt(self, data: Any) -> None:
        """Learn mean and variance from data, in place of what was learnt before.

        Args:
            data: An array, or batches of arrays (a list, a generator, a `PyDataset`).

        Raises:
            ShapeError: The layer was built for another shape.
            ValueError: Mean and variance are given.
        """
        if self.input_mean is not None:
            raise ValueError(
                explain(
                    f"{self._who()} was given its mean and variance.",
                    fix="leave them out of the constructor to learn them",
                )
            )
        count, mean, squares = 0, np.zeros(()), np.zeros(())
        for batch in batches(data, self._who()):
            array = np.asarray(ops.convert_to_numpy(batch), np.float64)
            self._prepare(array.shape)
            axes = tuple(a for a in range(array.ndim) if a not in self._kept)
            n = math.prod(array.shape[a] for a in axes)
            if n == 0:
                continue
            own = array.mean(axis=axes)
            # two parts joined (Chan, Golub & LeVeque 1983, eq. 1.5)
            step = own - mean
            squares = squares + array.var(axis=axes) * n
            squares = squares + step**2 * (count * n / (count + n))
            mean = mean + step * (n / (count + n))
            count += n
        if count:
            self.adapt_mean.assign(mean)
            self.adapt_variance.assign(squares / count)

    def _prepare(self, shape: tuple[int, ...]) -> None:
        if not self.built:
            self.build(shape)
            return
        fits = len(shape) == len(self._shape)
        if not fits or any(shape[a] != self._shape[a] for a in self._kept):
            raise ShapeError(
                explain(
                    f"{self._who()} cannot adapt to this data.",
                    got=f"shape {shape}",
                    expected=f"lengths {self._shape}, any where there is a 1",
                    fix="make a new layer for other features",
                )
            )

    def call(self, inputs: Any) -> Any:
        """Return the inputs, normalised (or turned back)."""
        inputs = ops.cast(ops.convert_to_tensor(inputs), self.compute_dtype)
        spread = ops.maximum(ops.sqrt(self.variance), _EPSILON)
        if self.invert:
            return ops.add(ops.multiply(inputs, spread), self.mean)
        return ops.divide(ops.subtract(inputs, self.mean), spread)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as Keras's files hold them."""
        config = super().get_config()
        order = ("axis", "invert", "mean", "variance")
        own = {name: config.pop(name) for name in order}
        for name in ("mean", "variance"):
            own[name] = _plain(getattr(self, f"input_{name}"))
        own["axis"] = self.axis
        return {**config, **own}


def _plain(value: Any) -> Any:
    """Return a number or an array as JSON has it."""
    if value is None or isinstance(value, (int, float)):
        return value
    return ops.convert_to_numpy(value).tolist()
