"""The table of kernels on the look-alike of CuPy, against NumPy's kernels."""

import importlib
import math

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import load_backend
from kerasish.graph.registry import operations

NUMPY = load_backend("numpy").kernels
PRIMITIVES = sorted(n for n, op in operations().items() if op.is_primitive)
FLOATS = ("float16", "float32", "float64")


def scratch_for(backend, kernel, out, inputs, attributes):
    rule = getattr(kernel, "scratch", None)
    if rule is None:
        return {}
    needs = rule(out, *inputs, **attributes)
    return {"scratch": tuple(backend.empty(*need) for need in needs)}


def run(backend, name, form, dtype, /, *inputs, **attributes) -> np.ndarray:
    """Return what a kernel writes, run directly and bound; the two must agree."""
    kernel = backend.kernels[name]
    arrays = [x if backend_array(backend, x) else backend.from_host(x) for x in inputs]
    out, again = backend.empty(form, dtype), backend.empty(form, dtype)
    space = scratch_for(backend, kernel, out, arrays, attributes)
    kernel(out, *arrays, **attributes, **space)
    call = backend.bind(name, again, arrays, {**attributes, **space})
    call()
    np.testing.assert_array_equal(backend.to_host(out), backend.to_host(again))
    return backend.to_host(out)


def backend_array(backend, x) -> bool:
    return isinstance(x, backend.array_type)


def expect(name, form, dtype, /, *inputs, **attributes) -> np.ndarray:
    backend = load_backend("numpy")
    out = np.empty(form, dtype)
    space = scratch_for(backend, NUMPY[name], out, inputs, attributes)
    NUMPY[name](out, *inputs, **attributes, **space)
    return out


def agree(backend, name, form, dtype, /, *inputs, **attributes) -> None:
    got = run(backend, name, form, dtype, *inputs, **attributes)
    expected = expect(name, form, dtype, *inputs, **attributes)
    np.testing.assert_array_equal(got, expected, strict=True)


def test_every_primitive_has_a_kernel(fake_backend):
    assert set(PRIMITIVES) - set(fake_backend.kernels) == set()


def test_every_primitive_has_a_kernel_in_cupy_itself():
    pytest.importorskip("cupy", reason="CuPy is not installed")
    table = importlib.import_module("kerasish_cupy.kernels").table()
    assert set(PRIMITIVES) - set(table) == set()


def test_every_kernel_is_of_a_known_operation(fake_backend):
    assert set(fake_backend.kernels) - set(operations()) == {"fused", "fused_rows"}


def test_elementwise_operations_are_generated(fake_backend):
    kernels = importlib.import_module("kerasish_cupy.launch")
    elementwise = [n for n in PRIMITIVES if operations()[n].is_elementwise]
    made = [fake_backend.kernels[n] for n in elementwise]
    assert all(isinstance(kernel, kernels.SingleKernel) for kernel in made)


# elementwise --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shapes", [[(3, 4), (4,)], [(3, 1), (1, 4)], [(), ()], [(2, 0), (1,)], [(5,), ()]]
)
def test_operands_are_repeated_to_the_shape_of_the_result(fake_backend, rng, shapes):
    x1, x2 = (rng.normal(size=shape).astype("float32") for shape in shapes)
    result = np.broadcast_shapes(*shapes)
    agree(fake_backend, "subtract", result, "float32", x1, x2)


def test_operands_may_be_views(fake_backend, rng):
    host = rng.normal(size=(4, 6)).astype("float32")
    x = fake_backend.from_host(host)
    got = run(
        fake_backend, "add", (6, 2), "float32", x.transpose(1, 0)[:, ::2], x[:2].T
    )
    np.testing.assert_array_equal(got, host.T[:, ::2] + host[:2].T)


def test_a_result_may_lie_on_its_operand(fake_backend, rng):
    host = rng.normal(size=(4, 6)).astype("float32")
    x = fake_backend.from_host(host)
    fake_backend.kernels["exp"](x, x)
    np.testing.assert_allclose(fake_backend.to_host(x), np.exp(host), rtol=1e-6)


