"""Convolutions over grids of arguments, in blocks, on views; their refusals."""

import itertools

import numpy as np
import pytest

import kerasish
from kerasish import ops
from kerasish.backend import get_backend, set_floatx
from kerasish.backend.kernels_convolution import convolution_kernels
from kerasish.errors import ShapeError
from kerasish_numpy.workers import Workers
from tests.ops import calls_convolution as formulas

LENGTHS, WINDOW = (7, 6, 5), (3, 2, 2)
FORMATS = ("channels_last", "channels_first")


@pytest.fixture
def double():
    set_floatx("float64")


class ThreeStreams(Workers):
    """Streams for work of any size."""

    def number(self, work, most):
        return min(3, most)


@pytest.fixture(params=["one stream", "three streams"])
def small_blocks(request, monkeypatch):
    """Let blocks hold a few rows only."""
    backend = get_backend()
    streams = ThreeStreams(3) if request.param == "three streams" else None
    product = backend.kernels["matmul_of"]
    small = convolution_kernels(np, product, streams, 2000)
    monkeypatch.setattr(type(backend), "kernels", {**backend.kernels, **small})


def shaped(rng, rank, channels, data_format):
    x = rng.normal(size=(2, *LENGTHS[:rank], channels))
    return np.ascontiguousarray(formulas.back(x, data_format))


def slope_agrees(function, points, rng):
    """Assert that the gradient is the slope along a random direction."""
    step = 1e-5
    direction = [rng.normal(size=p.shape) for p in points]
    ahead = [p + step * d for p, d in zip(points, direction, strict=True)]
    behind = [p - step * d for p, d in zip(points, direction, strict=True)]
    slope = (float(function(*ahead)) - float(function(*behind))) / (2 * step)
    parts = kerasish.grad(function, range(len(points)))(*points)
    found = sum(float(ops.vdot(g, d)) for g, d in zip(parts, direction, strict=True))
    assert found == pytest.approx(slope, rel=1e-6, abs=1e-6)


