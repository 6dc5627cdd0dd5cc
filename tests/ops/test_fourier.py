"""Fourier transforms: there and back, gradients, what they refuse."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import get_backend
from kerasish.errors import ShapeError
from kerasish.graph.gradient import spec_of
from kerasish.graph.replay import compile_graph
from kerasish.graph.trace import trace
from tests.ops.slope import assert_slope

RNG = np.random.default_rng(10)
X = RNG.normal(size=(2, 7))
PAIR = (RNG.normal(size=(2, 3, 4)), RNG.normal(size=(2, 3, 4)))


@pytest.mark.parametrize("length", [7, 8, 6, 12])
def test_rfft_and_back(backend, length):
    real, imaginary = ops.rfft(X.astype("float32"), length)
    again = ops.convert_to_numpy(ops.irfft((real, imaginary), length))
    expected = np.zeros((2, length))
    kept = min(length, 7)
    expected[:, :kept] = X[:, :kept]
    np.testing.assert_allclose(again, expected, atol=1e-6)


def test_fft2_and_back(backend):
    pair = [p.astype("float32") for p in PAIR]
    for found, expected in zip(ops.ifft2(ops.fft2(pair)), pair, strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(found), expected, atol=1e-6)


def test_single_precision_stays_single(backend):
    for part in ops.rfft(X.astype("float32")):
        assert str(part.dtype) == "float32"


def test_whole_numbers_become_floats(backend):
    real, _ = ops.rfft(np.arange(4, dtype=np.int32))
    assert str(real.dtype) == "float32"
    assert ops.convert_to_numpy(real).tolist() == [6, -2, -2]


def test_in_a_trace_pairs_are_transformed_as_eagerly():
    graph = trace(lambda *pair: ops.fft2(pair), [spec_of(p) for p in PAIR])
    planned = compile_graph(graph, get_backend())(*PAIR)
    for found, expected in zip(planned, ops.fft2(PAIR), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-13)


def weighted(function):
    """Return a scalar of all the numbers a function returns."""

    def scalar(*parts):
        result = function(*parts)
        results = result if isinstance(result, tuple) else (result,)
        return ops.sum(ops.stack([ops.sum(ops.sin(r)) for r in results]))

    return scalar


@pytest.mark.parametrize("operation", [ops.fft, ops.fft2, ops.ifft2])
def test_gradient_of_complex_transforms(operation):
    assert_slope(weighted(lambda *pair: operation(pair)), *PAIR)


@pytest.mark.parametrize("length", [None, 7, 6, 9])
def test_gradient_of_real_transforms(length):
    assert_slope(weighted(lambda x: ops.rfft(x, length)), X)
    assert_slope(weighted(lambda *pair: ops.irfft(pair, length)), *PAIR)


@pytest.mark.parametrize("operation", [ops.fft, ops.fft2, ops.ifft2, ops.irfft])
def test_complex_numbers_are_pairs(operation):
    name = operation.__name__
    with pytest.raises(ShapeError, match=f"{name} works on pairs"):
        operation(X)
    with pytest.raises(ShapeError, match=r"\(2, 7\), \(2, 3, 4\)"):
        operation((X, PAIR[0]))


def test_two_axes_need_two_axes():
    with pytest.raises(ShapeError, match="at least 2 axes"):
        ops.fft2((X[0], X[0]))


def test_lengths_are_positive():
    with pytest.raises(ValueError, match="rfft needs a length of at least 1"):
        ops.rfft(X, 0)
    with pytest.raises(ValueError, match="irfft needs a length"):
        ops.irfft(([1.0], [0.0]))
