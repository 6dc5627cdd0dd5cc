"""From what `compile(loss=...)` was given to a loss, and back to what a file holds.

A class name stands for an instance ("MeanSquaredError"), a snake-case name or alias for
the function ("mean_squared_error", "mse", "MSE"), as in Keras.
"""

from __future__ import annotations

from typing import Any

from kerasish.losses.hinge import (
    CategoricalHinge,
    Hinge,
    SquaredHinge,
    categorical_hinge,
    hinge,
    squared_hinge,
)
from kerasish.losses.probabilistic import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    KLDivergence,
    Poisson,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    kl_divergence,
    poisson,
    sparse_categorical_crossentropy,
)
from kerasish.losses.regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from kerasish.saving.registry import Directory

CLASSES = (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)

FUNCTIONS = {
    binary_crossentropy: ("bce", "BCE"),
    categorical_crossentropy: (),
    categorical_hinge: (),
    cosine_similarity: (),
    hinge: (),
    huber: (),
    kl_divergence: ("kld", "KLD"),
    log_cosh: (),
    mean_absolute_error: ("mae", "MAE"),
    mean_absolute_percentage_error: ("mape", "MAPE"),
    mean_squared_error: ("mse", "MSE"),
    mean_squared_logarithmic_error: ("msle", "MSLE"),
    poisson: (),
    sparse_categorical_crossentropy: (),
    squared_hinge: (),
}

DIRECTORY = Directory("loss", "keras.losses", make_instances=True)
for _class in CLASSES:
    DIRECTORY.add()(_class)
# after the classes: a class's name in snake case stands for the function
for _function, _aliases in FUNCTIONS.items():
    DIRECTORY.add(*_aliases)(_function)


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
