"""Generated reductions on the look-alike of CuPy, against NumPy's."""

import importlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NAMES = {
    "reduce_sum": np.sum,
    "reduce_prod": np.prod,
    "reduce_max": np.max,
    "reduce_min": np.min,
}


def reduced(backend, name, x, axis, keepdims=False):
    """Return what the kernel writes, and how many launches it took."""
    kernel = backend.kernels[name]
    array = x if isinstance(x, backend.array_type) else backend.from_host(x)
    plain = np.sum(np.asarray(x), axis=axis, keepdims=keepdims)
    out = backend.empty(plain.shape, str(x.dtype))
    given_ = {"axis": axis, "keepdims": keepdims}
    needs = kernel.scratch(out, array, **given_)
    space = {"scratch": tuple(backend.empty(*need) for need in needs)} if needs else {}
    kernel(out, array, **given_, **space)
    return backend.to_host(out), len(needs) + 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "int64"])
@pytest.mark.parametrize("axis", [(0,), (1,), (2,), (0, 2), (0, 1, 2), ()])
def test_they_are_numpys(fake_backend, rng, name, dtype, axis):
    x = rng.random((3, 4, 20)) * 0.2 + 0.9
    x = np.where(x > 1.09, 2, np.maximum(x, 1 if "int" in dtype else 0)).astype(dtype)
    found, _ = reduced(fake_backend, name, x, axis)
    plain = NAMES[name](x.astype("float64"), axis=axis)
    rough = 2e-2 if dtype == "float16" else 1e-5
    np.testing.assert_allclose(found, plain.astype(dtype), rtol=rough)


@pytest.mark.parametrize(
    ("shape", "axis", "launches"),
    [
        ((5, 10), (1,), 1),
        ((5, 300), (1,), 1),
        ((600, 5), (0,), 2),
        ((20_000,), (0,), 2),
        ((3, 9000), (1,), 2),
    ],
)
def test_many_terms_take_two_launches(fake_backend, rng, shape, axis, launches):
    x = rng.standard_normal(shape).astype("float32")
    found, count = reduced(fake_backend, "reduce_sum", x, axis)
    assert count == launches
    np.testing.assert_allclose(found, x.astype("float64").sum(axis), atol=1e-3)


def test_turned_arrays_are_read_as_they_lie(fake_backend, rng):
    x = fake_backend.from_host(rng.standard_normal((6, 5, 40)).astype("float32"))
    turned = x.transpose(2, 0, 1)[::2]
    found, _ = reduced(fake_backend, "reduce_sum", turned, (0, 2), keepdims=True)
    assert found.shape == (1, 6, 1)
    np.testing.assert_allclose(
        found, np.asarray(turned).sum((0, 2), keepdims=True), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("name", ["reduce_max", "reduce_min"])
@pytest.mark.parametrize("length", [10, 700])
@pytest.mark.parametrize("place", [0, 6, 9])
def test_nan_is_handed_on(fake_backend, name, length, place):
    x = np.arange(2 * length, dtype="float32").reshape(2, length)
    x[1, place] = np.nan
    found, _ = reduced(fake_backend, name, x, (1,))
    np.testing.assert_array_equal(found, NAMES[name](x, axis=1))


def test_other_dtypes_and_nothing_to_reduce_are_cupys(fake_backend):
    flags = np.array([[True, False], [False, False]])
    found, _ = reduced(fake_backend, "reduce_max", flags, (1,))
    np.testing.assert_array_equal(found, [True, False])
    empty, _ = reduced(fake_backend, "reduce_sum", np.zeros((0, 3), "float32"), (0,))
    np.testing.assert_array_equal(empty, [0, 0, 0])


def places(backend, x, axis):
    out = backend.empty(np.argmax(x, axis=axis).shape, "int32")
    backend.kernels["arg_max"](out, backend.from_host(x), axis=axis)
    return backend.to_host(out)


@pytest.mark.parametrize("shape", [(7, 10), (4, 100), (3, 33, 2)])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_places(fake_backend, rng, shape, axis):
    x = rng.integers(0, 5, shape).astype("float32")  # many are equal
    np.testing.assert_array_equal(places(fake_backend, x, axis), x.argmax(axis))


@pytest.mark.parametrize("length", [10, 90])
def test_the_place_of_nan_is_the_first(fake_backend, rng, length):
    x = rng.standard_normal((6, length)).astype("float32")
    x[1, 4] = x[1, 7] = x[2, 0] = x[3, -1] = np.nan
    np.testing.assert_array_equal(places(fake_backend, x, 1), x.argmax(1))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    shape=st.lists(st.integers(1, 40), min_size=1, max_size=3),
    data=st.data(),
)
def test_any_shape_and_axes(fake_backend, shape, data):
    axes = data.draw(st.sets(st.integers(0, len(shape) - 1)))
    x = np.random.default_rng(len(shape)).standard_normal(shape).astype("float32")
    found, _ = reduced(fake_backend, "reduce_sum", x, tuple(sorted(axes)))
    plain = x.astype("float64").sum(tuple(axes))
    np.testing.assert_allclose(found, plain, atol=1e-3)


def test_equal_sources_are_made_once(fake_cupy):
    module = importlib.import_module("kerasish_cupy.reduction_source")
    asked = ("reduce_sum", "float32", "float32", 32)
    assert module.reduction_source(*asked) is module.reduction_source(*asked)
