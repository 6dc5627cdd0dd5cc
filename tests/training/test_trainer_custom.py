"""Users' own losses, metrics, layers, models and callbacks in training."""

import numpy as np
import pytest

import kerasish
from kerasish import callbacks, layers, losses, metrics, ops


@pytest.fixture
def data(rng):
    x = rng.normal(size=(30, 4)).astype("float32")
    return x, x @ np.array([[1.0], [-2.0], [0.5], [0.0]], "float32")


def network(cls=kerasish.Sequential, **compile_arguments):
    """Return a compiled model, always with the same weights."""
    kerasish.utils.set_random_seed(1)
    model = cls([layers.Input((4,)), layers.Dense(5, "tanh"), layers.Dense(1)])
    model.compile(**{"optimizer": "sgd", "loss": "mse"} | compile_arguments)
    return model


def trained(data, cls=kerasish.Sequential, **compile_arguments):
    """Return the logs and weights of two epochs."""
    model = network(cls, **compile_arguments)
    history = model.fit(*data, batch_size=8, epochs=2, shuffle=False, verbose=0)
    return history.history, model.get_weights()


def assert_same(found, expected):
    np.testing.assert_allclose(found[0]["loss"], expected[0]["loss"], rtol=1e-5)
    for mine, his in zip(found[1], expected[1], strict=True):
        np.testing.assert_allclose(mine, his, rtol=1e-5, atol=1e-6)


# losses ---------------------------------------------------------------------------


class Squares(losses.Loss):
    def call(self, y_true, y_pred):
        return ops.mean((y_true - y_pred) ** 2, axis=-1)


def squares(y_true, y_pred):
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


def total_of_squares(y_true, y_pred):
    return ops.mean((y_true - y_pred) ** 2)


@pytest.mark.parametrize(
    "loss",
    [
        Squares(),
        squares,
        lambda y_true, y_pred: squares(y_true, y_pred),
        total_of_squares,
        losses.MeanSquaredError(),
        "mean_squared_error",
        ["mse"],
    ],
    ids=["subclass", "function", "lambda", "scalar", "instance", "name", "list"],
)
def test_losses_of_any_kind(loss, data):
    assert_same(trained(data, loss=loss), trained(data))


def test_loss_weights_scale_the_loss(data):
    half = network(loss_weights=0.5).evaluate(*data, verbose=0)
    assert half == pytest.approx(network().evaluate(*data, verbose=0) / 2)


def test_a_loss_that_branches_on_values_is_explained(data):
    def branching(y_true, y_pred):
        return y_pred if y_pred > 0 else y_true

    with pytest.raises(TypeError, match=r"no value yet(.|\n)*ops\.where"):
        network(loss=branching).fit(*data, verbose=0)


def test_a_loss_without_reduction_is_explained(data):
    model = network(loss=losses.MeanSquaredError(reduction=None))
    with pytest.raises(ValueError, match=r"more than one number(.|\n)*reduction="):
        model.fit(*data, verbose=0)


# metrics --------------------------------------------------------------------------


class Largest(metrics.Metric):
    """The largest error so far."""

    def __init__(self, name="largest", **kwargs):
        super().__init__(name=name, **kwargs)
        self.value = self.add_variable((), "zeros", name="value")

    def update_state(self, y_true, y_pred, sample_weight=None):
        error = ops.max(ops.abs(y_true - y_pred))
        self.value.assign(ops.maximum(self.value, error))

    def result(self):
        return self.value


def test_metrics_of_any_kind(data):
    x, y = data
    model = network(metrics=[Largest(), squares, "mae", metrics.MeanSquaredError("m")])
    found = model.evaluate(x, y, batch_size=8, verbose=0, return_dict=True)
    error = model.predict(x, verbose=0) - y
    assert found == pytest.approx(
        {
            "loss": (error**2).mean(),
            "largest": np.abs(error).max(),
            "squares": (error**2).mean(),
            "mae": np.abs(error).mean(),
            "m": (error**2).mean(),
        },
        rel=1e-5,
    )


def test_metrics_begin_anew_each_epoch(data):
    model = network(metrics=[Largest()])
    small = data[0], model.predict(data[0], verbose=0)
    assert model.evaluate(*data, verbose=0)[1] > 0.1
    assert model.evaluate(*small, verbose=0)[1] < 1e-6


def test_equal_names_are_numbered(data):
    model = network(metrics=["mae", "mae"], weighted_metrics=["mae"])
    names = list(model.evaluate(*data, verbose=0, return_dict=True))
    assert sorted(names) == ["loss", "mae", "mae_1", "weighted_mae"]


# models ---------------------------------------------------------------------------


