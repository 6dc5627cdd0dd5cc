"""Flatten and Reshape."""

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops
from kerasish.errors import ShapeError


def host(value):
    return ops.convert_to_numpy(value)


@pytest.fixture
def images():
    """Two images of 3 x 4 pixels in 2 channels, all numbers different."""
    return np.arange(48, dtype="float32").reshape(2, 3, 4, 2)


# Flatten --------------------------------------------------------------------------


def test_flatten_keeps_the_order_of_the_elements(images):
    np.testing.assert_array_equal(host(layers.Flatten()(images)), images.reshape(2, 24))


def test_flatten_brings_channels_first_to_the_end(images):
    channels_first = np.moveaxis(images, -1, 1)
    result = layers.Flatten("channels_first")(channels_first)
    np.testing.assert_array_equal(host(result), images.reshape(2, 24))


def test_flatten_follows_the_global_setting():
    kerasish.config.set_image_data_format("channels_first")
    assert layers.Flatten().data_format == "channels_first"


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((5,), (5, 1)), ((5, 3), (5, 3)), ((0, 2, 3), (0, 6)), ((2, 0, 3), (2, 0))],
)
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_flatten_of_other_ranks(shape, expected, data_format):
    layer = layers.Flatten(data_format)
    assert layer(np.zeros(shape)).shape == expected
    assert layer.compute_output_shape(shape) == expected


def test_flatten_of_unknown_lengths():
    shape = layers.Flatten().compute_output_shape
    assert shape((None, 2, 3)) == (None, 6)
    assert shape((None, None, 3)) == (None, None)


def test_flatten_needs_a_batch_axis():
    with pytest.raises(ShapeError, match="'flatten' cannot take this input"):
        layers.Flatten()(np.float32(3))


def test_flatten_refuses_other_layouts():
    with pytest.raises(ValueError, match=r"data_format(.|\n)*'channels_first'"):
        layers.Flatten("channels_frist")


# Reshape --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ((24,), (2, 24)),
        ((4, 6), (2, 4, 6)),
        ((-1, 6), (2, 4, 6)),
        ((2, -1, 3), (2, 2, 4, 3)),
        (-1, (2, 24)),
        (24, (2, 24)),
        ([1, 24], (2, 1, 24)),
    ],
)
def test_reshape_keeps_the_order_of_the_elements(images, target, expected):
    layer = layers.Reshape(target)
    np.testing.assert_array_equal(host(layer(images)), images.reshape(expected))
    assert layer.compute_output_shape((None, 3, 4, 2)) == (None, *expected[1:])


def test_reshape_to_scalars_and_back():
    column = np.ones((3, 1))
    scalars = layers.Reshape(())(column)
    assert scalars.shape == (3,)
    assert layers.Reshape((1,))(scalars).shape == (3, 1)


def test_reshape_of_an_empty_batch():
    assert layers.Reshape((2, -1))(np.ones((0, 4))).shape == (0, 2, 2)


def test_reshape_of_unknown_lengths():
    shape = layers.Reshape((2, -1)).compute_output_shape
    assert shape((None, None, 4)) == (None, 2, None)
    assert shape((None, 3, 4)) == (None, 2, 6)


@pytest.mark.parametrize("target", [(5,), (5, -1), (24, 2), (0, -1)])
def test_reshape_names_both_shapes_when_the_elements_do_not_fit(images, target):
    with pytest.raises(ShapeError) as raised:
        layers.Reshape(target, name="r")(images)
    text = str(raised.value)
    assert "Reshape 'r'" in text
    assert "(3, 4, 2), 24 elements" in text
    assert str(target) in text


def test_reshape_works_out_one_length_only():
    with pytest.raises(ValueError, match=r"one length only(.|\n)*\(-1, -1\)"):
        layers.Reshape((-1, -1))


@pytest.mark.parametrize("target", [(-2, 3), (2.0, 3), ("a",), (None, 2)])
def test_reshape_refuses_what_is_no_length(target):
    with pytest.raises(ValueError, match="cannot understand its target_shape"):
        layers.Reshape(target)


# Permute and RepeatVector ---------------------------------------------------------


@pytest.mark.parametrize("dims", [(2, 1, 3), (3, 1, 2), [1, 2, 3]])
def test_permute_moves_all_axes_but_the_first(images, dims):
    layer = layers.Permute(dims)
    expected = np.transpose(images, (0, *dims))
    np.testing.assert_array_equal(host(layer(images)), expected)
    shape = layer.compute_output_shape((None, *images.shape[1:]))
    assert shape == (None, *expected.shape[1:])


@pytest.mark.parametrize("dims", [(0, 1), (1, 3), (1, 1), (-1, 1)])
def test_permute_names_each_axis_once(dims):
    with pytest.raises(ValueError, match=r"cannot understand its dims(.|\n)*from 1"):
        layers.Permute(dims)


def test_permute_needs_as_many_axes(images):
    with pytest.raises(ShapeError, match="'mine'"):
        layers.Permute((2, 1), name="mine")(images)


def test_repeat_vector_makes_steps_of_one_vector():
    x = np.array([[1.0, 2.0], [3.0, 4.0]], "float32")
    y = host(layers.RepeatVector(3)(x))
    np.testing.assert_array_equal(y, np.repeat(x[:, None], 3, axis=1))
    assert layers.RepeatVector(3).compute_output_shape((None, 2)) == (None, 3, 2)


@pytest.mark.parametrize(
    ("n", "error"), [(0, ValueError), (-1, ValueError), (1.5, TypeError)]
)
def test_repeat_vector_repeats_a_whole_number_of_times(n, error):
    with pytest.raises(error, match=rf"repeats a whole number of times(.|\n)*n={n}"):
        layers.RepeatVector(n)
