"""Compiled steps: what they are kept for, and logs that are read when looked at."""

import numpy as np
import pytest

import kerasish
from kerasish import layers
from kerasish.training.logs import LazyLogs


@pytest.fixture
def model():
    made = kerasish.Sequential([layers.Input((4,)), layers.Dense(3), layers.Dense(1)])
    made.compile("adam", "mse")
    return made


def num_programs(model):
    return len(model._programs._made)


X, Y = np.ones((12, 4), "float32"), np.zeros((12, 1), "float32")


def test_shapes_met_again_cost_nothing(model):
    for _ in range(3):
        model.fit(X, Y, batch_size=5, verbose=0)  # batches of 5 and of 2
    assert num_programs(model) == 2
    model.predict(X, batch_size=5, verbose=0)
    model.evaluate(X, Y, batch_size=5, verbose=0)
    assert num_programs(model) == 6
    model.predict(X[:5], verbose=0)
    assert num_programs(model) == 6


def test_dtypes_and_weights_make_steps_of_their_own(model):
    model.evaluate(X, Y, verbose=0)
    model.evaluate(X.astype("float64"), Y, verbose=0)  # the same to the device
    assert num_programs(model) == 1
    model.evaluate(X.astype("uint8"), Y, verbose=0)
    model.evaluate(X, Y, sample_weight=np.ones(12), verbose=0)
    assert num_programs(model) == 3


@pytest.mark.parametrize(
    "change", [lambda m: m.compile("sgd", "mse"), lambda m: m.pop()]
)
def test_changes_of_the_model_forget_them(model, change):
    model.fit(X, Y, verbose=0)
    change(model)
    assert num_programs(model) == 0


def test_a_model_moves_between_backends_and_back(model):
    twin = kerasish.Sequential.from_config(model.get_config())
    twin.compile("adam", "mse")
    twin.set_weights(model.get_weights())
    for name in ("numpy", "strict", "strict", "numpy", "strict_fusing"):
        with kerasish.config.backend(name):
            model.fit(X, Y, verbose=0)
            prediction = model.predict(X, verbose=0)
    twin.fit(X, Y, epochs=5, verbose=0)
    for mine, his in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(mine, his, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        prediction, twin.predict(X, verbose=0), rtol=1e-5, atol=1e-6
    )
    assert int(model.optimizer.iterations) == 5


def test_logs_are_read_once_and_only_if_looked_at():
    reads = []

    def read():
        reads.append(1)
        return {"loss": 1.0, "mae": 2.0}

    logs = LazyLogs(read)
    assert reads == []
    assert logs["loss"] == 1.0
    assert dict(logs) == {"loss": 1.0, "mae": 2.0}
    assert len(logs) == 2
    assert logs.get("none") is None
    assert reads == [1]
