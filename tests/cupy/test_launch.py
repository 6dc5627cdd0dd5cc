"""Kernels are made once for each body and dtypes, and bound to views."""

import importlib

import numpy as np
import pytest

from kerasish_cupy.fused_source import Step
from tests.cupy.samples import single_source


@pytest.fixture
def module(fake_cupy):
    return importlib.import_module("kerasish_cupy.launch")


def test_equal_sources_share_a_kernel(module):
    source = single_source("add", ["float32"] * 2, "float32")
    wide = single_source("add", ["float64"] * 2, "float64")
    assert module.kernel_of(source) is module.kernel_of(source)
    assert module.kernel_of(source) is not module.kernel_of(wide)


def test_a_bound_body_is_one_launch(module, fake_cupy, launches):
    body = (Step("add", (0, 1), "float32"), Step("exp", (2,), "float32"))
    x = fake_cupy.array(np.zeros((2, 3), "float32"), order="C")
    row = fake_cupy.array(np.ones(3, "float32"), order="C")
    out = fake_cupy.empty((2, 3), "float32")
    call = module.FusedKernel().bind(out, (x, row), {"body": body})
    assert launches == []
    call()
    call()
    assert len(launches) == 2
    np.testing.assert_allclose(out, np.full((2, 3), np.e), rtol=1e-6)


def test_only_what_must_be_repeated_is_a_view(module, fake_cupy):
    x = fake_cupy.empty((2, 3), "float32")
    row = fake_cupy.empty((3,), "float32")
    out = fake_cupy.empty((2, 3), "float32")
    launch = module.SingleKernel("add").bind(out, (x, row), {})
    first, second, last = launch._bound().args
    assert first is x
    assert last is out
    assert second.shape == (2, 3)
    assert second.strides == (0, 4)


def test_the_kernel_writes_where_it_is_told(module, fake_cupy):
    x = fake_cupy.array(np.arange(3, dtype="float32"), order="C")
    out = fake_cupy.empty((3,), "float32")
    step = Step("square", (0,), "float32")
    module.FusedKernel()(out, x, body=(step,))
    np.testing.assert_array_equal(out, [0, 1, 4])
    module.SingleKernel("negative")(x, out)
    np.testing.assert_array_equal(x, [0, -1, -4])
