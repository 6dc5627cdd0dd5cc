"""After a failure or an interrupt a model is as good as before; threads may predict."""

import threading

import numpy as np
import pytest

import kerasish
from kerasish import callbacks, layers

BATCH = 5


@pytest.fixture
def data(rng):
    x = rng.normal(size=(30, 4)).astype("float32")
    return x, x @ np.array([[1.0], [-2.0], [0.5], [0.0]], "float32")


def network(optimizer="adam", **compile_arguments):
    """Return a compiled model, always with the same weights."""
    kerasish.utils.set_random_seed(1)
    model = kerasish.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(6, activation="tanh"),
            layers.Dropout(0.1, seed=2),
            layers.Dense(1),
        ]
    )
    model.compile(optimizer, "mse", metrics=["mae"], **compile_arguments)
    return model


def state(model):
    """Return all that training changes, on the host."""
    return [v.numpy() for v in (*model.weights, *model.optimizer.variables)]


def assert_equal_states(one, two):
    for a, b in zip(state(one), state(two), strict=True):
        np.testing.assert_array_equal(a, b)


def batches(data, stop=None, error=None):
    """Yield batches; raise `error` in place of batch `stop`."""
    x, y = data
    for number, start in enumerate(range(0, len(x), BATCH)):
        if number == stop:
            raise error
        yield x[start : start + BATCH], y[start : start + BATCH]


class FailAt(callbacks.Callback):
    """Raises at the end of a batch."""

    def __init__(self, batch, error):
        super().__init__()
        self.batch, self.error = batch, error

    def on_train_batch_end(self, batch, logs=None):
        if batch == self.batch:
            raise self.error


FAILURES = [OSError("disk"), KeyboardInterrupt()]


@pytest.mark.parametrize("error", FAILURES, ids=["error", "interrupt"])
@pytest.mark.parametrize("where", ["callback", "generator"])
@pytest.mark.parametrize("eager", [False, True])
def test_steps_done_before_a_failure_hold_and_training_goes_on(
    data, error, where, eager
):
    x, y = data
    failed, expected = network(run_eagerly=eager), network(run_eagerly=eager)
    if where == "callback":
        given = {"x": batches(data), "callbacks": [FailAt(2, error)]}
    else:
        given = {"x": batches(data, 3, error)}
    with pytest.raises(type(error)):
        failed.fit(**given, verbose=0)
    expected.fit(x[: 3 * BATCH], y[: 3 * BATCH], BATCH, shuffle=False, verbose=0)
    assert_equal_states(failed, expected)
    assert int(failed.optimizer.iterations) == 3
    for model in (failed, expected):
        kerasish.utils.set_random_seed(2)
        model.fit(x, y, batch_size=BATCH, epochs=2, verbose=0)
    assert_equal_states(failed, expected)
    found = [model.evaluate(x, y, verbose=0) for model in (failed, expected)]
    assert found[0] == found[1]


@pytest.mark.parametrize("error", FAILURES, ids=["error", "interrupt"])
@pytest.mark.parametrize("hook", ["on_test_batch_end", "on_predict_batch_end"])
def test_evaluation_and_prediction_change_nothing_when_they_fail(data, error, hook):
    def fail(*_, **__):
        raise error

    model = network()
    expected = model.evaluate(*data, verbose=0)
    cls = type("Fail", (callbacks.Callback,), {hook: fail})
    before = state(model)
    method = model.evaluate if "test" in hook else model.predict
    with pytest.raises(type(error)):
        method(batches(data), verbose=0, callbacks=[cls()])
    for now, then in zip(state(model), before, strict=True):
        np.testing.assert_array_equal(now, then)
    assert model.evaluate(*data, verbose=0) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        lambda m, x, y: m.fit(x[:, :3], y, verbose=0),
        lambda m, x, y: m.fit(x, np.ones((30, 7)), verbose=0),
        lambda m, x, y: m.fit(x, y[:3], verbose=0),
        lambda m, x, y: m.fit(x, y, callbacks=["none"], verbose=0),
        lambda m, x, y: m.fit(x, y, validation_data=(x, y[:3]), verbose=0),
        lambda m, x, y: m.predict(x[:, :3], verbose=0),
        lambda m, x, y: m.train_on_batch(x, np.ones((30, 7))),
    ],
)
def test_wrong_input_leaves_the_model_as_it_was(data, wrong):
    x, y = data
    model, expected = network(), network()
    with pytest.raises((ValueError, TypeError), match=r"(.|\n)*got:"):
        wrong(model, x, y)
    for fitted in (model, expected):
        fitted.fit(x, y, epochs=2, shuffle=False, verbose=0)
    assert_equal_states(model, expected)


