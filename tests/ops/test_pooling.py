"""Pooling over grids of arguments, where its gradient goes, and its refusals."""

import itertools

import numpy as np
import pytest

import kerasish
from kerasish import ops
from kerasish.backend import set_floatx
from kerasish.errors import ShapeError
from tests.ops import calls_convolution as formulas

LENGTHS = (7, 6, 5)
SETTINGS = [
    *itertools.product(
        (1, 2, 3),
        (None, 1, 2, 3),
        ("valid", "same"),
        ("channels_last", "channels_first"),
    )
]


@pytest.mark.parametrize("name", ["max_pool", "average_pool"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_pooling_is_that_of_each_window(name, rank, rng):
    set_floatx("float64")
    for size, strides, padding, data_format in SETTINGS:
        x = rng.normal(size=(2, *LENGTHS[:rank], 3))
        x = formulas.back(x, data_format)
        arguments = (x, size, strides, padding, data_format)
        found = getattr(ops, name)(*arguments)
        expected = getattr(formulas, name)(*arguments)
        np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("name", ["adaptive_max_pool", "adaptive_average_pool"])
def test_adaptive_windows_cover_everything(name, rng):
    set_floatx("float64")
    x = rng.normal(size=(2, 7, 6, 3))
    for size in itertools.product((1, 2, 3, 7, 9), (1, 4, 6)):
        found = getattr(ops, name)(x, size)
        expected = getattr(formulas, name)(x, size)
        np.testing.assert_allclose(found, expected, atol=1e-12)


def first_places(x, size, strides):
    """Return how often each place is the first largest of a window, in C order."""
    counts = np.zeros(x.shape)
    for rows in range(0, x.shape[0] - size + 1, strides):
        for columns in range(0, x.shape[1] - size + 1, strides):
            window = x[rows : rows + size, columns : columns + size]
            row, column = divmod(int(window.argmax()), size)
            counts[rows + row, columns + column] += 1
    return counts


@pytest.mark.parametrize("strides", [1, 2, 3])
@pytest.mark.parametrize("size", [2, 3])
def test_the_first_of_equals_has_the_whole_gradient(size, strides, rng):
    x = rng.integers(0, 3, (7, 8)).astype("float32")

    def total(x):
        return ops.sum(ops.max_pool(x, size, strides))

    found = kerasish.grad(total)(x[None, :, :, None])
    np.testing.assert_array_equal(found[0, :, :, 0], first_places(x, size, strides))


def test_adaptive_ties_go_to_the_first():
    def total(x):
        pooled = ops.adaptive_max_pool(x, 3)
        return ops.sum(ops.multiply(pooled, [[[1.0], [2.0], [3.0]]]))

    found = kerasish.grad(total)(np.zeros((1, 7, 1), "float32"))
    assert found.reshape(-1).tolist() == [1, 0, 2, 0, 3, 0, 0]


def test_padding_is_never_the_largest_and_never_counts():
    x = np.array([-5.0, -6.0, -7.0], "float32").reshape(1, 3, 1)
    most = ops.max_pool(x, 3, 1, "same").reshape(-1)
    assert most.tolist() == [-5, -5, -6]
    mean = ops.average_pool(x, 3, 1, "same").reshape(-1)
    assert mean.tolist() == [-5.5, -6, -6.5]


@pytest.mark.parametrize("dtype", ["uint8", "int32", "bool", "float16"])
def test_max_pool_keeps_the_dtype(dtype):
    x = np.array([3, 1, 0, 2, 0], dtype).reshape(1, 5, 1)
    result = ops.max_pool(x, 2, padding="same")
    assert result.dtype == dtype
    assert result.reshape(-1).tolist() == np.array([3, 2, 0], dtype).tolist()


def test_means_of_whole_numbers_are_floats_and_do_not_overflow():
    x = np.full((1, 4, 1), 250, "uint8")
    result = ops.average_pool(x, 4)
    assert (result.dtype, result.item()) == ("float32", 250)
    half = ops.average_pool(np.full((1, 4, 1), 40000, "float16"), 4)
    assert half.dtype == "float16"
    assert half.item() == np.float16(40000)


def test_gradients_of_means_share_evenly():
    def total(x):
        return ops.sum(ops.average_pool(x, 3, 2, "same"))

    found = kerasish.grad(total)(np.zeros((1, 5, 1), "float32"))
    expected = [1 / 2, 1 / 2 + 1 / 3, 1 / 3, 1 / 3 + 1 / 2, 1 / 2]
    np.testing.assert_allclose(found.reshape(-1), expected, rtol=1e-6)


def test_a_window_longer_than_an_axis_is_refused():
    message = (
        r"max_pool has a window that does not fit(.|\n)*\(1, 3, 1\), window \(4,\)"
    )
    with pytest.raises(ShapeError, match=message):
        ops.max_pool(np.ones((1, 3, 1)), 4)


@pytest.mark.parametrize("size", [0, (2, 2), 1.5, None])
def test_sizes_that_mean_nothing_are_refused(size):
    message = "adaptive_max_pool cannot understand its output_size"
    with pytest.raises(ValueError, match=message):
        ops.adaptive_max_pool(np.ones((1, 3, 1)), size)
