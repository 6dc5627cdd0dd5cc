"""MobileNetV3, small and large: MobileNetV2's blocks, some with weighed channels.

A. Howard et al., "Searching for MobileNetV3", ICCV 2019. The functions are found in
`keras.applications`; the module `mobilenet_v3` has the handling of images for them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from kerasish import layers, ops
from kerasish.applications.building import (
    Published,
    Request,
    Step,
    build,
    channels_of,
    image_shape,
)
from kerasish.applications.imagenet_utils import decode_predictions
from kerasish.applications.thin import margins, normalized, round_to_eight
from kerasish.errors import explain


class _Block(NamedTuple):
    """One block; `expansion` is how many times as many channels there are inside."""

    expansion: float
    filters: int
    kernel: int
    stride: int
    weighed: bool
    hard: bool  # hard_silu instead of relu


_SMALL = (
    _Block(1, 16, 3, 2, True, False),
    _Block(72 / 16, 24, 3, 2, False, False),
    _Block(88 / 24, 24, 3, 1, False, False),
    _Block(4, 40, 5, 2, True, True),
    *[_Block(6, 40, 5, 1, True, True)] * 2,
    *[_Block(3, 48, 5, 1, True, True)] * 2,
    _Block(6, 96, 5, 2, True, True),
    *[_Block(6, 96, 5, 1, True, True)] * 2,
)
_LARGE = (
    _Block(1, 16, 3, 1, False, False),
    _Block(4, 24, 3, 2, False, False),
    _Block(3, 24, 3, 1, False, False),
    _Block(3, 40, 5, 2, True, False),
    *[_Block(3, 40, 5, 1, True, False)] * 2,
    _Block(6, 80, 3, 2, False, True),
    _Block(2.5, 80, 3, 1, False, True),
    *[_Block(2.3, 80, 3, 1, False, True)] * 2,
    *[_Block(6, 112, 3, 1, True, True)] * 2,
    _Block(6, 160, 5, 2, True, True),
    *[_Block(6, 160, 5, 1, True, True)] * 2,
)
# md5 of the published weights with and without top, by what follows the name.
_SMALL_HASHES = {
    "224_1.0": ("8768d4c2e7dee89b9d02b2d03d65d862", "d3e8ec802a04aa4fc771ee12a9a9b836"),
    "224_0.75": (
        "cb65d4e5be93758266aa0a7f2c6708b7",
        "ebdb5cc8e0b497cd13a7c275d475c819",
    ),
    "minimalistic_224_1.0": (
        "99cd97fb2fcdad2bf028eb838de69e37",
        "cde8136e733e811080d9fcd8a252f7e4",
    ),
}
_LARGE_HASHES = {
    "224_1.0": ("59e551e166be033d707958cf9e29a6a7", "07fb09a5933dd0c8eaafa16978110389"),
    "224_0.75": (
        "765b44a33ad4005b3ac83185abf1d0eb",
        "40af19a13ebea4e2ee0c676887f69a2e",
    ),
    "minimalistic_224_1.0": (
        "675e7b876c45c57e9e63e6d90a36599c",
        "ec5221f64a2f6d1ef965a614bdae7973",
    ),
}


@dataclass(frozen=True)
class _Form:
    """What a network looks like.

    Attributes:
        blocks: Its blocks.
        last: Channels before the scores.
        alpha: Width: factor of the number of filters.
        minimal: Whether all kernels are of three, all activations relu, and no
            channels weighed.
        rescaled: Whether the network brings images from 0..255 to -1..1.
        rate: Of the dropout before the scores.
    """

    blocks: Sequence[_Block]
    last: int
    alpha: float
    minimal: bool
    rescaled: bool
    rate: float

    def activate(self, x: Any, hard: bool) -> Any:
        """Return features after the activation that this form has there."""
        if hard and not self.minimal:
            return layers.Activation("hard_silu")(x)
        return layers.ReLU()(x)

    def body(self, x: Any) -> Any:
        """Return features of images."""
        if self.rescaled:
            x = layers.Rescaling(scale=1.0 / 127.5, offset=-1.0)(x)
        x = layers.Conv2D(
            16, 3, strides=2, padding="same", use_bias=False, name="conv"
        )(x)
        x = self.activate(_normalized(x, "conv_bn"), hard=True)
        for number, block in enumerate(self.blocks):
            name = f"expanded_conv_{number}_" if number else "expanded_conv_"
            x = self._block(x, block, name)
        wide = round_to_eight(6 * channels_of(x))
        return self.activate(_pointwise(x, wide, "conv_1", "conv_1_bn"), hard=True)

    def _block(self, x: Any, block: _Block, name: str) -> Any:
        channels = channels_of(x)
        filters = round_to_eight(block.filters * self.alpha)
        kernel = 3 if self.minimal else block.kernel
        y = x
        if block.expansion != 1:
            wide = round_to_eight(channels * block.expansion)
            y = _pointwise(y, wide, f"{name}expand", f"{name}expand_bn")
            y = self.activate(y, block.hard)
        if block.stride == 2:
            y = layers.ZeroPadding2D(margins(y, kernel), name=f"{name}depthwise_pad")(y)
        y = layers.DepthwiseConv2D(
            kernel,
            strides=block.stride,
            padding="same" if block.stride == 1 else "valid",
            use_bias=False,
            name=f"{name}depthwise",
        )(y)
        y = self.activate(_normalized(y, f"{name}depthwise_bn"), block.hard)
        if block.weighed and not self.minimal:
            y = _weighed(y, f"{name}squeeze_excite_")
        y = _pointwise(y, filters, f"{name}project", f"{name}project_bn")
        if block.stride != 1 or channels != filters:
            return y
        return layers.Add(name=f"{name}add")([x, y])

    def head(self, request: Request) -> Step:
        """Return what makes scores of features."""
        last = self.last
        if self.alpha > 1:
            last = round_to_eight(last * self.alpha)

        def head(x: Any) -> Any:
            x = layers.GlobalAveragePooling2D(keepdims=True)(x)
            x = layers.Conv2D(last, 1, padding="same", name="conv_2")(x)
            x = self.activate(x, hard=True)
            if self.rate > 0:
                x = layers.Dropout(self.rate)(x)
            x = layers.Conv2D(request.classes, 1, padding="same", name="logits")(x)
            x = layers.Flatten()(x)
            activation = request.classifier_activation
            return layers.Activation(activation, name="predictions")(x)

        return head


def _normalized(x: Any, name: str) -> Any:
    return normalized(x, name, epsilon=1e-3, momentum=0.999)


def _pointwise(x: Any, filters: int, name: str, norm_name: str) -> Any:
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=name)(x)
    return _normalized(x, norm_name)


def _weighed(x: Any, name: str) -> Any:
    """Return features times a weight for each channel, from the means of all."""
    channels = channels_of(x)
    y = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}avg_pool")(x)
    squeezed = round_to_eight(channels * 0.25)
    y = layers.Conv2D(squeezed, 1, padding="same", name=f"{name}conv")(y)
    y = layers.ReLU(name=f"{name}relu")(y)
    y = layers.Conv2D(channels, 1, padding="same", name=f"{name}conv_1")(y)
    # Keras's hard sigmoid of these networks, operation by operation.
    y = ops.multiply(layers.ReLU(6.0)(ops.add(y, 3.0)), 1.0 / 6.0)
    return layers.Multiply(name=f"{name}mul")([x, y])


def _make(
    size: str,
    blocks: Sequence[_Block],
    last: int,
    hashes: dict[str, tuple[str, str]],
) -> Callable[..., Any]:
    """Return one of the functions.

    Args:
        size: "Small" or "Large".
        blocks: Its blocks.
        last: Channels before the scores.
        hashes: md5 of the published weights.
    """
    own_name = f"MobileNetV3{size}"

    def network(
        input_shape: Sequence[int | None] | None = None,
        alpha: float = 1.0,
        minimalistic: bool = False,
        include_top: bool = True,
        weights: str | os.PathLike[str] | None = "imagenet",
        input_tensor: Any = None,
        classes: int = 1000,
        pooling: str | None = None,
        dropout_rate: float = 0.2,
        classifier_activation: Any = "softmax",
        include_preprocessing: bool = True,
        name: str = own_name,
    ) -> Any:
        request = Request(
            *(include_top, weights, input_tensor, input_shape),
            *(pooling, classes, classifier_activation),
        )
        widths = blocks, last, alpha
        form = _Form(*widths, minimalistic, include_preprocessing, dropout_rate)
        published = _published(request, form, size.lower(), hashes)
        shape = image_shape(request, None)
        parts = form.body, form.head(request)
        return build(request, *parts, name, published, shape, pool_names=True)

    network.__name__ = network.__qualname__ = own_name
    network.__module__ = __name__
    network.__doc__ = f"Return the network {own_name} (Howard et al. 2019).\n{_TEXT}"
    return network


_TEXT = """
    Args:
        input_shape: Shape of an image; any size from 32 is possible.
        alpha: Width: factor of the number of filters.
        minimalistic: Whether the blocks are plain: kernels of three, relu.
        include_top: Whether the network ends with scores for classes.
        weights: "imagenet", the path of a file of weights, or None for fresh ones.
        input_tensor: Symbolic tensor to build the network on.
        classes: How many classes there are.
        pooling: Without top: "avg" or "max" over the places of the image.
        dropout_rate: Rate of the dropout before the scores, in [0, 1).
        classifier_activation: Activation of the scores; None for logits.
        include_preprocessing: Whether the network scales images from 0..255 itself.
        name: Name of the model.

    Returns:
        A functional model.

    Raises:
        ValueError: Arguments do not go together.
        OSError: The weights are not there, and cannot be downloaded.
