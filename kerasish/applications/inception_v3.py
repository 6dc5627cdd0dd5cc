"""InceptionV3: blocks of branches with kernels of several sizes, side by side.

C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens and Z. Wojna, "Rethinking the Inception
Architecture for Computer Vision", CVPR 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import layers
from kerasish.applications.building import (
    Published,
    always,
    channel_axis,
    dense_head,
    make_network,
)
from kerasish.applications.imagenet_utils import decode_predictions, preprocessing

# A convolution: filters, height and width of its kernel. A branch is a row of them.
Conv = tuple[int, int, int]
Branch = tuple[Conv, ...]

_SMALL: tuple[Branch, ...] = (
    ((64, 1, 1),),
    ((48, 1, 1), (64, 5, 5)),
    ((64, 1, 1), (96, 3, 3), (96, 3, 3)),
)
_FIRST_HALVING: tuple[Branch, ...] = (
    ((384, 3, 3),),
    ((64, 1, 1), (96, 3, 3), (96, 3, 3)),
)
_SECOND_HALVING: tuple[Branch, ...] = (
    ((192, 1, 1), (320, 3, 3)),
    ((192, 1, 1), (192, 1, 7), (192, 7, 1), (192, 3, 3)),
)


def _long(filters: int) -> tuple[Branch, ...]:
    """Return branches whose kernels are rows and columns of seven."""
    row, column = (filters, 1, 7), (filters, 7, 1)
    return (
        ((192, 1, 1),),
        ((filters, 1, 1), row, (192, 7, 1)),
        ((filters, 1, 1), column, row, column, (192, 1, 7)),
    )


def _body(x: Any) -> Any:
    x = _conv(x, (32, 3, 3), stride=2, padding="valid")
    x = _conv(x, (32, 3, 3), padding="valid")
    x = _conv(x, (64, 3, 3))
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = _conv(x, (80, 1, 1), padding="valid")
    x = _conv(x, (192, 3, 3), padding="valid")
    x = layers.MaxPooling2D(3, strides=2)(x)
    for number, pooled in enumerate((32, 64, 64)):
        x = _block(x, _SMALL, pooled, f"mixed{number}")
    x = _halving(x, _FIRST_HALVING, "mixed3")
    for number, filters in enumerate((128, 160, 160, 192), start=4):
        x = _block(x, _long(filters), 192, f"mixed{number}")
    x = _halving(x, _SECOND_HALVING, "mixed8")
    for number in range(2):
        x = _forked(x, number)
    return x


def _conv(x: Any, conv: Conv, stride: int = 1, padding: str = "same") -> Any:
    """Return features convolved, normalized and activated."""
    filters, height, width = conv
    x = layers.Conv2D(
        filters, (height, width), strides=stride, padding=padding, use_bias=False
    )(x)
    x = layers.BatchNormalization(axis=channel_axis(), scale=False)(x)
    return layers.Activation("relu")(x)


def _row(x: Any, branch: Branch) -> Any:
    for conv in branch:
        x = _conv(x, conv)
    return x


def _averaged(x: Any, filters: int) -> Any:
    """Return features averaged over their neighbours, then convolved."""
    x = layers.AveragePooling2D(3, strides=1, padding="same")(x)
    return _conv(x, (filters, 1, 1))


def _block(x: Any, branches: Sequence[Branch], pooled: int, name: str) -> Any:
    """Return the results of branches and of averages, side by side.

    Args:
        x: Features.
        branches: Rows of convolutions.
        pooled: Channels of the branch that averages.
        name: Of the layer that joins them.
    """
    parts = [_row(x, branch) for branch in branches]
    return _joined([*parts, _averaged(x, pooled)], name)


def _halving(x: Any, branches: Sequence[Branch], name: str) -> Any:
    """Return features at half their size: branches that end in a stride, and maxima."""
    parts = []
    for *first, last in branches:
        y = _row(x, tuple(first))
        parts.append(_conv(y, last, stride=2, padding="valid"))
    return _joined([*parts, layers.MaxPooling2D(3, strides=2)(x)], name)


def _forked(x: Any, number: int) -> Any:
    """Return the results of branches that end in a row and a column side by side."""
    parts = [_conv(x, (320, 1, 1))]
    y = _conv(x, (384, 1, 1))
    parts.append(_fork(y, f"mixed9_{number}"))
    y = _row(x, ((448, 1, 1), (384, 3, 3)))
    parts.append(_fork(y, None))
    return _joined([*parts, _averaged(x, 192)], f"mixed{9 + number}")


def _fork(x: Any, name: str | None) -> Any:
    return _joined([_conv(x, (384, 1, 3)), _conv(x, (384, 3, 1))], name)


def _joined(parts: list[Any], name: str | None) -> Any:
    return layers.Concatenate(axis=channel_axis(), name=name)(parts)


_FILE = "inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels"
InceptionV3 = make_network(
    "InceptionV3",
    module=__name__,
    summary="Return the network InceptionV3 (Szegedy et al. 2016).",
    body=always(_body),
    head=dense_head("avg_pool"),
    published=(
        Published(f"{_FILE}.h5", "9a0d58056eeedaa3f26cb7ebd46da564"),
        Published(f"{_FILE}_notop.h5", "bcbd6486424b2319ff4ef7d526e38f63"),
    ),
    model_name="inception_v3",
    size=299,
    smallest=75,
)
preprocess_input = preprocessing("tf")

__all__ = ["InceptionV3", "decode_predictions", "preprocess_input"]
