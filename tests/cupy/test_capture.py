"""Steps as CUDA graphs, on a look-alike of streams and graphs."""

import functools
import importlib

import numpy as np
import pytest

import kerasish as keras
from tests.cupy.lookalike import FakeStream


@pytest.fixture
def capture(fake_cublas):
    return importlib.import_module("kerasish_cupy.capture")


@pytest.fixture
def doubling(fake_backend):
    """A call that doubles an array, and the array."""
    x = fake_backend.from_host(np.ones(3, "float32"))
    return fake_backend.bind("add", x, (x, x), {}), x


def test_the_first_run_is_plain_the_second_captured(capture, doubling):
    call, x = doubling
    made = capture.Captured([call, call])
    with FakeStream():
        for run, value in enumerate((4, 16, 64, 256)):
            made()
            np.testing.assert_array_equal(x, [value] * 3)
            assert FakeStream.launched == run
    assert made.reason == ""


def test_each_stream_has_a_graph_as_long_as_it_lives(capture, doubling):
    """A graph uses the work space of the thread whose stream it was captured on."""
    call, x = doubling
    made = capture.Captured([call, call])
    streams = [FakeStream(), FakeStream()]
    for run, stream in enumerate([*streams, *streams]):
        with stream:
            made()
        assert FakeStream.launched == run
    np.testing.assert_array_equal(x, [4**4] * 3)
    assert sorted(stream.ptr for stream in made._graphs) == [
        stream.ptr for stream in streams
    ]
    del stream, streams
    assert not made._graphs


def test_later_runs_ask_for_no_kernel(capture, doubling, launches):
    made = capture.Captured([doubling[0]] * 2)
    with FakeStream():
        made()
        made()
        known = len(launches)
        made()
    assert len(launches) == known


def test_where_capturing_fails_the_calls_remain(capture, doubling, monkeypatch, caplog):
    call, x = doubling
    made = capture.Captured([call, call])
    monkeypatch.setattr(FakeStream, "refusal", RuntimeError("no room"))
    with FakeStream() as stream:
        for value in (4, 16, 64):
            made()
            np.testing.assert_array_equal(x, [value] * 3)
    assert stream.captured is None
    assert made.reason == "RuntimeError: no room"
    assert [r.getMessage() for r in caplog.records] == [
        "a step runs without a CUDA graph: RuntimeError: no room"
    ]


def test_the_default_stream_is_not_captured(capture, doubling):
    made = capture.Captured([doubling[0]] * 2)
    made()
    made()
    assert "default stream" in made.reason
    assert FakeStream.launched == 0


def test_only_launches_are_captured(capture, doubling, fake_backend):
    call, _ = doubling
    y = fake_backend.empty((5,), "float32")
    apart = fake_backend.bind("exp", y, (y,), {})
    other = functools.partial(print, "from the host")
    joined = capture.joined([call, apart, other, call, other, call, apart])
    kinds = [type(c).__name__ for c in joined]
    assert kinds == ["Captured", "partial", "ElementwiseLaunch", "partial", "Captured"]
    assert [len(c.calls) for c in (joined[0], joined[-1])] == [2, 2]


@pytest.mark.parametrize(
    ("name", "shapes", "attributes"),
    [
        ("matmul_of", [(3, 5), (3, 4), (4, 5)], {}),
        ("reduce_sum", [(3,), (3, 4)], {"axis": (1,), "keepdims": False}),
        ("arg_max", [(3,), (3, 4)], {"axis": 1}),
        ("concat", [(6, 4), (2, 4), (4, 4)], {"axis": 0}),
        ("copy", [(3, 4), (3, 4)], {}),
        ("reshape_to", [(4, 3), (3, 4)], {"newshape": (4, 3)}),
        ("transpose_to", [(4, 3), (3, 4)], {"axes": (1, 0)}),
        ("slice_to", [(2, 4), (3, 4)], {"slices": (slice(2), slice(None))}),
        ("broadcast", [(3, 4), (1, 4)], {"shape": (3, 4)}),
        ("place", [(5, 4), (3, 4)], {"slices": (slice(1, 4),), "value": 0.5}),
        ("exp", [(3, 4), (3, 4)], {}),
    ],
)
def test_what_steps_are_made_of_can_be_captured(
    capture, fake_backend, name, shapes, attributes
):
    dtypes = ["int32" if name == "arg_max" else "float32", "float32", "float32"]
    out, *inputs = map(fake_backend.empty, shapes, dtypes)
    call = fake_backend.bind(name, out, inputs, attributes)
    assert all(map(capture.can_be_captured, capture._single(call)))


def trained(rng):
    keras.utils.set_random_seed(5)
    layers = [keras.layers.Dense(8, activation="relu"), keras.layers.Dropout(0.3)]
    last = keras.layers.Dense(3, activation="softmax")
    model = keras.Sequential([keras.Input((6,)), *layers, last])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = rng.standard_normal((64, 6)).astype("float32"), rng.integers(0, 3, 64)
    losses = model.fit(x, y, batch_size=16, epochs=3, verbose=0).history["loss"]
    return losses, model.get_weights(), model