"""


def _published(
    request: Request, form: _Form, size: str, hashes: dict[str, tuple[str, str]]
) -> tuple[Published, Published]:
    """Return the files of weights, if there are any of this width.

    Raises:
        ValueError: They are wanted, but there are none.
    """
    minimal = "minimalistic_" if form.minimal else ""
    which = f"{minimal}224_{float(form.alpha)}"
    if request.pretrained and which not in hashes:
        raise ValueError(
            explain(
                "There are no weights of ImageNet for this width.",
                got=f"alpha={form.alpha}, minimalistic={form.minimal}",
                expected="alpha 0.75 or 1.0; if minimalistic, 1.0",
                fix="pass weights=None, or one of these widths",
            )
        )
    with_top, without = hashes.get(which, (None, None))
    file = f"mobilenet_v3/weights_mobilenet_v3_{size}_{which}_float"
    return (
        Published(f"{file}.h5", with_top),
        Published(f"{file}_no_top_v2.h5", without),
    )


MobileNetV3Small = _make("Small", _SMALL, 1024, _SMALL_HASHES)
MobileNetV3Large = _make("Large", _LARGE, 1280, _LARGE_HASHES)


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """Return images as they are, 0 to 255: the network scales them itself.

    Args:
        x: Images.
        data_format: Not used.
    """
    return x


__all__ = [
    "MobileNetV3Large",
    "MobileNetV3Small",
    "decode_predictions",
    "preprocess_input",
]
