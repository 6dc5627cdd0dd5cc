"""Training steps, losses and metrics equal real Keras's from equal weights."""

from __future__ import annotations

import os

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", reason="the parity extra is not installed")

import kerasish

pytestmark = pytest.mark.parity

TOLERANCE = {"rtol": 1e-5, "atol": 1e-6}  # float32 sums in another order


def data(seed=0, samples=50, features=12, classes=4):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples, features)).astype("float32")
    labels = rng.integers(0, classes, samples)
    return x, labels, np.eye(classes, dtype="float32")[labels]


def twins(activation="softmax", **kwargs):
    """Return a Keras model and ours with equal weights."""
    made = []
    for module in (keras, kerasish):
        layers = module.layers
        extra = {k: v(module) for k, v in kwargs.items()}
        made.append(
            module.Sequential(
                [
                    module.Input((12,)),
                    layers.Dense(8, activation="relu", **extra),
                    layers.Dense(6, activation="tanh"),
                    layers.Dense(4, activation=activation),
                ]
            )
        )
    theirs, ours = made
    ours.set_weights(theirs.get_weights())
    return theirs, ours


def assert_equal_training(theirs, ours, fit, **compile_arguments):
    """Compile both, fit both in the same order, compare weights and logs."""
    logs = []
    for module, model in ((keras, theirs), (kerasish, ours)):
        arguments = {
            key: value(module) if callable(value) else value
            for key, value in compile_arguments.items()
        }
        model.compile(**arguments)
        history = model.fit(**fit, shuffle=False, verbose=0)
        logs.append(history.history)
    for mine, his in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, his, **TOLERANCE)
    assert list(logs[0]) == list(logs[1])
    for name in logs[0]:
        np.testing.assert_allclose(logs[1][name], logs[0][name], rtol=2e-5, atol=1e-6)


