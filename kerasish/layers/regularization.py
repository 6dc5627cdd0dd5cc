"""Layers that make training harder so that the model generalises.

Those with noise share `BaseNoise`: a rate in bounds, a seed, and silence at inference.
"""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any, ClassVar

from kerasish import ops, random, regularizers
from kerasish.errors import explain
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.layer import Layer
from kerasish.ops import windows
from kerasish.saving.registry import public

# of SELU: what its activations tend to far below zero
_SELU_LIMIT = -1.0507009873554805 * 1.6732632423543772


class BaseNoise(Layer):
    """What changes its input at random while training, and hands it on otherwise.

    Args:
        seed: Number for repeatable noise.
        **kwargs: As for `Layer`.
    """

    supports_masking = True

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = random.SeedGenerator(seed)
        self.built = True

    def _fraction(self, name: str, value: Any, below: bool = False) -> Any:
        """Return a setting that must lie in [0, 1], or in [0, 1)."""
        number = float(value) if isinstance(value, numbers.Real) else -1.0
        if 0 <= number <= 1 and not (below and number == 1):
            return value
        raise ValueError(
            explain(
                f"{self._who()} needs a fraction.",
                got=f"{name}={value!r}",
                expected=f"0 <= {name} {'<' if below else '<='} 1",
            )
        )

    def _noise_shape(self, given: Any) -> tuple[int | None, ...] | None:
        if given is None:
            return None
        lengths: Any = tuple(given) if isinstance(given, Sequence) else ("",)
        if all(n is None or (isinstance(n, int) and n > 0) for n in lengths):
            return lengths  # type: ignore[no-any-return]
        raise ValueError(
            explain(
                f"{self._who()} cannot understand its noise_shape.",
                got=f"noise_shape={given!r}",
                expected="a tuple of positive integers and None, one per axis",
            )
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the input's shape."""
        return input_shape


@public("keras.layers")
class Dropout(BaseNoise):
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

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, **kwargs)
        self.rate = self._fraction("rate", rate)
        self.noise_shape = self._noise_shape(noise_shape)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the input, with dropped elements while training."""
        if not training or self.rate == 0:
            return inputs
        shape = self._mask_shape(inputs)
        return random.dropout(
            inputs, self.rate, noise_shape=shape, seed=self.seed_generator
        )

    def _mask_shape(self, inputs: Any) -> Any:
        """Return the shape of the mask for an input."""
        return self.noise_shape


class BaseSpatialDropout(Dropout):
    """Whole channels dropped, over `rank` spatial axes.

    Args:
        rate: Fraction of the channels dropped, in [0, 1].
        data_format: "channels_last" or "channels_first"; the global setting by default.
        seed: Number for repeatable masks.
        name: Name.
        dtype: Dtype policy.

    References:
        Tompson et al., "Efficient Object Localization Using Convolutional Networks",
        CVPR 2015.
    """

    rank: ClassVar[int]

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(rate, seed=seed, name=name, dtype=dtype)
        self.data_format = windows.checked_data_format(data_format, self._who())
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _mask_shape(self, inputs: Any) -> Any:
        batch = inputs.shape[0]
        channels = windows.channels_of(inputs.shape, self.data_format)
        ones = (1,) * self.rank
        return windows.with_spatial(batch, ones, channels, self.data_format)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, with the dtype by its name as Keras's."""
        config = super().get_config()
        del config["trainable"]
        return {**config, "dtype": self.dtype}


@public("keras.layers")
class SpatialDropout1D(BaseSpatialDropout):
    """Whole features dropped, the same ones in every step; channels last.

    Args:
        rate: Fraction of the features dropped, in [0, 1].
        seed: Number for repeatable masks.
        name: Name.
        dtype: Dtype policy.
    """

    rank = 1

    def __init__(
        self,
        rate: float,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(rate, "channels_last", seed, name, dtype)


@public("keras.layers")
class SpatialDropout2D(BaseSpatialDropout):
    """Whole maps of images dropped; arguments as for `BaseSpatialDropout`."""

    rank = 2


@public("keras.layers")
class SpatialDropout3D(BaseSpatialDropout):
    """Whole maps of volumes dropped; arguments as for `BaseSpatialDropout`."""

    rank = 3


@public("keras.layers")
class GaussianNoise(BaseNoise):
    """Normally distributed noise added while training.

    Args:
        stddev: Standard deviation of the noise, in [0, 1].
        seed: Number for repeatable noise.
        **kwargs: As for `Layer`.
    """

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.stddev = self._fraction("stddev", stddev)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the input, with noise while training."""
        if not training or self.stddev == 0:
            return inputs
        noise = random.normal(
            inputs.shape,
            stddev=self.stddev,
            dtype=self.compute_dtype,
            seed=self.seed_generator,
        )
        return ops.add(inputs, noise)


@public("keras.layers")
class GaussianDropout(BaseNoise):
    """The input times normally distributed noise of mean 1 while training.

    The variance of the noise is that of dropout's: rate / (1 - rate).

    Args:
        rate: Fraction that dropout of the same effect would drop, in [0, 1).
        seed: Number for repeatable noise.
        **kwargs: As for `Layer`.

    References:
        Srivastava et al., "Dropout", JMLR 2014, section 10.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.rate = self._fraction("rate", rate, below=True)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the input, times noise while training."""
        if not training or self.rate == 0:
            return inputs
        noise = random.normal(
            inputs.shape,
            mean=1.0,
            stddev=(self.rate / (1 - self.rate)) ** 0.5,
            dtype=self.compute_dtype,
            seed=self.seed_generator,
        )
        return ops.multiply(inputs, noise)


@public("keras.layers")
class AlphaDropout(BaseNoise):
    """Dropout for SELU: what is dropped becomes SELU's lower limit, then all is scaled.

    Inputs of mean 0 and variance 1 keep both.

    Args:
        rate: Fraction dropped, in [0, 1).
        noise_shape: Shape of the mask, broadcast to the input's; None for one of its
            lengths means the input's.
        seed: Number for repeatable masks.
        **kwargs: As for `Layer`.

    References:
        Klambauer et al., "Self-Normalizing Neural Networks", NIPS 2017, section 2.
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, **kwargs)
        self.rate = self._fraction("rate", rate, below=True)
        self.noise_shape = self._noise_shape(noise_shape)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the input, with dropped elements while training."""
        if not training or self.rate == 0:
            return inputs
        ones = ops.ones(inputs.shape, dtype=inputs.dtype)
        # 1 / (1 - rate) where kept, else 0
        scaled = random.dropout(
            ones, self.rate, noise_shape=self.noise_shape, seed=self.seed_generator
        )
        kept = ops.multiply(scaled, 1 - self.rate)
        a = ((1 - self.rate) * (1 + self.rate * _SELU_LIMIT**2)) ** -0.5
        b = -a * _SELU_LIMIT * self.rate
        # where kept a * x + b, else a * limit + b
        held = ops.multiply(ops.subtract(inputs, _SELU_LIMIT), kept)
        return ops.add(ops.multiply(held, a), a * _SELU_LIMIT + b)


@public("keras.layers")
class ActivityRegularization(Layer):
    """The input as it is, with a penalty on its size added to the loss.

    Args:
        l1: Factor of the sum of sizes.
        l2: Factor of the sum of squares.
        **kwargs: As for `Layer`.
    """

    supports_masking = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1, l2), **kwargs)
        self.l1 = l1
        self.l2 = l2
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the input."""
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments; the penalty is made of them."""
        config = super().get_config()
        del config["activity_regularizer"]
        return config
