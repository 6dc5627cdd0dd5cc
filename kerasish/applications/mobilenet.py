"""MobileNet: convolutions taken apart into depthwise and pointwise ones.

A. G. Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile
Vision Applications", arXiv:1704.04861, 2017.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from kerasish import layers
from kerasish.applications.building import (
    Published,
    Request,
    Step,
    build,
    image_shape,
)
from kerasish.applications.imagenet_utils import decode_predictions, preprocessing
from kerasish.applications.thin import (
    check_width,
    normalized,
    relu6,
    sides,
    trained_size,
)

_WIDTHS = {0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1.0: "1_0"}
_TRAINED_SIZES = (128, 160, 192, 224)
# Filters and stride of each block.
_BLOCKS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *[(512, 1)] * 5,
    (1024, 2),
    (1024, 1),
)


def MobileNet(
    input_shape: Sequence[int | None] | None = None,
    alpha: float = 1.0,
    depth_multiplier: int = 1,
    dropout: float = 0.001,
    include_top: bool = True,
    weights: str | os.PathLike[str] | None = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Any:
    """Return the network MobileNet (Howard et al. 2017).

    Args:
        input_shape: Shape of an image; without top, any size from 32 is possible.
        alpha: Width: factor of the number of filters.
        depth_multiplier: Outputs of each channel's own convolution.
        dropout: Rate of the dropout before the scores, in [0, 1).
        include_top: Whether the network ends with scores for classes.
        weights: "imagenet", the path of a file of weights, or None for fresh ones.
        input_tensor: Symbolic tensor to build the network on.
        pooling: Without top: "avg" or "max" over the places of the image.
        classes: How many classes there are.
        classifier_activation: Activation of the scores; None for logits.
        name: Name of the model.

    Returns:
        A functional model.

    Raises:
        ValueError: Arguments do not go together.
        OSError: The weights are not there, and cannot be downloaded.
    """
    request = Request(
        *(include_top, weights, input_tensor, input_shape),
        *(pooling, classes, classifier_activation),
    )
    check_width(request, alpha, tuple(_WIDTHS))
    size = trained_size(request, _TRAINED_SIZES)
    shape = image_shape(request, size)
    file = f"mobilenet/mobilenet_{_WIDTHS.get(alpha)}_{size}_tf"
    published = (Published(f"{file}.h5"), Published(f"{file}_no_top.h5"))
    named = size if request.pretrained else sides(shape)[0]
    name = name or f"mobilenet_{alpha:0.2f}_{named}"
    body = _body(alpha, depth_multiplier)
    return build(request, body, _head(request, dropout), name, published, shape)


def _body(alpha: float, depth_multiplier: int) -> Step:
    def body(x: Any) -> Any:
        x = layers.Conv2D(
            int(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="conv1"
        )(x)
        x = relu6(normalized(x, "conv1_bn"), "conv1_relu")
        for number, (filters, stride) in enumerate(_BLOCKS, start=1):
            x = _block(x, int(filters * alpha), depth_multiplier, stride, number)
        return x

    return body


def _block(
    x: Any, filters: int, depth_multiplier: int, stride: int, number: int
) -> Any:
    if stride != 1:
        x = layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{number}")(x)
    x = layers.DepthwiseConv2D(
        3,
        padding="same" if stride == 1 else "valid",
        depth_multiplier=depth_multiplier,
        strides=stride,
        use_bias=False,
        name=f"conv_dw_{number}",
    )(x)
    x = relu6(normalized(x, f"conv_dw_{number}_bn"), f"conv_dw_{number}_relu")
    x = layers.Conv2D(
        filters, 1, padding="same", use_bias=False, name=f"conv_pw_{number}"
    )(x)
    return relu6(normalized(x, f"conv_pw_{number}_bn"), f"conv_pw_{number}_relu")


def _head(request: Request, dropout: float) -> Step:
    def head(x: Any) -> Any:
        x = layers.GlobalAveragePooling2D(keepdims=True)(x)
        x = layers.Dropout(dropout, name="dropout")(x)
        x = layers.Conv2D(request.classes, 1, padding="same", name="conv_preds")(x)
        x = layers.Reshape((request.classes,), name="reshape_2")(x)
        activation = request.classifier_activation
        return layers.Activation(activation, name="predictions")(x)

    return head


preprocess_input = preprocessing("tf")

__all__ = ["MobileNet", "decode_predictions", "preprocess_input"]
