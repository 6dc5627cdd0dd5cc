"""A small model from fit to file on every installed backend: the numbers are NumPy's.

Dropout, shuffling, a short last batch, validation, metrics, saving and loading. The
draws are the same bits everywhere; sums are added in another order, so a loss after 12
steps may differ by some roundings of float32.
"""

import numpy as np
import pytest

import kerasish
from kerasish import config, layers, models
from kerasish.backend import load_backend
from kerasish.graph.gradient import gradients
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace
from kerasish.graph.variable import Variable
from kerasish.optimizers import Adam
from kerasish.optimizers.schedules import ExponentialDecay

CLOSE = {"rtol": 2e-5, "atol": 2e-6}
NUM_CLASSES = 3


@pytest.fixture
def data(rng):
    x = rng.normal(size=(50, 6)).astype("float32")
    return x, x[:, :NUM_CLASSES].argmax(axis=1).astype("int32")


def make_model(**settings):
    kerasish.utils.set_random_seed(3)
    model = models.Sequential(
        [
            layers.Input((6,)),
            layers.Dense(8, activation="relu", kernel_regularizer="l2", name="first"),
            layers.Dropout(0.3, name="drop"),
            layers.Dense(NUM_CLASSES, activation="softmax", name="last"),
        ]
    )
    model.compile(
        **{
            "optimizer": Adam(ExponentialDecay(0.05, 5, 0.9)),
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
            **settings,
        }
    )
    return model


def fit(model, data, epochs=3):
    history = model.fit(
        *data, batch_size=16, epochs=epochs, validation_split=0.2, verbose=0
    )
    return history.history


def life(data, path=None, **settings):
    """Return what a model tells on its way from fit to prediction."""
    model = make_model(**settings)
    told = dict(fit(model, data))
    told["evaluate"] = model.evaluate(*data, verbose=0)
    told["predict"] = model.predict(data[0], verbose=0)
    told["weights"] = np.concatenate([w.ravel() for w in model.get_weights()])
    if path is not None:
        model.save(path)
        again = models.load_model(path)
        told["loaded"] = again.predict(data[0], verbose=0)
        told["resumed"] = fit(again, data, epochs=1)["loss"]
    return told


def assert_same(told, expected):
    assert told.keys() == expected.keys()
    for name, value in told.items():
        np.testing.assert_allclose(value, expected[name], err_msg=name, **CLOSE)


def test_a_models_life_is_as_on_numpy(backend, data, tmp_path):
    told = life(data, tmp_path / "here.keras")
    with config.backend("numpy"):
        expected = life(data, tmp_path / "numpy.keras")
    assert_same(told, expected)
    np.testing.assert_array_equal(told["loaded"], told["predict"])


def test_run_eagerly_is_as_on_numpy(backend, data):
    told = life(data, run_eagerly=True)
    with config.backend("numpy"):
        expected = life(data)
    assert_same(told, expected)


@pytest.mark.parametrize(
    "optimizer", ["sgd", "adam", "rmsprop", "adamw", kerasish.optimizers.SGD]
)
def test_optimizers_are_as_on_numpy(backend, data, optimizer):
    def made():
        if isinstance(optimizer, str):
            return optimizer
        return optimizer(0.1, momentum=0.9, nesterov=True, clipnorm=1.0, use_ema=True)

    told = life(data, optimizer=made())
    with config.backend("numpy"):
        expected = life(data, optimizer=made())
    assert_same(told, expected)


def test_files_go_from_backend_to_backend(backend, data, tmp_path):
    model = make_model()
    fit(model, data)
    expected = model.predict(data[0], verbose=0)
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    with config.backend("numpy"):
        loaded = models.load_model(tmp_path / "model.keras")
        np.testing.assert_allclose(
            loaded.predict(data[0], verbose=0), expected, **CLOSE
        )
        fresh = make_model()
        fresh.optimizer.build(fresh.trainable_variables)
        fresh.load_weights(tmp_path / "model.weights.h5")
        np.testing.assert_allclose(fresh.predict(data[0], verbose=0), expected, **CLOSE)


def test_a_model_moves_with_the_backend(backend, data):
    with config.backend("numpy"):
        model = make_model()
        losses = fit(model, data, epochs=1)["loss"]
    losses += fit(model, data, epochs=1)["loss"]
    with config.backend("numpy"):
        losses += fit(model, data, epochs=1)["loss"]
        expected = fit(make_model(), data, epochs=1)["loss"]
    np.testing.assert_allclose(losses[:1], expected, **CLOSE)
    with config.backend("numpy"):
        at_home = make_model()
        stayed = [
            loss for _ in range(3) for loss in fit(at_home, data, epochs=1)["loss"]
        ]
    np.testing.assert_allclose(losses, stayed, **CLOSE)


def test_optimizer_state_moves_too(backend, data):
    with config.backend("numpy"):
        model = make_model()
        fit(model, data, epochs=1)
        before = [v.numpy() for v in model.optimizer.variables]
    moved = [v.numpy() for v in model.optimizer.variables]
    assert all(isinstance(v.array, backend.array_type) for v in model.weights)
    for old, new in zip(before, moved, strict=True):
        np.testing.assert_array_equal(old, new)


def test_single_batches(backend, data):
    model = make_model()
    loss, accuracy = model.train_on_batch(*data)
    assert 0 < loss < 5
    assert 0 <= accuracy <= 1
    assert isinstance(model.test_on_batch(*data)[0], float)
    assert model.predict_on_batch(data[0]).shape == (50, NUM_CLASSES)


def test_a_model_called_on_an_array_stays_on_the_device(backend, data):
    model = make_model()
    outputs = model(data[0][:4])
    assert isinstance(outputs, backend.array_type)
    np.testing.assert_allclose(
        backend.to_host(outputs), model.predict(data[0][:4], verbose=0), **CLOSE
    )


def test_gradient_functions(backend):
    value, slopes = kerasish.value_and_grad(
        lambda x: kerasish.ops.sum(kerasish.ops.square(x))
    )(np.array([1.0, 2.0], "float32"))
    assert float(kerasish.ops.convert_to_numpy(value)) == 5.0
    assert kerasish.ops.convert_to_numpy(slopes).tolist() == [2.0, 4.0]


# What a replay may not do


def step_with_everything(weights, generator):
    """Return a training step over dropout, softmax and a moving average."""

    def step(x, y):
        hidden = kerasish.random.dropout(
            kerasish.ops.relu(kerasish.ops.matmul(x, weights)), 0.3, seed=generator
        )
        loss = kerasish.ops.mean(
            kerasish.ops.categorical_crossentropy(y, kerasish.ops.softmax(hidden))
        )
        (slope,) = gradients(loss, [kerasish.ops.convert_to_tensor(weights)])
        weights.assign_sub(kerasish.ops.multiply(slope, 0.1))
        return loss

    return step


@pytest.mark.parametrize("name", ["strict", "strict_fusing"])
def test_a_replay_allocates_and_transfers_nothing(name):
    with config.backend(name):
        strict = load_backend(name)
        weights = Variable(np.eye(4, dtype="float32"))
        generator = kerasish.random.SeedGenerator(1)
        specs = [Spec((5, 4), "float32")] * 2
        run = compile_graph(
            trace(step_with_everything(weights, generator), specs), strict
        )
        with run.replay() as replay:
            for array in replay.inputs:
                strict.upload(array, np.full((5, 4), 0.25, "float32"))
            replay.run()
            before = strict.allocations, strict.transfers
            for _ in range(3):
                replay.run()
            assert (strict.allocations, strict.transfers) == before
