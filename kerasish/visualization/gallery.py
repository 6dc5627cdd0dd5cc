"""Galleries of images, drawn by matplotlib."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasish import ops
from kerasish.errors import explain
from kerasish.utils.image import is_channels_first
from kerasish.visualization.bounding_boxes import draw_bounding_boxes
from kerasish.visualization.images import Color, as_pictures
from kerasish.visualization.segmentation_masks import draw_segmentation_masks


def plot_image_gallery(
    images: Any,
    y_true: Any = None,
    y_pred: Any = None,
    label_map: Mapping[int, str] | None = None,
    rows: int | None = None,
    cols: int | None = None,
    value_range: tuple[float, float] = (0, 255),
    scale: float = 2,
    path: str | os.PathLike[str] | None = None,
    show: bool | None = None,
    transparent: bool = True,
    dpi: int = 60,
    legend_handles: Sequence[Any] | None = None,
    data_format: str | None = None,
) -> None:
    """Show images side by side, with their classes as titles.

    Args:
        images: Array of shape `(batch, height, width, channels)`.
        y_true: Class of each image.
        y_pred: Class predicted for each image.
        label_map: Class -> name; needed with `y_true` or `y_pred`.
        rows: Rows of the gallery; by default as few as fit, or a square.
        cols: Its columns.
        value_range: The numbers that stand for black and for white.
        scale: Inches an image is high and wide.
        path: File to write instead of showing the gallery.
        show: Whether to show it; not with `path`.
        transparent: Whether the file's background is transparent.
        dpi: Dots per inch in the file.
        legend_handles: matplotlib's patches for a legend.
        data_format: "channels_last", "channels_first"; None for the setting in force.

    Raises:
        ShapeError: `images` is no batch of images.
        ValueError: `path` and `show` are both given, or there is no `label_map`.
        ImportError: matplotlib is not installed.
    """
    if path is not None and show:
        raise ValueError(
            explain(
                "A gallery is written to a file or shown, not both.",
                got=f"path={os.fspath(path)!r}, show={show}",
                fix="leave out `path`, or `show`",
            )
        )
    pictures = as_pictures(images, data_format, value_range)
    titles = _titles(len(pictures), y_true, y_pred, label_map)
    grid = _grid(len(pictures), rows, cols)
    figure = _draw(pictures, titles, grid, scale, legend_handles)
    if path is not None:
        figure.savefig(
            path, pad_inches=0, bbox_inches="tight", transparent=transparent, dpi=dpi
        )
        _pyplot().close(figure)
    elif show is None or show:
        _pyplot().show()


def _draw(
    pictures: NDArray[np.uint8],
    titles: list[str],
    grid: tuple[int, int],
    scale: float,
    legend_handles: Sequence[Any] | None,
) -> Any:
    """Return the figure."""
    rows, cols = grid
    figure, axes = _pyplot().subplots(
        *grid,
        figsize=(cols * scale, rows * scale),
        frameon=False,
        layout="tight",
        squeeze=False,
    )
    for place in axes.flat:
        place.axis("off")
    for place, picture, title in zip(axes.flat, pictures, titles, strict=False):
        gray = picture.shape[-1] == 1
        place.imshow(picture[..., 0] if gray else picture, **_GRAY if gray else {})
        place.set_title(title)
    if legend_handles is not None:
        figure.legend(handles=list(legend_handles), loc="lower center")
    return figure


_TWO_LEGENDS = explain(
    "There is room for one legend.",
    got="`legend` and `legend_handles`",
    fix="pass one of them",
)
_GRAY = {"cmap": "gray", "vmin": 0, "vmax": 255}


def _pyplot() -> Any:
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError(
            explain(
                "Galleries need the package matplotlib.", fix="pip install matplotlib"
            )
        ) from error
    return pyplot


def _titles(
    count: int, y_true: Any, y_pred: Any, names: Mapping[int, str] | None
) -> list[str]:
    given = {"Label": y_true, "Pred": y_pred}
    words = {
        word: np.ravel(ops.convert_to_numpy(classes)).tolist()
        for word, classes in given.items()
        if classes is not None
    }
    if not words:
        return [""] * count
    if names is None:
        raise ValueError(
            explain(
                "Classes need names to be shown.",
                got="`y_true` or `y_pred` without `label_map`",
                fix='pass `label_map`, such as {0: "cat", 1: "dog"}',
            )
        )
    return [
        "  ".join(
            f"{word}: {names.get(classes[index], 'Unknown')}"
            for word, classes in words.items()
        )
        for index in range(count)
    ]


def _grid(count: int, rows: int | None, cols: int | None) -> tuple[int, int]:
    """Return how many rows and columns there are."""
    if rows is None and cols is None:
        rows = math.ceil(math.sqrt(count))
    if rows is None:
        rows = -(-count // max(cols or 1, 1))
    return max(rows, 1), max(-(-count // max(rows, 1)) if cols is None else cols, 1)


def plot_bounding_box_gallery(
    images: Any,
    bounding_box_format: str,
    y_true: Mapping[str, Any] | None = None,
    y_pred: Mapping[str, Any] | None = None,
    value_range: tuple[float, float] = (0, 255),
    true_color: Color = (0, 188, 212),
    pred_color: Color = (255, 235, 59),
    line_thickness: int = 2,
    font_scale: float = 1.0,
    text_thickness: int | None = None,
    class_mapping: Mapping[int, str] | None = None,
    ground_truth_mapping: Mapping[int, str] | None = None,
    prediction_mapping: Mapping[int, str] | None = None,
    legend: bool = False,
    legend_handles: Sequence[Any] | None = None,
    rows: int | None = None,
    cols: int | None = None,
    data_format: str | None = None,
    **kwargs: Any,
) -> None:
    """Show images with the boxes of things in them, true ones and predicted ones.

    Args:
        images: Array of shape `(batch, height, width, 3)`.
        bounding_box_format: Such as "xyxy"; see `draw_bounding_boxes`.
        y_true: True boxes; a dict as in `draw_bounding_boxes`.
        y_pred: Predicted boxes.
        value_range: The numbers that stand for black and for white.
        true_color: Red, green and blue of true boxes, 0 to 255.
        pred_color: Those of predicted boxes.
        line_thickness: Pixels.
        font_scale: Of the names; 1 for 10 pixels.
        text_thickness: Of the names' letters; `line_thickness` by default.
        class_mapping: Class -> name.
        ground_truth_mapping: The same for true boxes alone.
        prediction_mapping: The same for predicted boxes alone.
        legend: Whether to say which colour is which.
        legend_handles: matplotlib's patches for another legend.
        rows: Rows of the gallery.
        cols: Its columns.
        data_format: "channels_last", "channels_first"; None for the setting in force.
        kwargs: Passed to `plot_image_gallery`.

    Raises:
        ShapeError: `images` is no batch of images.
        ValueError: Both `legend` and `legend_handles`.
        ImportError: Pillow or matplotlib is not installed.
    """
    if legend and legend_handles:
        raise ValueError(_TWO_LEGENDS)
    pictures = as_pictures(images, data_format, value_range)
    text = text_thickness or line_thickness
    kinds = (
        (y_true, true_color, ground_truth_mapping or class_mapping),
        (y_pred, pred_color, prediction_mapping or class_mapping),
    )
    for boxes, color, names in kinds:
        if boxes is not None:
            pictures = draw_bounding_boxes(
                *(pictures, boxes, bounding_box_format, names, color),
                *(line_thickness, text, font_scale, "channels_last"),
            )
    if legend:
        colors = {"Ground Truth": true_color, "Prediction": pred_color}
        legend_handles = [_patch(color, name) for name, color in colors.items()]
    options = {"rows": rows, "cols": cols, "legend_handles": legend_handles, **kwargs}
    plot_image_gallery(pictures, data_format="channels_last", **options)


def _patch(color: Color, label: str) -> Any:
    _pyplot()  # explains how to get matplotlib
    from matplotlib.patches import Patch

    return Patch(color=f"#{bytes(color).hex()}", label=label)


def plot_segmentation_mask_gallery(
    images: Any,
    num_classes: int,
    value_range: tuple[float, float] = (0, 255),
    y_true: Any = None,
    y_pred: Any = None,
    color_mapping: Mapping[int, Sequence[int]] | None = None,
    blend: bool = True,
    alpha: float = 0.8,
    ignore_index: int = -1,
    data_format: str | None = None,
    **kwargs: Any,
) -> None:
    """Show images, one in each row, beside their true and their predicted masks.

    Args:
        images: Array of shape `(batch, height, width, channels)`.
        num_classes: How many classes there are.
        value_range: The numbers that stand for black and for white.
        y_true: True masks: integers of shape `(batch, height, width)`, with an axis of
            size 1 for the channel or without.
        y_pred: Predicted masks.
        color_mapping: Class -> red, green and blue, 0 to 255.
        blend: Whether the image shines through the masks.
        alpha: How opaque masks are, in [0, 1].
        ignore_index: A class that is not drawn.
        data_format: "channels_last", "channels_first"; None for the setting in force.
        kwargs: Passed to `plot_image_gallery`.

    Raises:
        ShapeError: `images` is no batch of images, or the masks do not fit.
        DTypeError: The masks are not integers.
        ImportError: matplotlib is not installed.
    """
    pictures = as_pictures(images, data_format, value_range)
    columns: list[NDArray[np.uint8]] = [pictures]
    for masks in (y_true, y_pred):
        if masks is not None:
            drawn = draw_segmentation_masks(
                pictures,
                _channel_last(masks, data_format),
                num_classes=num_classes,
                color_mapping=color_mapping,
                alpha=alpha,
                blend=blend,
                ignore_index=ignore_index,
                data_format="channels_last",
            )
            columns.append(drawn)
    side_by_side = np.stack(columns, axis=1).reshape(-1, *pictures.shape[1:])
    plot_image_gallery(
        side_by_side,
        rows=len(pictures),
        cols=len(columns),
        data_format="channels_last",
        **kwargs,
    )


def _channel_last(masks: Any, data_format: str | None) -> NDArray[Any]:
    values = ops.convert_to_numpy(masks)
    if values.ndim == 4 and is_channels_first(data_format):
        return values.transpose(0, 2, 3, 1)
    return values
