"""Layers that normalize each sample by itself: over axes, groups of channels, vectors.

Batch normalization has a file of its own. What is computed is in
`kerasish.ops.normalization`; half precision is computed in single there.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from kerasish import constraints, initializers, ops, regularizers
from kerasish.errors import ShapeError, explain
from kerasish.graph.variable import Variable
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.layer import Layer
from kerasish.ops import rules
from kerasish.saving.registry import public

Axis = int | Sequence[int]


class BaseScaled(Layer):
    """A scale `gamma` and a shift `beta`, as normalizing layers end with.

    Args:
        epsilon: Added to the variance; positive.
        center: Whether there is a shift.
        scale: Whether there is a scale.
        beta_initializer: Initial values of the shift.
        gamma_initializer: Initial values of the scale.
        beta_regularizer: Penalty on the shift.
        gamma_regularizer: Penalty on the scale.
        beta_constraint: Projection of the shift after each update.
        gamma_constraint: Projection of the scale after each update.
        **kwargs: As for `Layer`.
    """

    supports_masking = True
    gamma: Variable | None
    beta: Variable | None

    def __init__(
        self,
        epsilon: float,
        center: bool,
        scale: bool,
        beta_initializer: Any,
        gamma_initializer: Any,
        beta_regularizer: Any,
        gamma_regularizer: Any,
        beta_constraint: Any,
        gamma_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)

    def _add_scale_and_shift(self, shape: tuple[int, ...], center: bool) -> None:
        """Make gamma and beta; they stay in single precision in half-precision layers.

        Args:
            shape: Theirs.
            center: Whether to make beta.
        """
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(
                shape,
                self.gamma_initializer,
                autocast=False,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                name="gamma",
            )
        if center:
            self.beta = self.add_weight(
                shape,
                self.beta_initializer,
                autocast=False,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                name="beta",
            )

    def _lengths(self, input_shape: Any, axes: Sequence[int]) -> tuple[int, ...]:
        """Return the lengths of axes, which must be known."""
        places = [rules.normalize_axis(a, len(input_shape)) for a in axes]
        lengths = tuple(input_shape[a] for a in places)
        if None in lengths:
            raise ShapeError(
                explain(
                    f"{self._who()} must know the lengths of axes {tuple(axes)}.",
                    got=f"shape {tuple(input_shape)}",
                    fix="give them in the input shape",
                )
            )
        return lengths

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the input's shape."""
        return tuple(input_shape)


def _checked_axis(axis: Any, who: str) -> Any:
    """Return an axis, or a sorted list of axes.

    Raises:
        TypeError: It is neither.
    """
    if isinstance(axis, (list, tuple)) and all(isinstance(a, int) for a in axis):
        return sorted(axis)
    if isinstance(axis, int) and not isinstance(axis, bool):
        return axis
    raise TypeError(
        explain(
            f"{who} cannot understand its axis.",
            got=f"axis={axis!r}",
            expected="a whole number, or a list of them",
        )
    )


