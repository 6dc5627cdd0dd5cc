"""From what `compile(metrics=...)` was given to a metric, and back to a file.

Importing this module fills both tables: the metric classes enter theirs where they are
defined, the loss functions are entered here.
"""

from __future__ import annotations

from typing import Any

from kerasish.losses.directory import FUNCTIONS as LOSS_FUNCTIONS
from kerasish.losses.regression import cosine_similarity
from kerasish.metrics import (
    accuracy,
    auc,
    best_at,
    confusion,
    correlation,
    fbeta,
    from_losses,
    iou,
    r2,
    reduction,
)
from kerasish.metrics.directories import FUNCTIONS, METRICS

MODULES = (
    accuracy,
    auc,
    best_at,
    confusion,
    correlation,
    fbeta,
    from_losses,
    iou,
    r2,
    reduction,
)

for _function, _aliases in LOSS_FUNCTIONS.items():
    if _function is not cosine_similarity:  # the metric's has the other sign
        FUNCTIONS.add(*_aliases)(_function)


def get(identifier: Any) -> Any:
    """Return the metric that `identifier` stands for.

    Args:
        identifier: None, a name ("mse", "AUC"), a config, a class, a metric, or any
            callable `fn(y_true, y_pred)`.

    Returns:
        A metric, a function of targets and predictions, or None for None.

    Raises:
        ValueError: Nothing is called so, or it is none of these.

    Example:
        >>> get("mse").name
        'mean_squared_error'
    """
    return METRICS.get(identifier)


def serialize(metric: Any) -> Any:
    """Return the config of a metric or metric function, as files hold it."""
    table = METRICS if hasattr(metric, "get_config") else FUNCTIONS
    return table.serialize(metric)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the metric that a name or a config from a file describes.

    Args:
        config: A name, or a config as `serialize` gives it.
        custom_objects: Further classes and functions by name.
    """
    is_function = isinstance(config, dict) and config.get("class_name") == "function"
    table = FUNCTIONS if is_function else METRICS
    return table.deserialize(config, custom_objects)
