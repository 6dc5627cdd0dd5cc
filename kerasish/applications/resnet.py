"""ResNet50, ResNet101 and ResNet152: blocks whose inputs are added to their outputs.

K. He, X. Zhang, S. Ren and J. Sun, "Deep Residual Learning for Image Recognition",
CVPR 2016.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kerasish import layers
from kerasish.applications.building import Step
from kerasish.applications.imagenet_utils import decode_predictions, preprocessing
from kerasish.applications.residual import begin, make_resnet, normalized


def _block(x: Any, filters: int, stride: int, shortcut: bool, name: str) -> Any:
    """Return features after one block, with four times as many channels as filters.

    Args:
        x: Features.
        filters: Of the inner convolutions.
        stride: Of the first one.
        shortcut: Whether the block's input passes a convolution too.
        name: Of the block.
    """
    kept = x
    if shortcut:
        kept = layers.Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(x)
        kept = normalized(kept, f"{name}_0_")
    x = layers.Conv2D(filters, 1, strides=stride, name=f"{name}_1_conv")(x)
    x = normalized(x, f"{name}_1_", "relu")
    x = layers.Conv2D(filters, 3, padding="same", name=f"{name}_2_conv")(x)
    x = normalized(x, f"{name}_2_", "relu")
    x = layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    x = normalized(x, f"{name}_3_")
    x = layers.Add(name=f"{name}_add")([kept, x])
    return layers.Activation("relu", name=f"{name}_out")(x)


def _body(blocks: Sequence[int]) -> Step:
    def body(x: Any) -> Any:
        x = begin(x, activated=True)
        for stage, count in enumerate(blocks):
            for number in range(1, count + 1):
                first = number == 1
                x = _block(
                    x,
                    filters=64 * 2**stage,
                    stride=2 if first and stage else 1,
                    shortcut=first,
                    name=f"conv{stage + 2}_block{number}",
                )
        return x

    return body


def _make(name: str, blocks: Sequence[int], *file_hashes: str) -> Callable[..., Any]:
    summary = f"Return the network {name} (He et al. 2016)."
    with_top, without = file_hashes
    return make_resnet(name, __name__, summary, _body(blocks), (with_top, without))


ResNet50 = _make(
    "ResNet50",
    (3, 4, 6, 3),
    "2cb95161c43110f7111970584f804107",
    "4d473c1dd8becc155b73f8504c6f6626",
)
ResNet101 = _make(
    "ResNet101",
    (3, 4, 23, 3),
    "f1aeb4b969a6efcfb50fad2f0c20cfc5",
    "88cf7a10940856eca736dc7b7e228a21",
)
ResNet152 = _make(
    "ResNet152",
    (3, 8, 36, 3),
    "100835be76be38e30d865e96f2aaae62",
    "ee4c566cf9a93f14d82f913c2dc6dd0c",
)
preprocess_input = preprocessing("caffe")

__all__ = [
    "ResNet50",
    "ResNet101",
    "ResNet152",
    "decode_predictions",
    "preprocess_input",
]
