"""A model as a classifier, regressor or transformer of scikit-learn.

Imported by `kerasish.wrappers` when one of the three is asked for: scikit-learn is not
part of a plain installation.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    RegressorMixin,
    TransformerMixin,
)
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from kerasish.errors import DTypeError, explain
from kerasish.models.cloning import clone_model
from kerasish.models.model import Model
from kerasish.saving.api import load_model, save_model
from kerasish.utils.numerical import to_categorical

ModelSource = Model | Callable[..., Model]


class _Estimator(BaseEstimator):  # type: ignore[misc]
    """What the three have in common: making, fitting and asking the model.

    Args:
        model: A compiled model, which is cloned, or a function that makes one:
            `model(X, y, **model_kwargs)`.
        warm_start: Whether `fit` goes on with the weights of the last `fit`; the first
            one then takes `model` itself.
        model_kwargs: Further arguments of that function.
        fit_kwargs: Arguments of the model's `fit`, such as `epochs`.
    """

    _learns_numbers = True

    def __init__(
        self,
        model: ModelSource,
        warm_start: bool = False,
        model_kwargs: dict[str, Any] | None = None,
        fit_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def fit(self, X: Any, y: Any, **kwargs: Any) -> Any:
        """Train the model.

        Args:
            X: Array of shape `(samples, features)`.
            y: Targets, one for each sample.
            kwargs: Arguments of the model's `fit`; these win over `fit_kwargs`.

        Returns:
            The estimator itself.

        Raises:
            ValueError: The data is not what scikit-learn takes, or the model is not
                compiled.
        """
        X, y = validate_data(self, X, y, y_numeric=self._learns_numbers)
        targets = self._targets(y)
        self._check_weights(y, kwargs.get("sample_weight"))
        model = self._model_for(X, targets)
        options = {**(self.fit_kwargs or {}), **kwargs}
        self.history_ = model.fit(X, targets, **options)
        self.model_ = model
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Return what the model predicts.

        Args:
            X: Array of shape `(samples, features)`.
        """
        return self._answers(self._outputs(X))

    def _outputs(self, X: Any) -> NDArray[Any]:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        outputs: NDArray[Any] = self.model_.predict(X, verbose=0)
        return outputs

    def _targets(self, y: NDArray[Any]) -> NDArray[Any]:
        """Return what the model learns: one column of numbers."""
        return y.reshape(-1, 1)

    def _check_weights(self, y: NDArray[Any], sample_weight: Any) -> None:
        """Raise a ValueError if the weights leave nothing to learn."""

    def _answers(self, outputs: NDArray[Any]) -> NDArray[Any]:
        """Return predictions in the form of `y`."""
        return outputs[:, 0] if outputs.shape[1:] == (1,) else outputs

    def _model_for(self, X: NDArray[Any], y: NDArray[Any]) -> Any:
        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        model: Any = self.model
        if isinstance(model, Model):
            model = model if self.warm_start else _fresh_copy(model)
        else:
            model = model(X=X, y=y, **(self.model_kwargs or {}))
        _check_model(model)
        return model

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes; models as the content of a `.keras` file."""
        state: dict[str, Any] = super().__getstate__()
        return {name: _packed(value) for name, value in state.items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__({name: _unpacked(value) for name, value in state.items()})


class _Modest:
    """Tells scikit-learn not to expect too much; first among the bases."""

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn may expect: neither repeatable nor perfect fits."""
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.non_deterministic = True
        for kind in (tags.classifier_tags, tags.regressor_tags):
            if kind is not None:
                kind.poor_score = True
        if tags.transformer_tags is not None:
            tags.transformer_tags.preserves_dtype = []
        return tags


def _fresh_copy(model: Any) -> Any:
    """Return a model like a compiled one, with fresh weights, compiled like it."""
    _check_model(model)
    copy = clone_model(model)
    copy.compile_from_config(model.get_compile_config())
    return copy


def _check_model(model: Any) -> None:
    if not isinstance(model, Model):
        raise DTypeError(
            explain(
                "`model` does not give a model.",
                got=f"{model!r} of type {type(model).__name__}",
                expected="a keras.Model, or a function that returns one",
            )
        )
    if not model.compiled:
        raise RuntimeError(
            explain(
                "Given model needs to be compiled, and have a loss and an optimizer.",
                got=f"model '{model.name}', not compiled",
                fix="call model.compile(optimizer, loss) first",
            )
        )


