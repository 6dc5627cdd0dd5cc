"""Batch normalization: each channel with the mean and variance it has in the batch.

While training, the batch's moments are used, and moving averages of them are kept for
inference. A frozen layer (`trainable=False`) is always in inference. Moments of masked
inputs count what the mask keeps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from kerasish import initializers, ops
from kerasish.backend import epsilon as least
from kerasish.errors import ShapeError, explain, unknown_name
from kerasish.graph.variable import Variable
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.normalization import BaseScaled
from kerasish.ops import rules
from kerasish.ops.normalization import standardized_channels
from kerasish.saving.registry import public


@public("keras.layers")
class BatchNormalization(BaseScaled):
    """`(x - mean) / sqrt(variance + epsilon) * gamma + beta`, for each channel.

    Args:
        axis: The axis of the channels.
        momentum: Weight of the old value in the moving averages.
        epsilon: Added to the variance.
        center: Whether to add beta.
        scale: Whether to multiply by gamma.
        beta_initializer: Initial values of beta.
        gamma_initializer: Initial values of gamma.
        moving_mean_initializer: Initial values of the moving mean.
        moving_variance_initializer: Initial values of the moving variance.
        beta_regularizer: Penalty on beta.
        gamma_regularizer: Penalty on gamma.
        beta_constraint: Projection of beta after each update.
        gamma_constraint: Projection of gamma after each update.
        renorm: Whether to correct the batch's moments towards the moving ones, so that
            small batches train as inference will compute.
        renorm_clipping: Bounds of the correction: "rmax" and "rmin" of its factor,
            "dmax" of the size of its shift; unbounded where left out.
        renorm_momentum: Weight of the old value in the averages used for it.
        synchronized: Accepted as in Keras: there is one replica.
        **kwargs: As for `Layer`.

    Raises:
        TypeError: `axis` is no whole number.
        ValueError: `renorm_clipping` is not understood.

    References:
        Ioffe & Szegedy, "Batch Normalization", ICML 2015; Ioffe, "Batch
        Renormalization", NIPS 2017, algorithm 1.

    Example:
        >>> layer = BatchNormalization(momentum=0.5)
        >>> layer([[1.0], [3.0]], training=True).round(2).tolist()
        [[-1.0], [1.0]]
        >>> float(layer.moving_mean.numpy()[0])
        1.0
    """

    renorm_mean: Variable
    renorm_stddev: Variable
    moving_stddev: Variable

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Mapping[str, float] | None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            epsilon,
            center,
            scale,
            beta_initializer,
            gamma_initializer,
            beta_regularizer,
            gamma_regularizer,
            beta_constraint,
            gamma_constraint,
            **kwargs,
        )
        self.axis = self._checked_axis(axis)
        self.momentum = float(momentum)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.renorm = renorm
        self.renorm_clipping = renorm_clipping
        self.renorm_momentum = renorm_momentum
        self.synchronized = synchronized
        if renorm:
            self.renorm_clipping = self._checked_clipping(renorm_clipping or {})

    def _checked_axis(self, axis: Any) -> int:
        if isinstance(axis, (list, tuple)) and len(axis) == 1:
            axis = axis[0]  # as Keras 2's files hold it
        if isinstance(axis, int) and not isinstance(axis, bool):
            return axis
        raise TypeError(
            explain(
                f"{self._who()} cannot understand its axis.",
                got=f"axis={axis!r}",
                expected="a whole number: the axis of the channels",
            )
        )

    def _checked_clipping(self, bounds: Mapping[str, float]) -> dict[str, float]:
        for name in bounds:
            if name not in ("rmax", "rmin", "dmax"):
                kind = f"bound in the renorm_clipping of {self._who()}"
                raise ValueError(unknown_name(kind, name, ("rmax", "rmin", "dmax")))
        is_crossed = bounds.get("rmin", 0) > bounds.get("rmax", float("inf"))
        if is_crossed or bounds.get("dmax", 0) < 0:
            raise ValueError(
                explain(
                    f"{self._who()} cannot use these bounds.",
                    got=f"renorm_clipping={dict(bounds)}",
                    expected="rmin below rmax, and dmax not negative",
                )
            )
        return dict(bounds)

    def build(self, input_shape: Any) -> None:
        """Make gamma, beta and the moving averages, one for each channel."""
        shape = self._lengths(input_shape, [self.axis])
        self._add_scale_and_shift(shape, self.center)
        zeros, ones = self.moving_mean_initializer, self.moving_variance_initializer
        self.moving_mean = self._add_average("moving_mean", shape, zeros)
        self.moving_variance = self._add_average("moving_variance", shape, ones)
        if self.renorm:
            self.moving_stddev = self._add_average("moving_stddev", shape, ones)
            self.renorm_mean = self._add_average("renorm_mean", shape, zeros)
            self.renorm_stddev = self._add_average("renorm_stddev", shape, ones)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: shape[0]})
        self.built = True

    def _add_average(
        self, name: str, shape: tuple[int, ...], initializer: Any
    ) -> Variable:
        return self.add_weight(
            shape, initializer, trainable=False, autocast=False, name=name
        )

    def call(self, inputs: Any, training: bool = False, mask: Any = None) -> Any:
        """Return the normalized input; while training, move the averages on."""
        x = ops.cast(inputs, "float32") if self.compute_dtype == "float16" else inputs
        if not training or not self.trainable:
            outputs = self._normalized(x, self.moving_mean, self.moving_variance)
        else:
            outputs = self._trained(x, mask)
        return ops.cast(outputs, self.compute_dtype)

    def _normalized(self, x: Any, mean: Any, variance: Any) -> Any:
        return ops.batch_normalization(
            x, mean, variance, self.axis, self.beta, self.gamma, self.epsilon
        )

    def _trained(self, x: Any, mask: Any) -> Any:
        axis = rules.normalize_axis(self.axis, len(x.shape))
        axes = tuple(i for i in range(len(x.shape)) if i != axis)
        if mask is None:
            mean, variance = ops.moments(x, axes, keepdims=True)
        else:
            mean, variance = self._masked_moments(x, axes, mask)
        flat = [ops.reshape(m, (-1,)) for m in (mean, variance)]
        if self.renorm:
            outputs = self._renormalized(x, *flat)
        elif mask is not None:
            outputs = self._normalized(x, *flat)
        else:  # the moments above are computed once: the compiler finds them again
            outputs = self._standardized(x, axes)
        for average, value in zip(
            (self.moving_mean, self.moving_variance), flat, strict=True
        ):
            if not (self.renorm and average is self.moving_variance):
                _move(average, value, self.momentum)
        return outputs

    def _standardized(self, x: Any, axes: tuple[int, ...]) -> Any:
        full = [1 if i in axes else n for i, n in enumerate(x.shape)]
        scale = 1.0 if self.gamma is None else ops.reshape(self.gamma, full)
        shift = 0.0 if self.beta is None else ops.reshape(self.beta, full)
        return standardized_channels(x, scale, shift, axes=axes, epsilon=self.epsilon)

    def _masked_moments(
        self, x: Any, axes: tuple[int, ...], mask: Any
    ) -> tuple[Any, Any]:
        """Return mean and variance of what the mask keeps."""
        if tuple(mask.shape) != tuple(x.shape[:-1]):
            raise ShapeError(
                explain(
                    f"{self._who()} cannot use this mask.",
                    got=f"shape {tuple(mask.shape)}",
                    expected=f"shape {tuple(x.shape[:-1])}: the input's but for the "
                    "last axis",
                )
            )
        weights = ops.cast(ops.expand_dims(mask, -1), x.dtype)
        weights = ops.broadcast_to(weights, x.shape)
        count = ops.maximum(ops.sum(weights, axes, keepdims=True), least())
        mean = ops.divide(ops.sum(ops.multiply(x, weights), axes, True), count)
        deviation = ops.multiply(ops.square(ops.subtract(x, mean)), weights)
        return mean, ops.divide(ops.sum(deviation, axes, True), count)

    def _renormalized(self, x: Any, mean: Any, variance: Any) -> Any:
        """Return the input normalized by the batch, then corrected by the averages.

        `x_hat * r + d`, where r and d, through which no gradient flows, would make it
        what the averages give, were they not held to bounds.
        """
        bounds = dict(self.renorm_clipping or {})
        stddev = ops.sqrt(ops.add(variance, self.epsilon))
        # no batch has a smaller one: of variance 0, say
        usual = ops.maximum(self.renorm_stddev, math.sqrt(self.epsilon))
        r = ops.divide(stddev, usual)
        d = ops.divide(ops.subtract(mean, self.renorm_mean), usual)
        if "rmax" in bounds:
            r = ops.minimum(r, bounds["rmax"])
        if "rmin" in bounds:
            r = ops.maximum(r, bounds["rmin"])
        if "dmax" in bounds:
            d = ops.minimum(ops.maximum(d, -bounds["dmax"]), bounds["dmax"])
        r, d = ops.stop_gradient(r), ops.stop_gradient(d)
        scale = r if self.gamma is None else ops.multiply(self.gamma, r)
        shift = d if self.gamma is None else ops.multiply(self.gamma, d)
        shift = shift if self.beta is None else ops.add(shift, self.beta)
        outputs = ops.batch_normalization(
            x, mean, variance, self.axis, shift, scale, self.epsilon
        )
        self._move_stddevs(mean, stddev)
        return outputs

    def _move_stddevs(self, mean: Any, stddev: Any) -> None:
        _move(self.renorm_mean, mean, self.renorm_momentum)
        _move(self.renorm_stddev, stddev, self.renorm_momentum)
        _move(self.moving_stddev, stddev, self.momentum)
        variance = ops.subtract(ops.square(self.moving_stddev), self.epsilon)
        self.moving_variance.assign(ops.maximum(variance, 0.0))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the input's shape.

        Raises:
            ShapeError: It lacks the axis of the channels.
        """
        rules.normalize_axis(self.axis, len(input_shape))
        return tuple(input_shape)


def _move(average: Variable, value: Any, momentum: float) -> None:
    """Move an average towards a value: `average * momentum + value * (1 - momentum)`.

    No gradient flows through it.
    """
    new = ops.stop_gradient(ops.cast(value, average.dtype))
    kept = ops.multiply(average, momentum)
    average.assign(ops.add(kept, ops.multiply(new, 1 - momentum)))