def test_training_by_graphs_is_training(on_fake_backend, rng):
    """Counters, seeds and rates go on inside the graph, as they lie in memory."""
    state = rng.bit_generator.state
    losses, weights, _ = trained(rng)
    assert FakeStream.launched >= 10
    rng.bit_generator.state = state
    keras.config.set_backend("numpy")
    try:
        expected, plain, _ = trained(rng)
    finally:
        keras.config.set_backend("cupy")
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    for ours, theirs in zip(weights, plain, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_a_step_is_one_graph(on_fake_backend, rng):
    *_, model = trained(rng)
    program = next(iter(model._programs._made.values()))
    with program.executable.replay() as replay, on_fake_backend.execution_scope():
        replay.run()
        joined = on_fake_backend.joined(replay.program.calls)
    assert [type(call).__name__ for call in joined] == ["Captured"]


def convolutional(rng):
    keras.utils.set_random_seed(2)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.ZeroPadding2D(1),
            layers.MaxPooling2D(),
            layers.DepthwiseConv2D(2),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )
    model.compile("sgd", "mse")
    x, y = rng.standard_normal((8, 8, 8, 2)), rng.standard_normal((8, 3))
    model.fit(x, y, batch_size=4, epochs=3, verbose=0, shuffle=False)
    return model


def test_convolutions_and_pooling_are_part_of_graphs(on_fake_backend, rng):
    state = rng.bit_generator.state
    model = convolutional(rng)
    program = next(iter(model._programs._made.values()))
    with program.executable.replay() as replay:
        joined = on_fake_backend.joined(replay.program.calls)
    assert [type(call).__name__ for call in joined] == ["Captured"]
    assert FakeStream.launched
    rng.bit_generator.state = state
    keras.config.set_backend("numpy")
    try:
        plain = convolutional(rng).get_weights()
    finally:
        keras.config.set_backend("cupy")
    for ours, theirs in zip(model.get_weights(), plain, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("embedded", [False, True])
def test_loops_are_part_of_graphs(on_fake_backend, rng, embedded):
    """With an embedding the gather reads turned indices, of each batch anew."""

    def trained():
        keras.utils.set_random_seed(2)
        first = [keras.Input((5, 3))]
        if embedded:
            first = [keras.Input((5,), dtype="int32"), keras.layers.Embedding(20, 3)]
        last = [keras.layers.LSTM(4), keras.layers.Dense(1)]
        model = keras.Sequential([*first, *last])
        model.compile("adam", "mse")
        model.fit(x, y, batch_size=8, epochs=3, verbose=0, shuffle=False)
        return model

    x, y = rng.standard_normal((16, 5, 3)), rng.standard_normal((16, 1))
    if embedded:
        x = rng.integers(0, 20, (16, 5))
    model = trained()
    program = next(iter(model._programs._made.values()))
    with program.executable.replay() as replay:
        joined = on_fake_backend.joined(replay.program.calls)
    assert [type(call).__name__ for call in joined] == ["Captured"]
    assert FakeStream.launched
    keras.config.set_backend("numpy")
    try:
        plain = trained().get_weights()
    finally:
        keras.config.set_backend("cupy")
    for ours, theirs in zip(model.get_weights(), plain, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("room", [1 << 20, 0])
def test_several_steps_are_one_graph(on_fake_backend, rng, room, monkeypatch):
    """With the data on the device; else a graph is launched for each."""
    monkeypatch.setattr(type(on_fake_backend), "room_for_data", lambda self: room)
    monkeypatch.setattr("kerasish.training.resident._MOST_STEPS", 4)
    x, y = rng.standard_normal((64, 5)), rng.standard_normal((64, 1))

    def trained():
        keras.utils.set_random_seed(2)
        model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, batch_size=4, epochs=3, verbose=0)
        return model.get_weights()

    found = trained()
    # the first two runs are plain, and captured: 48 steps, or 12 times four
    assert FakeStream.launched == (11 if room else 47)
    keras.config.set_backend("numpy")
    try:
        plain = trained()
    finally:
        keras.config.set_backend("cupy")
    for ours, theirs in zip(found, plain, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_what_takes_memory_is_not_captured(capture, fake_cupy):
    x = fake_cupy.empty((3,), "float32")
    assert not capture.can_be_captured(functools.partial(fake_cupy.add, x, x))
    assert not capture.can_be_captured(functools.partial(fake_cupy.argsort, x))
    assert not capture.can_be_captured(functools.partial(x.sort))
    assert capture.can_be_captured(functools.partial(fake_cupy.add, x, x, out=x))
    assert capture.can_be_captured(functools.partial(fake_cupy.copyto, x, x))
    assert capture.can_be_captured(functools.partial(x.fill, 0))


def test_a_thread_has_a_stream_that_keeps_to_the_order_of_others(
    on_fake_backend, monkeypatch
):
    monkeypatch.setattr(FakeStream, "waits", [])
    with on_fake_backend.execution_scope():
        own = FakeStream.current()
        assert FakeStream.waits == [(own.ptr, 0)]
    assert FakeStream.waits[1:] == [(0, own.ptr)]
    with on_fake_backend.execution_scope():
        assert FakeStream.current() is own
