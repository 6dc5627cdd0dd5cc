"""From what a layer was given to an initializer, and back to what a file holds."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.graph.registry import enter
from kerasish.initializers.base import DIRECTORY
from kerasish.initializers.constants import Constant


def get(identifier: Any) -> Any:
    """Return the initializer that `identifier` stands for.

    Args:
        identifier: None, a name ("glorot_uniform", "GlorotUniform"), a config, a class,
            an initializer, a callable `f(shape, dtype)`, or an array of start values.

    Returns:
        A callable `f(shape, dtype)`, or None for None.

    Raises:
        ValueError: Nothing is called so, or it is none of these.

    Example:
        >>> get("he_normal").scale
        2.0
    """
    if isinstance(identifier, np.ndarray):
        return Constant(identifier)
    return DIRECTORY.get(identifier)


enter("initializer", get)


def serialize(initializer: Any) -> Any:
    """Return the config of an initializer, as files hold it."""
    return DIRECTORY.serialize(initializer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the initializer that a config from a file describes."""
    return DIRECTORY.deserialize(config, custom_objects)
