"""What VGG16 and VGG19 have in common: blocks of 3 x 3 convolutions.

K. Simonyan and A. Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
Recognition", ICLR 2015.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kerasish import layers
from kerasish.applications.building import (
    Published,
    Request,
    Step,
    always,
    make_network,
    scores,
)

_FILTERS = (64, 128, 256, 512, 512)


def make_vgg(
    name: str, convolutions: Sequence[int], file_hashes: tuple[str, str]
) -> Callable[..., Any]:
    """Return the function that makes a VGG network.

    Args:
        name: Such as "VGG16".
        convolutions: How many there are in each of the five blocks.
        file_hashes: md5 of the published weights with and without top.
    """
    short = name.lower()
    file = f"{short}/{short}_weights_tf_dim_ordering_tf_kernels"
    return make_network(
        name,
        module=f"kerasish.applications.{short}",
        summary=f"Return the network {name} (Simonyan & Zisserman 2015).",
        body=always(_body(convolutions)),
        head=_head,
        published=(
            Published(f"{file}.h5", file_hashes[0]),
            Published(f"{file}_notop.h5", file_hashes[1]),
        ),
    )


def _body(convolutions: Sequence[int]) -> Step:
    def body(x: Any) -> Any:
        for block, count in enumerate(convolutions, start=1):
            filters = _FILTERS[block - 1]
            for number in range(1, count + 1):
                x = layers.Conv2D(
                    filters,
                    (3, 3),
                    activation="relu",
                    padding="same",
                    name=f"block{block}_conv{number}",
                )(x)
            x = layers.MaxPooling2D((2, 2), strides=(2, 2), name=f"block{block}_pool")(
                x
            )
        return x

    return body


def _head(request: Request) -> Step:
    def head(x: Any) -> Any:
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dense(4096, activation="relu", name="fc1")(x)
        x = layers.Dense(4096, activation="relu", name="fc2")(x)
        return scores(x, request)

    return head
