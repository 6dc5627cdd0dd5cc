"""ResNet50V2, ResNet101V2 and ResNet152V2: blocks that normalize before they convolve.

K. He, X. Zhang, S. Ren and J. Sun, "Identity Mappings in Deep Residual Networks", ECCV
2016.
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
        stride: Of the middle one.
        shortcut: Whether the block's input passes a convolution too.
        name: Of the block.
    """
    active = normalized(x, f"{name}_preact_", "relu")
    if shortcut:
        kept = layers.Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(
            active
        )
    else:
        kept = layers.MaxPooling2D(1, strides=stride)(x) if stride > 1 else x
    y = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_1_conv")(active)
    y = normalized(y, f"{name}_1_", "relu")
    y = layers.ZeroPadding2D(padding=((1, 1), (1, 1)), name=f"{name}_2_pad")(y)
    y = layers.Conv2D(
        filters, 3, strides=stride, use_bias=False, name=f"{name}_2_conv"
    )(y)
    y = normalized(y, f"{name}_2_", "relu")
    y = layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(y)
    return layers.Add(name=f"{name}_out")([kept, y])


def _body(blocks: Sequence[int]) -> Step:
    def body(x: Any) -> Any:
        x = begin(x, activated=False)
        last_stage = len(blocks) - 1
        for stage, count in enumerate(blocks):
            for number in range(1, count + 1):
                shrinks = number == count and stage != last_stage
                x = _block(
                    x,
                    filters=64 * 2**stage,
                    stride=2 if shrinks else 1,
                    shortcut=number == 1,
                    name=f"conv{stage + 2}_block{number}",
                )
        return normalized(x, "post_", "relu")

    return body


def _make(name: str, blocks: Sequence[int], *file_hashes: str) -> Callable[..., Any]:
    summary = f"Return the network {name} (He et al. 2016)."
    with_top, without = file_hashes
    return make_resnet(name, __name__, summary, _body(blocks), (with_top, without))


ResNet50V2 = _make(
    "ResNet50V2",
    (3, 4, 6, 3),
    "3ef43a0b657b3be2300d5770ece849e0",
    "fac2f116257151a9d068a22e544a4917",
)
ResNet101V2 = _make(
    "ResNet101V2",
    (3, 4, 23, 3),
    "6343647c601c52e1368623803854d971",
    "c0ed64b8031c3730f411d2eb4eea35b5",
)
ResNet152V2 = _make(
    "ResNet152V2",
    (3, 8, 36, 3),
    "a49b44d1979771252814e80f8ec446f9",
    "ed17cf2e0169df9d443503ef94b23b33",
)
preprocess_input = preprocessing("tf")

__all__ = [
    "ResNet50V2",
    "ResNet101V2",
    "ResNet152V2",
    "decode_predictions",
    "preprocess_input",
]
