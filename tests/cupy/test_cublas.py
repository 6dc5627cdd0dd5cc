"""Products by cuBLAS: how it is told of them, on a look-alike of the library."""

import importlib

import numpy as np
import pytest

from kerasish.backend import settings

SINGLE, SINGLE_BY_BFLOAT16, SINGLE_BY_TF32, DOUBLE = 68, 75, 77, 70


@pytest.fixture
def module(fake_cublas):
    return importlib.import_module("kerasish_cupy.cublas")


def arrays(cupy, rng, *shapes, dtype="float32"):
    return [cupy.array(rng.standard_normal(s).astype(dtype), order="C") for s in shapes]


def check(module, cupy, x1, x2, tolerance=1e-5):
    """Compare with NumPy's product; return what was asked for."""
    plain = np.matmul(np.asarray(x1, "float64"), np.asarray(x2, "float64"))
    out = cupy.empty(plain.shape, str(x1.dtype))
    made = module.product_of(out, x1, x2)
    assert made is not None
    made()
    np.testing.assert_allclose(out, plain, rtol=tolerance, atol=tolerance)
    return made


def steps(made):
    """Return the elements from one matrix of each stack to the next."""
    return [matrix[3] for matrix in (made.first, made.second, made.result)]


@pytest.mark.parametrize(("m", "k", "n"), [(3, 4, 5), (1, 4, 5), (3, 1, 5), (3, 4, 1)])
@pytest.mark.parametrize("turned", ["", "first", "second", "both"])
def test_matrices_as_they_lie(module, fake_cupy, rng, m, k, n, turned):
    x1, x2 = arrays(fake_cupy, rng, (m, k), (k, n))
    if turned in ("first", "both"):
        x1 = arrays(fake_cupy, rng, (k, m))[0].T
    if turned in ("second", "both"):
        x2 = arrays(fake_cupy, rng, (n, k))[0].T
    check(module, fake_cupy, x1, x2)


def test_parts_of_larger_matrices(module, fake_cupy, rng):
    x1, x2 = arrays(fake_cupy, rng, (6, 9), (9, 8))
    check(module, fake_cupy, x1[1:4, 2:7], x2[3:8, 1:])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtypes(module, fake_cublas, fake_cupy, rng, dtype):
    tolerance = 3e-3 if dtype == "float16" else 1e-6
    check(
        module,
        fake_cupy,
        *arrays(fake_cupy, rng, (3, 4), (4, 5), dtype=dtype),
        tolerance,
    )
    assert fake_cublas.computed == [DOUBLE if dtype == "float64" else SINGLE]


def test_stacks_with_even_steps_need_no_tables(module, fake_cublas, fake_cupy, rng):
    x1, x2 = arrays(fake_cupy, rng, (2, 3, 4, 5), (2, 3, 5, 6))
    assert steps(check(module, fake_cupy, x1, x2)) == [30, 20, 24]
    shared = arrays(fake_cupy, rng, (5, 6))[0]
    assert steps(check(module, fake_cupy, x1, shared)) == [0, 20, 24]
    assert fake_cublas.asked[-1] == "strided"


def test_uneven_stacks_are_told_by_addresses(module, fake_cublas, fake_cupy, rng):
    """As attention's heads lie: beside each other in every step."""
    heads = arrays(fake_cupy, rng, (2, 7, 3, 4))[0].transpose(0, 2, 1, 3)
    turned = arrays(fake_cupy, rng, (2, 7, 3, 4))[0].transpose(0, 2, 3, 1)
    check(module, fake_cupy, heads, turned)
    assert fake_cublas.asked[-1] == "batched"
    lone = arrays(fake_cupy, rng, (2, 1, 4, 5))[0]
    check(module, fake_cupy, heads, lone)


def test_results_lie_where_they_are_to(module, fake_cupy, rng):
    x1, x2 = arrays(fake_cupy, rng, (2, 3, 4), (2, 4, 5))
    whole = fake_cupy.empty((2, 5, 3, 5), "float32")
    out = whole[:, 2]
    module.product_of(out, x1, x2)()
    np.testing.assert_allclose(out, np.matmul(x1, x2), rtol=1e-5)


def test_what_it_cannot_take_is_left_to_cupy(module, fake_cupy, rng):
    x1, x2 = arrays(fake_cupy, rng, (4, 4), (4, 4))
    out = fake_cupy.empty((4, 4), "float32")
    assert module.product_of(out.T, x1, x2) is None
    assert module.product_of(out, x1[:, ::2], x2[::2]) is None
    assert module.product_of(out[0], x1[0], x2) is None
    whole = [x.astype("int32") for x in (out, x1, x2)]
    assert module.product_of(*whole) is None
    module.ProductKernel()(whole[0], *whole[1:])
    np.testing.assert_array_equal(whole[0], np.matmul(*whole[1:]))


def test_without_the_library_cupy_multiplies(module, fake_cupy, rng, monkeypatch):
    monkeypatch.setattr(module, "library", lambda: None)
    x1, x2 = arrays(fake_cupy, rng, (3, 4), (4, 5))
    out = fake_cupy.empty((3, 5), "float32")
    module.ProductKernel()(out, x1, x2)
    np.testing.assert_allclose(out, np.matmul(x1, x2), rtol=1e-6)


def test_tf32_is_a_switch(module, fake_cublas, fake_cupy, rng, monkeypatch):
    x1, x2 = arrays(fake_cupy, rng, (3, 4), (4, 5))
    for value, expected in (("1", SINGLE_BY_TF32), ("0", SINGLE), ("", SINGLE)):
        monkeypatch.setenv(module.TF32_VARIABLE, value)
        check(module, fake_cupy, x1, x2)
        assert fake_cublas.computed[-1] == expected
    monkeypatch.setenv(module.TF32_VARIABLE, "1")
    check(module, fake_cupy, *arrays(fake_cupy, rng, (3, 4), (4, 5), dtype="float64"))
    assert fake_cublas.computed[-1] == DOUBLE


@pytest.mark.parametrize("policy", ["bfloat16", "mixed_bfloat16"])
def test_a_global_policy_of_bfloat16_rounds_factors(
    module, fake_cublas, fake_cupy, rng, monkeypatch, policy
):
    monkeypatch.setitem(settings._settings, "dtype_policy", policy)
    check(module, fake_cupy, *arrays(fake_cupy, rng, (3, 4), (4, 5)))
    assert fake_cublas.computed[-1] == SINGLE_BY_BFLOAT16


def test_a_handle_has_its_work_space_on_every_stream(module, fake_cublas, fake_cupy):
    handle = module.Handle(fake_cublas)
    for stream in (5, 5, 6, 5):
        handle.on(stream)
    moved = ["stream", "workspace"]
    assert fake_cublas.asked == ["create", *moved, *moved, *moved]


def test_a_failure_is_an_error(module, fake_cublas, fake_cupy, rng):
    x1, x2 = arrays(fake_cupy, rng, (3, 4), (4, 5))
    made = module.product_of(fake_cupy.empty((3, 5), "float32"), x1, x2)
    fake_cublas.status = 13
    with pytest.raises(RuntimeError, match="cuBLAS failed with status 13"):
        made()
