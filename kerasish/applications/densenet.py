"""DenseNet121, DenseNet169 and DenseNet201: each layer sees all features before it.

G. Huang, Z. Liu, L. van der Maaten and K. Q. Weinberger, "Densely Connected
Convolutional Networks", CVPR 2017.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kerasish import layers
from kerasish.applications.building import (
    Published,
    Step,
    always,
    channel_axis,
    channels_of,
    dense_head,
    make_network,
)
from kerasish.applications.imagenet_utils import decode_predictions, preprocessing
from kerasish.applications.residual import normalized

_GROWTH = 32  # channels that each block adds
_BOTTLENECK = 4 * _GROWTH


def _begin(x: Any) -> Any:
    """Return images at a quarter of their size, with 64 channels."""
    x = layers.ZeroPadding2D(((3, 3), (3, 3)))(x)
    x = layers.Conv2D(64, 7, strides=2, use_bias=False, name="conv1_conv")(x)
    x = normalized(x, "conv1_", "relu")
    x = layers.ZeroPadding2D(((1, 1), (1, 1)))(x)
    return layers.MaxPooling2D(3, strides=2, name="pool1")(x)


def _block(x: Any, name: str) -> Any:
    """Return features and what two convolutions make of them, side by side."""
    y = normalized(x, f"{name}_0_", "relu")
    y = layers.Conv2D(_BOTTLENECK, 1, use_bias=False, name=f"{name}_1_conv")(y)
    y = normalized(y, f"{name}_1_", "relu")
    y = layers.Conv2D(
        _GROWTH, 3, padding="same", use_bias=False, name=f"{name}_2_conv"
    )(y)
    return layers.Concatenate(axis=channel_axis(), name=f"{name}_concat")([x, y])


def _transition(x: Any, name: str) -> Any:
    """Return features at half their size, with half their channels."""
    x = normalized(x, f"{name}_", "relu")
    half = channels_of(x) // 2
    x = layers.Conv2D(half, 1, use_bias=False, name=f"{name}_conv")(x)
    return layers.AveragePooling2D(2, strides=2, name=f"{name}_pool")(x)


def _body(blocks: Sequence[int]) -> Step:
    def body(x: Any) -> Any:
        x = _begin(x)
        for stage, count in enumerate(blocks, start=2):
            if stage > 2:
                x = _transition(x, f"pool{stage - 1}")
            for number in range(1, count + 1):
                x = _block(x, f"conv{stage}_block{number}")
        return normalized(x, "", "relu")

    return body


def _make(name: str, blocks: Sequence[int], *file_hashes: str) -> Callable[..., Any]:
    file = f"densenet/{name.lower()}_weights_tf_dim_ordering_tf_kernels"
    with_top, without = file_hashes
    return make_network(
        name,
        module=__name__,
        summary=f"Return the network {name} (Huang et al. 2017).",
        body=always(_body(blocks)),
        head=dense_head("avg_pool"),
        published=(
            Published(f"{file}.h5", with_top),
            Published(f"{file}_notop.h5", without),
        ),
        pool_names=True,
    )


DenseNet121 = _make(
    "DenseNet121",
    (6, 12, 24, 16),
    "9d60b8095a5708f2dcce2bca79d332c7",
    "30ee3e1110167f948a6b9946edeeb738",
)
DenseNet169 = _make(
    "DenseNet169",
    (6, 12, 32, 32),
    "d699b8f76981ab1b30698df4c175e90b",
    "b8c4d4c20dd625c148057b9ff1c1176b",
)
DenseNet201 = _make(
    "DenseNet201",
    (6, 12, 48, 32),
    "1ceb130c1ea1b78c3bf6114dbdfd8807",
    "c13680b51ded0fb44dff2d8f86ac8bb1",
)
preprocess_input = preprocessing("torch")

__all__ = [
    "DenseNet121",
    "DenseNet169",
    "DenseNet201",
    "decode_predictions",
    "preprocess_input",
]
