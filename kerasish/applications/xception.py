"""Xception: a deep stack of separable convolutions, added to their inputs.

F. Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", CVPR 2017.
"""

from __future__ import annotations

from typing import Any

from kerasish import layers
from kerasish.applications.building import (
    Published,
    always,
    dense_head,
    make_network,
)
from kerasish.applications.imagenet_utils import decode_predictions, preprocessing
from kerasish.applications.thin import normalized

# Filters of the two convolutions of the blocks that halve the image: number, filters.
_ENTRY = ((2, (128, 128)), (3, (256, 256)), (4, (728, 728)))
_MIDDLE = range(5, 13)
_EXIT = (13, (728, 1024))


def _body(x: Any) -> Any:
    for number, (filters, stride) in enumerate(((32, 2), (64, 1)), start=1):
        name = f"block1_conv{number}"
        x = layers.Conv2D(filters, 3, strides=stride, use_bias=False, name=name)(x)
        x = _activated(normalized(x, f"{name}_bn"), name)
    for number, widths in _ENTRY:
        x = _halving(x, number, widths, activated=number > 2)
    for number in _MIDDLE:
        y = x
        for part in range(1, 4):
            y = _separable(y, 728, f"block{number}_sepconv{part}")
        x = layers.Add()([y, x])
    x = _halving(x, *_EXIT)
    for part, filters in enumerate((1536, 2048), start=1):
        name = f"block14_sepconv{part}"
        x = _activated(_separable(x, filters, name, activated=False), name)
    return x


def _halving(
    x: Any, number: int, widths: tuple[int, int], activated: bool = True
) -> Any:
    """Return features at half their size.

    Args:
        x: Features.
        number: Of the block.
        widths: Filters of its two convolutions.
        activated: Whether the first one's input is activated.
    """
    kept = layers.Conv2D(widths[1], 1, strides=2, padding="same", use_bias=False)(x)
    kept = normalized(kept, None)
    x = _separable(x, widths[0], f"block{number}_sepconv1", activated)
    x = _separable(x, widths[1], f"block{number}_sepconv2")
    name = f"block{number}_pool"
    x = layers.MaxPooling2D(3, strides=2, padding="same", name=name)(x)
    return layers.Add()([x, kept])


def _separable(x: Any, filters: int, name: str, activated: bool = True) -> Any:
    """Return features after an activation, if any, and a separable convolution."""
    if activated:
        x = _activated(x, name)
    x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
    return normalized(x, f"{name}_bn")


def _activated(x: Any, name: str) -> Any:
    return layers.Activation("relu", name=f"{name}_act")(x)


_FILE = "xception/xception_weights_tf_dim_ordering_tf_kernels"
Xception = make_network(
    "Xception",
    module=__name__,
    summary="Return the network Xception (Chollet 2017).",
    body=always(_body),
    head=dense_head("avg_pool"),
    published=(
        Published(f"{_FILE}.h5", "0a58e3b7378bc2990ea3b43d5981f1f6"),
        Published(f"{_FILE}_notop.h5", "b0042744bf5b25fce3cb969f33bebb97"),
    ),
    size=299,
    smallest=71,
)
preprocess_input = preprocessing("tf")

__all__ = ["Xception", "decode_predictions", "preprocess_input"]
