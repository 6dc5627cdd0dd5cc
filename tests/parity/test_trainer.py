"""fit, evaluate and predict behave as real Keras's: arguments, logs, hooks, refusals.

That the numbers of a step agree is the matter of `test_training.py`.
"""

from __future__ import annotations

import inspect
import os

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", reason="the parity extra is not installed")

import kerasish

pytestmark = pytest.mark.parity

X = np.linspace(-1, 1, 24, dtype="float32").reshape(6, 4)
Y = np.linspace(0, 1, 6, dtype="float32")[:, None]
LABELS = np.arange(6) % 3


def network(module, units=1, activation=None, **compile_arguments):
    """Return a model whose weights are all ones; compiled if there are arguments."""
    layers = module.layers
    model = module.Sequential(
        [
            module.Input((4,)),
            layers.Dense(3, activation="relu", name="a", kernel_initializer="ones"),
            layers.Dense(
                units, activation=activation, name="b", kernel_initializer="ones"
            ),
        ],
        name="net",
    )
    if compile_arguments:
        model.compile(**compile_arguments)
    return model


def regression(module, **arguments):
    return network(module, **{"optimizer": "sgd", "loss": "mse"} | arguments)


def classifier(module, loss="sparse_categorical_crossentropy"):
    return network(module, 3, "softmax", optimizer="sgd", loss=loss)


def assert_close(ours, theirs):
    """Assert that nested results are equal, floats to float32's rounding."""
    assert type(ours) is type(theirs)
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        ours, theirs = list(ours.values()), list(theirs.values())
    if isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs)
        for mine, his in zip(ours, theirs, strict=True):
            assert_close(mine, his)
    elif isinstance(theirs, (float, np.ndarray)):
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=1e-6)
    else:
        assert ours == theirs


def compare(use):
    """Assert that both modules give the same."""
    assert_close(use(kerasish), use(keras))


# signatures -----------------------------------------------------------------------

METHODS = (
    "compile",
    "fit",
    "evaluate",
    "predict",
    "train_on_batch",
    "test_on_batch",
    "predict_on_batch",
    "compute_loss",
    "summary",
    "get_layer",
    "to_json",
)


@pytest.mark.parametrize("method", METHODS)
def test_signatures(method):
    theirs, ours = (
        {
            p.name: p.default
            for p in inspect.signature(getattr(m.Model, method)).parameters.values()
            # `evaluate` of Keras takes keywords that only Keras itself passes on
            if p.kind is not p.VAR_KEYWORD or method == "to_json"
        }
        for m in (keras, kerasish)
    )
    assert list(ours) == list(theirs)
    assert ours == theirs


# arguments of fit -----------------------------------------------------------------


def fitted(module, *data, model=regression, **arguments):
    """Return what a fit in order leaves: logs, epochs, parameters, weights."""
    made = model(module)
    given = {"shuffle": False, "verbose": 0, **arguments}
    history = made.fit(*data, **given)
    return history.history, history.epoch, history.params, made.get_weights()


def pairs(times):
    """Yield batches of two samples, the whole data `times` times over."""
    for _ in range(times):
        for start in range(0, 6, 2):
            yield X[start : start + 2], Y[start : start + 2]


def repeated(times):
    """Yield the whole data as one batch, over and over."""
    for _ in range(times):
        yield X, Y


