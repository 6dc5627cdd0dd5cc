"""CuPy on a GPU, against NumPy: primitives, whole models, and what only it shows."""

import gc

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops
from kerasish.backend import backend_scope, dtypes, load_backend, set_backend
from kerasish.graph.registry import operations
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace
from tests.cupy.samples import (
    assert_close,
    cases,
    cast_operand,
    reference,
    result_dtype,
    sample_operands,
)

pytestmark = pytest.mark.gpu

# Functions of the CUDA library are off by a few units in the last place, `pow` by most;
# NumPy's own roundings come on top.
ROUNDINGS = 16


@pytest.fixture
def backend():
    return load_backend("cupy")


def run(backend, name, form, dtype, /, *inputs, **attributes) -> np.ndarray:
    """Return what a kernel writes, allowing for scratch."""
    kernel = backend.kernels[name]
    arrays = [backend.from_host(x) for x in inputs]
    out = backend.empty(form, dtype)
    rule = getattr(kernel, "scratch", None)
    needs = rule(out, *arrays, **attributes) if rule else []
    space = {"scratch": tuple(backend.empty(*need) for need in needs)} if needs else {}
    with backend.execution_scope():
        kernel(out, *arrays, **attributes, **space)
    return backend.to_host(out)


def agree(backend, name, form, dtype, /, *inputs, **attributes) -> None:
    got = run(backend, name, form, dtype, *inputs, **attributes)
    with np.errstate(all="ignore"):
        expected = run(load_backend("numpy"), name, form, dtype, *inputs, **attributes)
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5, strict=True)


# primitives ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted({name for name, _ in cases()}))
def test_elementwise_operations_agree(backend, rng, name):
    for dtype in (d for n, d in cases() if n == name):
        operands = sample_operands(name, dtype, rng)
        result = result_dtype(name, operands)
        got = run(backend, name, operands[0].shape, result, *operands)
        assert_close(name, got, reference(name, operands, result), ROUNDINGS)


@pytest.mark.parametrize("dtype", dtypes.ALL)
def test_casts_agree(backend, rng, dtype):
    for target in dtypes.ALL:
        x = cast_operand(dtype, target, rng)
        agree(backend, "cast_to", x.shape, target, x, dtype=target)


MOVED = {
    "copy": ({}, (4, 6)),
    "stop_gradient": ({}, (4, 6)),
    "reshape_to": ({"newshape": (3, 8)}, (3, 8)),
    "transpose_to": ({"axes": (1, 0)}, (6, 4)),
    "slice_to": ({"slices": (slice(3, None, -2), slice(1, 4))}, (2, 3)),
    "broadcast": ({"shape": (2, 4, 6)}, (2, 4, 6)),
    "place": (
        {"shape": (6, 13), "slices": (slice(1, 5), slice(0, 12, 2)), "value": 1},
        (6, 13),
    ),
}
REDUCED = ("reduce_sum", "reduce_prod", "reduce_max", "reduce_min")
ALONG_AXIS = {
    "arg_max": ((4,), "int32"),
    "arg_min": ((4,), "int32"),
    "arg_sort": ((4, 6), "int32"),
    "cumulative_sum": ((4, 6), None),
    "cumulative_prod": ((4, 6), None),
}
APART = {"concat", "gather", "scatter_add", "matmul_of"}


def test_every_primitive_is_compared_here():
    primitives = {n for n, op in operations().items() if op.is_primitive}
    elementwise = {n for n in primitives if operations()[n].is_elementwise}
    compared = {name for name, _ in cases()} | {"cast_to"}
    assert elementwise - compared == set()
    others = {*MOVED, *REDUCED, *ALONG_AXIS, *APART}
    # what has come since is compared in tests/backend, on every backend
    assert others <= primitives - elementwise


@pytest.mark.parametrize("name", MOVED)
def test_movement_agrees(backend, rng, name):
    attributes, form = MOVED[name]
    for dtype in dtypes.ALL:
        x = rng.integers(0, 2, (4, 6)).astype(dtype)
        agree(backend, name, form, dtype, x, **attributes)


