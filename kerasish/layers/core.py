"""The densely connected layer."""

from __future__ import annotations

from typing import Any

from kerasish import activations, constraints, initializers, ops, regularizers
from kerasish.errors import ShapeError, explain
from kerasish.layers.adapters import AdaptedWeight, LowRankAdapters
from kerasish.layers.input_spec import InputSpec
from kerasish.saving.registry import public


@public("keras.layers")
class Dense(LowRankAdapters):
    """`activation(inputs @ kernel + bias)` on the last axis.

    Args:
        units: Length of the output's last axis; positive.
        activation: A name or callable; none by default.
        use_bias: Whether to add a bias.
        kernel_initializer: Initial values of the kernel, (features, units).
        bias_initializer: Initial values of the bias, (units,).
        kernel_regularizer: Penalty on the kernel.
        bias_regularizer: Penalty on the bias.
        activity_regularizer: Penalty on the output.
        kernel_constraint: Projection of the kernel after each update.
        bias_constraint: Projection of the bias after each update.
        lora_rank: If given, the kernel is frozen, and adapters of that rank are
            trained; see `enable_lora`.
        lora_alpha: The adapters count `lora_alpha / lora_rank` times; once by default.
        quantization_config: Must be None: there is no quantization here.
        **kwargs: As for `Layer`.

    Example:
        >>> Dense(3)([[1.0, 2.0]]).shape
        (1, 3)
    """

    supports_masking = True
    kernel = AdaptedWeight()

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._plan_adapters(lora_rank, lora_alpha, quantization_config)
        if not isinstance(units, int) or units <= 0:
            raise ValueError(
                explain(
                    f"{self._who()} needs a positive number of units.",
                    got=f"units={units!r}",
                )
            )
        self.units = units
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Any) -> None:
        """Make the kernel, (features, units), and the bias, (units,)."""
        features = input_shape[-1]
        if features is None:
            raise ShapeError(
                explain(
                    f"{self._who()} must know the length of the last axis.",
                    got=f"shape {tuple(input_shape)}",
                    fix="give the number of features in the input shape",
                )
            )
        self.kernel = self.add_weight(
            (features, self.units),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                (self.units,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})
        self._add_planned_adapters()

    def call(self, inputs: Any) -> Any:
        """Return (..., features) mapped to (..., units)."""
        outputs = ops.matmul(inputs, self.kernel)
        if self.bias is not None:
            outputs = ops.add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the input's shape with `units` as its last length."""
        return (*input_shape[:-1], self.units)