FITS = {
    "epochs": lambda m: fitted(m, X, Y, epochs=3, batch_size=4),
    "initial_epoch": lambda m: fitted(m, X, Y, epochs=5, initial_epoch=3),
    "no_epochs_left": lambda m: fitted(m, X, Y, epochs=2, initial_epoch=3),
    "large_batch": lambda m: fitted(m, X, Y, batch_size=100),
    "steps_per_epoch": lambda m: fitted(
        m, X, Y, epochs=3, batch_size=2, steps_per_epoch=1
    ),
    "generator": lambda m: fitted(m, pairs(2), epochs=2, steps_per_epoch=3),
    "validation_split": lambda m: fitted(m, X, Y, validation_split=0.34),
    "validation_data": lambda m: fitted(m, X, Y, validation_data=(X, Y)),
    "validation_list": lambda m: fitted(m, X, Y, validation_data=[X, Y]),
    "validation_weights": lambda m: fitted(
        m, X, Y, validation_data=(X, Y, np.arange(6.0))
    ),
    "validation_steps": lambda m: fitted(
        m, X, Y, validation_data=(X, Y), validation_batch_size=2, validation_steps=1
    ),
    "validation_generator": lambda m: fitted(
        m, X, Y, epochs=2, validation_data=repeated(4), validation_steps=2
    ),
    "validation_freq": lambda m: fitted(
        m, X, Y, epochs=5, validation_data=(X, Y), validation_freq=2
    ),
    "validation_epochs": lambda m: fitted(
        m, X, Y, epochs=5, validation_data=(X, Y), validation_freq=[1, 4]
    ),
    "sample_weight": lambda m: fitted(m, X, Y, sample_weight=np.arange(6.0)),
    "sample_weight_column": lambda m: fitted(m, X, Y, sample_weight=np.ones((6, 1))),
    "class_weight": lambda m: fitted(
        m, X, LABELS, model=classifier, class_weight={0: 1.0, 1: 2.0}
    ),
    "class_weight_one_hot": lambda m: fitted(
        m,
        X,
        np.eye(3)[LABELS],
        model=lambda m: classifier(m, "categorical_crossentropy"),
        class_weight={0: 1.0, 1: 2.0, 2: 5.0},
    ),
    "whole_number_targets": lambda m: fitted(m, X, np.arange(6)),
    "targets_of_rank_one": lambda m: fitted(m, X, Y[:, 0]),
    "integers": lambda m: fitted(m, (X * 5).astype("int64"), Y),
    "bools": lambda m: fitted(m, X > 0, Y),
    "bytes": lambda m: fitted(m, (X * 5 + 5).astype("uint8"), Y),
    "float64": lambda m: fitted(m, X.astype("float64"), Y.astype("float64")),
}


@pytest.mark.parametrize("name", FITS)
def test_fits(name):
    compare(FITS[name])


def test_the_rate_may_be_set_between_fits():
    def use(module):
        model = regression(module)
        model.fit(X, Y, verbose=0)
        model.optimizer.learning_rate = 0.5
        model.fit(X, Y, verbose=0)
        return [float(model.optimizer.learning_rate), model.get_weights()]

    compare(use)


# compile --------------------------------------------------------------------------


def absolute(module):
    def error(y_true, y_pred):
        return module.ops.mean(module.ops.abs(y_true - y_pred), axis=-1)

    return error


COMPILED = {
    "function": lambda m: {"loss": absolute(m), "metrics": [absolute(m)]},
    "list": lambda m: {"loss": ["mse"], "metrics": [["mae"]]},
    "weighted": lambda m: {"metrics": ["mae"], "weighted_metrics": ["mae"]},
    "twice": lambda m: {"metrics": ["mae", "mae"]},
    "loss_weights": lambda m: {"loss_weights": 0.5},
    "loss_weights_list": lambda m: {"loss_weights": [0.5]},
    "objects": lambda m: {
        "loss": m.losses.Huber(),
        "metrics": [m.metrics.RootMeanSquaredError()],
    },
}


@pytest.mark.parametrize("name", COMPILED)
def test_results_by_name(name):
    def use(module):
        model = regression(module, **COMPILED[name](module))
        # no target equals its prediction, where the slope of |x| is anyone's choice
        weights, y = np.linspace(0.5, 2, 6), Y + 0.3
        return [
            model.metrics_names,
            model.fit(X, y, sample_weight=weights, verbose=0).history,
            model.evaluate(X, y, sample_weight=weights, verbose=0, return_dict=True),
            model.train_on_batch(X, y, weights, return_dict=True),
            [metric.name for metric in model.metrics],
        ]

    compare(use)


RESULTS = {
    "evaluate": lambda m: m.evaluate(X, Y, batch_size=4, verbose=0),
    "evaluate_steps": lambda m: m.evaluate(X, Y, batch_size=2, steps=2, verbose=0),
    "evaluate_dict": lambda m: m.evaluate(X, Y, verbose=0, return_dict=True),
    "predict": lambda m: m.predict(X, batch_size=4, verbose=0),
    "predict_steps": lambda m: m.predict(X, batch_size=2, steps=2, verbose=0),
    "predict_generator": lambda m: m.predict(pairs(1), steps=3, verbose=0),
    "train_on_batch": lambda m: [m.train_on_batch(X, Y) for _ in range(3)],
    "test_on_batch": lambda m: [
        m.test_on_batch(X[:2], Y[:2]),
        m.test_on_batch(X[2:], Y[2:], return_dict=True),
    ],
    "predict_on_batch": lambda m: m.predict_on_batch(X),
}


@pytest.mark.parametrize("metrics", [None, ["mae"]])
@pytest.mark.parametrize("name", RESULTS)
def test_forms_of_results(name, metrics):
    compare(lambda module: RESULTS[name](regression(module, metrics=metrics)))


# hooks ----------------------------------------------------------------------------