def test_nothing_is_launched_for_no_elements(fake_backend, launches):
    agree(fake_backend, "exp", (0, 3), "float32", np.empty((0, 3), "float32"))
    assert launches == []


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool"])
def test_select_takes_each_element_from_one_side(fake_backend, rng, dtype):
    condition = rng.integers(0, 2, (3, 4)).astype(bool)
    x1, x2 = rng.integers(0, 9, (2, 3, 4)).astype(dtype)
    agree(fake_backend, "select", (3, 4), dtype, condition, x1, x2)


# movement -----------------------------------------------------------------------------


@pytest.mark.parametrize("num_parts", [1, 2, 12])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_parts_are_joined(fake_backend, rng, num_parts, axis):
    parts, length = [], 0
    for i in range(num_parts):
        shape = [2, 3, 4]
        shape[axis] = i % 3
        length += shape[axis]
        parts.append(rng.normal(size=shape).astype("float32"))
    shape[axis] = length
    agree(fake_backend, "concat", tuple(shape), "float32", *parts, axis=axis)


@pytest.mark.parametrize(
    ("name", "attributes", "shape"),
    [
        ("copy", {}, (4, 6)),
        ("stop_gradient", {}, (4, 6)),
        ("reshape_to", {"newshape": (3, 8)}, (3, 8)),
        ("transpose_to", {"axes": (1, 0)}, (6, 4)),
        ("slice_to", {"slices": (slice(3, None, -2), slice(1, 4))}, (2, 3)),
        ("broadcast", {"shape": (2, 4, 6)}, (2, 4, 6)),
        (
            "place",
            {"shape": (6, 13), "slices": (slice(1, 5), slice(0, 12, 2)), "value": 7},
            (6, 13),
        ),
    ],
)
def test_elements_are_moved(fake_backend, rng, name, attributes, shape):
    x = rng.normal(size=(4, 6)).astype("float32")
    agree(fake_backend, name, shape, "float32", x, **attributes)


# reductions ---------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [(0,), (1,), (0, 1)])
@pytest.mark.parametrize("name", ["reduce_sum", "reduce_max", "reduce_min"])
def test_axes_are_reduced(fake_backend, rng, name, axis):
    x = rng.integers(-9, 9, (3, 4)).astype("float32")
    shape = tuple(n for i, n in enumerate(x.shape) if i not in axis)
    agree(fake_backend, name, shape, "float32", x, axis=axis, keepdims=False)


@pytest.mark.parametrize("name", ["arg_max", "arg_min"])
def test_the_first_extreme_is_found(fake_backend, rng, name):
    x = rng.integers(0, 3, (5, 9)).astype("float32")
    agree(fake_backend, name, (5,), "int32", x, axis=1)


@pytest.mark.parametrize("shape", [(4, 5), (0, 5), (4, 0)])
@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
def test_running_totals_are_kept(fake_backend, rng, name, shape):
    x = rng.integers(-2, 3, shape).astype("float32")
    agree(fake_backend, name, shape, "float32", x, axis=1)


@pytest.mark.parametrize("shape", [(4, 9), (0, 9), (4, 0)])
def test_equals_keep_their_order_in_a_sort(fake_backend, rng, shape):
    x = rng.integers(0, 3, shape).astype("float32")
    agree(fake_backend, "arg_sort", shape, "int32", x, axis=1)


@pytest.mark.parametrize("shapes", [[(3, 4), (4, 5)], [(2, 3, 4), (2, 4, 5)]])
def test_matrices_are_multiplied(fake_backend, rng, shapes):
    x1, x2 = (rng.integers(-3, 4, shape).astype("float32") for shape in shapes)
    agree(fake_backend, "matmul_of", (x1 @ x2).shape, "float32", x1, x2)


# indexing -----------------------------------------------------------------------------


@pytest.mark.parametrize("index_dtype", ["int32", "int64", "uint8"])
@pytest.mark.parametrize("index_shape", [(), (5,), (2, 3), (0,)])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slices_are_gathered(fake_backend, rng, axis, index_shape, index_dtype):
    x = rng.normal(size=(3, 4, 5)).astype("float32")
    indices = rng.integers(0, 3, index_shape).astype(index_dtype)
    shape = (*x.shape[:axis], *index_shape, *x.shape[axis + 1 :])
    agree(fake_backend, "gather", shape, "float32", x, indices, axis=axis)


@pytest.mark.parametrize("dtype", ["bool", "int8", "int32", "uint64", *FLOATS])
def test_slices_of_any_dtype_are_gathered(fake_backend, rng, dtype):
    x = rng.integers(0, 2, (6, 2)).astype(dtype)
    indices = np.array([5, -1, 0, -6], "int32")
    agree(fake_backend, "gather", (4, 2), dtype, x, indices, axis=0)