SETTINGS = [
    *itertools.product((1, 2, 3), ("valid", "same"), (1, 2), (1, 2, 4), FORMATS)
]


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_conv_is_the_sum_over_windows(rank, rng, double):
    for strides, padding, dilation, groups, data_format in SETTINGS:
        x = shaped(rng, rank, 4, data_format)
        kernel = rng.normal(size=(*WINDOW[:rank], 4 // groups, 8))
        how = (strides, padding, data_format, dilation)
        expected = formulas.conv(x, kernel, *how)
        np.testing.assert_allclose(ops.conv(x, kernel, *how), expected, atol=1e-12)


@pytest.mark.parametrize("rank", [1, 2])
def test_conv_transpose_spreads_the_kernel(rank, rng, double):
    settings = itertools.product(
        (1, 2, 3), ("valid", "same"), (None, 0, 1), (1, 2, 4), (1, 2), (2, 9)
    )
    for strides, padding, more, size, dilation, filters in settings:
        x = rng.normal(size=(2, *LENGTHS[:rank], 3))
        kernel = rng.normal(size=(*(size, 2)[:rank], filters, 3))
        how = (strides, padding, more, "channels_last", dilation)
        expected = formulas.conv_transpose(x, kernel, *how)
        found = ops.conv_transpose(x, kernel, *how)
        np.testing.assert_allclose(found, expected, atol=1e-12)


CASES = {
    "plain": ((5, 7, 6, 4), (3, 2, 4, 8), {}),
    "same": ((4, 7, 6, 9), (3, 2, 9, 2), {"padding": "same", "strides": (2, 1)}),
    "dilated": ((2, 7, 6, 2), (3, 2, 2, 3), {"dilation_rate": 2}),
    "groups": ((3, 7, 6, 4), (3, 2, 2, 6), {"padding": "same"}),
    "depthwise": ((4, 7, 6, 3), (3, 2, 1, 6), {"padding": "same", "strides": 2}),
    "pointwise": ((2, 7, 6, 4), (1, 1, 4, 3), {"strides": (2, 3)}),
    "whole": ((2, 3, 2, 4), (3, 2, 4, 3), {}),
    "causal": ((2, 7, 4), (3, 4, 5), {"padding": "causal"}),
    "film": ((1, 4, 5, 3, 2), (2, 2, 2, 2, 3), {"padding": "same"}),
}


@pytest.mark.parametrize("case", CASES)
def test_gradients_in_small_blocks_are_slopes(case, rng, double, small_blocks):
    shape, kernel_shape, how = CASES[case]
    x, kernel = rng.normal(size=shape), rng.normal(size=kernel_shape)

    def total(x, kernel):
        return ops.sum(ops.tanh(ops.conv(x, kernel, **how)))

    slope_agrees(total, [x, kernel], rng)


@pytest.mark.parametrize("case", ["plain", "same", "groups", "depthwise"])
def test_small_blocks_change_nothing(case, rng, double, small_blocks):
    shape, kernel_shape, how = CASES[case]
    x, kernel = rng.normal(size=shape), rng.normal(size=kernel_shape)
    expected = formulas.conv(x, kernel, **how)
    np.testing.assert_allclose(ops.conv(x, kernel, **how), expected, atol=1e-12)


@pytest.mark.parametrize("case", ["plain", "same", "groups", "depthwise", "whole"])
def test_operands_and_cotangents_may_be_views(case, rng, double):
    """In a plan, what is turned round reaches the kernels without being copied."""
    shape, kernel_shape, how = CASES[case]
    x, kernel = rng.normal(size=shape), rng.normal(size=kernel_shape)
    y = formulas.conv(x, kernel, **how)
    weights = rng.normal(size=y.shape)

    def plain(x, kernel):
        return ops.sum(ops.multiply(ops.conv(x, kernel, **how), weights))

    def turned(x, kernel):
        y = ops.conv(ops.transpose(x), ops.transpose(kernel), **how)
        return ops.sum(ops.multiply(ops.transpose(y), weights.T))

    value, found = kerasish.value_and_grad(turned, (0, 1))(x.T.copy(), kernel.T.copy())
    expected = kerasish.grad(plain, (0, 1))(x, kernel)
    assert float(value) == pytest.approx(float((y * weights).sum()))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.T, other, atol=1e-12)


def test_causal_padding_looks_back_only(rng):
    x = rng.normal(size=(1, 9, 2)).astype("float32")
    kernel = rng.normal(size=(3, 2, 4)).astype("float32")
    before = ops.conv(x, kernel, padding="causal", dilation_rate=2)
    x[:, 5:] += 1
    after = ops.conv(x, kernel, padding="causal", dilation_rate=2)
    assert before.shape == (1, 9, 4)
    np.testing.assert_array_equal(after[:, :5], before[:, :5])
    assert (after[:, 5:] != before[:, 5:]).all()


def test_half_precision_is_summed_in_single():
    x, kernel = np.full((1, 3000, 1), 0.1, "float16"), np.ones((3000, 1, 1), "float16")
    expected = np.float16(np.float32(np.float16(0.1)) * 3000)
    assert ops.conv(x, kernel).item() == expected
    assert ops.conv(x[:, :1500], kernel[:1500]).dtype == "float16"
    twice = ops.conv_transpose(x[:, :2], kernel[:2])
    assert (twice.dtype, twice.shape) == ("float16", (1, 3, 1))


def test_nothing_in_nothing_out():
    kernel = np.ones((3, 2, 4), "float32")
    assert ops.conv(np.ones((0, 5, 2), "float32"), kernel).shape == (0, 3, 4)
    none = np.ones((2, 0, 2), "float32")
    assert ops.conv(none, kernel, padding="same").shape == (2, 0, 4)
    spread = ops.conv_transpose(np.ones((0, 5, 4), "float32"), kernel)
    assert spread.shape == (0, 7, 2)


REFUSED = {
    "rank": (
        lambda: ops.conv(np.ones((8, 8, 3)), np.ones((3, 3, 3, 2))),
        r"conv cannot take these shapes(.|\n)*kernel \(3, 3, 3, 2\)(.|\n)*x\[None\]",
    ),
    "channels": (
        lambda: ops.conv(np.ones((1, 8, 4)), np.ones((3, 3, 2))),
        r"groups(.|\n)*4 channels(.|\n)*multiple",
    ),
    "filters": (
        lambda: ops.conv(np.ones((1, 8, 4)), np.ones((3, 2, 3))),
        r"filters that are a multiple of the number of groups",
    ),
    "too short": (
        lambda: ops.conv(np.ones((1, 4, 2)), np.ones((5, 2, 3))),
        r"does not fit(.|\n)*\(1, 4, 2\), window \(5,\)(.|\n)*padding=\"same\"",
    ),
    "depthwise": (
        lambda: ops.depthwise_conv(np.ones((1, 8, 4)), np.ones((3, 3, 2))),
        r"depthwise_conv was given other channels(.|\n)*4 channels(.|\n)*expected: 3",
    ),
    "transposed": (
        lambda: ops.conv_transpose(np.ones((1, 8, 4)), np.ones((3, 4, 2))),
        r"conv_transpose was given other channels(.|\n)*expected: 2",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_shapes_that_do_not_fit_are_refused(case):
    call, message = REFUSED[case]
    with pytest.raises(ShapeError, match=message):
        call()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"strides": 0}, "conv cannot understand its strides(.|\n)*at least 1"),
        ({"strides": (1, 2)}, r"strides=\(1, 2\)(.|\n)*a tuple of 1"),
        ({"dilation_rate": 1.5}, "dilation_rate=1.5"),
        ({"padding": "smae"}, "padding of conv 'smae'(.|\n)*'same'"),
        ({"data_format": "nhwc"}, "data_format of conv 'nhwc'"),
    ],
)
def test_arguments_that_mean_nothing_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ops.conv(np.ones((1, 8, 2)), np.ones((3, 2, 2)), **arguments)