@pytest.mark.parametrize("axis", [(0,), (1,), (0, 1)])
@pytest.mark.parametrize("name", REDUCED)
def test_reductions_agree(backend, rng, name, axis):
    for dtype in dtypes.ALL:
        x = rng.integers(0, 3, (4, 6)).astype(dtype)
        sums = name in ("reduce_sum", "reduce_prod")
        result = "int32" if dtype == "bool" and sums else dtype
        form = tuple(n for i, n in enumerate(x.shape) if i not in axis)
        agree(backend, name, form, result, x, axis=axis, keepdims=False)


@pytest.mark.parametrize("name", ["reduce_max", "reduce_min"])
def test_extremes_hand_nan_on(backend, name):
    x = np.array([1, np.nan, 2], "float32")
    assert np.isnan(run(backend, name, (), "float32", x, axis=(0,), keepdims=False))


@pytest.mark.parametrize("name", ALONG_AXIS)
def test_operations_along_an_axis_agree(backend, rng, name):
    form, fixed = ALONG_AXIS[name]
    for dtype in dtypes.ALL:
        x = rng.integers(0, 3, (4, 6)).astype(dtype)
        result = fixed or ("int32" if dtype == "bool" else dtype)
        agree(backend, name, form, result, x, axis=1)


@pytest.mark.parametrize("name", ["cumulative_sum", "arg_sort"])
@pytest.mark.parametrize("form", [(0, 5), (4, 0)])
def test_arrays_without_elements(backend, name, form):
    result = "int32" if name == "arg_sort" else "float32"
    agree(backend, name, form, result, np.empty(form, "float32"), axis=1)


@pytest.mark.parametrize("num_parts", [1, 3, 12])
def test_joining_agrees(backend, rng, num_parts):
    parts = [rng.normal(size=(2, i % 4)).astype("float32") for i in range(num_parts)]
    form = (2, sum(part.shape[1] for part in parts))
    agree(backend, "concat", form, "float32", *parts, axis=1)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
@pytest.mark.parametrize("batch", [(), (5,)])
def test_products_agree(backend, rng, batch, dtype):
    x1 = rng.integers(-3, 4, (*batch, 7, 8)).astype(dtype)
    x2 = rng.integers(-3, 4, (*batch, 8, 6)).astype(dtype)
    agree(backend, "matmul_of", (*batch, 7, 6), dtype, x1, x2)


def test_products_of_transposed_views_agree(backend, rng):
    x1, x2 = rng.normal(size=(8, 7)), rng.normal(size=(6, 8))
    out = backend.empty((7, 6), "float64")
    arrays = [backend.from_host(x).transpose(1, 0) for x in (x1, x2)]
    backend.kernels["matmul_of"](out, *arrays)
    np.testing.assert_allclose(backend.to_host(out), x1.T @ x2.T, rtol=1e-12)


def test_single_precision_products_are_not_rounded_to_tf32(backend, rng):
    x1, x2 = rng.normal(size=(2, 64, 64)).astype("float32")
    got = run(backend, "matmul_of", (64, 64), "float32", x1, x2)
    expected = x1.astype("float64") @ x2.astype("float64")
    # TF32 keeps 10 bits of the fraction and would be off by 1e-3 and more
    np.testing.assert_allclose(got, expected, atol=2e-5)


@pytest.mark.parametrize("axis", [0, 1])
def test_gathering_agrees(backend, rng, axis):
    for dtype in dtypes.ALL:
        x = rng.integers(0, 2, (300, 7)).astype(dtype)
        indices = rng.integers(0, 7, (4, 5)).astype("uint8")
        form = (4, 5, 7) if axis == 0 else (300, 4, 5)
        agree(backend, "gather", form, dtype, x, indices, axis=axis)


def test_an_index_outside_gathers_nan(backend):
    indices = np.array([2, 3, -4], "int32")
    x = np.ones(3, "float32")
    got = run(backend, "gather", (3,), "float32", x, indices, axis=0)
    np.testing.assert_array_equal(np.isnan(got), [False, True, True])


def test_scattering_adds_in_numpys_order_in_every_run(backend, rng):
    indices = rng.integers(0, 50, 20_000).astype("int32")
    x = rng.normal(size=(20_000, 16)).astype("float32")
    inputs = (indices, x)
    runs = [
        run(backend, "scatter_add", (50, 16), "float32", *inputs, shape=(50, 16))
        for _ in range(3)
    ]
    expected = np.zeros((50, 16), "float32")
    np.add.at(expected, indices, x)
    for got in runs:
        np.testing.assert_array_equal(got, expected)


