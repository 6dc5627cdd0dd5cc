"""What all ResNets have in common: their beginning, their top, their weights' names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish import layers
from kerasish.applications.building import (
    Published,
    Step,
    always,
    channel_axis,
    dense_head,
    make_network,
)

_EPSILON = 1.001e-5


def make_resnet(
    name: str, module: str, summary: str, body: Step, file_hashes: tuple[str, str]
) -> Callable[..., Any]:
    """Return the function that makes a ResNet.

    Args:
        name: Such as "ResNet50".
        module: Where it is defined.
        summary: First line of its documentation.
        body: Takes images, returns features.
        file_hashes: md5 of the published weights with and without top.
    """
    file = f"resnet/{name.lower()}_weights_tf_dim_ordering_tf_kernels"
    published = (
        Published(f"{file}.h5", file_hashes[0]),
        Published(f"{file}_notop.h5", file_hashes[1]),
    )
    parts = always(body), dense_head("avg_pool")
    return make_network(name, module, summary, *parts, published, pool_names=True)


def normalized(x: Any, name: str, activation: str | None = None) -> Any:
    """Return features normalized over the batch, then activated.

    Args:
        x: Features.
        name: Beginning of the layers' names, which end in `bn` and `relu`.
        activation: Name of the activation; None for none.
    """
    x = layers.BatchNormalization(
        axis=channel_axis(), epsilon=_EPSILON, name=f"{name}bn"
    )(x)
    if activation is None:
        return x
    return layers.Activation(activation, name=f"{name}relu")(x)


def begin(x: Any, activated: bool) -> Any:
    """Return what all ResNets make of images first: a quarter of their size.

    Args:
        x: Images.
        activated: Whether the convolution is normalized and activated.
    """
    x = layers.ZeroPadding2D(padding=((3, 3), (3, 3)), name="conv1_pad")(x)
    x = layers.Conv2D(64, 7, strides=2, name="conv1_conv")(x)
    if activated:
        x = normalized(x, "conv1_", "relu")
    x = layers.ZeroPadding2D(padding=((1, 1), (1, 1)), name="pool1_pad")(x)
    return layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
