"""compile, fit, evaluate, predict and the methods for single batches."""

import numpy as np
import pytest

import kerasish
from kerasish import callbacks, layers, ops


@pytest.fixture
def data(rng):
    """Thirty samples of four features, and a linear function of them."""
    x = rng.normal(size=(30, 4)).astype("float32")
    return x, x @ np.array([[1.0], [-2.0], [0.5], [0.0]], "float32")


def network(optimizer="sgd", loss="mse", **compile_arguments):
    """Return a compiled model of two layers."""
    model = kerasish.Sequential(
        [layers.Input((4,)), layers.Dense(5, activation="tanh"), layers.Dense(1)]
    )
    model.compile(optimizer, loss, **compile_arguments)
    return model


def twins(**arguments):
    """Return two compiled models with equal weights."""
    one, two = network(**arguments), network(**arguments)
    two.set_weights(one.get_weights())
    return one, two


def assert_equal_weights(one, two, **tolerance):
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, **(tolerance or {"rtol": 0, "atol": 0}))


# fit ------------------------------------------------------------------------------


def test_training_learns(data, backend):
    model = network(kerasish.optimizers.Adam(0.05), metrics=["mae"])
    history = model.fit(*data, batch_size=8, epochs=30, verbose=0).history
    assert list(history) == ["loss", "mae"]
    assert all(len(values) == 30 for values in history.values())
    assert all(type(v) is float for values in history.values() for v in values)
    assert history["loss"][-1] < history["loss"][0] / 10


def test_a_step_is_gradient_descent(data):
    x, y = data
    model = kerasish.Sequential([layers.Input((4,)), layers.Dense(1)])
    model.compile(kerasish.optimizers.SGD(0.1), "mse")
    kernel, bias = (w.astype(float) for w in model.get_weights())
    model.fit(x, y, batch_size=30, verbose=0)
    error = x @ kernel + bias - y
    kernel -= 0.1 * 2 * x.T @ error / len(x)
    bias -= 0.1 * 2 * error.mean(axis=0)
    np.testing.assert_allclose(model.get_weights()[0], kernel, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.get_weights()[1], bias, rtol=1e-5, atol=1e-6)


def test_history_is_returned_and_kept(data):
    model = network()
    history = model.fit(*data, epochs=2, batch_size=8, verbose=0)
    assert isinstance(history, callbacks.History)
    assert model.history is history
    assert history.model is model
    assert history.epoch == [0, 1]
    assert history.params == {"verbose": 0, "epochs": 2, "steps": 4}


def test_epochs_count_from_the_initial_one(data):
    history = network().fit(*data, epochs=5, initial_epoch=3, verbose=0)
    assert history.epoch == [3, 4]
    assert len(history.history["loss"]) == 2


@pytest.mark.parametrize(
    "arguments", [{"epochs": 0}, {"epochs": 2, "initial_epoch": 2}]
)
def test_no_epoch_is_no_training(data, arguments):
    model = network()
    before = model.get_weights()
    assert model.fit(*data, verbose=0, **arguments).history == {}
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_a_short_last_batch_counts_by_its_samples(data):
    x, y = data
    model = network(kerasish.optimizers.SGD(0.0))
    logged = model.fit(x, y, batch_size=7, verbose=0).history["loss"][0]
    error = model.predict(x, verbose=0) - y
    np.testing.assert_allclose(logged, (error**2).mean(), rtol=1e-5)


class Adder(layers.Layer):
    """Adds up all it is given."""

    def build(self, input_shape):
        self.sum = self.add_weight((), "zeros", trainable=False, name="sum")

    def call(self, inputs):
        self.sum.assign_add(ops.sum(inputs))
        return inputs


@pytest.mark.parametrize("batch_size", [1, 7, 30, 100, None])
@pytest.mark.parametrize("shuffle", [True, False, "batch"])
def test_each_sample_is_seen_once_an_epoch(batch_size, shuffle):
    x = 2.0 ** np.arange(20)[:, None]  # so that sums tell which samples were added
    adder = Adder()
    model = kerasish.Sequential([layers.Input((1,)), adder, layers.Dense(1)])
    model.compile(kerasish.optimizers.SGD(0.0), "mse")
    given = {"batch_size": batch_size, "shuffle": shuffle, "verbose": 0}
    history = model.fit(x, x, **given)
    assert history.params["steps"] == -(-20 // (batch_size or 32))
    assert float(adder.sum) == 2**20 - 1


def test_epochs_are_shuffled_anew_and_only_if_asked():
    x = np.arange(30, dtype="float32")[:, None]
    seen = []

    class Spy(layers.Layer):
        def build(self, input_shape):
            self.last = self.add_weight((30, 1), "zeros", trainable=False, name="last")

        def call(self, inputs):
            self.last.assign(inputs)
            return inputs

    spy = Spy()
    model = kerasish.Sequential([layers.Input((1,), 30), spy, layers.Dense(1)])
    model.compile("sgd", "mse")
    record = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(spy.last.numpy().ravel())
    )
    given = {"batch_size": 30, "verbose": 0, "callbacks": [record]}
    model.fit(x, x, epochs=2, **given)
    model.fit(x, x, shuffle=False, **given)
    first, second, unshuffled = seen
    assert sorted(first) == sorted(second) == list(range(30))
    assert list(first) != list(second)
    assert list(unshuffled) == list(range(30))


