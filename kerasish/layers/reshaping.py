"""Layers that change shapes; the batch axis stays first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.backend import image_data_format
from kerasish.errors import ShapeError, explain, unknown_name
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.layer import Layer
from kerasish.saving.registry import public

_DATA_FORMATS = ("channels_last", "channels_first")


@public("keras.layers")
class Flatten(Layer):
    """All axes but the batch axis made one.

    Args:
        data_format: "channels_last", or "channels_first" to bring the channels last
            before flattening; the global setting by default.
        **kwargs: As for `Layer`.
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = data_format or image_data_format()
        if self.data_format not in _DATA_FORMATS:
            kind = f"data_format of {self._who()}"
            raise ValueError(unknown_name(kind, data_format, _DATA_FORMATS))
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Any:
        """Return (batch, product of the rest)."""
        ndim = len(inputs.shape)
        if self.data_format == "channels_first" and ndim > 1:
            inputs = ops.transpose(inputs, (0, *range(2, ndim), 1))
        return ops.reshape(inputs, (inputs.shape[0], math.prod(inputs.shape[1:])))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (batch, product of the rest), None if a length is unknown."""
        rest = input_shape[1:]
        return (input_shape[0], None if None in rest else math.prod(rest))


@public("keras.layers")
class Reshape(Layer):
    """The elements of each sample in another shape.

    Args:
        target_shape: Shape of one output sample; one length may be -1.
        **kwargs: As for `Layer`.
    """

    def __init__(self, target_shape: int | Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(target_shape, int):
            target_shape = (target_shape,)
        self.target_shape: tuple[int, ...] = tuple(target_shape)
        if not all(isinstance(n, int) and n >= -1 for n in self.target_shape):
            raise ValueError(
                explain(
                    f"{self._who()} cannot understand its target_shape.",
                    got=f"target_shape={target_shape!r}",
                    expected="whole numbers, one of which may be -1",
                )
            )
        if self.target_shape.count(-1) > 1:
            raise ValueError(
                explain(
                    f"{self._who()} can work out one length only.",
                    got=f"target_shape={self.target_shape}",
                )
            )

    def call(self, inputs: Any) -> Any:
        """Return (batch, *target_shape)."""
        sample = self._resolved(tuple(inputs.shape[1:]))
        return ops.reshape(inputs, (inputs.shape[0], *sample))

    def _resolved(self, sample: tuple[int, ...]) -> tuple[int, ...]:
        size = math.prod(sample)
        known = math.prod(n for n in self.target_shape if n != -1)
        rest = size // known if known else 0
        shape = tuple(rest if n == -1 else n for n in self.target_shape)
        if math.prod(shape) != size:
            raise ShapeError(
                explain(
                    f"{self._who()} cannot reshape this input.",
                    got=f"samples of shape {sample}, {size} elements",
                    expected=f"{math.prod(shape)} elements for {self.target_shape}",
                )
            )
        return shape

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (batch, *target_shape)."""
        if None in input_shape[1:]:
            sample = tuple(None if n == -1 else n for n in self.target_shape)
            return (input_shape[0], *sample)
        return (input_shape[0], *self._resolved(tuple(input_shape[1:])))


@public("keras.layers")
class Permute(Layer):
    """The axes of each sample in another order.

    Args:
        dims: The axes of the input, counted from 1, in the output's order.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: `dims` does not name each axis once.

    Example:
        >>> Permute((2, 1)).compute_output_shape((None, 10, 64))
        (None, 64, 10)
    """

    def __init__(self, dims: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                explain(
                    f"{self._who()} cannot understand its dims.",
                    got=f"dims={self.dims}",
                    expected="each axis once, counted from 1: the batch axis stays",
                )
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Any) -> Any:
        """Return the input with its axes in the new order."""
        return ops.transpose(inputs, (0, *self.dims))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the lengths in the new order."""
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))


@public("keras.layers")
class RepeatVector(Layer):
    """Each vector several times, as steps of a sequence: (batch, n, features).

    Args:
        n: Times each vector is repeated.
        **kwargs: As for `Layer`.

    Raises:
        TypeError: `n` is no whole number.

    Example:
        >>> RepeatVector(2)([[1.0, 3.0]]).tolist()
        [[[1.0, 3.0], [1.0, 3.0]]]
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        message = explain(
            f"{self._who()} repeats a whole number of times.",
            got=f"n={n!r}",
            expected="1 or more",
        )
        if not isinstance(n, int) or isinstance(n, bool):
            raise TypeError(message)
        if n < 1:
            raise ValueError(message)
        self.n = n
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Any) -> Any:
        """Return (batch, n, features)."""
        batch, features = inputs.shape
        return ops.broadcast_to(ops.expand_dims(inputs, 1), (batch, self.n, features))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (batch, n, features)."""
        return (input_shape[0], self.n, input_shape[1])
