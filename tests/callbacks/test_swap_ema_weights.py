"""Moving averages in the place of the weights, outside of training."""

import numpy as np
import pytest

import kerasish
from kerasish.callbacks import Callback, EarlyStopping, SwapEMAWeights

X = np.linspace(0, 1, 40, dtype="float32").reshape(20, 2)
Y = X.sum(axis=1, keepdims=True)


def compiled(use_ema=True):
    kerasish.utils.set_random_seed(1)
    model = kerasish.Sequential(
        [kerasish.Input((2,)), kerasish.layers.Dense(1, use_bias=False)]
    )
    optimizer = kerasish.optimizers.SGD(0.1, use_ema=use_ema, ema_momentum=0.9)
    model.compile(optimizer, "mse")
    return model


class Spy(Callback):
    """Notes the model's weights in some hooks."""

    def __init__(self):
        super().__init__()
        self.seen = {}

    def _note(self, hook):
        self.seen.setdefault(hook, []).append(self.model.get_weights()[0].copy())

    def on_epoch_begin(self, epoch, logs=None):
        self._note("epoch_begin")

    def on_epoch_end(self, epoch, logs=None):
        self._note("epoch_end")

    def on_test_begin(self, logs=None):
        self._note("test_begin")

    def on_test_end(self, logs=None):
        self._note("test_end")

    def on_predict_begin(self, logs=None):
        self._note("predict_begin")

    def on_predict_end(self, logs=None):
        self._note("predict_end")


def course():
    """Return weights and averages after each epoch, trained without the callback."""
    weights, averages = [], []

    class Note(Callback):
        def on_epoch_end(self, epoch, logs=None):
            weight = self.model.trainable_variables[0]
            weights.append(weight.numpy())
            averages.append(self.model.optimizer.slot("average", weight).numpy())

    model = compiled()
    model.fit(*(X, Y, 5, 3), verbose=0, shuffle=False, callbacks=[Note()])
    return weights, averages


def fit(model, *callbacks, epochs=3):
    data = {"validation_data": (X, Y), "shuffle": False, "verbose": 0}
    model.fit(*(X, Y, 5, epochs), callbacks=list(callbacks), **data)


def same(ours, expected):
    np.testing.assert_allclose(np.stack(ours), np.stack(expected), rtol=1e-6)


@pytest.mark.parametrize("swap_on_epoch", [False, True])
def test_validation_sees_the_averages(swap_on_epoch):
    weights, averages = course()
    model, spy = compiled(), Spy()
    fit(model, SwapEMAWeights(swap_on_epoch), spy)
    same(spy.seen["test_begin"], averages)
    same(spy.seen["test_end"], weights)
    same(spy.seen["epoch_end"], averages if swap_on_epoch else weights)
    same(spy.seen["epoch_begin"][1:], weights[:-1])
    same([model.get_weights()[0]], averages[-1:])


def test_training_that_stops_early_ends_with_the_averages():
    _, averages = course()
    model = compiled()
    stop = EarlyStopping("loss", patience=0, mode="max")  # after the second epoch
    fit(model, SwapEMAWeights(swap_on_epoch=True), stop)
    assert stop.stopped_epoch == 1
    same([model.get_weights()[0]], [averages[1]])


def test_predict():
    model, spy = compiled(), Spy()
    model.fit(X, Y, batch_size=5, verbose=0)
    weight = model.trainable_variables[0]
    average = model.optimizer.slot("average", weight).numpy()
    weight.assign(average + 1)
    model.predict(X, verbose=0, callbacks=[SwapEMAWeights(), spy])
    same(spy.seen["predict_begin"], [average])
    same(spy.seen["predict_end"], [average + 1])


def test_before_the_first_step_there_is_nothing_to_swap():
    model = compiled()
    before = model.get_weights()[0]
    model.evaluate(X, Y, verbose=0, callbacks=[SwapEMAWeights()])
    np.testing.assert_array_equal(model.get_weights()[0], before)


def test_an_optimizer_without_averages():
    model = compiled(use_ema=False)
    with pytest.raises(ValueError, match="needs moving averages") as error:
        model.evaluate(X, Y, verbose=0, callbacks=[SwapEMAWeights()])
    assert "got:      the optimizer 'sgd' without" in str(error.value)
    assert "use_ema=True" in str(error.value)
