"""Images and predictions of ImageNet: `preprocess_input` and `decode_predictions`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from kerasish import ops
from kerasish.backend import floatx
from kerasish.errors import FileFormatError, ShapeError, explain, unknown_name
from kerasish.utils.files import get_file
from kerasish.utils.image import is_channels_first

CLASS_INDEX_ORIGIN = (
    "https://storage.googleapis.com/download.tensorflow.org/data/"
    "imagenet_class_index.json"
)
CLASS_INDEX_HASH = "c2c37ea517e94d9795004a39431a14cb"

_NUM_CLASSES = 1000
_MODES = ("caffe", "tf", "torch")
# Means and spreads of ImageNet's colours: 0 to 255 in the order blue, green, red; 0 to
# 1 in the order red, green, blue.
_CAFFE_MEANS = (103.939, 116.779, 123.68)
_TORCH_MEANS, _TORCH_SPREADS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def preprocess_input(
    x: Any, data_format: str | None = None, mode: str = "caffe"
) -> Any:
    """Return images with their numbers in the range that a network was trained on.

    Args:
        x: Images, 0 to 255 in the order red, green, blue: an array or a tensor of shape
            `(..., height, width, 3)`, also a symbolic one.
        data_format: "channels_last", "channels_first"; None for the setting in force.
        mode: "caffe": order blue, green, red, less the means of ImageNet; "tf": from -1
            to 1; "torch": from 0 to 1, less the means and over the spreads.

    Returns:
        Floats in the form of `x`; NumPy arrays stay such. (Keras changes arrays of
        floats in place.)

    Raises:
        ValueError: Another `mode` or `data_format`.

    Example:
        >>> preprocess_input(np.array([[[0.0, 127.5, 255.0]]]), mode="tf").tolist()
        [[[-1.0, 0.0, 1.0]]]
    """
    if mode not in _MODES:
        raise ValueError(unknown_name("`mode`", mode, _MODES))
    axis = -3 if is_channels_first(data_format) else -1
    on_host = isinstance(x, np.ndarray)
    images = x if hasattr(x, "shape") else ops.convert_to_tensor(x)
    if not str(images.dtype).startswith("float"):
        images = ops.cast(images, floatx())
    if mode == "tf":
        done = ops.subtract(ops.divide(images, 127.5), 1.0)
    elif mode == "torch":
        centred = ops.subtract(ops.divide(images, 255.0), _along(_TORCH_MEANS, axis))
        done = ops.divide(centred, _along(_TORCH_SPREADS, axis))
    else:
        turned = ops.take(images, [2, 1, 0], axis=axis)
        done = ops.subtract(turned, _along(_CAFFE_MEANS, axis))
    if not on_host:
        return done
    return ops.convert_to_numpy(done).astype(str(images.dtype), copy=False)


def preprocessing(mode: str) -> Callable[..., Any]:
    """Return `preprocess_input` for one mode: that of a family of networks.

    Args:
        mode: "caffe", "tf" or "torch".
    """

    def for_mode(x: Any, data_format: str | None = None) -> Any:
        return preprocess_input(x, data_format, mode)

    for_mode.__name__ = for_mode.__qualname__ = "preprocess_input"
    for_mode.__doc__ = (
        "Return images with their numbers in the range that the network was trained "
        f'on.\n\nSee `imagenet_utils.preprocess_input`; its mode is "{mode}" here.'
    )
    return for_mode


def _along(numbers: tuple[float, float, float], axis: int) -> np.ndarray:
    """Return a number for each channel, to be broadcast along an axis."""
    return np.reshape(numbers, (3, *[1] * (-1 - axis))).astype(floatx())


def decode_predictions(
    preds: Any, top: int = 5
) -> list[list[tuple[str, str, np.floating[Any]]]]:
    """Return the most probable classes of ImageNet by name.

    The names are looked for in `$KERAS_HOME/models`, and downloaded if they are not
    there.

    Args:
        preds: Probabilities of shape `(samples, 1000)`.
        top: How many classes.

    Returns:
        For each sample, `(WordNet's number, name, probability)` of the classes.

    Raises:
        ShapeError: `preds` has another shape.
        OSError: The names are not there, and cannot be downloaded.
        FileFormatError: The file of names is damaged.
    """
    probabilities = ops.convert_to_numpy(preds)
    if probabilities.ndim != 2 or probabilities.shape[1] != _NUM_CLASSES:
        raise ShapeError(
            explain(
                "`decode_predictions` expects a batch of predictions.",
                got=f"an array of shape {probabilities.shape}",
                expected=f"(samples, {_NUM_CLASSES}), from a network with its top",
            )
        )
    names = _class_names()
    return [
        [(*names[index], row[index]) for index in row.argsort()[::-1][:top]]
        for row in probabilities
    ]


def _class_names() -> list[tuple[str, str]]:
    file = get_file(
        "imagenet_class_index.json",
        CLASS_INDEX_ORIGIN,
        cache_subdir="models",
        file_hash=CLASS_INDEX_HASH,
    )
    try:
        index = json.loads(Path(file).read_text(encoding="utf-8"))
        pairs = [index[str(number)] for number in range(_NUM_CLASSES)]
        return [(str(number), str(name)) for number, name in pairs]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FileFormatError(
            explain(
                f"{file} is damaged, or not what it should be.",
                got=f"{type(error).__name__}: {error}",
                expected=f"JSON with the names of {_NUM_CLASSES} classes",
                fix="delete the file, and call again to download it",
            )
        ) from error