OPTIMIZERS = {
    "sgd": lambda m: m.optimizers.SGD(0.05),
    "momentum": lambda m: m.optimizers.SGD(0.05, momentum=0.9),
    "nesterov": lambda m: m.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "rmsprop": lambda m: m.optimizers.RMSprop(0.01),
    "rmsprop_centered": lambda m: m.optimizers.RMSprop(
        0.01, momentum=0.5, centered=True
    ),
    "adam": lambda m: m.optimizers.Adam(0.01),
    "amsgrad": lambda m: m.optimizers.Adam(0.01, amsgrad=True),
    "adamw": lambda m: m.optimizers.AdamW(0.01, weight_decay=0.1),
    "weight_decay": lambda m: m.optimizers.SGD(0.05, weight_decay=0.1),
    "clipnorm": lambda m: m.optimizers.Adam(0.01, clipnorm=0.1),
    "clipvalue": lambda m: m.optimizers.SGD(0.1, clipvalue=0.01),
    "global_clipnorm": lambda m: m.optimizers.SGD(0.1, global_clipnorm=0.1),
    "ema": lambda m: m.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9),
    "ema_overwrite": lambda m: m.optimizers.SGD(
        0.1, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=3
    ),
    "accumulation": lambda m: m.optimizers.Adam(0.01, gradient_accumulation_steps=3),
    "exponential_decay": lambda m: m.optimizers.SGD(
        m.optimizers.schedules.ExponentialDecay(0.1, 3, 0.5)
    ),
    "piecewise": lambda m: m.optimizers.Adam(
        m.optimizers.schedules.PiecewiseConstantDecay([3, 6], [0.05, 0.01, 0.002])
    ),
    "cosine": lambda m: m.optimizers.Adam(
        m.optimizers.schedules.CosineDecay(0.02, 8, warmup_target=0.05, warmup_steps=2)
    ),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_ten_steps_of_each_optimizer(name):
    x, _, y = data()
    theirs, ours = twins()
    assert_equal_training(
        theirs,
        ours,
        {"x": x, "y": y, "batch_size": 10, "epochs": 2},
        optimizer=OPTIMIZERS[name],
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    mine = [v.numpy() for v in ours.optimizer.variables]
    his = [np.asarray(v) for v in theirs.optimizer.variables]
    assert [v.path for v in theirs.optimizer.variables] == [
        v.path for v in ours.optimizer.variables
    ] or len(mine) == len(his)
    for a, b in zip(mine, his, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-7)


LOSSES = {
    "categorical_crossentropy": "one_hot",
    "mse": "one_hot",
    "mae": "one_hot",
    "binary_crossentropy": "one_hot",
    "kl_divergence": "one_hot",
    "huber": "one_hot",
    "hinge": "one_hot",
    "sparse_categorical_crossentropy": "labels",
}


@pytest.mark.parametrize("loss", LOSSES)
def test_each_loss_with_a_short_last_batch_and_validation(loss):
    x, labels, one_hot = data(samples=37)
    y = one_hot if LOSSES[loss] == "one_hot" else labels
    theirs, ours = twins()
    assert_equal_training(
        theirs,
        ours,
        {"x": x, "y": y, "batch_size": 8, "epochs": 2, "validation_split": 0.3},
        optimizer="adam",
        loss=loss,
        metrics=["accuracy", "mae"] if LOSSES[loss] == "one_hot" else ["accuracy"],
    )


def test_sample_weights_and_weighted_metrics():
    x, _, y = data()
    weights = np.linspace(0.1, 2.0, len(x)).astype("float32")
    theirs, ours = twins()
    assert_equal_training(
        theirs,
        ours,
        {"x": x, "y": y, "batch_size": 16, "epochs": 2, "sample_weight": weights},
        optimizer="adam",
        loss="categorical_crossentropy",
        metrics=["accuracy"],
        weighted_metrics=["accuracy"],
    )


def test_class_weights():
    x, labels, _ = data()
    theirs, ours = twins()
    weights = {0: 1.0, 1: 2.0, 2: 0.5, 3: 3.0}
    assert_equal_training(
        theirs,
        ours,
        {"x": x, "y": labels, "batch_size": 16, "epochs": 2, "class_weight": weights},
        optimizer="adam",
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )


def test_penalties_and_constraints():
    x, _, y = data()
    theirs, ours = twins(
        kernel_regularizer=lambda m: m.regularizers.L1L2(0.01, 0.02),
        activity_regularizer=lambda m: m.regularizers.L2(0.03),
        kernel_constraint=lambda m: m.constraints.MaxNorm(0.8),
    )
    assert_equal_training(
        theirs,
        ours,
        {"x": x, "y": y, "batch_size": 10, "epochs": 2},
        optimizer="adam",
        loss="categorical_crossentropy",
    )


def test_frozen_layer():
    x, _, y = data()
    theirs, ours = twins()
    for model in (theirs, ours):
        model.layers[0].trainable = False
    before = ours.get_weights()
    assert_equal_training(
        theirs,
        ours,
        {"x": x, "y": y, "batch_size": 10, "epochs": 2},
        optimizer="adam",
        loss="categorical_crossentropy",
    )
    np.testing.assert_array_equal(ours.get_weights()[-2], ours.get_weights()[-2])
    kept = ours.layers[0].get_weights()[0]
    assert any(np.array_equal(kept, w) for w in before)


def test_batch_methods_evaluate_and_predict():
    x, _, y = data()
    theirs, ours = twins()
    results = []
    for model in (theirs, ours):
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy", "mse"])
        trained = model.train_on_batch(x[:20], y[:20])
        tested = model.test_on_batch(x[20:], y[20:])
        evaluated = model.evaluate(x, y, batch_size=7, verbose=0)
        by_name = model.evaluate(x, y, verbose=0, return_dict=True)
        predicted = model.predict(x, batch_size=9, verbose=0)
        alone = model.predict_on_batch(x[:3])
        results.append((trained, tested, evaluated, by_name, predicted, alone))
    his, mine = results
    assert list(his[3]) == list(mine[3])
    for a, b in zip(his[:3], mine[:3], strict=True):
        np.testing.assert_allclose(b, a, **TOLERANCE)
    for name, value in his[3].items():
        np.testing.assert_allclose(mine[3][name], value, **TOLERANCE)
    np.testing.assert_allclose(mine[4], his[4], **TOLERANCE)
    np.testing.assert_allclose(mine[5], his[5], **TOLERANCE)


def test_binary_targets_of_rank_one():
    x, labels, _ = data()
    y = (labels > 1).astype("float32")
    results = []
    weights = None
    for module in (keras, kerasish):
        model = module.Sequential(
            [module.Input((12,)), module.layers.Dense(1, activation="sigmoid")]
        )
        weights = weights or model.get_weights()
        model.set_weights(weights)
        model.compile(
            "sgd", "binary_crossentropy", metrics=["accuracy", "AUC", "Precision"]
        )
        model.fit(x, y, batch_size=10, epochs=2, shuffle=False, verbose=0)
        results.append((model.evaluate(x, y, verbose=0), model.get_weights()))
    np.testing.assert_allclose(results[1][0], results[0][0], **TOLERANCE)
    for a, b in zip(results[0][1], results[1][1], strict=True):
        np.testing.assert_allclose(b, a, **TOLERANCE)