def test_random_words_are_the_same(backend):
    key = np.array([1234567, 2**32 - 3], "uint32")
    words = [
        run(b, "hashed_words", (333, 7), "uint32", key, shape=(333, 7))
        for b in (backend, load_backend("numpy"))
    ]
    np.testing.assert_array_equal(*words)


# transfer -----------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (0, 3), (5,), (400, 300)])
def test_arrays_go_there_and_back(backend, rng, shape):
    host = rng.normal(size=shape).astype("float32")
    array = backend.from_host(host)
    np.testing.assert_array_equal(backend.to_host(array), host, strict=True)
    target = backend.empty(shape, "float32")
    backend.upload(target, host)
    np.testing.assert_array_equal(backend.to_host(target), host, strict=True)


def test_uploads_one_after_another_do_not_mix(backend):
    targets = [backend.empty((100_000,), "float32") for _ in range(100)]
    source = np.empty(100_000, "float32")
    for i, target in enumerate(targets):
        source.fill(i)
        backend.upload(target, source)
    backend.synchronize()
    for i, target in enumerate(targets):
        assert (backend.to_host(target) == i).all()


def test_the_device_is_described(backend):
    said = backend.describe()
    assert said.startswith("cupy: NVIDIA")
    assert " GiB " in said
    assert "driver for CUDA " in said


def test_a_device_array_is_not_turned_into_a_host_array_silently(backend):
    with pytest.raises(TypeError, match="Implicit conversion"):
        np.asarray(backend.empty((2,), "float32"))


# whole models -------------------------------------------------------------------------


def build():
    kerasish.utils.set_random_seed(3)
    return kerasish.Sequential(
        [
            layers.Input((20,)),
            layers.Dense(32, activation="relu"),
            layers.Dropout(0.25),
            layers.Dense(32, activation="tanh"),
            layers.Dense(5, activation="softmax"),
        ]
    )


def train(name: str, optimizer: str, **arguments):
    set_backend(name)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 20)).astype("float32")
    y = rng.integers(0, 5, 100)
    model = build()
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, batch_size=16, verbose=0, **arguments)
    weights = [ops.convert_to_numpy(w) for w in model.weights]
    return history.history, weights, model.predict(x, verbose=0)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
