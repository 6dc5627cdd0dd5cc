"""Convolution by transforms against the shifted products it replaces."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kerasish as keras
from kerasish.backend import backend_scope
from kerasish.backend.array_kernels import UfuncKernel
from kerasish.backend.contract import Backend
from kerasish.backend.convolution_geometry import Geometry
from kerasish.backend.kernels_convolution import convolution_kernels
from kerasish.backend.streams import Streams
from kerasish_numpy import fourier_convolution as fourier

RNG = np.random.default_rng(4)
USUAL = convolution_kernels(np, UfuncKernel(np.matmul))
FOURIER = fourier.fourier_kernels(USUAL, Streams())


class Two(Streams):
    """Two streams, one after the other."""

    def number(self, work, most):
        return min(2, most)


@pytest.fixture(autouse=True)
def every_window(monkeypatch):
    monkeypatch.setattr(fourier, "_WORTH", 0)


def run(kernels, name, out, inputs, attributes):
    kernel = kernels[name]
    needs = kernel.scratch(out, *inputs, **attributes)
    space = tuple(np.full(shape, np.nan, dtype) for shape, dtype in needs)
    result = np.full(out.shape, np.nan, out.dtype)
    kernel.bind(result, inputs, {**attributes, "scratch": space})()
    return result


def outputs(lengths, window, padding, dilation):
    return tuple(
        n + sum(p) - (k - 1) * d
        for n, k, p, d in zip(lengths, window, padding, dilation, strict=True)
    )


def check(lengths, window, *, batch=3, groups=4, filters=1, dtype="float32", **how):
    """Compare the three kernels; every one must take transforms."""
    axes = len(lengths)
    how = {"padding": ((0, 0),) * axes, "dilation": (1,) * axes} | how
    given_ = {"strides": (1,) * axes, "groups": groups, **how}
    shown = outputs(lengths, window, how["padding"], how["dilation"])
    x = RNG.standard_normal((batch, *lengths, groups)).astype(dtype)
    kernel = RNG.standard_normal((*window, 1, groups * filters)).astype(dtype)
    y = RNG.standard_normal((batch, *shown, groups * filters)).astype(dtype)
    cases = [
        ("conv_forward", y, (x, kernel), {}),
        ("conv_input_gradient", x, (y, kernel), {"lengths": tuple(lengths)}),
        ("conv_kernel_gradient", kernel, (x, y), {"window": tuple(window)}),
    ]
    for name, out, inputs, more in cases:
        for streams in (Streams(), Two()):
            kernels = fourier.fourier_kernels(USUAL, streams)
            assert kernels[name]._found(out, inputs, {**given_, **more})
            found = run(kernels, name, out, inputs, {**given_, **more})
            plain = run(USUAL, name, out, inputs, {**given_, **more})
            size = np.abs(plain).max()
            rough = 1e-12 if dtype == "float64" else 2e-6
            np.testing.assert_allclose(found, plain, rtol=0, atol=rough * size)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("lengths", "window"),
    [((50,), (7,)), ((13, 9), (3, 4)), ((5, 6, 7), (2, 3, 1)), ((8,), (8,))],
)
def test_any_number_of_axes(lengths, window, dtype):
    check(lengths, window, dtype=dtype)


def test_padding_on_either_side():
    check((20,), (6,), padding=((2, 3),))
    check((9, 7), (3, 5), padding=((0, 2), (4, 0)))


def test_elements_apart():
    check((40,), (5,), dilation=(3,))
    check((12, 11), (3, 2), dilation=(2, 4), padding=((1, 1), (0, 3)))


def test_several_filters_for_each_channel():
    check((17,), (5,), filters=3, padding=((2, 2),))


def test_more_samples_than_are_transformed_at_a_time(monkeypatch):
    monkeypatch.setattr(fourier, "_BLOCK_BYTES", 2 * 32 * 4 * 4)
    check((30,), (9,), batch=7, filters=2)


@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=2),
    data=st.data(),
    batch=st.integers(1, 4),
    filters=st.integers(1, 2),
)
def test_any_sizes(lengths, data, batch, filters):
    window, padding, dilation = [], [], []
    for length in lengths:
        pair = data.draw(st.tuples(st.integers(0, 3), st.integers(0, 3)))
        step = data.draw(st.integers(1, 3))
        most = (length + sum(pair) - 1) // step + 1
        window.append(data.draw(st.integers(1, most)))
        padding.append(pair)
        dilation.append(step)
    check(
        tuple(lengths),
        tuple(window),
        batch=batch,
        filters=filters,
        padding=tuple(padding),
        dilation=tuple(dilation),
    )


@pytest.mark.parametrize("length", [1, 2, 7, 17, 97, 1001, 4099])
def test_lengths_are_even_and_soon_transformed(length):
    found = fourier.fast_length(length)
    assert length <= found <= 1.3 * length + 2
    assert found % 2 == 0
    for prime in (2, 3, 5):
        while found % prime == 0:
            found //= prime
    assert found == 1


def geometry(**changes):
    sizes = {
        "batch": 2,
        "lengths": (600,),
        "outputs": (537,),
        "window": (64,),
        "strides": (1,),
        "dilation": (1,),
        "padding": ((0, 0),),
        "groups": 4,
        "channels": 1,
        "filters": 1,
    }
    return Geometry(**(sizes | changes))


def test_what_suits(monkeypatch):
    monkeypatch.undo()
    assert fourier.suits(geometry(), "float32")
    assert not fourier.suits(geometry(), "float16")
    assert not fourier.suits(geometry(strides=(2,)), "float32")
    assert not fourier.suits(geometry(window=(9,)), "float32")
    assert not fourier.suits(geometry(lengths=(100,), outputs=(37,)), "float32")
    pixels = {"dilation": (1, 1), "padding": ((4, 4),) * 2, "strides": (1, 1)}
    large = geometry(lengths=(56, 56), outputs=(56, 56), window=(11, 11), **pixels)
    assert fourier.suits(large, "float32")
    assert not fourier.suits(large._replace(window=(7, 7)), "float32")
    assert not fourier.suits(geometry(groups=1, channels=4), "float32")
    assert not fourier.suits(geometry(outputs=(0,)), "float32")


def test_other_convolutions_are_left_alone(monkeypatch):
    monkeypatch.setattr(fourier, "_WORTH", 100)
    x = RNG.standard_normal((2, 20, 4)).astype("float32")
    kernel = RNG.standard_normal((5, 1, 4)).astype("float32")
    how = {"strides": (1,), "padding": ((0, 0),), "dilation": (1,), "groups": 4}
    y = np.empty((2, 16, 4), "float32")
    found = run(FOURIER, "conv_forward", y, (x, kernel), how)
    np.testing.assert_array_equal(
        found, run(USUAL, "conv_forward", y, (x, kernel), how)
    )


def test_a_layer_with_a_large_window_trains_alike(monkeypatch):
    x = RNG.standard_normal((6, 16, 16, 3))
    y = RNG.standard_normal((6, 16, 16, 6))

    def trained():
        keras.utils.set_random_seed(1)
        layer = keras.layers.DepthwiseConv2D(7, padding="same", depth_multiplier=2)
        model = keras.Sequential([keras.Input((16, 16, 3)), layer])
        model.compile("sgd", "mse")
        model.fit(x, y, epochs=3, batch_size=4, verbose=0)
        return model.get_weights()

    found = []
    for worth in (0, 1 << 30):
        monkeypatch.setattr(fourier, "_WORTH", worth)
        with backend_scope("numpy") as backend:
            assert isinstance(backend, Backend)
            found.append(trained())
    for ours, plain in zip(*found, strict=True):
        np.testing.assert_allclose(ours, plain, atol=1e-6)