class Summed(kerasish.Sequential):
    """Adds a penalty on the predictions to the compiled loss."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, **kwargs):
        loss = super().compute_loss(x, y, y_pred, sample_weight, **kwargs)
        return loss + 0.5 * ops.mean(ops.square(y_pred))


def test_compute_loss_can_be_extended(data):
    def with_penalty(y_true, y_pred):
        return squares(y_true, y_pred) + 0.5 * ops.mean(ops.square(y_pred), axis=-1)

    assert_same(trained(data, Summed), trained(data, loss=with_penalty))


class Alone(kerasish.Sequential):
    """Computes a loss of its own, from the inputs alone."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, **kwargs):
        return ops.mean(ops.abs(y_pred - x[:, :1]))


def test_compute_loss_can_be_replaced(data):
    x, _ = data
    assert_same(
        trained((x, None), Alone, loss=None), trained((x, x[:, :1]), loss="mae")
    )


class Plain(kerasish.Sequential):
    """An override from before `training` was passed."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
        return ops.mean((y - y_pred) ** 2)


def test_compute_loss_need_not_take_training(data):
    assert_same(trained(data, Plain), trained(data))


@pytest.mark.parametrize("method", ["make_train_function", "make_test_function"])
def test_a_step_that_would_never_run_is_refused(method):
    cls = type("Own", (kerasish.Sequential,), {method: lambda self, data: {}})
    with pytest.raises(ValueError, match=rf"`Own\.{method}` would never be") as raised:
        network(cls)
    assert "compute_loss" in str(raised.value)
    assert "value_and_grad" in str(raised.value)


class Noise(layers.Layer):
    """Adds noise while training, drawn from a generator of its own."""

    def __init__(self, spread, **kwargs):
        super().__init__(**kwargs)
        self.spread = spread
        self.generator = kerasish.random.SeedGenerator(3)

    def call(self, inputs, training=False):
        if not training:
            return inputs
        shape = inputs.shape
        noise = kerasish.random.normal(shape, stddev=self.spread, seed=self.generator)
        return inputs + noise


def test_custom_layers_with_noise(data):
    x, _ = data
    model = kerasish.Sequential([layers.Input((4,)), Noise(0.5)])
    model.compile("sgd", "mse")
    np.testing.assert_array_equal(model.predict(x, verbose=0), x)
    noise = ops.convert_to_numpy(model(x, training=True)) - x
    assert 0.3 < noise.std() < 0.7
    assert model.fit(x, x, epochs=2, verbose=0).history["loss"] != [0.0, 0.0]


def test_training_by_hand_equals_fit(data):
    x, y = data
    expected = trained(data)
    model = network()
    step = kerasish.value_and_grad(
        lambda x, y: model.compute_loss(x, y, model(x, training=True)),
        variables=model.trainable_variables,
    )
    for _ in range(2):
        for start in range(0, 30, 8):
            rows = slice(start, start + 8)
            _, gradients = step(x[rows], y[rows])
            model.optimizer.apply(gradients, model.trainable_variables)
    for mine, his in zip(model.get_weights(), expected[1], strict=True):
        np.testing.assert_allclose(mine, his, rtol=1e-4, atol=1e-6)


# callbacks ------------------------------------------------------------------------


class Watch(callbacks.Callback):
    """Reads and changes the model while it trains."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append((batch, sorted(logs), self.model.get_weights()[0].copy()))

    def on_epoch_end(self, epoch, logs=None):
        self.model.optimizer.learning_rate = 0.0
        logs["extra"] = 7.0


def test_callbacks_see_each_step_and_may_change_the_rate(data):
    watch = Watch()
    model = network(metrics=["mae"])
    history = model.fit(*data, batch_size=10, epochs=2, verbose=0, callbacks=[watch])
    assert [batch for batch, _, _ in watch.seen] == [0, 1, 2, 0, 1, 2]
    assert all(names == ["loss", "mae"] for _, names, _ in watch.seen)
    kernels = [kernel for _, _, kernel in watch.seen]
    assert (kernels[0] != kernels[1]).any()
    for kernel in kernels[3:]:
        np.testing.assert_array_equal(kernel, kernels[2])
    assert history.params["epochs"] == 2


def test_a_callback_may_set_weights(data):
    model = network()
    zeros = [np.zeros_like(w) for w in model.get_weights()]
    reset = callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: model.set_weights(zeros)
    )
    model.fit(*data, batch_size=8, verbose=0, callbacks=[reset])
    for weight in model.get_weights():
        np.testing.assert_array_equal(weight, np.zeros_like(weight))


def test_a_callback_may_evaluate_and_predict(data):
    model, seen = network(), []

    def look(epoch, logs):
        seen.append(model.evaluate(*data, verbose=0))
        model.predict(data[0], verbose=0)

    record = callbacks.LambdaCallback(on_epoch_end=look)
    history = model.fit(
        *data, epochs=3, verbose=0, callbacks=[record], validation_data=data
    )
    assert history.history["val_loss"] == pytest.approx(seen)