def test_narrow_indices_reach_into_a_long_axis(fake_backend, rng):
    x = rng.normal(size=(1000, 2)).astype("float32")
    indices = np.array([0, 200, 255], "uint8")
    agree(fake_backend, "gather", (3, 2), "float32", x, indices, axis=0)


@pytest.mark.parametrize("dtype", FLOATS)
def test_an_index_outside_gathers_nan(fake_backend, dtype):
    x = np.ones((3, 2), dtype)
    indices = np.array([2, 3, -4, 1], "int32")
    got = run(fake_backend, "gather", (4, 2), dtype, x, indices, axis=0)
    np.testing.assert_array_equal(np.isnan(got).all(axis=1), [False, True, True, False])


def test_an_index_outside_gathers_zero_of_whole_numbers(fake_backend):
    x = np.full(3, 7, "int32")
    indices = np.array([2, 3, -4], "int32")
    got = run(fake_backend, "gather", (3,), "int32", x, indices, axis=0)
    np.testing.assert_array_equal(got, [7, 0, 0])


@pytest.fixture(params=["scanned", "sorted"])
def way(request, fake_backend, monkeypatch):
    """How a place's slices are found."""
    kernels = importlib.import_module("kerasish_cupy.kernels")
    if request.param == "sorted":
        monkeypatch.setattr(kernels, "_MOST_SCANNED", -1)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "float32", "float64"])
@pytest.mark.parametrize("index_dtype", ["int32", "int64", "uint8"])
def test_slices_are_added_where_indices_say(fake_backend, rng, index_dtype, dtype):
    indices = rng.integers(0, 4, (6, 5)).astype(index_dtype)
    x = rng.integers(-4, 5, (6, 5, 3)).astype(dtype)
    shape = (5, 3)
    agree(fake_backend, "scatter_add", shape, dtype, indices, x, shape=shape)


@pytest.mark.usefixtures("way")
def test_slices_are_added_in_the_order_of_the_indices(fake_backend, rng):
    indices = rng.integers(0, 3, 3000).astype("int32")
    sizes = 10.0 ** rng.integers(-4, 5, (3000, 2))
    x = (rng.normal(size=(3000, 2)) * sizes).astype("float32")
    # equal to the last bit, though every order rounds differently
    agree(fake_backend, "scatter_add", (3, 2), "float32", indices, x, shape=(3, 2))


@pytest.mark.usefixtures("way")
def test_negative_indices_count_from_the_end(fake_backend):
    indices = np.array([-1, 0, -3, -1], "int64")
    x = np.arange(4, dtype="float32")
    agree(fake_backend, "scatter_add", (3,), "float32", indices, x, shape=(3,))


@pytest.mark.usefixtures("way")
def test_what_is_scattered_outside_is_left_out(fake_backend):
    indices = np.array([0, 3, -4, 2], "int32")
    x = np.array([1, 10, 100, 1000], "float32")
    got = run(fake_backend, "scatter_add", (3,), "float32", indices, x, shape=(3,))
    np.testing.assert_array_equal(got, [1, 0, 1000])


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(("count", "shape"), [(0, (3, 2)), (4, (3, 0))])
def test_nothing_scattered_leaves_zeros(fake_backend, count, shape):
    indices = np.zeros(count, "int32")
    x = np.ones((count, *shape[1:]), "float32")
    agree(fake_backend, "scatter_add", shape, "float32", indices, x, shape=shape)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("width", [1, 31, 32, 70])
def test_slices_of_any_width_are_added(fake_backend, rng, width):
    indices = rng.integers(-4, 4, 40).astype("int32")
    x = rng.normal(size=(40, width)).astype("float32")
    agree(
        fake_backend, "scatter_add", (4, width), "float32", indices, x, shape=(4, width)
    )


@pytest.mark.usefixtures("way")
def test_half_precision_is_added_in_single(fake_backend):
    indices = np.zeros(4000, "int32")
    x = np.ones((4000, 1), "float16")
    got = run(fake_backend, "scatter_add", (1, 1), "float16", indices, x, shape=(1, 1))
    assert got[0, 0] == 4000  # one by one in float16, it would stop at 2048