def test_a_failed_first_batch_leaves_an_unbuilt_model_to_be_built(data):
    x, y = data
    model = kerasish.Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="at least 2 axes"):
        model.fit(x[:, 0], y, verbose=0)
    model.fit(x, y, verbose=0)
    assert model.input_shape == (None, 4)


@pytest.mark.usefixtures("on_numpy")
def test_an_error_in_a_kernel_names_the_layer(data):
    model = network("sgd")
    model.predict(data[0], verbose=0)
    (program,) = model._programs._made.values()
    with program.executable.replay() as replay:
        replay.calls[0] = lambda: 1 / 0
        with pytest.raises(ZeroDivisionError) as raised:
            replay.run()
    assert "while computing" in raised.value.__notes__[0]
    assert "sequential/dense" in raised.value.__notes__[0]


def test_a_failing_layer_leaves_no_trace_open(data):
    class Fails(layers.Layer):
        broken = True

        def call(self, inputs):
            if self.broken:
                raise OSError("no")
            return inputs

    layer = Fails()
    model = kerasish.Sequential([layers.Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    other = kerasish.Sequential([layer])
    with pytest.raises(OSError, match="no"):
        other.predict(data[0], verbose=0)
    model.fit(*data, verbose=0)
    layer.broken = False
    np.testing.assert_array_equal(other.predict(data[0], verbose=0), data[0])


# threads --------------------------------------------------------------------------


def in_threads(work, count=8):
    """Run `work(number)` in threads at once; return the results, or raise."""
    results, errors = [None] * count, []
    barrier = threading.Barrier(count)

    def run(number):
        try:
            barrier.wait()
            results[number] = work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("warm", [False, True])
def test_eight_threads_predict_what_one_does(rng, warm, eager):
    model = network(run_eagerly=eager)
    inputs = [rng.normal(size=(20 + n, 4)).astype("float32") for n in range(8)]
    expected = [network().predict(x, batch_size=8, verbose=0) for x in inputs]
    if warm:
        model.predict(inputs[0], batch_size=8, verbose=0)

    def work(number):
        return [
            model.predict(inputs[number], batch_size=8, verbose=0) for _ in range(5)
        ]

    for found, right in zip(in_threads(work), expected, strict=True):
        for result in found:
            np.testing.assert_allclose(result, right, rtol=1e-5, atol=1e-6)


def test_threads_may_build_the_model(data):
    model = kerasish.Sequential([layers.Dense(3), layers.Dense(1)])
    results = in_threads(lambda _: model.predict(data[0], verbose=0))
    assert len(model.weights) == 4
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])


def test_threads_train_models_of_their_own(data):
    def train(_):
        model = kerasish.Sequential(
            [layers.Input((4,)), layers.Dense(3, kernel_initializer="ones")]
        )
        model.compile("adam", "mse")
        model.fit(data[0], data[0][:, :3], epochs=3, shuffle=False, verbose=0)
        return model.get_weights()

    results = in_threads(train, 4)
    for weights in results[1:]:
        for mine, his in zip(weights, results[0], strict=True):
            np.testing.assert_array_equal(mine, his)
