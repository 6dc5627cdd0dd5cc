"""Pooling layers beside the contract."""

import numpy as np
import pytest

from kerasish import layers
from kerasish.errors import ShapeError


def test_strides_are_the_window_by_default():
    layer = layers.MaxPooling2D((2, 3))
    assert layer.strides == (2, 3)
    assert layer.built


def test_means_do_not_count_padding():
    layer = layers.AveragePooling1D(2, strides=2, padding="same")
    y = layer(np.array([[[2.0], [4.0], [7.0]]], "float32"))
    assert y.reshape(-1).tolist() == [3, 7]


def test_names_and_formats_go_by_position_as_in_keras():
    layer = layers.MaxPool2D(3, 1, "same", "channels_first", "mine")
    assert (layer.name, layer.data_format, layer.padding) == (
        "mine",
        "channels_first",
        "same",
    )
    assert layer.compute_output_shape((None, 3, None, 8)) == (None, 3, None, 8)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.MaxPooling2D(0), "pool_size=0(.|\n)*at least 1"),
        (lambda: layers.MaxPooling2D((2, 2, 2)), "a tuple of 2"),
        (lambda: layers.AveragePooling2D(2, padding="full"), "padding of Average"),
        (lambda: layers.AveragePooling2D(2, strides=1.5), "strides=1.5"),
    ],
)
def test_arguments_that_mean_nothing_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_inputs_that_do_not_fit_are_refused():
    x = np.ones((2, 8, 8, 1), "float32")
    message = r"MaxPooling2D 'p' has a window(.|\n)*\(2, 8, 8, 1\), window \(9, 1\)"
    with pytest.raises(ShapeError, match=message):
        layers.MaxPooling2D((9, 1), name="p")(x)
    with pytest.raises(ShapeError, match="4 axes"):
        layers.MaxPooling2D()(x[0])
