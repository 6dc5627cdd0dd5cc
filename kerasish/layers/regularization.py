"""Layers that make training harder so that the model generalises."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

from kerasish import random
from kerasish.errors import explain
from kerasish.layers.layer import Layer
from kerasish.saving.registry import public


@public("keras.layers")
class Dropout(Layer):
    """Elements set to 0 at random while training, the rest scaled up to make up for it.

    Args:
        rate: Fraction dropped, in [0, 1].
        noise_shape: Shape of the mask, broadcast to the input's; None for one of its
            lengths means the input's.
        seed: Number for repeatable masks.
        **kwargs: As for `Layer`.

    References:
        Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from
        Overfitting", JMLR 2014.
    """

    supports_masking = True

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        fraction = float(rate) if isinstance(rate, numbers.Real) else -1.0
        if not 0 <= fraction <= 1:
            raise ValueError(
                explain(
                    f"{self._who()} needs a fraction to drop.",
                    got=f"rate={rate!r}",
                    expected="0 <= rate <= 1",
                )
            )
        self.rate = rate
        self.noise_shape = self._checked(noise_shape)
        self.seed = seed
        self.seed_generator = random.SeedGenerator(seed)
        self.built = True

    def _checked(
        self, noise_shape: Sequence[int | None] | None
    ) -> tuple[int | None, ...] | None:
        if noise_shape is None:
            return None
        is_shape = isinstance(noise_shape, Sequence)
        lengths: tuple[Any, ...] = tuple(noise_shape) if is_shape else ("",)
        if all(n is None or (isinstance(n, int) and n > 0) for n in lengths):
            return lengths
        raise ValueError(
            explain(
                f"{self._who()} cannot understand its noise_shape.",
                got=f"noise_shape={noise_shape!r}",
                expected="a tuple of positive integers and None, one per axis",
            )
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the input, with dropped elements while training."""
        if not training or self.rate == 0:
            return inputs
        return random.dropout(
            inputs, self.rate, noise_shape=self.noise_shape, seed=self.seed_generator
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the input's shape."""
        return input_shape
