"""The optimizers by name: `get`, `serialize`, `deserialize`."""

from __future__ import annotations

from typing import Any

from kerasish.saving.registry import Directory

DIRECTORY = Directory("optimizer", "keras.optimizers", make_instances=True)


def get(identifier: Any) -> Any:
    """Return the optimizer a name, class, config or object stands for."""
    return DIRECTORY.get(identifier)


def serialize(optimizer: Any) -> Any:
    """Return an optimizer's config, as files hold it."""
    return DIRECTORY.serialize(optimizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the optimizer a config describes."""
    return DIRECTORY.deserialize(config, custom_objects)