@public("keras.layers")
class LayerNormalization(BaseScaled):
    """`(x - mean) / sqrt(variance + epsilon) * gamma + beta`, for each sample.

    Args:
        axis: Axis or axes to normalize over; gamma and beta have their lengths.
        epsilon: Added to the variance.
        center: Whether to add beta.
        scale: Whether to multiply by gamma.
        beta_initializer: Initial values of beta.
        gamma_initializer: Initial values of gamma.
        beta_regularizer: Penalty on beta.
        gamma_regularizer: Penalty on gamma.
        beta_constraint: Projection of beta after each update.
        gamma_constraint: Projection of gamma after each update.
        rms_scaling: Whether only to divide by the standard deviation and multiply by
            gamma: neither centered nor shifted. Out of date, with a warning, as in
            Keras: it is no root mean square.
        **kwargs: As for `Layer`.

    References:
        Ba et al., "Layer Normalization", arXiv:1607.06450.

    Example:
        >>> LayerNormalization()([[1.0, 3.0]]).round(2).tolist()
        [[-1.0, 1.0]]
    """

    def __init__(
        self,
        axis: Axis = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        *,
        rms_scaling: bool = False,
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
        axis = _checked_axis(axis, self._who())
        self.axis = [axis] if isinstance(axis, int) else axis
        self.rms_scaling = rms_scaling
        if rms_scaling:
            warnings.warn(
                "LayerNormalization: `rms_scaling` divides by the standard deviation, "
                "not by the root mean square; use RMSNormalization for that.",
                stacklevel=2,
            )

    def build(self, input_shape: Any) -> None:
        """Make gamma and beta, of the lengths of the axes."""
        lengths = self._lengths(input_shape, self.axis)
        self._add_scale_and_shift(lengths, self.center and not self.rms_scaling)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the normalized input."""
        outputs = ops.layer_normalization(
            inputs,
            self.gamma,
            self.beta,
            axis=self.axis,
            epsilon=self.epsilon,
            rms_scaling=self.rms_scaling,
        )
        return ops.cast(outputs, self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the input's shape.

        Raises:
            ShapeError: It lacks an axis.
        """
        rules.normalize_axes(self.axis, len(input_shape))
        return tuple(input_shape)


@public("keras.layers")
class GroupNormalization(BaseScaled):
    """Each sample's channels in groups, each with mean 0 and variance 1.

    Args:
        groups: Number of groups, which divides the number of channels; -1 makes each
            channel a group (instance normalization), 1 is layer normalization.
        axis: The axis of the channels.
        epsilon: Added to the variance.
        center: Whether to add beta, one for each channel.
        scale: Whether to multiply by gamma, one for each channel.
        beta_initializer: Initial values of beta.
        gamma_initializer: Initial values of gamma.
        beta_regularizer: Penalty on beta.
        gamma_regularizer: Penalty on gamma.
        beta_constraint: Projection of beta after each update.
        gamma_constraint: Projection of gamma after each update.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: `groups` is neither positive nor -1.

    References:
        Wu & He, "Group Normalization", ECCV 2018.

    Example:
        >>> GroupNormalization(groups=1)([[1.0, 3.0]]).round(2).tolist()
        [[-1.0, 1.0]]
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
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
        if not isinstance(groups, int) or groups < -1 or groups == 0:
            raise ValueError(
                explain(
                    f"{self._who()} needs a number of groups.",
                    got=f"groups={groups!r}",
                    expected="a whole number, at least 1; or -1, a group a channel",
                )
            )
        self.groups = groups
        self.axis = axis

    def build(self, input_shape: Any) -> None:
        """Make gamma and beta, one for each channel.

        Raises:
            ShapeError: The groups do not divide the channels.
        """
        (channels,) = self._lengths(input_shape, [self.axis])
        self.groups = channels if self.groups == -1 else self.groups
        if channels % self.groups:
            raise ShapeError(
                explain(
                    f"{self._who()} cannot divide the channels into groups.",
                    got=f"{channels} channels, groups={self.groups}",
                    expected="a number of groups that divides the channels",
                )
            )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})
        self._add_scale_and_shift((channels,), self.center)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the normalized input."""
        shape = tuple(inputs.shape)
        axis = rules.normalize_axis(self.axis, len(shape))
        size = shape[axis] // self.groups
        grouped = (*shape[:axis], self.groups, size, *shape[axis + 1 :])
        over = [i for i in range(1, len(grouped)) if i != axis]
        normal = ops.layer_normalization(
            ops.reshape(inputs, grouped), axis=over, epsilon=self.epsilon
        )
        outputs = ops.reshape(normal, shape)
        full = [-1 if i == axis else 1 for i in range(len(shape))]
        if self.gamma is not None:
            outputs = ops.multiply(outputs, ops.reshape(self.gamma, full))
        if self.beta is not None:
            outputs = ops.add(outputs, ops.reshape(self.beta, full))
        return ops.cast(outputs, self.compute_dtype)


@public("keras.layers")
class RMSNormalization(Layer):
    """`x / sqrt(mean(x^2) + epsilon) * scale`, for each sample.

    Args:
        axis: Axis or axes to normalize over; the scale has their lengths.
        epsilon: Added to the mean square.
        **kwargs: As for `Layer`.

    References:
        Zhang & Sennrich, "Root Mean Square Layer Normalization", NeurIPS 2019.

    Example:
        >>> RMSNormalization()([[3.0, 3.0]]).round(3).tolist()
        [[1.0, 1.0]]
    """

    def __init__(self, axis: Axis = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        axis = _checked_axis(axis, self._who())
        self.axis = [axis] if isinstance(axis, int) else axis
        self.epsilon = epsilon

    def build(self, input_shape: Any) -> None:
        """Make the scale, of the lengths of the axes."""
        places = rules.normalize_axes(self.axis, len(input_shape))
        self.scale = self.add_weight(
            tuple(input_shape[a] for a in places), "ones", name="scale"
        )
        self.built = True

    def call(self, x: Any) -> Any:
        """Return the normalized input."""
        return ops.rms_normalization(x, self.scale, self.axis, self.epsilon)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the input's shape.

        Raises:
            ShapeError: It lacks an axis.
        """
        rules.normalize_axes(self.axis, len(input_shape))
        return tuple(input_shape)


@public("keras.layers")
class UnitNormalization(Layer):
    """`x / sqrt(sum(x^2))`: vectors of length 1.

    Args:
        axis: Axis or axes of the vectors.
        **kwargs: As for `Layer`.

    Raises:
        TypeError: `axis` is no whole number, and no list of them.

    Example:
        >>> UnitNormalization()([[3.0, 4.0]]).round(3).tolist()
        [[0.6000000238418579, 0.800000011920929]]
    """

    supports_masking = True

    def __init__(self, axis: Axis = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = _checked_axis(axis, self._who())
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the vectors, with length 1."""
        return ops.normalize(inputs, axis=self.axis, order=2, epsilon=1e-12)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the input's shape.

        Raises:
            ShapeError: It lacks an axis.
        """
        rules.normalize_axes(self.axis, len(input_shape))
        return tuple(input_shape)
