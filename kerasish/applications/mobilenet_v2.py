"""MobileNetV2: thin blocks, widened inside, whose inputs are added to their outputs.

M. Sandler, A. Howard, M. Zhu, A. Zhmoginov and L.-C. Chen, "MobileNetV2: Inverted
Residuals and Linear Bottlenecks", CVPR 2018.
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
    channels_of,
    dense_head,
    image_shape,
)
from kerasish.applications.imagenet_utils import decode_predictions, preprocessing
from kerasish.applications.thin import (
    SIZES,
    check_width,
    margins,
    normalized,
    relu6,
    round_to_eight,
    sides,
    trained_size,
)

_WIDTHS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)
_EXPANSION = 6
# Filters and stride of each block but the first.
_BLOCKS = (
    *((24, 2), (24, 1)),
    *((32, 2), (32, 1), (32, 1)),
    *((64, 2), (64, 1), (64, 1), (64, 1)),
    *((96, 1), (96, 1), (96, 1)),
    *((160, 2), (160, 1), (160, 1)),
    (320, 1),
)


def MobileNetV2(
    input_shape: Sequence[int | None] | None = None,
    alpha: float = 1.0,
    include_top: bool = True,
    weights: str | os.PathLike[str] | None = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Any:
    """Return the network MobileNetV2 (Sandler et al. 2018).

    Args:
        input_shape: Shape of an image; without top, any size from 32 is possible.
        alpha: Width: factor of the number of filters.
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
    check_width(request, alpha, _WIDTHS)
    size = trained_size(request, SIZES)
    shape = image_shape(request, size)
    kernels = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels"
    file = f"mobilenet_v2/{kernels}_{float(alpha)}_{size}"
    published = (Published(f"{file}.h5"), Published(f"{file}_no_top.h5"))
    named = size if request.pretrained else sides(shape)[0]
    name = name or f"mobilenetv2_{alpha:0.2f}_{named}"
    return build(request, _body(alpha), dense_head()(request), name, published, shape)


def _body(alpha: float) -> Step:
    def body(x: Any) -> Any:
        x = layers.Conv2D(
            round_to_eight(32 * alpha),
            3,
            strides=2,
            padding="same",
            use_bias=False,
            name="Conv1",
        )(x)
        x = relu6(_normalized(x, "bn_Conv1"), "Conv1_relu")
        x = _filter(x, 1, round_to_eight(16 * alpha), "expanded_conv_")
        for number, (filters, stride) in enumerate(_BLOCKS, start=1):
            x = _block(x, round_to_eight(filters * alpha), stride, f"block_{number}_")
        last = round_to_eight(1280 * alpha) if alpha > 1 else 1280
        x = layers.Conv2D(last, 1, use_bias=False, name="Conv_1")(x)
        return relu6(_normalized(x, "Conv_1_bn"), "out_relu")

    return body


def _normalized(x: Any, name: str) -> Any:
    return normalized(x, name, epsilon=1e-3, momentum=0.999)


def _block(x: Any, filters: int, stride: int, name: str) -> Any:
    """Return features after one block.

    Args:
        x: Features.
        filters: Channels of the result.
        stride: Of the depthwise convolution.
        name: Beginning of the layers' names.
    """
    channels = channels_of(x)
    y = layers.Conv2D(
        _EXPANSION * channels, 1, padding="same", use_bias=False, name=f"{name}expand"
    )(x)
    y = relu6(_normalized(y, f"{name}expand_BN"), f"{name}expand_relu")
    if stride == 2:
        y = layers.ZeroPadding2D(margins(y, 3), name=f"{name}pad")(y)
    y = _filter(y, stride, filters, name)
    if channels == filters and stride == 1:
        return layers.Add(name=f"{name}add")([x, y])
    return y


def _filter(x: Any, stride: int, filters: int, name: str) -> Any:
    """Return features after a depthwise and a linear pointwise convolution."""
    x = layers.DepthwiseConv2D(
        3,
        strides=stride,
        use_bias=False,
        padding="same" if stride == 1 else "valid",
        name=f"{name}depthwise",
    )(x)
    x = relu6(_normalized(x, f"{name}depthwise_BN"), f"{name}depthwise_relu")
    x = layers.Conv2D(
        filters, 1, padding="same", use_bias=False, name=f"{name}project"
    )(x)
    return _normalized(x, f"{name}project_BN")


preprocess_input = preprocessing("tf")

__all__ = ["MobileNetV2", "decode_predictions", "preprocess_input"]