def test_training_agrees_with_numpy(backend, optimizer):
    first, second = (train(n, optimizer, epochs=3) for n in ("cupy", "numpy"))
    # Equal weights, masks and order of the data; the rounding of 21 steps remains.
    for name, values in second[0].items():
        np.testing.assert_allclose(first[0][name], values, rtol=1e-4)
    for mine, others in zip(first[1], second[1], strict=True):
        np.testing.assert_allclose(mine, others, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(first[2], second[2], rtol=1e-3, atol=1e-5)


def test_training_is_the_same_in_every_run(backend):
    runs = [train("cupy", "adam", epochs=2) for _ in range(2)]
    assert runs[0][0] == runs[1][0]
    for one, other in zip(runs[0][1], runs[1][1], strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_step_is_one_graph(backend):
    """Captured at its second run, and nothing of it left out."""
    set_backend("cupy")
    model = build()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(64, 20)).astype("float32"), rng.integers(0, 5, 64)
    model.fit(x, y, batch_size=16, epochs=2, verbose=0)
    programs = model._programs._made.values()
    for program in programs:
        with program.executable.replay() as replay, backend.execution_scope():
            for _ in range(3):
                replay.run()
            joined = replay._program._joined
        assert [type(call).__name__ for call in joined] == ["Captured"]
        assert joined[0].reason == ""
        assert joined[0]._graph is not None


def test_data_on_the_device_trains_alike(backend, monkeypatch):
    """Several steps a launch, each gathering its batch there, or one by one."""
    set_backend("cupy")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(400, 20)).astype("float32"), rng.integers(0, 5, 400)
    found = []
    for room in (1 << 20, 0):
        monkeypatch.setattr(type(backend), "room_for_data", lambda self, r=room: r)
        model = build()
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        history = model.fit(x, y, batch_size=3, epochs=3, verbose=0).history
        found.append((history, model.get_weights()))
    assert found[0][0] == found[1][0]
    for one, other in zip(found[0][1], found[1][1], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("width", [10, 64, 1000])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_softmax_and_its_gradient_along_rows(backend, rng, width, dtype):
    x, g = rng.normal(size=(2, 300, width)).astype(dtype)

    def function(x, g):
        return kerasish.value_and_grad(lambda x: ops.sum(ops.softmax(x) * g))(x)

    found = []
    for name in ("cupy", "numpy"):
        with backend_scope(name) as used:
            specs = [Spec(x.shape, dtype)] * 2
            made = compile_graph(trace(function, specs), used)
            results = made(*map(used.from_host, (x, g)))
            found.append([used.to_host(r) for r in results])
            if name == "cupy":
                assert "fused_rows" in [t.op.name for t in made.plan.steps]
    rough = 5e-3 if dtype == "float16" else 1e-5
    for ours, plain in zip(*found, strict=True):
        np.testing.assert_allclose(ours, plain, rtol=rough, atol=rough)


@pytest.mark.parametrize("axis", [(0,), (1,), (0, 1)])
@pytest.mark.parametrize("shape", [(32, 10), (5000, 64), (3, 40_000)])
def test_reductions_over_many_terms(backend, rng, shape, axis):
    x = rng.normal(size=shape).astype("float32")
    given = {"axis": axis, "keepdims": False}
    sums = run(backend, "reduce_sum", x.sum(axis).shape, "float32", x, **given)
    np.testing.assert_allclose(sums, x.astype("float64").sum(axis), atol=2e-2)
    highest = run(backend, "reduce_max", x.max(axis).shape, "float32", x, **given)
    np.testing.assert_array_equal(highest, x.max(axis))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_products_of_heads_as_they_lie(backend, rng, dtype):
    heads = rng.normal(size=(2, 9, 3, 4)).astype(dtype)
    x1 = backend.from_host(heads).transpose(0, 2, 1, 3)
    x2 = backend.from_host(heads).transpose(0, 2, 3, 1)
    out = backend.empty((2, 3, 9, 9), dtype)
    backend.bind("matmul_of", out, (x1, x2), {})()
    plain = np.matmul(heads.transpose(0, 2, 1, 3), heads.transpose(0, 2, 3, 1))
    rough = 1e-2 if dtype == "float16" else 1e-5
    np.testing.assert_allclose(backend.to_host(out), plain, rtol=rough, atol=rough)


def test_initial_weights_are_numpys(backend):
    weights = []
    for name in ("cupy", "numpy"):
        set_backend(name)
        weights.append([ops.convert_to_numpy(w) for w in build().weights])
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", ["uniform", "normal", "randint", "shuffle"])
def test_draws_are_numpys(backend, name):
    def draw():
        seed = kerasish.random.SeedGenerator(7)
        if name == "randint":
            drawn = kerasish.random.randint((50,), 0, 1000, seed=seed)
        elif name == "shuffle":
            drawn = kerasish.random.shuffle(ops.arange(50), seed=seed)
        else:
            drawn = getattr(kerasish.random, name)((50,), seed=seed)
        return ops.convert_to_numpy(drawn)

    draws = []
    for backend_name in ("cupy", "numpy"):
        set_backend(backend_name)
        draws.append(draw())
    if name == "normal":  # its logarithm and cosine are each library's own
        np.testing.assert_allclose(*draws, rtol=1e-4, atol=1e-6)
    else:
        np.testing.assert_array_equal(*draws)


def test_a_model_moves_over_and_back(backend):
    set_backend("numpy")
    model = build()
    x = np.random.default_rng(0).normal(size=(10, 20)).astype("float32")
    expected = model.predict(x, verbose=0)
    set_backend("cupy")
    np.testing.assert_allclose(
        model.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-6
    )
    set_backend("numpy")
    np.testing.assert_array_equal(model.predict(x, verbose=0), expected)


def test_a_replayed_step_leaves_the_memory_pool_as_it_was(backend):
    cupy = pytest.importorskip("cupy", reason="CuPy is not installed")
    train("cupy", "adam", epochs=1)
    gc.collect()
    used = cupy.get_default_memory_pool().used_bytes()
    for _ in range(3):
        train("cupy", "adam", epochs=1)
        gc.collect()
    assert cupy.get_default_memory_pool().used_bytes() <= used
