"""`image_dataset_from_directory`: image files as samples, all of one size."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasish.errors import explain, unknown_name
from kerasish.utils.directory import Files, datasets_of
from kerasish.utils.image import img_to_array, is_channels_first, load_img
from kerasish.utils.resampling import INTERPOLATIONS, resize_on_host
from kerasish.utils.samples import check_format

_ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
_COLOR_MODES = ("rgb", "rgba", "grayscale")


def image_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: tuple[int, int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Return the images in a folder, and their labels, in batches.

    Files ending in .bmp, .gif (the first picture), .jpeg, .jpg and .png are read.

    Args:
        directory: Folder with a subfolder for each class.
        labels: "inferred" from the subfolders; None; or an integer for each file.
        label_mode: "int" (int32), "categorical" (float32 one-hot rows), "binary"
            (float32, 0 or 1), or None for images alone.
        class_names: Names of the subfolders, in the order of their labels.
        color_mode: "rgb", "rgba" or "grayscale": 3, 4 or 1 channels.
        batch_size: Images a batch; None gives them one by one.
        image_size: `(height, width)` that images are resized to.
        shuffle: Whether to mix the files, and draw a new order for each pass.
        seed: Of the mixing.
        validation_split: Fraction of the files kept for validation.
        subset: Which part is wanted: "training", "validation", or "both".
        interpolation: "bilinear", "nearest", "bicubic", "area", "lanczos3",
            "lanczos5", "gaussian" or "mitchellcubic".
        follow_links: Whether to go into subfolders that are links.
        crop_to_aspect_ratio: Whether to cut what does not fit, instead of distorting.
        pad_to_aspect_ratio: Whether to add black margins, instead of distorting.
        data_format: "channels_last", "channels_first"; None for the setting in force.
        format: "tf" or "grain", as in Keras: here both give NumPy arrays.
        verbose: Whether to tell how many files there are.

    Returns:
        A `SampleDataset` of `(images, labels)` or `images`: images are float32 (uint8
        with "nearest"), 0 to 255, of shape `(batch, height, width, channels)`. Two of
        them for "both".

    Raises:
        ValueError: An argument is not understood, or there are no such files.
        ImportError: Pillow is not installed.
    """
    check_format(format)
    load = _loader(
        *(color_mode, image_size, interpolation, data_format),
        *(crop_to_aspect_ratio, pad_to_aspect_ratio),
    )
    files = Files(
        *(directory, "image", _ENDINGS, labels, label_mode, class_names),
        *(shuffle, seed, validation_split, subset, follow_links, verbose),
    )
    return datasets_of(files, load, np.stack, batch_size)


def _loader(
    color_mode: str,
    size: tuple[int, int],
    interpolation: str,
    data_format: str | None,
    crop: bool,
    pad: bool,
) -> Callable[[str], NDArray[Any]]:
    """Return the function that reads one file, when the arguments are right."""
    _check_choices(color_mode, interpolation)
    _check_size(size)
    if crop and pad:
        raise ValueError(
            "Only one of `pad_to_aspect_ratio`, `crop_to_aspect_ratio` can be `True`."
        )
    first = is_channels_first(data_format)

    def load(path: str) -> NDArray[Any]:
        opened = load_img(path, color_mode=color_mode)
        values = img_to_array(opened, data_format="channels_last", dtype="uint8")
        image = resize_on_host(values, size, interpolation, crop, pad)
        return image.transpose(2, 0, 1) if first else image

    return load


def _check_choices(color_mode: str, interpolation: str) -> None:
    if color_mode not in _COLOR_MODES:
        raise ValueError(unknown_name("`color_mode`", color_mode, _COLOR_MODES))
    if interpolation not in INTERPOLATIONS:
        raise ValueError(unknown_name("`interpolation`", interpolation, INTERPOLATIONS))


def _check_size(image_size: Any) -> None:
    if not isinstance(image_size, (list, tuple)) or len(image_size) != 2:
        raise ValueError(
            explain(
                "Invalid `image_size` value.",
                got=f"image_size={image_size}",
                expected="two integers: (height, width)",
            )
        )
