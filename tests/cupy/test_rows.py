"""Kernels along rows on the look-alike of CuPy, the lanes of a warp as threads."""

import importlib

import numpy as np
import pytest

import kerasish as keras
from kerasish import ops
from kerasish.backend import backend_scope
from kerasish.graph.fuse import Instruction
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace
from kerasish_cupy.row_source import row_source

SOFTMAX = (
    Instruction("reduce_max", (0,), "float32"),
    Instruction("subtract", (0, 1), "float32"),
    Instruction("exp", (2,), "float32"),
    Instruction("reduce_sum", (3,), "float32"),
    Instruction("divide", (3, 4), "float32"),
)


@pytest.fixture(params=[1, 32])
def lanes(request, fake_cupy, monkeypatch):
    """Whether a thread has a row for itself, or a warp shares it."""
    launch = importlib.import_module("kerasish_cupy.launch")
    least = 1 if request.param == 32 else 1 << 30
    monkeypatch.setattr(launch, "_LEAST_SHARED", least)
    return request.param


def check(function, *values, tolerance=2e-6):
    """Compare a fused program with NumPy's composition; return the launches' names."""
    specs = [Spec(v.shape, v.dtype.name) for v in values]
    found = []
    for chosen, optimize in (("cupy", True), ("numpy", False)):
        with backend_scope(chosen) as used:
            made = compile_graph(trace(function, specs), used, optimize=optimize)
            results = keras.tree.flatten(made(*map(used.from_host, values)))
            found.append([used.to_host(r) for r in results])
            if optimize:
                names = [t.op.name for t in made.plan.steps]
    for ours, plain in zip(*found, strict=True):
        assert ours.dtype == plain.dtype
        np.testing.assert_allclose(ours, plain, rtol=tolerance, atol=tolerance)
    return names


def normal(rng, *shape, dtype="float32"):
    return rng.standard_normal(shape).astype(dtype)


def test_the_text_of_a_softmax():
    source = row_source(SOFTMAX, ("float32",), ("all",), (5,), 32)
    assert source.in_params == "raw float32 x0, int64 length"
    assert source.out_params == "raw float32 y0"
    assert source.operation.count("for (") == 3
    assert "t1 = largest_of_warp(t1);" in source.operation
    assert "y0[first + j] = v5;" in source.operation
    alone = row_source(SOFTMAX, ("float32",), ("all",), (5,), 1)
    assert "_of_warp" not in alone.operation
    assert alone.name != source.name


@pytest.mark.parametrize("shape", [(16, 2), (17, 33), (2, 8, 40)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_softmax(on_fake_backend, lanes, rng, shape, dtype):
    names = check(ops.softmax, normal(rng, *shape, dtype=dtype))
    assert names == ["fused_rows"]


def test_half_precision_adds_up_in_single(on_fake_backend, lanes, rng):
    x = normal(rng, 16, 40, dtype="float16")
    check(lambda x: ops.sum(x * x, -1), x, tolerance=3e-3)


def test_operands_of_every_kind(on_fake_backend, lanes, rng):
    def function(x, turned, bias, factor, numbers, number, flags):
        y = ops.where(flags, x + ops.transpose(turned), bias) * factor
        total = ops.sum(y, axis=-1, keepdims=True)
        high = ops.max(y, axis=-1) * numbers
        return y / (ops.absolute(total) + number), total, high

    operands = normal(rng, 20, 9), normal(rng, 9, 20), normal(rng, 9)
    numbers = normal(rng, 20, 1), normal(rng, 20), np.array(0.5, "float32")
    flags = rng.random((20, 9)) < 0.5
    names = check(function, *operands, *numbers, flags)
    assert names == ["fused_rows"]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_extremes_are_numpys(on_fake_backend, lanes, rng, value):
    x = normal(rng, 16, 40)
    x[3, 17] = value

    def function(x):
        largest = ops.max(ops.negative(x), axis=-1, keepdims=True)
        return largest, ops.sum(ops.negative(x), -1, keepdims=True) + largest

    check(function, x)


def test_a_result_may_lie_on_an_operand(on_fake_backend, lanes, rng):
    x = normal(rng, 16, 16)
    names = check(lambda x: ops.softmax(ops.matmul(x, x)), x)
    assert names[-1] == "fused_rows"


def test_a_loss_and_its_gradient_are_one_launch(on_fake_backend, lanes, rng, launches):
    def function(x, labels):
        def loss(x):
            chances = ops.clip(ops.softmax(x), 1e-7, 1.0)
            return ops.sum(-ops.sum(labels * ops.log(chances), axis=-1))

        return keras.value_and_grad(loss)(x)

    labels = np.eye(10, dtype="float32")[rng.integers(0, 10, 32)]
    check(function, normal(rng, 32, 10), labels)
    assert len([name for name in launches if "_rows_" in name]) == 1


def test_only_floats_are_reduced_in_groups(on_fake_backend):
    assert on_fake_backend.fuses("reduce_sum", ["float16", "float16"])
    assert not on_fake_backend.fuses("reduce_max", ["int32", "int32"])
    assert on_fake_backend.fuses("add", ["int32", "int32", "int32"])
