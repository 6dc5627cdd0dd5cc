"""`keras.layers.serialize` and `deserialize`: a layer's config, and back."""

from __future__ import annotations

from typing import Any

from kerasish.errors import explain
from kerasish.layers.layer import Layer
from kerasish.saving.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)


def serialize(layer: Layer) -> dict[str, Any]:
    """Return a layer's class and arguments: plain JSON in the form of Keras 3."""
    config: dict[str, Any] = serialize_keras_object(layer)
    return config


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return a new layer of what `serialize` returned.

    Args:
        config: The config.
        custom_objects: Classes and functions by name, for those not registered.

    Raises:
        FileFormatError: The class is unknown, or refuses its config.
        ValueError: The config is not that of a layer.

    Example:
        >>> from kerasish.layers import Identity
        >>> type(deserialize(serialize(Identity()))).__name__
        'Identity'
    """
    made = deserialize_keras_object(config, custom_objects)
    if isinstance(made, Layer):
        return made
    raise ValueError(
        explain("This config is not that of a layer.", got=f"a config of {made!r}")
    )