class _Packed(bytes):
    """A model as the content of a `.keras` file."""


def _packed(value: Any) -> Any:
    if not isinstance(value, Model):
        return value
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        save_model(value, path)
        with open(path, "rb") as file:
            return _Packed(file.read())


def _unpacked(value: Any) -> Any:
    if not isinstance(value, _Packed):
        return value
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        with open(path, "wb") as file:
            file.write(value)
        return load_model(path)


_ONE_CLASS = "Classifier can't train when only one class is present."


class SKLearnClassifier(_Modest, ClassifierMixin, _Estimator):  # type: ignore[misc]
    """A model as a classifier of scikit-learn.

    The model learns one-hot rows, and gives a score for each class.

    Args:
        model: A compiled model, which is cloned, or a function that makes one:
            `model(X, y, **model_kwargs)`.
        warm_start: Whether `fit` goes on with the weights of the last `fit`; the first
            one then takes `model` itself.
        model_kwargs: Further arguments of that function.
        fit_kwargs: Arguments of the model's `fit`, such as `epochs`.

    Attributes:
        model_: The trained model.
        history_: The `History` of its training.
        classes_: The classes, sorted.

    Example:
        >>> from kerasish import Input, Sequential, layers
        >>> def make(X, y):
        ...     last = layers.Dense(y.shape[1], activation="softmax")
        ...     model = Sequential([Input(X.shape[1:]), last])
        ...     model.compile("adam", "categorical_crossentropy")
        ...     return model
        >>> classifier = SKLearnClassifier(make, fit_kwargs={"verbose": 0})
        >>> X, y = np.eye(4), ["cat", "dog", "cat", "dog"]
        >>> classifier.fit(X, y).classes_.tolist()
        ['cat', 'dog']
    """

    _learns_numbers = False

    def _targets(self, y: NDArray[Any]) -> NDArray[Any]:
        check_classification_targets(y)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(self.classes_) == 1:
            raise ValueError(_ONE_CLASS)
        rows: NDArray[Any] = to_categorical(numbers, len(self.classes_))
        return rows

    def _answers(self, outputs: NDArray[Any]) -> NDArray[Any]:
        chosen: NDArray[Any] = self.classes_[outputs.argmax(axis=1)]
        return chosen

    def decision_function(self, X: Any) -> NDArray[Any]:
        """Return the model's scores; of two classes, how far the second is ahead.

        (Keras returns both of two scores, which scikit-learn does not understand.)

        Args:
            X: Array of shape `(samples, features)`.

        Returns:
            Array of shape `(samples, classes)`, or `(samples,)` for two classes.
        """
        scores = self._outputs(X)
        if len(self.classes_) > 2:
            return scores
        ahead: NDArray[Any] = scores[:, 1] - scores[:, 0]
        return ahead

    def _check_weights(self, y: NDArray[Any], sample_weight: Any) -> None:
        if sample_weight is None:
            return
        if len(np.unique(y[np.asarray(sample_weight) != 0])) == 1:
            raise ValueError(f"{_ONE_CLASS} All others have a sample_weight of 0.")


class SKLearnRegressor(_Modest, RegressorMixin, _Estimator):  # type: ignore[misc]
    """A model as a regressor of scikit-learn.

    Args:
        model: A compiled model, which is cloned, or a function that makes one:
            `model(X, y, **model_kwargs)`.
        warm_start: Whether `fit` goes on with the weights of the last `fit`; the first
            one then takes `model` itself.
        model_kwargs: Further arguments of that function.
        fit_kwargs: Arguments of the model's `fit`, such as `epochs`.

    Attributes:
        model_: The trained model.
        history_: The `History` of its training.
    """


class SKLearnTransformer(_Modest, TransformerMixin, _Estimator):  # type: ignore[misc]
    """A model as a transformer of scikit-learn: its outputs are new features.

    Args:
        model: A compiled model, which is cloned, or a function that makes one:
            `model(X, y, **model_kwargs)`.
        warm_start: Whether `fit` goes on with the weights of the last `fit`; the first
            one then takes `model` itself.
        model_kwargs: Further arguments of that function.
        fit_kwargs: Arguments of the model's `fit`, such as `epochs`.

    Attributes:
        model_: The trained model.
        history_: The `History` of its training.
    """

    def transform(self, X: Any) -> NDArray[Any]:
        """Return the model's outputs.

        Args:
            X: Array of shape `(samples, features)`.
        """
        return self._outputs(X)
