"""Spectral normalization: a layer's kernel divided by its largest singular value."""

from __future__ import annotations

import math
from typing import Any

from kerasish import initializers, ops
from kerasish.errors import explain
from kerasish.graph.variable import Variable
from kerasish.layers.layer import Layer
from kerasish.layers.wrapper import Wrapper
from kerasish.saving.registry import public


@public("keras.layers")
class SpectralNormalization(Wrapper):
    """A layer whose kernel is held to spectral norm 1 while training.

    Each training call sets the kernel to itself over an estimate of its largest
    singular value, by power iteration from where the last call stopped. The gradient is
    that by the new kernel, as with Keras on TensorFlow (on JAX, Keras leaves the kernel
    as it is). Vectors of an Embedding stay floats, where Keras makes whole numbers of
    them.

    Args:
        layer: A layer with a `kernel` or `embeddings`.
        power_iterations: Steps of the power iteration each call; positive.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: `power_iterations` is not positive.

    References:
        Miyato et al., "Spectral Normalization for Generative Adversarial Networks",
        ICLR 2018, algorithm 1.

    Example:
        >>> from kerasish.layers import Dense
        >>> SpectralNormalization(Dense(3))([[1.0, 2.0]]).shape
        (1, 3)
    """

    kernel: Variable

    def __init__(self, layer: Layer, power_iterations: int = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        if power_iterations <= 0:
            raise ValueError(
                explain(
                    f"{self._who()} needs a positive number of power iterations.",
                    got=f"power_iterations={power_iterations!r}",
                )
            )
        self.power_iterations = power_iterations

    def build(self, input_shape: Any = None) -> None:
        """Build the layer inside, and make the vector that estimates begin with.

        Raises:
            ValueError: That layer has neither a kernel nor embeddings.
        """
        super().build(input_shape)
        kernel = getattr(self.layer, "kernel", None)
        kernel = getattr(self.layer, "embeddings", None) if kernel is None else kernel
        if kernel is None:
            raise ValueError(
                explain(
                    f"{self._who()} finds nothing to normalize.",
                    got=f"{type(self.layer).__name__} '{self.layer.name}'",
                    expected="a layer with a `kernel` or `embeddings`",
                )
            )
        self.kernel = kernel
        self.vector_u = self.add_weight(
            (1, kernel.shape[-1]),
            initializers.TruncatedNormal(stddev=0.02),
            trainable=False,
            name="vector_u",
        )
        self.built = True

    def _stored_variables(self, own: list[Any]) -> list[Any]:
        return [self.kernel, *own]  # Keras stores it here and with the wrapped layer

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the layer's output; while training, normalize its kernel first."""
        if training:
            self._normalize()
        return self.layer(inputs)

    def _normalize(self) -> None:
        shape = tuple(self.kernel.shape)
        weights = ops.reshape(self.kernel, (math.prod(shape[:-1]), shape[-1]))
        u, v = ops.convert_to_tensor(self.vector_u), None
        for _ in range(self.power_iterations):
            v = ops.normalize(ops.matmul(u, ops.transpose(weights)))
            u = ops.normalize(ops.matmul(v, weights))
        u, v = ops.stop_gradient(u), ops.stop_gradient(v)
        sigma = ops.matmul(ops.matmul(v, weights), ops.transpose(u))
        self.vector_u.assign(u)
        self.kernel.assign(ops.reshape(ops.divide(weights, sigma), shape))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the layer's output."""
        return self.layer.compute_output_shape(input_shape)
