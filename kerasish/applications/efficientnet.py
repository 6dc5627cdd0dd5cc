"""EfficientNetB0 to B7: one network at eight widths, depths and sizes of images.

M. Tan and Q. V. Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural
Networks", ICML 2019.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from kerasish import layers
from kerasish.activations import get as get_activation
from kerasish.applications.building import (
    Published,
    Request,
    Step,
    channel_axis,
    channels_of,
    make_network,
)
from kerasish.applications.imagenet_utils import decode_predictions
from kerasish.applications.thin import margins, round_to_eight
from kerasish.initializers import VarianceScaling

_ORIGIN = "https://storage.googleapis.com/keras-applications/"
_DROP_RATE = 0.2  # of whole blocks, at the network's end
_SPREADS = (0.229, 0.224, 0.225)


class _Stage(NamedTuple):
    """Blocks of one kind: `repeats` of them, the first with a stride."""

    kernel: int
    repeats: int
    filters: int
    expansion: int
    stride: int


_STAGES = (
    _Stage(3, 1, 16, 1, 1),
    _Stage(3, 2, 24, 6, 2),
    _Stage(5, 2, 40, 6, 2),
    _Stage(3, 3, 80, 6, 2),
    _Stage(5, 3, 112, 6, 1),
    _Stage(5, 4, 192, 6, 2),
    _Stage(3, 1, 320, 6, 1),
)


def _body(width: float, depth: float, request: Request) -> Step:
    def body(x: Any) -> Any:
        x = layers.Rescaling(1.0 / 255.0)(x)
        x = layers.Normalization(axis=channel_axis())(x)
        if request.pretrained:
            # The published Normalization divides by the square root of the spreads;
            # this divides by the other root.
            x = layers.Rescaling([1.0 / math.sqrt(spread) for spread in _SPREADS])(x)
        x = layers.ZeroPadding2D(margins(x, 3), name="stem_conv_pad")(x)
        x = _conv(x, round_to_eight(32 * width), "stem_conv", kernel=3, stride=2)
        x = _normalized(x, "stem_bn", "stem_activation")
        for name, stage, stride, rate in _blocks(depth):
            x = _block(
                x, stage, round_to_eight(stage.filters * width), stride, rate, name
            )
        x = _conv(x, round_to_eight(1280 * width), "top_conv")
        return _normalized(x, "top_bn", "top_activation")

    return body


def _blocks(depth: float) -> Iterator[tuple[str, _Stage, int, float]]:
    """Yield name, stage, stride and rate of dropout of each block."""
    counts = [math.ceil(depth * stage.repeats) for stage in _STAGES]
    done = 0
    for number, (stage, count) in enumerate(zip(_STAGES, counts, strict=True), start=1):
        for repeat in range(count):
            name = f"block{number}{chr(ord('a') + repeat)}_"
            stride = 1 if repeat else stage.stride
            yield name, stage, stride, _DROP_RATE * done / sum(counts)
            done += 1


def _block(
    x: Any, stage: _Stage, filters: int, stride: int, rate: float, name: str
) -> Any:
    """Return features after one block: widened, filtered, weighed, narrowed.

    Args:
        x: Features.
        stage: Size of the kernel, and how many times as many channels there are inside.
        filters: Channels of the result.
        stride: Of the depthwise convolution.
        rate: Of samples that skip the block while training.
        name: Beginning of the layers' names.
    """
    channels = channels_of(x)
    y = x
    if stage.expansion != 1:
        y = _conv(y, stage.expansion * channels, f"{name}expand_conv")
        y = _normalized(y, f"{name}expand_bn", f"{name}expand_activation")
    if stride == 2:
        y = layers.ZeroPadding2D(margins(y, stage.kernel), name=f"{name}dwconv_pad")(y)
    y = layers.DepthwiseConv2D(
        stage.kernel,
        strides=stride,
        padding="same" if stride == 1 else "valid",
        use_bias=False,
        depthwise_initializer=_kernels(),
        name=f"{name}dwconv",
    )(y)
    y = _normalized(y, f"{name}bn", f"{name}activation")
    y = _weighed(y, max(1, channels // 4), name)
    y = _normalized(_conv(y, filters, f"{name}project_conv"), f"{name}project_bn")
    if stride != 1 or channels != filters:
        return y
    if rate > 0:
        noise_shape = (None, 1, 1, 1)
        y = layers.Dropout(rate, noise_shape=noise_shape, name=f"{name}drop")(y)
    return layers.Add(name=f"{name}add")([y, x])


def _weighed(x: Any, squeezed: int, name: str) -> Any:
    """Return features times a weight for each channel, from the means of all."""
    channels = channels_of(x)
    weights = layers.GlobalAveragePooling2D(name=f"{name}se_squeeze")(x)
    first = channel_axis() == 1
    shape = (channels, 1, 1) if first else (1, 1, channels)
    weights = layers.Reshape(shape, name=f"{name}se_reshape")(weights)
    for count, activation, step in (
        (squeezed, "silu", "reduce"),
        (channels, "sigmoid", "expand"),
    ):
        weights = layers.Conv2D(
            *(count, 1),
            padding="same",
            activation=activation,
            kernel_initializer=_kernels(),
            name=f"{name}se_{step}",
        )(weights)
    return layers.Multiply(name=f"{name}se_excite")([x, weights])


def _conv(x: Any, filters: int, name: str, kernel: int = 1, stride: int = 1) -> Any:
    return layers.Conv2D(
        filters,
        kernel,
        strides=stride,
        padding="same" if stride == 1 else "valid",
        use_bias=False,
        kernel_initializer=_kernels(),
        name=name,
    )(x)


def _normalized(x: Any, name: str, activation_name: str | None = None) -> Any:
    x = layers.BatchNormalization(axis=channel_axis(), name=name)(x)
    if activation_name is None:
        return x
    return layers.Activation("silu", name=activation_name)(x)


def _kernels() -> VarianceScaling:
    return VarianceScaling(2.0, mode="fan_out", distribution="truncated_normal")


def _head(rate: float, request: Request) -> Step:
    def head(x: Any) -> Any:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dropout(rate, name="top_dropout")(x)
        return layers.Dense(
            request.classes,
            activation=get_activation(request.classifier_activation),
            kernel_initializer=VarianceScaling(
                1.0 / 3.0, mode="fan_out", distribution="uniform"
            ),
            name="predictions",
        )(x)

    return head


def _make(
    number: int, width: float, depth: float, size: int, rate: float, *file_hashes: str
) -> Callable[..., Any]:
    """Return one of the functions.

    Args:
        number: In its name.
        width: Factor of the number of filters.
        depth: Factor of the number of blocks.
        size: Height and width of images.
        rate: Of the dropout before the scores.
        *file_hashes: md5 of the published weights with and without top.
    """
    name = f"EfficientNetB{number}"
    file = name.lower()
    with_top, without = file_hashes
    return make_network(
        name,
        module=__name__,
        summary=f"Return the network {name} (Tan & Le 2019).",
        body=lambda request: _body(width, depth, request),
        head=lambda request: _head(rate, request),
        published=(
            Published(f"{file}.h5", with_top, _ORIGIN),
            Published(f"{file}_notop.h5", without, _ORIGIN),
        ),
        pool_names=True,
        size=size,
    )


EfficientNetB0 = _make(
    *(0, 1.0, 1.0, 224, 0.2),
    "902e53a9f72be733fc0bcb005b3ebbac",
    "50bc09e76180e00e4465e1a485ddc09d",
)
EfficientNetB1 = _make(
    *(1, 1.0, 1.1, 240, 0.2),
    "1d254153d4ab51201f1646940f018540",
    "74c4e6b3e1f6a1eea24c589628592432",
)
EfficientNetB2 = _make(
    *(2, 1.1, 1.2, 260, 0.3),
    "b15cce36ff4dcbd00b6dd88e7857a6ad",
    "111f8e2ac8aa800a7a99e3239f7bfb39",
)
EfficientNetB3 = _make(
    *(3, 1.2, 1.4, 300, 0.3),
    "ffd1fdc53d0ce67064dc6a9c7960ede0",
    "af6d107764bb5b1abb91932881670226",
)
EfficientNetB4 = _make(
    *(4, 1.4, 1.8, 380, 0.4),
    "18c95ad55216b8f92d7e70b3a046e2fc",
    "ebc24e6d6c33eaebbd558eafbeedf1ba",
)
EfficientNetB5 = _make(
    *(5, 1.6, 2.2, 456, 0.4),
    "ace28f2a6363774853a83a0b21b9421a",
    "38879255a25d3c92d5e44e04ae6cec6f",
)
EfficientNetB6 = _make(
    *(6, 1.8, 2.6, 528, 0.5),
    "165f6e37dce68623721b423839de8be5",
    "9ecce42647a20130c1f39a5d4cb75743",
)
EfficientNetB7 = _make(
    *(7, 2.0, 3.1, 600, 0.5),
    "8c03f828fec3ef71311cd463b6759d99",
    "cbcfe4450ddf6f3ad90b1b398090fe4a",
)


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """Return images as they are, 0 to 255: the network scales them itself.

    Args:
        x: Images.
        data_format: Not used.
    """
    return x


__all__ = [
    "EfficientNetB0",
    "EfficientNetB1",
    "EfficientNetB2",
    "EfficientNetB3",
    "EfficientNetB4",
    "EfficientNetB5",
    "EfficientNetB6",
    "EfficientNetB7",
    "decode_predictions",
    "preprocess_input",
]
