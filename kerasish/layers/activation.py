"""Activations as layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import activations, constraints, initializers, ops, regularizers
from kerasish.errors import ShapeError, explain
from kerasish.graph.variable import Variable
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.layer import Layer
from kerasish.ops import rules
from kerasish.ops.attention import masked_softmax
from kerasish.saving.registry import public


class BaseActivation(Layer):
    """What keeps shapes and masks; arguments as for `Layer`."""

    supports_masking = True

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the input's shape."""
        return input_shape

    def _not_negative(self, name: str, value: Any) -> None:
        """Raise if a setting is None or negative."""
        if value is None or value < 0:
            raise ValueError(
                explain(
                    f"{self._who()} cannot use this {name}.",
                    got=f"{name}={value!r}",
                    expected="a number, not negative",
                )
            )


@public("keras.layers")
class Activation(BaseActivation):
    """An activation function, elementwise (or along the last axis, as softmax is).

    Args:
        activation: A name or callable.
        **kwargs: As for `Layer`.
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the activations, of the input's shape."""
        return self.activation(inputs)


@public("keras.layers")
class ReLU(BaseActivation):
    """Rectified linear unit: max(x, 0).

    With all arguments: x above `threshold`, up to `max_value`; `negative_slope * (x -
    threshold)` below.

    Args:
        max_value: Upper bound, or None.
        negative_slope: Slope below the threshold.
        threshold: Where the unit switches on.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: An argument is negative.
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if max_value is not None:
            self._not_negative("max_value", max_value)
        self._not_negative("negative_slope", negative_slope)
        self._not_negative("threshold", threshold)
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the activations, of the input's shape."""
        return activations.relu(
            inputs,
            negative_slope=self.negative_slope,
            max_value=self.max_value,
            threshold=self.threshold,
        )


@public("keras.layers")
class LeakyReLU(BaseActivation):
    """x where positive, else `negative_slope * x`.

    Args:
        negative_slope: Slope below zero.
        **kwargs: As for `Layer`; `alpha` is the older name of the slope.

    Raises:
        ValueError: The slope is negative.

    References:
        Maas et al., "Rectifier Nonlinearities Improve Neural Network Acoustic Models",
        ICML 2013.
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        older = kwargs.pop("alpha", None)
        negative_slope = negative_slope if older is None else older
        super().__init__(**kwargs)
        self._init_arguments.pop("alpha", None)
        self._not_negative("negative_slope", negative_slope)
        self.negative_slope = negative_slope
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the activations, of the input's shape."""
        return activations.leaky_relu(inputs, self.negative_slope)


@public("keras.layers")
class PReLU(BaseActivation):
    """x where positive, else `alpha * x`, with alpha learned.

    Args:
        alpha_initializer: Initial values of alpha, of a sample's shape.
        alpha_regularizer: Penalty on alpha.
        alpha_constraint: Projection of alpha after each update.
        shared_axes: Axes along which one alpha is shared, counted from 1.
        **kwargs: As for `Layer`.

    References:
        He et al., "Delving Deep into Rectifiers", ICCV 2015.
    """

    alpha: Variable

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: int | Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        given = [shared_axes] if isinstance(shared_axes, int) else shared_axes
        self.shared_axes = None if given is None else list(given)

    def build(self, input_shape: Any) -> None:
        """Make alpha, of a sample's shape with 1 for the shared axes."""
        ndim = len(input_shape)
        shared = [rules.normalize_axis(a, ndim) for a in self.shared_axes or ()]
        lengths = [1 if i in shared else n for i, n in enumerate(input_shape) if i > 0]
        if None in lengths:
            raise ShapeError(
                explain(
                    f"{self._who()} must know the lengths of all axes that are not "
                    "shared.",
                    got=f"shape {tuple(input_shape)}, shared_axes={self.shared_axes}",
                    fix="share the axes of unknown length",
                )
            )
        self.alpha = self.add_weight(
            lengths,
            self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
            name="alpha",
        )
        own = {i: n for i, n in enumerate(input_shape) if i and i not in shared}
        self.input_spec = InputSpec(ndim=ndim, axes=own)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the activations, of the input's shape."""
        below = ops.relu(ops.negative(inputs))
        return ops.subtract(ops.relu(inputs), ops.multiply(self.alpha, below))


@public("keras.layers")
class ELU(BaseActivation):
    """x where positive, else `alpha * (exp(x) - 1)`.

    Args:
        alpha: Size of the limit below zero.
        **kwargs: As for `Layer`.

    References:
        Clevert et al., "Fast and Accurate Deep Network Learning by Exponential Linear
        Units", ICLR 2016.
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the activations, of the input's shape."""
        return activations.elu(inputs, alpha=self.alpha)


@public("keras.layers")
class Softmax(BaseActivation):
    """exp(x) / sum(exp(x)) along an axis, over what a mask keeps.

    Args:
        axis: The axis, or axes, that sum to 1.
        **kwargs: As for `Layer`.

    Example:
        >>> Softmax()([[1.0, 1.0, 9.0]], mask=[[True, True, False]]).tolist()
        [[0.5, 0.5, 0.0]]
    """

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis
        self.built = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Return the shares, 0 where masked; all 0 where everything is."""
        if mask is None:
            return ops.softmax(inputs, axis=self.axis)
        return masked_softmax(inputs, mask, self.axis)
