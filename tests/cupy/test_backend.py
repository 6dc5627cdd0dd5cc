"""The backend on the look-alike of CuPy: allocation, transfer, whole models."""

import importlib

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops
from kerasish.backend import load_backend, register_backend, set_backend
from kerasish.errors import BackendError
from tests.cupy.lookalike import FakeDevice, FakeStream, fake_runtime


def test_it_is_a_backend_called_cupy(fake_backend, fake_cupy):
    assert fake_backend.name == "cupy"
    assert fake_backend.array_type is fake_cupy.ndarray
    assert fake_backend.fuses
    assert fake_backend.flushes_denormals


@pytest.mark.parametrize("shape", [(), (0, 3), (4,), (2, 3)])
@pytest.mark.parametrize("dtype", ["bool", "float16", "float32", "int64"])
def test_arrays_go_to_the_device_and_back(fake_backend, rng, shape, dtype):
    host = rng.integers(0, 2, shape).astype(dtype)
    array = fake_backend.from_host(host)
    assert isinstance(array, fake_backend.array_type)
    back = fake_backend.to_host(array)
    assert type(back) is np.ndarray
    np.testing.assert_array_equal(back, host, strict=True)


def test_transfers_copy(fake_backend):
    host = np.zeros(3, "float32")
    array = fake_backend.from_host(host)
    host[:] = 1
    back = fake_backend.to_host(array)
    back[:] = 2
    np.testing.assert_array_equal(fake_backend.to_host(array), [0, 0, 0])


def test_a_part_of_memory_is_an_array_of_its_own(fake_backend):
    memory = fake_backend.from_host(np.zeros(64, "uint8"))
    part = fake_backend.carve(memory, 16, (2, 3), "float32")
    assert isinstance(part, fake_backend.array_type)
    assert (part.shape, str(part.dtype)) == ((2, 3), "float32")
    part.fill(1.5)
    whole = fake_backend.to_host(memory).view("float32")
    np.testing.assert_array_equal(whole, [0] * 4 + [1.5] * 6 + [0] * 6)


@pytest.mark.parametrize(
    ("operation", "attributes", "expected"),
    [
        ("reshape_to", {"newshape": (3, 2)}, lambda x: x.reshape(3, 2)),
        ("transpose_to", {"axes": (1, 0)}, lambda x: x.T),
        (
            "slice_to",
            {"slices": (slice(1), slice(None, None, -1))},
            lambda x: x[:1, ::-1],
        ),
        ("broadcast", {"shape": (4, 2, 3)}, lambda x: np.broadcast_to(x, (4, 2, 3))),
    ],
)
def test_views_move_no_data(fake_backend, operation, attributes, expected):
    array = fake_backend.from_host(np.arange(6, dtype="float32").reshape(2, 3))
    viewed = fake_backend.view(operation, array, attributes)
    array.fill(5)
    assert isinstance(viewed, fake_backend.array_type)
    np.testing.assert_array_equal(
        fake_backend.to_host(viewed), expected(np.full((2, 3), 5, "float32"))
    )


def test_host_memory_is_never_handed_out(fake_backend):
    assert fake_backend.host_view(fake_backend.empty((2,), "float32")) is None


def test_an_upload_fills_an_array(fake_backend, rng):
    target = fake_backend.empty((4, 3), "float32")
    source = rng.normal(size=(3, 4)).astype("float32").T
    fake_backend.upload(target, source)
    np.testing.assert_array_equal(fake_backend.to_host(target), source)


def test_waiting_is_asked_of_the_device(fake_backend, fake_cupy, monkeypatch):
    monkeypatch.setattr(fake_cupy.cuda.Device, "waits", 0)
    fake_backend.synchronize()
    assert fake_cupy.cuda.Device.waits == 1


def test_plans_run_on_the_device_the_backend_was_made_on(fake_backend, monkeypatch):
    entered = []
    monkeypatch.setattr(FakeDevice, "__enter__", lambda own: entered.append(own.id))
    with fake_backend.execution_scope():
        assert entered == [0]
        assert FakeStream.current().ptr
    assert not FakeStream.stack.streams


