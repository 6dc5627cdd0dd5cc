"""scikit-learn's MLPClassifier: one `partial_fit` is one epoch.

It keeps the loss but no accuracy of the epoch, which saves it a little work.
"""

from __future__ import annotations

import numpy as np
from sklearn.neural_network import MLPClassifier

from benchmarks.cases import Case
from benchmarks.samples import Data


class _Classifier:
    def __init__(self, case: Case, data: Data) -> None:
        self._data = data
        self._classes = np.unique(data.labels)
        self._model = MLPClassifier(
            hidden_layer_sizes=tuple(layer.units for layer in case.stack[:-1]),
            solver=case.optimizer,
            alpha=0.0,  # no weight decay: the others have none
            batch_size=case.batch_size,
            learning_rate_init=case.learning_rate,
            momentum=0.0,
            nesterovs_momentum=False,
            epsilon=1e-7,
            random_state=0,
        )

    def fit(self, num_samples: int | None = None) -> float:
        x, labels = self._data.x[:num_samples], self._data.labels[:num_samples]
        self._model.partial_fit(x, labels, classes=self._classes)
        return float(self._model.loss_)

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self._model.predict_proba(x)


def make(case: Case, data: Data, device: str) -> _Classifier:
    """Return the classifier with its data."""
    return _Classifier(case, data)
