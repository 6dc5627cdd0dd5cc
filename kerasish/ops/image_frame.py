"""Margins of images: cut off, or added."""

from __future__ import annotations

from typing import Any

from kerasish.errors import ShapeError, explain
from kerasish.ops.image_format import as_images
from kerasish.ops.shape import pad, slice_to
from kerasish.ops.windows import checked_data_format

Margins = tuple[int, int]


def crop_images(
    images: Any,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Any:
    """Return images without some of their margins.

    Of top, bottom and height exactly two are given, and of left, right and width.

    Args:
        images: One image or a batch.
        top_cropping: Rows to cut off above.
        left_cropping: Columns to cut off on the left.
        bottom_cropping: Rows to cut off below.
        right_cropping: Columns to cut off on the right.
        target_height: Rows to keep.
        target_width: Columns to keep.
        data_format: "channels_last" or "channels_first"; that of the configuration by
            default.

    Raises:
        ShapeError: More is to be cut off than there is, or too many or few axes.
        ValueError: Not two of three are given.

    Example:
        >>> import numpy as np
        >>> crop_images(np.ones((4, 6, 1)), 1, 2, 1, target_width=2).shape
        (2, 2, 1)
    """
    images, first = _with_rows("crop_images", images, data_format)
    height, width = images.shape[first : first + 2]
    rows = _margins(
        "cropping", height, top_cropping, bottom_cropping, target_height, -1
    )
    columns = _margins(
        "cropping", width, left_cropping, right_cropping, target_width, -1
    )
    kept = [
        slice(before, length - after)
        for (before, after), length in zip(
            (rows, columns), (height, width), strict=True
        )
    ]
    return slice_to(images, slices=((slice(None),) * first + tuple(kept)))


def pad_images(
    images: Any,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Any:
    """Return images with margins of zeros.

    Of top, bottom and height exactly two are given, and of left, right and width.

    Args:
        images: One image or a batch.
        top_padding: Rows to add above.
        left_padding: Columns to add on the left.
        bottom_padding: Rows to add below.
        right_padding: Columns to add on the right.
        target_height: Rows there are to be.
        target_width: Columns there are to be.
        data_format: "channels_last" or "channels_first"; that of the configuration by
            default.

    Raises:
        ShapeError: The target is smaller than what there is, or too many or few axes.
        ValueError: Not two of three are given.

    Example:
        >>> import numpy as np
        >>> pad_images(np.ones((2, 2, 1)), 1, 0, 1, target_width=5).shape
        (4, 5, 1)
    """
    images, first = _with_rows("pad_images", images, data_format)
    height, width = images.shape[first : first + 2]
    rows = _margins("padding", height, top_padding, bottom_padding, target_height, 1)
    columns = _margins("padding", width, left_padding, right_padding, target_width, 1)
    after = len(images.shape) - first - 2
    return pad(images, [(0, 0)] * first + [rows, columns] + [(0, 0)] * after)


def _with_rows(operation: str, images: Any, data_format: str | None) -> tuple[Any, int]:
    """Return images as a tensor, and the axis of their rows."""
    images = as_images(operation, images)
    last = checked_data_format(data_format, operation) == "channels_last"
    return images, len(images.shape) - (3 if last else 2)


def _margins(
    what: str,
    length: int,
    before: int | None,
    after: int | None,
    target: int | None,
    sign: int,
) -> Margins:
    """Return the margins before and after, from two of three numbers.

    Args:
        what: "cropping" or "padding".
        length: The length now.
        before: The margin before, if given.
        after: The margin after, if given.
        target: The length there is to be, if given.
        sign: 1 if margins are added, -1 if they are cut off.
    """
    given = [value for value in (before, after, target) if value is not None]
    if len(given) != 2:
        raise ValueError(
            explain(
                f"Two numbers say what {what} is wanted along an axis.",
                got=f"before={before}, after={after}, target={target}",
                expected="exactly two of them",
            )
        )
    if target is not None:
        total = sign * (target - length)
        before = total - (after or 0) if before is None else before
        after = total - before
    margins = (int(before or 0), int(after or 0))
    if min(margins) < 0 or sign * sum(margins) + length < 0:
        raise ShapeError(
            explain(
                f"There is no such {what} of these images.",
                got=f"margins {margins} of length {length}",
                expected="margins from 0 on, and no more cut off than there is",
            )
        )
    return margins