def recorder(module, log):
    """Return a callback that writes down each hook with its number and log names."""

    def hook(name):
        def record(self, *arguments, **keywords):
            given = [*arguments, *keywords.values()]
            numbers = [a for a in given if isinstance(a, int)]
            names = [sorted(a) for a in given if hasattr(a, "keys")]
            log.append((name, numbers, [n for n in names if n]))

        return record

    base = module.callbacks.Callback
    hooks = {name: hook(name) for name in dir(base) if name.startswith("on_")}
    return type("Recorder", (base,), hooks)()


CALLS = {
    "fit": lambda m, c: m.fit(X, Y, batch_size=4, epochs=2, verbose=0, callbacks=c),
    "validation": lambda m, c: m.fit(
        X, Y, batch_size=4, verbose=0, callbacks=c, validation_data=(X, Y)
    ),
    "evaluate": lambda m, c: m.evaluate(X, Y, batch_size=4, verbose=0, callbacks=c),
    "predict": lambda m, c: m.predict(X, batch_size=4, verbose=0, callbacks=c),
}


@pytest.mark.parametrize("steps_per_execution", [1, 2])
@pytest.mark.parametrize("name", CALLS)
def test_hooks_are_called_in_order(name, steps_per_execution):
    logs = []
    for module in (keras, kerasish):
        log = []
        model = regression(
            module, metrics=["mae"], steps_per_execution=steps_per_execution
        )
        CALLS[name](model, [recorder(module, log)])
        logs.append(log)
    assert logs[1] == logs[0]


@pytest.mark.parametrize("when", ["on_train_begin", "on_epoch_begin", "batch_1"])
def test_stopping(when):
    def use(module):
        model, seen = regression(module), []

        class Stop(module.callbacks.Callback):
            def on_train_begin(self, logs=None):
                self.model.stop_training = when == "on_train_begin"

            def on_epoch_begin(self, epoch, logs=None):
                seen.append(["begin", epoch])
                if when == "on_epoch_begin":
                    self.model.stop_training = True

            def on_train_batch_end(self, batch, logs=None):
                seen.append(["batch", batch])
                if when == "batch_1" and batch == 1:
                    self.model.stop_training = True

            def on_epoch_end(self, epoch, logs=None):
                seen.append(["end", epoch])

        model.fit(X, Y, batch_size=2, epochs=3, verbose=0, callbacks=[Stop()])
        return seen

    compare(use)


# refusals -------------------------------------------------------------------------

REFUSED = {
    "uncompiled_fit": lambda m: network(m).fit(X, Y),
    "uncompiled_evaluate": lambda m: network(m).evaluate(X, Y),
    "uncompiled_batch": lambda m: network(m).train_on_batch(X, Y),
    "lengths": lambda m: regression(m).fit(X, Y[:3]),
    "features": lambda m: regression(m).fit(X[:, :3], Y),
    "weights_length": lambda m: regression(m).fit(X, Y, sample_weight=np.ones(3)),
    "weights_shape": lambda m: regression(m).fit(X, Y, sample_weight=np.ones((6, 3))),
    "weights_twice": lambda m: regression(m).fit(
        X, Y, class_weight={0: 1.0}, sample_weight=np.ones(6)
    ),
    "split_of_all": lambda m: regression(m).fit(X, Y, validation_split=1.0),
    "split_of_iterator": lambda m: regression(m).fit(pairs(1), validation_split=0.5),
    "four_parts": lambda m: regression(m).fit(X, Y, validation_data=(X, Y, Y, Y)),
    "one_hot_as_labels": lambda m: classifier(m).fit(X, np.eye(3)[LABELS]),
    "labels_as_one_hot": lambda m: classifier(m, "categorical_crossentropy").fit(
        X, LABELS
    ),
    "text": lambda m: regression(m).fit(np.array([["a"] * 4] * 6), Y),
    "no_targets": lambda m: regression(m).fit(X),
    "unknown_loss": lambda m: regression(m, loss="mze").fit(X, Y),
    "unknown_optimizer": lambda m: regression(m, optimizer="addam"),
    "unknown_metric": lambda m: regression(m, metrics=["acuracy"]).fit(X, Y),
    "unknown_keyword": lambda m: regression(m).fit(X, Y, nb_epoch=1),
    "batch_size": lambda m: regression(m).fit(X, Y, batch_size=2.5),
    "no_callback": lambda m: regression(m).fit(X, Y, callbacks=[3]),
    "empty_model": lambda m: m.Sequential().predict(X),
}


@pytest.mark.parametrize("case", REFUSED)
def test_both_refuse(case):
    for module in (keras, kerasish):
        with pytest.raises((ValueError, TypeError, AttributeError), match=r"."):
            REFUSED[case](module)
