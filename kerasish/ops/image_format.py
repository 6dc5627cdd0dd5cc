"""What the operations on images share: batches, data formats, kinds of pixels.

Inside, images are a batch with the channels last: (batch, height, width, channels). A
`Layout` brings any input there and the result back.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from kerasish.backend import dtypes, floatx
from kerasish.errors import ShapeError, explain
from kerasish.ops.declare import convert
from kerasish.ops.elementwise import maximum, minimum, rint
from kerasish.ops.shape import cast, expand_dims, squeeze, transpose
from kerasish.ops.windows import checked_data_format


class Layout(NamedTuple):
    """How images came.

    Attributes:
        is_batch: Whether there was a batch axis.
        is_last: Whether the channels were the last axis.
    """

    is_batch: bool
    is_last: bool

    def restore(self, images: Any) -> Any:
        """Return a batch with the channels last in the layout of the input."""
        if not self.is_last:
            images = transpose(images, (0, 3, 1, 2))
        return images if self.is_batch else squeeze(images, 0)


def as_batch(
    operation: str, images: Any, data_format: str | None
) -> tuple[Any, Layout]:
    """Return images as a batch with the channels last, and how they came.

    Raises:
        ShapeError: They are neither one image nor a batch.
        ValueError: There is no such data format.
    """
    images = as_images(operation, images)
    layout = Layout(
        len(images.shape) == 4,
        checked_data_format(data_format, operation) == "channels_last",
    )
    if not layout.is_batch:
        images = expand_dims(images, 0)
    if not layout.is_last:
        images = transpose(images, (0, 2, 3, 1))
    return images, layout


def as_images(operation: str, images: Any) -> Any:
    """Return images as a tensor.

    Raises:
        ShapeError: They are neither one image nor a batch.
    """
    images = convert(images)
    if len(images.shape) not in (3, 4):
        raise ShapeError(
            explain(
                f"{operation} works on one image, or on a batch of them.",
                got=f"shape {tuple(images.shape)}",
                expected="3 axes, or 4 for a batch",
                fix="give gray images a channel axis: ops.expand_dims(images, -1)",
            )
        )
    return images


def as_floats(x: Any) -> Any:
    """Return pixels as floats; those that are floats stay as they are."""
    x = convert(x)
    return x if dtypes.is_float(dtypes.dtype_name(x.dtype)) else cast(x, floatx())


def rounded_to(x: Any, dtype: str) -> Any:
    """Return pixels in a dtype: whole numbers are rounded, and kept in their range."""
    if dtypes.is_float(dtype):
        return cast(x, dtype)
    least, greatest = _range_of(dtype)
    return cast(minimum(maximum(rint(x), least), greatest), dtype)


def _range_of(dtype: str) -> tuple[float, float]:
    """Return the ends of a dtype's range; of 32 bits and more, floats just inside it.

    The next float above would not fit.
    """
    if dtype == "bool":
        return 0.0, 1.0
    bits = 8 * dtypes.size_of(dtype)
    signed = not dtype.startswith("u")
    least = -(2.0 ** (bits - 1)) if signed else 0.0
    top = 2.0 ** (bits - signed)
    return least, top - 1 if bits < 24 else top * (1 - 2.0**-24)
