"""The script that kerasish and Keras both run; only the module handed in differs."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks import stacks
from benchmarks.cases import Case
from benchmarks.samples import Data
from benchmarks.stacks import Stack


def build(keras: Any, case: Case) -> Any:
    """Return a model, compiled if the case trains it.

    Args:
        keras: The module `keras`, or `kerasish`.
        case: What to build.
    """
    model = _application(keras, case) if case.application else _stacked(keras, case)
    if case.is_trained:
        model.compile(
            optimizer=case.optimizer,
            loss="categorical_crossentropy",
            metrics=["accuracy"],
        )
    return model


def _application(keras: Any, case: Case) -> Any:
    name, arguments = case.application
    return getattr(keras.applications, name)(**arguments)


def _stacked(keras: Any, case: Case) -> Any:
    dtype = "int32" if case.data == "tokens" else "float32"
    start = keras.Input(shape=case.input_shape, dtype=dtype)
    plain = (stacks.Residual, stacks.Attention)
    if any(isinstance(part, plain) for part in case.stack):
        return keras.Model(start, _called(keras, case.stack, start))
    return keras.Sequential([start, *(_layer(keras, p, start) for p in case.stack)])


def _called(keras: Any, stack: Stack, x: Any) -> Any:
    for part in stack:
        if isinstance(part, stacks.Residual):
            x = keras.layers.Add()([x, _called(keras, part.inner, x)])
        elif isinstance(part, stacks.Attention):
            size = x.shape[-1] // part.num_heads
            x = keras.layers.MultiHeadAttention(part.num_heads, size)(x, x)
        else:
            x = _layer(keras, part, x)(x)
    return x


def _layer(keras: Any, part: stacks.Part, x: Any) -> Any:
    """Return the layer of a part; `x` tells between one and two dimensions."""
    layers = keras.layers
    axes = f"{len(x.shape) - 2}D"
    match part:
        case stacks.Dense(units, activation):
            return layers.Dense(units, activation=activation)
        case stacks.Conv():
            return getattr(layers, f"Conv{axes}")(
                part.filters,
                part.size,
                strides=part.strides,
                padding="same" if part.same else "valid",
                activation=part.activation,
                use_bias=part.use_bias,
            )
        case stacks.MaxPool(size):
            return getattr(layers, f"MaxPooling{axes}")(size)
        case stacks.GlobalPool(kind):
            return getattr(layers, f"Global{kind.title()}Pooling{axes}")()
        case stacks.Recurrent(kind, units):
            return getattr(layers, kind.upper())(units)
        case _:
            return _shapeless(layers, part)


def _shapeless(layers: Any, part: stacks.Part) -> Any:
    match part:
        case stacks.Flatten():
            return layers.Flatten()
        case stacks.Dropout(rate):
            return layers.Dropout(rate)
        case stacks.Activation(name):
            return layers.Activation(name)
        case stacks.Embedding(num_tokens, units):
            return layers.Embedding(num_tokens, units)
        case stacks.Normalization("batch"):
            return layers.BatchNormalization()
        case stacks.Normalization("layer"):
            return layers.LayerNormalization()
        case _:
            raise ValueError(f"no layer is known for {part!r}")


class Trained:
    """A model and what it is trained on.

    Args:
        keras: The module `keras`, or `kerasish`.
        case: What to build.
        data: The training set.
    """

    def __init__(self, keras: Any, case: Case, data: Data) -> None:
        keras.utils.set_random_seed(0)
        self.model = build(keras, case)
        self._batch_size = case.batch_size
        self._x = data.x
        self._y = data.one_hot if case.is_trained else None

    def fit(self, num_samples: int | None = None) -> float:
        """Train for one epoch; reading its loss waits for the device."""
        history = self.model.fit(
            self._x[:num_samples],
            self._y[:num_samples],
            batch_size=self._batch_size,
            epochs=1,
            verbose=0,
        )
        return float(history.history["loss"][-1])

    def evaluate(self) -> float:
        """Return the loss on the training set."""
        size = self._batch_size
        return float(self.model.evaluate(self._x, self._y, size, verbose=0)[0])

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the class probabilities of samples, in batches of 32."""
        return self.model.predict(x, verbose=0)
