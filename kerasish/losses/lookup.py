"""From what `compile(loss=...)` was given to a loss, and back to what a file holds.

A class name stands for an instance ("MeanSquaredError"), a snake-case name or alias for
the function ("mean_squared_error", "mse", "MSE"), as in Keras. Each loss enters itself
where it is declared, by `kerasish.losses.directory.loss_of`.
"""

from __future__ import annotations

from typing import Any

from kerasish.losses import (
    focal,
    hinge,
    overlap,
    probabilistic,
    regression,
    sequence,
    similarity,
)
from kerasish.losses.directory import DIRECTORY

# importing these enters what they declare
MODULES = (focal, hinge, overlap, probabilistic, regression, sequence, similarity)


def get(identifier: Any) -> Any:
    """Return the loss that `identifier` stands for.

    Args:
        identifier: None, a name ("mse", "MeanSquaredError"), a config, a class, a loss,
            or any callable `fn(y_true, y_pred)`.

    Returns:
        A loss, a function of targets and predictions, or None for None.

    Raises:
        ValueError: Nothing is called so, or it is none of these.

    Example:
        >>> get("mse").__name__, get("MeanSquaredError").reduction
        ('mean_squared_error', 'sum_over_batch_size')
    """
    return DIRECTORY.get(identifier)


def serialize(loss: Any) -> Any:
    """Return the config of a loss or loss function, as files hold it."""
    return DIRECTORY.serialize(loss)


def deserialize(name: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the loss that a name or a config from a file describes.

    Args:
        name: A name, or a config as `serialize` gives it.
        custom_objects: Further classes and functions by name.
    """
    return DIRECTORY.deserialize(name, custom_objects)