@pytest.mark.usefixtures("way")
def test_truth_values_are_scattered(fake_backend):
    indices = np.array([0, 2, 2], "int32")
    x = np.array([False, True, True])
    got = run(fake_backend, "scatter_add", (3,), "bool", indices, x, shape=(3,))
    np.testing.assert_array_equal(got, [False, False, True])


@pytest.mark.parametrize("how", ["set", "max", "min", "mul"])
@pytest.mark.parametrize("dtype", ["int32", "float32", "float64"])
def test_slices_are_combined_in_the_order_of_the_indices(fake_backend, rng, how, dtype):
    indices = rng.integers(0, 4, (6, 5)).astype("int32")
    x = rng.integers(-4, 5, (5, 3)).astype(dtype)
    updates = rng.integers(-2, 3, (6, 5, 3)).astype(dtype)
    agree(fake_backend, "scatter_into", (5, 3), dtype, x, indices, updates, how=how)


def test_no_slices_leave_the_operand(fake_backend):
    x, indices = np.arange(6, dtype="float32").reshape(3, 2), np.zeros(0, "int32")
    updates = np.zeros((0, 2), "float32")
    agree(
        fake_backend, "scatter_into", (3, 2), "float32", x, indices, updates, how="max"
    )


def test_the_extreme_of_nan_is_nan(fake_backend):
    x, indices = np.zeros((1, 2), "float32"), np.zeros(3, "int32")
    updates = np.array([[1, 1], [np.nan, 2], [3, 3]], "float32")
    got = run(
        fake_backend, "scatter_into", (1, 2), "float32", x, indices, updates, how="max"
    )
    np.testing.assert_array_equal(got, [[np.nan, 3]])


def test_truth_values_are_combined(fake_backend):
    x, indices = np.array([True, False, True]), np.array([0, 1, 0], "int32")
    updates = np.array([True, True, False])
    for how, expected in (("mul", [0, 0, 1]), ("max", [1, 1, 1]), ("min", [0, 0, 1])):
        got = run(
            fake_backend, "scatter_into", (3,), "bool", x, indices, updates, how=how
        )
        np.testing.assert_array_equal(got, np.array(expected, bool))


# random words -------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (7,), (33, 5)])
def test_random_words_are_the_same_as_on_every_backend(fake_backend, shape):
    key = np.array([1234567, 2**32 - 3], "uint32")
    agree(fake_backend, "hashed_words", shape, "uint32", key, shape=shape)


def test_random_words_are_those_of_the_composition(fake_backend):
    key = np.array([7, 9], "uint32")
    got = run(fake_backend, "hashed_words", (6, 4), "uint32", key, shape=(6, 4))
    composition = operations()["hashed_words"].function
    composed = ops.convert_to_numpy(composition(key, shape=(6, 4)))
    np.testing.assert_array_equal(got, composed)


def test_places_are_counted_in_64_bits_only_where_needed():
    place_dtype = importlib.import_module("kerasish_cupy.indexing_source").place_dtype
    assert place_dtype(5, 2**31 - 1) == "int32"
    assert place_dtype(2**31, 5) == "int64"


def test_wide_places_compute_the_same(fake_backend, rng, monkeypatch):
    kernels = importlib.import_module("kerasish_cupy.kernels")
    monkeypatch.setattr(kernels, "place_dtype", lambda *sizes: "int64")
    x = rng.normal(size=(3, 4, 5)).astype("float32")
    indices = np.array([2, 0, -1], "int32")
    agree(fake_backend, "gather", (3, 3, 5), "float32", x, indices, axis=1)
    rows = rng.integers(-4, 5, (3, 4)).astype("float32")
    agree(fake_backend, "scatter_add", (6, 4), "float32", indices, rows, shape=(6, 4))


def test_scratch_is_asked_for_without_arrays(fake_backend, monkeypatch):
    rule = fake_backend.kernels["scatter_add"].scratch
    form = type("Form", (), {"shape": (5, 2), "dtype": "int32"})
    assert rule(form, form, form, shape=(5, 2)) == []
    kernels = importlib.import_module("kerasish_cupy.kernels")
    monkeypatch.setattr(kernels, "_MOST_SCANNED", 49)
    (need,) = rule(form, form, form, shape=(5, 2))
    assert need == ((math.prod(form.shape),), "int32")
