"""The kernels that slide windows, on the look-alike of CuPy, against their meaning."""

import importlib

import numpy as np
import pytest

from kerasish.graph.registry import operation
from tests.backend import cases_convolution
from tests.backend.cases import operands_of, spec_of
from tests.backend.harness import assert_agrees, meaning, run

NAMES = sorted(cases_convolution.CASES)


def check(backend, name: str, dtype: str) -> None:
    """Compare all cases of an operation with its reference."""
    op = operation(name)
    for shapes, attributes in cases_convolution.CASES[name]:
        operands = operands_of(op, shapes, attributes, dtype)
        spec = spec_of(op, operands, attributes)
        expected = meaning(cases_convolution.REFERENCES[name], operands, attributes)
        result = run(backend, name, spec, operands, attributes)
        assert_agrees(result, expected, spec, operands)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", NAMES)
def test_kernels_agree_with_their_references(fake_backend, name, dtype):
    check(fake_backend, name, dtype)


@pytest.mark.parametrize(("num_bytes", "few"), [(64, 8), (400, 1)])
@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith("conv")])
def test_blocks_of_samples_and_of_rows_give_the_same(
    fake_backend, monkeypatch, name, num_bytes, few
):
    module = importlib.import_module("kerasish_cupy.windows")
    monkeypatch.setattr(module, "_BLOCK_BYTES", num_bytes)
    monkeypatch.setattr(module, "_FEW_CHANNELS", few)
    monkeypatch.setattr(module, "_MANY_THREADS", 40)
    check(fake_backend, name, "float32")


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith("conv")])
def test_a_convolution_is_one_launch_and_one_product(
    fake_backend, fake_cublas, launches, name
):
    how = {"strides": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1)}
    how |= {"groups": 1}
    x, kernel, y = np.ones((2, 5, 5, 3)), np.ones((3, 3, 3, 4)), np.ones((2, 5, 5, 4))
    given = {
        "conv_forward": (x, kernel),
        "conv_input_gradient": (y, kernel),
        "conv_kernel_gradient": (x, y),
    }[name]
    how |= {"lengths": (5, 5)} if name == "conv_input_gradient" else {}
    how |= {"window": (3, 3)} if name == "conv_kernel_gradient" else {}
    operands = [array.astype("float32") for array in given]
    run(fake_backend, name, spec_of(operation(name), operands, how), operands, how)
    assert len(launches) == 1
    assert fake_cublas.asked[-1] == "strided"


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith("window")])
def test_pooling_is_one_launch(fake_backend, launches, name):
    op = operation(name)
    for shapes, attributes in cases_convolution.CASES[name]:
        operands = operands_of(op, shapes, attributes, "float32")
        spec = spec_of(op, operands, attributes)
        known = len(launches)
        run(fake_backend, name, spec, operands, attributes)
        assert len(launches) - known == bool(np.prod(spec.shape))
