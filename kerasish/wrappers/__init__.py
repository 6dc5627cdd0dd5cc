"""`keras.wrappers`: models as estimators of scikit-learn, imported when asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from kerasish.errors import explain, unknown_name

if TYPE_CHECKING:
    from kerasish.wrappers.estimators import (
        SKLearnClassifier,
        SKLearnRegressor,
        SKLearnTransformer,
    )

__all__ = ["SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer"]


def __getattr__(name: str) -> Any:
    """Return an estimator's class; scikit-learn is imported by this, and not before."""
    if name not in __all__:
        raise AttributeError(unknown_name("name in keras.wrappers", name, __all__))
    try:
        estimators = importlib.import_module("kerasish.wrappers.estimators")
    except ImportError as error:
        raise ImportError(
            explain(
                f"{name} needs the package scikit-learn, 1.6 or newer.",
                got=str(error),
                fix="pip install -U scikit-learn",
            )
        ) from error
    return getattr(estimators, name)


def __dir__() -> list[str]:
    """Return the names, without importing anything."""
    return sorted([*globals(), *__all__])
