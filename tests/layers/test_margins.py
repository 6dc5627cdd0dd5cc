"""Layers that add margins or cut them off, beside the contract."""

import numpy as np
import pytest

from kerasish import layers
from kerasish.errors import ShapeError


def test_zeros_stand_where_they_were_asked_for():
    x = np.ones((1, 2, 2, 1), "float32")
    y = layers.ZeroPadding2D(((1, 0), (0, 2)))(x)[0, :, :, 0]
    assert y.tolist() == [[0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0]]


def test_cropping_takes_off_what_padding_put_on(rng):
    x = rng.normal(size=(2, 3, 4, 5, 2)).astype("float32")
    margins = ((1, 2), (0, 1), (3, 0))
    padded = layers.ZeroPadding3D(margins)(x)
    assert padded.shape == (2, 6, 5, 8, 2)
    np.testing.assert_array_equal(layers.Cropping3D(margins)(padded), x)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (layers.ZeroPadding1D(2), (2, 2)),
        (layers.ZeroPadding1D((1, 0)), (1, 0)),
        (layers.ZeroPadding2D(2), ((2, 2), (2, 2))),
        (layers.ZeroPadding2D((1, 2)), ((1, 1), (2, 2))),
        (layers.ZeroPadding2D(((1, 2), 3)), ((1, 2), (3, 3))),
        (layers.ZeroPadding3D((1, 2, (0, 1))), ((1, 1), (2, 2), (0, 1))),
    ],
)
def test_margins_are_kept_as_keras_keeps_them(layer, expected):
    assert layer.padding == expected


def test_unknown_lengths_stay_unknown():
    shape = (None, None, 4, 3)
    assert layers.ZeroPadding2D(1).compute_output_shape(shape) == (None, None, 6, 3)
    assert layers.Cropping2D(1).compute_output_shape(shape) == (None, None, 2, 3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.ZeroPadding2D(-1), "padding=-1(.|\n)*none negative"),
        (lambda: layers.ZeroPadding2D("a"), "padding='a'(.|\n)*a tuple of 2"),
        (lambda: layers.ZeroPadding2D((1, 2, 3)), r"padding=\(1, 2, 3\)"),
        (lambda: layers.ZeroPadding1D((1, 2, 3)), r"or \(before, after\); none"),
        (lambda: layers.Cropping1D(1.5), "Cropping1D(.|\n)*cropping=1.5"),
        (lambda: layers.Cropping3D((1, 2)), "a tuple of 3"),
        (lambda: layers.Cropping2D(1, "last"), "data_format of Cropping2D"),
    ],
)
def test_arguments_that_mean_nothing_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_something_must_be_left():
    x = np.ones((1, 8, 8, 1), "float32")
    message = r"Cropping2D 'c' would leave nothing(.|\n)*\(1, 8, 8, 1\), cropping=\(\(4"
    with pytest.raises(ShapeError, match=message):
        layers.Cropping2D(((4, 4), (0, 0)), name="c")(x)
