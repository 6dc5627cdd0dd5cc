"""Transposed convolutions beside the contract: lengths and refusals."""

import numpy as np
import pytest

from kerasish import layers


def test_by_hand():
    layer = layers.Conv1DTranspose(1, 2, strides=2, kernel_initializer="ones")
    y = layer(np.array([[[1.0], [2.0], [4.0]]], "float32"))
    assert y.reshape(-1).tolist() == [1, 1, 2, 2, 4, 4]


def test_the_kernel_has_filters_before_channels():
    layer = layers.Conv2DTranspose(5, (3, 2))
    layer.build((None, 4, 4, 2))
    assert layer.kernel.shape == (3, 2, 5, 2)
    assert layer.bias.shape == (5,)


@pytest.mark.parametrize(
    ("arguments", "length"),
    [
        ({"padding": "valid"}, 11),
        ({"padding": "same"}, 10),
        ({"padding": "valid", "output_padding": 0}, 11),
        ({"padding": "valid", "output_padding": 1}, 12),
        ({"padding": "same", "output_padding": 0}, 9),
        ({"padding": "same", "output_padding": 1}, 10),
    ],
)
def test_lengths(arguments, length):
    layer = layers.Conv1DTranspose(2, 3, strides=2, **arguments)
    assert layer.compute_output_shape((None, 5, 1)) == (None, length, 2)
    assert layer(np.ones((1, 5, 1), "float32")).shape == (1, length, 2)


def test_unknown_lengths_stay_unknown():
    layer = layers.Conv2DTranspose(2, 3, strides=2)
    assert layer.compute_output_shape((None, None, 8, 3)) == (None, None, 17, 2)


def test_in_three_dimensions_the_data_format_stands_before_the_output_padding():
    layer = layers.Conv3DTranspose(2, 3, 2, "valid", "channels_first", 1)
    assert layer.data_format == "channels_first"
    assert layer.output_padding == (1, 1, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"output_padding": 2}, r"output_padding=\(2, 2\), strides=\(2, 2\)"),
        ({"output_padding": -1}, "output_padding=-1(.|\n)*at least 0"),
        ({"dilation_rate": 2}, "strides and dilation at once"),
        ({"padding": "causal"}, "padding of Conv2DTranspose"),
    ],
)
def test_arguments_that_mean_nothing_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        layers.Conv2DTranspose(4, 3, strides=2, **arguments)
