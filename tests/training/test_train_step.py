"""Steps of one's own, and a trainer that another class uses."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import Input, Model, layers, metrics, ops, optimizers
from kerasish.training.trainer import Trainer

X = np.arange(24, dtype="float32").reshape(8, 3) / 24
Y = X.sum(axis=1, keepdims=True)


def network(cls=Model, **compile_arguments):
    """Return a compiled model of one layer, always with the same weights."""
    x = Input((3,))
    model = cls(x, layers.Dense(1, kernel_initializer="ones", name="d")(x))
    arguments = {"optimizer": optimizers.SGD(0.1), "loss": "mae"}
    model.compile(**{**arguments, **compile_arguments})
    return model


def trained(model, **arguments):
    given = {"batch_size": 4, "epochs": 2, "shuffle": False, "verbose": 0}
    return model.fit(X, Y - 1, **{**given, **arguments}).history


def assert_same_training(model, other):
    ours, theirs = trained(model), trained(other)
    np.testing.assert_allclose(ours["loss"], theirs["loss"], rtol=1e-6)
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-6)


class ByHand(Model):
    """The built-in step, written out."""

    def train_step(self, data):
        x, y = data

        def loss_of():
            return self.compute_loss(x, y, self(x, training=True))

        loss, slopes = keras.value_and_grad(
            loss_of, variables=self.trainable_variables
        )()
        self.optimizer.apply(slopes, self.trainable_variables)
        return {"loss": loss, "slope": ops.max(ops.abs(slopes[0]))}


def test_a_step_written_out_equals_the_built_in_one():
    model, own = network(), network(ByHand)
    trained(model)
    history = trained(own)
    assert list(history) == ["loss", "slope"]
    for one, two in zip(model.get_weights(), own.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-6)


class Extended(Model):
    """More logs around the built-in steps."""

    def train_step(self, data):
        return {**super().train_step(data), "extra": ops.max(data[0])}

    def test_step(self, data):
        return {**super().test_step(data), "rows": float(data[0].shape[0])}

    def predict_step(self, data):
        return -super().predict_step(data)


def test_steps_may_be_extended():
    model, own = network(), network(Extended)
    history = trained(own)
    assert history["extra"] == pytest.approx([X.max()] * 2)
    np.testing.assert_allclose(history["loss"], trained(model)["loss"], rtol=1e-6)
    found = own.evaluate(X, Y, batch_size=8, verbose=0, return_dict=True)
    assert found["rows"] == 8.0
    np.testing.assert_allclose(
        own.predict(X, verbose=0), -model.predict(X, verbose=0), rtol=1e-6
    )


def test_compute_loss_may_be_replaced():
    class Squared(Model):
        def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
            return ops.mean(ops.square(y - y_pred))

    assert_same_training(network(Squared, loss=None), network(loss="mse"))


def test_logs_are_what_compute_metrics_returns():
    class Doubling(Model):
        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            found = super().compute_metrics(x, y, y_pred, sample_weight)
            return {**found, "twice": 2 * found["mae"]}

    model = network(Doubling, metrics=["mae"])
    history = trained(model)
    np.testing.assert_allclose(history["twice"], 2 * np.array(history["mae"]))
    found = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert found["twice"] == pytest.approx(2 * found["mae"])
    assert "twice" in model.train_on_batch(X, Y, return_dict=True)


def test_metrics_of_one_s_own_are_reset_each_epoch():
    class Counting(Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.seen = metrics.Sum(name="seen")

        def train_step(self, data):
            logs = super().train_step(data)
            self.seen.update_state(ops.ones((data[0].shape[0],)))
            return {**logs, "seen": self.seen.result()}

    assert trained(network(Counting))["seen"] == [8.0, 8.0]


def test_sample_weights_reach_the_step():
    class Weighing(Model):
        def train_step(self, data):
            weight = data[2]
            super().train_step(data)
            return {"weight": ops.sum(weight)}

    history = network(Weighing).fit(
        X, Y, sample_weight=np.full(8, 0.5), batch_size=8, verbose=0
    )
    assert history.history["weight"] == [4.0]


# arguments of compile ---------------------------------------------------------------


@pytest.mark.parametrize("jit_compile", [True, False, "auto"])
def test_jit_compile_changes_no_number(jit_compile):
    assert_same_training(network(jit_compile=jit_compile), network())


def test_steps_per_execution_changes_the_calls_of_hooks_alone():
    batches = []
    counting = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: batches.append(batch)
    )
    model = network(steps_per_execution=2)
    history = trained(model, batch_size=2, epochs=1, callbacks=[counting])
    assert batches == [1, 3]
    expected = trained(network(), batch_size=2, epochs=1)
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=1e-6)


def half(auto_scale_loss):
    x = Input((3,))
    policy = "mixed_float16"
    model = Model(x, layers.Dense(1, dtype=policy, kernel_initializer="ones")(x))
    model.dtype_policy = policy
    model.compile(optimizers.SGD(0.1), "mse", auto_scale_loss=auto_scale_loss)
    return model


def test_auto_scale_loss_wraps_the_optimizer_of_mixed_models():
    assert isinstance(half(True).optimizer, optimizers.LossScaleOptimizer)
    assert isinstance(half(False).optimizer, optimizers.SGD)
    assert isinstance(network().optimizer, optimizers.SGD)
    history = trained(half(True), epochs=5)
    assert history["loss"][-1] < history["loss"][0]


# another class ----------------------------------------------------------------------


class Line(Trainer):
    """No layer and no model: a slope and an offset that are trained."""

    def __init__(self):
        super().__init__()
        self.slope = keras.Variable([[0.0]], name="slope")
        self.offset = keras.Variable([0.0], name="offset")
        self.trainable_variables = [self.slope, self.offset]
        self.losses = []

    def __call__(self, x, training=False):
        return ops.matmul(x, self.slope) + self.offset


def test_another_class_can_be_trained(rng):
    x = rng.normal(size=(64, 1)).astype("float32")
    line = Line()
    line.compile(optimizers.SGD(0.2), "mse", metrics=["mae"])
    history = line.fit(
        x, 3 * x + 1, epochs=30, batch_size=16, validation_split=0.25, verbose=0
    )
    assert set(history.history) == {"loss", "mae", "val_loss", "val_mae"}
    np.testing.assert_allclose(line.slope.numpy(), [[3.0]], atol=1e-2)
    np.testing.assert_allclose(line.offset.numpy(), [1.0], atol=1e-2)
    assert line.evaluate(x, 3 * x + 1, verbose=0)[0] < 1e-3
    np.testing.assert_allclose(line.predict(x, verbose=0), 3 * x + 1, atol=5e-2)
    assert line.train_on_batch(x, 3 * x + 1)[0] < 1e-3
    assert line.predict_on_batch(x).shape == (64, 1)


def test_another_class_has_errors_of_its_own():
    with pytest.raises(ValueError, match="`fit` needs a compiled model"):
        Line().fit(X[:, :1], Y)
