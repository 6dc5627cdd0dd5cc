"""Layers that add places around the spatial axes, or cut places off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from kerasish import ops
from kerasish.errors import ShapeError, explain
from kerasish.layers.defaults import with_defaults
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.layer import Layer
from kerasish.ops import windows
from kerasish.saving.registry import public

Margins = int | Sequence[int | Sequence[int]]
Pairs = tuple[tuple[int, int], ...]


class BaseMargins(Layer):
    """A number of places before and after each of `rank` spatial axes."""

    rank: ClassVar[int]
    pairs: Pairs
    data_format: str

    def _set_margins(self, value: Margins, name: str, data_format: str | None) -> None:
        self.pairs = self._as_pairs(value, name)
        self.data_format = windows.checked_data_format(data_format, self._who())
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def _as_given(self) -> Any:
        """What Keras's attribute and config hold: one pair for one axis, else all."""
        return self.pairs[0] if self.rank == 1 else self.pairs

    def _as_pairs(self, value: Any, name: str) -> Pairs:
        if self.rank == 1:
            parts = [value]
        elif isinstance(value, int):
            parts = [value] * self.rank
        else:
            parts = list(value) if isinstance(value, Sequence) else []
        pairs = [pair for pair in map(self._as_pair, parts) if pair is not None]
        if len(pairs) == len(parts) == self.rank:
            return tuple(pairs)
        pair = "(before, after)"
        many = f"a tuple of {self.rank}, each a whole number or {pair}"
        raise ValueError(
            explain(
                f"{self._who()} cannot understand its {name}.",
                got=f"{name}={value!r}",
                expected=f"a whole number or {pair if self.rank == 1 else many}; none "
                "negative",
            )
        )

    def _as_pair(self, value: Any) -> tuple[int, int] | None:
        numbers = tuple(value) if isinstance(value, (list, tuple)) else (value, value)
        fits = len(numbers) == 2 and all(isinstance(n, int) and n >= 0 for n in numbers)
        return (numbers[0], numbers[1]) if fits else None

    def _first_axis(self) -> int:
        return 1 if self.data_format == "channels_last" else 2

    def _with_lengths(self, shape: Any, lengths: Sequence[int | None]) -> Any:
        channels = windows.channels_of(shape, self.data_format)
        return windows.with_spatial(shape[0], lengths, channels, self.data_format)


class BaseZeroPadding(BaseMargins):
    """Zeros before and after each spatial axis.

    Args:
        padding: Places, for all axes, or for each axis one number or (before, after);
            over one axis a number or (before, after).
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `Layer`.
    """

    def __init__(
        self, padding: Margins = 1, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._set_margins(padding, "padding", data_format)
        self.padding = self._as_given

    def call(self, inputs: Any) -> Any:
        """Return the input with zeros around it."""
        widths = [(0, 0)] * len(inputs.shape)
        first = self._first_axis()
        widths[first : first + self.rank] = self.pairs
        return ops.pad(inputs, widths)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape with the zeros counted."""
        lengths = windows.spatial_of(input_shape, self.data_format)
        return self._with_lengths(
            input_shape,
            [
                None if n is None else n + sum(pair)
                for n, pair in zip(lengths, self.pairs, strict=True)
            ],
        )


@public("keras.layers")
class ZeroPadding1D(BaseZeroPadding):
    """Zeros before and after one axis; arguments as for `BaseZeroPadding`.

    Example:
        >>> ZeroPadding1D((1, 0))([[[5.0], [6.0]]]).reshape(-1)
        array([0., 5., 6.], dtype=float32)
    """

    rank = 1


@public("keras.layers")
@with_defaults(padding=(1, 1))
class ZeroPadding2D(BaseZeroPadding):
    """Zeros around two axes; arguments as for `BaseZeroPadding`.

    Example:
        >>> ZeroPadding2D(((1, 0), 2)).compute_output_shape((None, 5, 5, 3))
        (None, 6, 9, 3)
    """

    rank = 2


@public("keras.layers")
@with_defaults(padding=((1, 1), (1, 1), (1, 1)))
class ZeroPadding3D(BaseZeroPadding):
    """Zeros around three axes; arguments as for `BaseZeroPadding`.

    Example:
        >>> ZeroPadding3D(1).compute_output_shape((None, 5, 5, 5, 3))
        (None, 7, 7, 7, 3)
    """

    rank = 3


class BaseCropping(BaseMargins):
    """Places cut off before and after each spatial axis.

    Args:
        cropping: Places, for all axes, or for each axis one number or (before, after);
            over one axis a number or (before, after).
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `Layer`.
    """

    def __init__(
        self, cropping: Margins, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._set_margins(cropping, "cropping", data_format)
        self.cropping = self._as_given

    def call(self, inputs: Any) -> Any:
        """Return the input without its margins."""
        shape = tuple(inputs.shape)
        self.compute_output_shape(shape)
        first = self._first_axis()
        cuts = tuple(
            slice(before, shape[first + i] - after)
            for i, (before, after) in enumerate(self.pairs)
        )
        return ops.get_item(inputs, (slice(None),) * first + cuts)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape without the margins.

        Raises:
            ShapeError: Nothing would be left of an axis.
        """
        lengths = windows.spatial_of(input_shape, self.data_format)
        left = [
            None if n is None else n - sum(pair)
            for n, pair in zip(lengths, self.pairs, strict=True)
        ]
        if any(n is not None and n <= 0 for n in left):
            raise ShapeError(
                explain(
                    f"{self._who()} would leave nothing of this input.",
                    got=f"shape {tuple(input_shape)}, cropping={self._as_given}",
                    expected="axes longer than what is cut off",
                )
            )
        return self._with_lengths(input_shape, left)


@public("keras.layers")
class Cropping1D(BaseCropping):
    """Places cut off one axis, channels last.

    Args:
        cropping: A number of places at both ends, or (before, after).
        **kwargs: As for `Layer`.

    Example:
        >>> Cropping1D((1, 0))([[[5.0], [6.0]]]).reshape(-1)
        array([6.], dtype=float32)
    """

    rank = 1

    def __init__(self, cropping: Margins = (1, 1), **kwargs: Any) -> None:
        super().__init__(cropping, "channels_last", **kwargs)


@public("keras.layers")
class Cropping2D(BaseCropping):
    """Places cut off two axes; arguments as for `BaseCropping`.

    Example:
        >>> Cropping2D(((1, 0), 2)).compute_output_shape((None, 6, 9, 3))
        (None, 5, 5, 3)
    """

    rank = 2

    def __init__(
        self,
        cropping: Margins = ((0, 0), (0, 0)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cropping, data_format, **kwargs)


@public("keras.layers")
class Cropping3D(BaseCropping):
    """Places cut off three axes; arguments as for `BaseCropping`.

    Example:
        >>> Cropping3D(1).compute_output_shape((None, 7, 7, 7, 3))
        (None, 5, 5, 5, 3)
    """

    rank = 3

    def __init__(
        self,
        cropping: Margins = ((1, 1), (1, 1), (1, 1)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cropping, data_format, **kwargs)