def test_the_device_is_described(fake_backend):
    assert fake_backend.describe() == (
        "cupy: Imaginary GPU with 8 GiB (device 0), driver for CUDA 13.0, CUDA 13.0, "
        "CuPy 14.2.0"
    )


# whole models -------------------------------------------------------------------------


def model_and_data(rng):
    model = kerasish.Sequential(
        [
            layers.Input((20,)),
            layers.Dense(16, activation="relu"),
            layers.Dropout(0.25),
            layers.Dense(16, activation="tanh"),
            layers.Dense(4, activation="softmax"),
        ]
    )
    x = rng.normal(size=(50, 20)).astype("float32")
    y = rng.integers(0, 4, 50)
    return model, x, y


def train(rng):
    """Return losses and weights after two epochs, and predictions."""
    kerasish.utils.set_random_seed(3)
    model, x, y = model_and_data(rng)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, batch_size=16, epochs=2, verbose=0)
    weights = [ops.convert_to_numpy(w) for w in model.weights]
    return history.history, weights, model.predict(x, verbose=0)


def test_training_agrees_with_numpy(on_fake_backend, launches, rng):
    seeds = rng.bit_generator.state
    got = train(rng)
    assert any(name.startswith("kerasish_fused_") for name in launches)
    rng.bit_generator.state = seeds
    set_backend("numpy")
    expected = train(rng)
    # Same masks, shuffles and initial weights; what differs is rounding, which a few
    # steps of Adam on float32 do not bring above 1e-5.
    for name, values in expected[0].items():
        np.testing.assert_allclose(got[0][name], values, rtol=1e-5)
    for mine, others in zip(got[1], expected[1], strict=True):
        np.testing.assert_allclose(mine, others, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(got[2], expected[2], rtol=1e-4, atol=1e-6)


def test_a_replayed_step_launches_and_nothing_else(on_fake_backend, launches, rng):
    model, x, y = model_and_data(rng)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(x[:32], y[:32], batch_size=16, verbose=0)
    first = len(launches)
    model.fit(x[:32], y[:32], batch_size=16, verbose=0)
    # a second epoch compiles nothing new
    assert set(launches[first:]) <= set(launches[:first])


def test_a_model_moves_over_from_numpy(on_fake_backend, rng):
    set_backend("numpy")
    model, x, _ = model_and_data(rng)
    expected = model.predict(x, verbose=0)
    set_backend("cupy")
    got = model.predict(x, verbose=0)
    assert isinstance(model.weights[0].array, on_fake_backend.array_type)
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def test_running_eagerly_agrees(on_fake_backend, rng):
    model, x, y = model_and_data(rng)
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    eager = model.evaluate(x, y, verbose=0)
    model.compile("sgd", "sparse_categorical_crossentropy")
    assert eager == pytest.approx(model.evaluate(x, y, verbose=0), rel=1e-5)


def test_it_is_known_by_its_name(fake_backend, on_fake_backend):
    register_backend(fake_backend)
    assert load_backend("cupy") is fake_backend
    assert kerasish.config.backend() == "cupy"


# several devices ----------------------------------------------------------------------


def test_a_device_is_chosen_by_number(fake_cublas, fake_cupy, monkeypatch):
    fake_cupy.cuda.runtime = fake_runtime(count=2)
    entered = []
    monkeypatch.setattr(FakeDevice, "__enter__", lambda own: entered.append(own.id))
    second = importlib.import_module("kerasish_cupy").make(1)
    assert second.name == "cupy:1"
    array = second.from_host(np.ones(3, "float32"))
    second.copy(array, array)
    second.to_host(array)
    with second.eager_scope(), second.execution_scope():
        pass
    assert set(entered) == {1}


def test_there_are_no_more_devices_than_that(fake_cublas, fake_cupy):
    with pytest.raises(BackendError, match=r"no GPU number 2[^$]*1 visible"):
        importlib.import_module("kerasish_cupy").make(2)