def test_the_seed_repeats_a_run_bit_by_bit(data):
    results = []
    for _ in range(2):
        kerasish.utils.set_random_seed(3)
        model = kerasish.Sequential(
            [layers.Input((4,)), layers.Dropout(0.5), layers.Dense(5), layers.Dense(1)]
        )
        model.compile("adam", "mse")
        history = model.fit(*data, batch_size=8, epochs=3, verbose=0)
        results.append((history.history["loss"], model.get_weights()))
    assert results[0][0] == results[1][0]
    for a, b in zip(results[0][1], results[1][1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_steps_per_epoch_go_on_where_the_last_epoch_stopped(data):
    x, y = data
    whole, parts = twins()
    given = {"batch_size": 5, "shuffle": False, "verbose": 0}
    whole.fit(x, y, **given)
    history = parts.fit(x, y, epochs=3, steps_per_epoch=2, **given)
    assert len(history.epoch) == 3
    assert_equal_weights(whole, parts)


def test_data_that_runs_out_warns_and_goes_on(data):
    with pytest.warns(UserWarning, match="ran out of data"):
        history = network().fit(*data, batch_size=10, steps_per_epoch=4, verbose=0)
    assert len(history.history["loss"]) == 1


# validation -----------------------------------------------------------------------


def test_validation_split_takes_the_last_samples(data):
    x, y = data
    one, two = twins(metrics=["mae"])
    given = {"epochs": 2, "batch_size": 8, "shuffle": False, "verbose": 0}
    first = one.fit(x, y, validation_split=0.2, **given)
    second = two.fit(x[:24], y[:24], validation_data=(x[24:], y[24:]), **given)
    assert first.history == second.history
    assert list(first.history) == ["loss", "mae", "val_loss", "val_mae"]
    assert_equal_weights(one, two)


def test_validation_changes_nothing(data):
    one, two = twins()
    one.fit(*data, shuffle=False, epochs=3, validation_data=data, verbose=0)
    two.fit(*data, shuffle=False, epochs=3, verbose=0)
    assert_equal_weights(one, two)


def test_validation_is_evaluation(data):
    model = network(metrics=["mae"])
    history = model.fit(*data, validation_data=data, verbose=0).history
    found = model.evaluate(*data, verbose=0, return_dict=True)
    assert {name: history[f"val_{name}"][0] for name in found} == pytest.approx(found)


@pytest.mark.parametrize(("freq", "times"), [(1, 5), (2, 2), (7, 0), ([1, 4], 2)])
def test_validation_freq(data, freq, times):
    history = network().fit(
        *data, epochs=5, validation_data=data, validation_freq=freq, verbose=0
    )
    assert len(history.history.get("val_loss", [])) == times


def test_validation_steps_and_batch_size(data):
    x, y = data
    model = network(kerasish.optimizers.SGD(0.0))
    history = model.fit(
        x,
        y,
        validation_data=[x, y],
        validation_batch_size=5,
        validation_steps=2,
        verbose=0,
    )
    expected = model.evaluate(x[:10], y[:10], verbose=0)
    np.testing.assert_allclose(history.history["val_loss"][0], expected, rtol=1e-6)


# weights of samples and classes ---------------------------------------------------


def test_sample_weights_weigh_the_loss(data):
    x, y = data
    weights = np.linspace(0, 2, 30)
    model = network(metrics=["mse"], weighted_metrics=["mse"])
    found = model.evaluate(x, y, sample_weight=weights, verbose=0, return_dict=True)
    squares = (model.predict(x, verbose=0) - y).ravel() ** 2
    np.testing.assert_allclose(found["loss"], (weights * squares).mean(), rtol=1e-5)
    np.testing.assert_allclose(found["mse"], squares.mean(), rtol=1e-5)
    expected = np.average(squares, weights=weights)
    np.testing.assert_allclose(found["weighted_mse"], expected, rtol=1e-5)


def test_class_weights_are_sample_weights_by_label(data):
    x, _ = data
    labels = np.arange(30) % 3
    weights = {0: 1.0, 1: 0.5, 2: 3.0}
    by_sample = np.array([weights[label] for label in labels])
    models = []
    for _ in range(2):
        models.append(kerasish.Sequential([layers.Input((4,)), layers.Dense(3)]))
        loss = kerasish.losses.SparseCategoricalCrossentropy(from_logits=True)
        models[-1].compile("sgd", loss)
    one, two = models
    two.set_weights(one.get_weights())
    one.fit(x, labels, class_weight=weights, shuffle=False, verbose=0)
    two.fit(x, labels, sample_weight=by_sample, shuffle=False, verbose=0)
    assert_equal_weights(one, two)


# stopping and callbacks -----------------------------------------------------------


def test_stop_training_ends_the_epoch_and_the_run(data):
    model, seen = network(), []

    class Stop(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(batch)
            if batch == 1:
                self.model.stop_training = True

        def on_epoch_end(self, epoch, logs=None):
            seen.append(f"epoch {epoch}")

        def on_train_end(self, logs=None):
            seen.append("end")

    model.fit(*data, batch_size=10, epochs=3, verbose=0, callbacks=[Stop()])
    assert seen == [0, 1, "epoch 0", "end"]
    history = model.fit(*data, epochs=2, verbose=0)
    assert history.epoch == [0, 1]


def test_steps_per_execution_is_the_distance_of_batch_hooks(data):
    model, seen = network(steps_per_execution=4), []
    record = callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: seen.append(("begin", batch)),
        on_train_batch_end=lambda batch, logs: seen.append(("end", batch)),
    )
    model.fit(*data, batch_size=5, verbose=0, callbacks=[record])
    assert seen == [("begin", 0), ("end", 3), ("begin", 4), ("end", 5)]


def test_logs_of_batches_are_running_means(data):
    x, y = data
    model, seen = network(kerasish.optimizers.SGD(0.0)), []
    record = callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(dict(logs)["loss"])
    )
    model.fit(x, y, batch_size=10, shuffle=False, verbose=0, callbacks=[record])
    squares = (model.predict(x, verbose=0) - y) ** 2
    expected = [squares[:n].mean() for n in (10, 20, 30)]
    np.testing.assert_allclose(seen, expected, rtol=1e-5)


# evaluate and predict -------------------------------------------------------------


def test_evaluate_returns_a_number_a_list_or_a_dict(data):
    x, y = data
    alone = network().evaluate(x, y, verbose=0)
    assert type(alone) is float
    model = network(metrics=["mae", "mse"])
    listed = model.evaluate(x, y, verbose=0)
    named = model.evaluate(x, y, verbose=0, return_dict=True)
    assert [type(v) for v in listed] == [float] * 3
    assert listed == [named["loss"], named["mae"], named["mse"]]
    assert named["loss"] == pytest.approx(named["mse"])


@pytest.mark.parametrize("batch_size", [1, 7, 30, 64])
def test_results_do_not_depend_on_the_batch_size(data, batch_size, backend):
    x, y = data
    model = network(metrics=["mae"])
    np.testing.assert_allclose(
        model.predict(x, batch_size=batch_size, verbose=0),
        ops.convert_to_numpy(model(x)),
        rtol=1e-5,
        atol=1e-6,
    )
    np.testing.assert_allclose(
        model.evaluate(x, y, batch_size=batch_size, verbose=0),
        model.evaluate(x, y, verbose=0),
        rtol=1e-5,
    )


def test_steps_limit_what_is_used(data):
    x, y = data
    model = network()
    assert model.predict(x, batch_size=4, steps=3, verbose=0).shape == (12, 1)
    expected = model.evaluate(x[:12], y[:12], verbose=0)
    found = model.evaluate(x, y, batch_size=4, steps=3, verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_predict_needs_no_compiling(data):
    model = kerasish.Sequential([layers.Dense(2)])
    assert model.predict(data[0], verbose=0).shape == (30, 2)
    assert type(model.predict_on_batch(data[0])) is np.ndarray


def test_predictions_are_copies(data):
    x, _ = data
    model = network()
    first = model.predict(x, verbose=0)
    kept = first.copy()
    model.predict(-x, verbose=0)
    np.testing.assert_array_equal(first, kept)


def test_outputs_may_be_nested():
    class Both(kerasish.Model):
        def call(self, inputs):
            return {"z": inputs + 1, "a": (inputs * 2, inputs[:, 0])}

    x = np.arange(10, dtype="float32").reshape(5, 2)
    found = Both().predict(x, batch_size=2, verbose=0)
    assert list(found) == ["z", "a"]
    np.testing.assert_array_equal(found["z"], x + 1)
    np.testing.assert_array_equal(found["a"][0], x * 2)
    np.testing.assert_array_equal(found["a"][1], x[:, 0])


# single batches -------------------------------------------------------------------


def test_train_on_batch_is_a_step_of_fit(data):
    x, y = data
    one, two = twins(metrics=["mae"])
    logged = one.train_on_batch(x, y)
    history = two.fit(x, y, batch_size=30, shuffle=False, verbose=0).history
    assert logged == [history["loss"][0], history["mae"][0]]
    assert_equal_weights(one, two)


def test_batch_methods_report_their_batch_alone(data):
    x, y = data
    model = network(metrics=["mae"])
    for part in (slice(0, 10), slice(10, 30)):
        found = model.test_on_batch(x[part], y[part], return_dict=True)
        expected = model.evaluate(x[part], y[part], verbose=0, return_dict=True)
        assert found == pytest.approx(expected)


def test_train_on_batch_takes_weights(data):
    x, y = data
    one, two = twins()
    one.train_on_batch(x, y, sample_weight=np.full(30, 0.5))
    two.optimizer.learning_rate = float(two.optimizer.learning_rate) / 2
    two.train_on_batch(x, y)
    assert_equal_weights(one, two, rtol=1e-5, atol=1e-6)


# compile --------------------------------------------------------------------------


def test_compiling_again_starts_the_optimizer_anew(data):
    model = network("adam")
    model.fit(*data, verbose=0)
    model.compile("adam", "mse")
    assert int(model.optimizer.iterations) == 0
    model.fit(*data, verbose=0)
    assert int(model.optimizer.iterations) == 1


def test_compile_config_round_trip(data):
    model = network(kerasish.optimizers.Adam(0.03), metrics=["mae"], loss_weights=0.5)
    config = model.get_compile_config()
    assert list(config) == [
        "optimizer",
        "loss",
        "loss_weights",
        "metrics",
        "weighted_metrics",
        "run_eagerly",
        "steps_per_execution",
        "jit_compile",
    ]
    again = kerasish.Sequential([layers.Input((4,)), layers.Dense(1)])
    again.compile_from_config(config)
    assert again.get_compile_config() == config
    assert list(again.evaluate(*data, verbose=0, return_dict=True)) == ["loss", "mae"]


def test_metrics_names(data):
    assert network().metrics_names == ["loss"]
    model = network(metrics=["mae"])
    assert model.metrics_names == ["loss", "compile_metrics"]
    assert [m.name for m in model.metrics] == ["loss", "compile_metrics"]
    assert kerasish.Sequential().metrics == []


@pytest.mark.parametrize("kind", ["fit", "evaluate"])
def test_run_eagerly_equals_the_planned_step(data, kind, backend):
    one, two = twins(optimizer="adam", metrics=["mae"])
    two.compile("adam", "mse", metrics=["mae"], run_eagerly=True)
    given = {"batch_size": 8, "verbose": 0}
    if kind == "fit":
        given |= {"epochs": 2, "shuffle": False}
        logs = [model.fit(*data, **given).history for model in (one, two)]
        for name in logs[0]:
            np.testing.assert_allclose(logs[1][name], logs[0][name], rtol=1e-4)
        assert_equal_weights(one, two, rtol=1e-4, atol=1e-6)
    else:
        found = [model.evaluate(*data, **given) for model in (one, two)]
        np.testing.assert_allclose(found[1], found[0], rtol=1e-5)


def test_every_epoch_is_validated_by_the_same_samples():
    x = np.arange(8.0)[:, None]
    parts = [layers.Input((1,)), layers.Dense(1, use_bias=False)]
    made = kerasish.Sequential(parts)
    made.set_weights([np.ones((1, 1))])
    made.compile(kerasish.optimizers.SGD(0.0), "mse")
    history = made.fit(
        *(x, 0 * x),
        epochs=3,
        verbose=0,
        validation_data=(x, 0 * x),
        validation_batch_size=2,
        validation_steps=2,
    ).history
    assert history["val_loss"] == pytest.approx([3.5, 3.5, 3.5])
