"""Layers that make images larger, beside the contract."""

import numpy as np
import pytest

from kerasish import layers


def test_places_are_repeated():
    x = np.array([[1, 2], [3, 4]], "float32").reshape(1, 2, 2, 1)
    y = layers.UpSampling2D((1, 2))(x)[0, :, :, 0]
    assert y.tolist() == [[1, 1, 2, 2], [3, 3, 4, 4]]
    again = layers.UpSampling2D((2, 1))(x)[0, :, :, 0]
    assert again.tolist() == [[1, 2], [1, 2], [3, 4], [3, 4]]


def test_the_dtype_is_kept():
    x = np.ones((1, 2, 2, 1), "int32")
    assert layers.UpSampling2D(2)(x).dtype == "int32"


def test_lines_are_drawn_between_places():
    x = np.array([0, 4], "float32").reshape(1, 1, 2, 1)
    y = layers.UpSampling2D((1, 2), interpolation="bilinear")(x)
    np.testing.assert_allclose(y.reshape(-1), [0, 1, 3, 4], rtol=1e-6)


def test_sizes_are_kept_as_keras_keeps_them():
    assert layers.UpSampling1D(3).size == 3
    assert layers.UpSampling2D(3).size == (3, 3)
    assert layers.UpSampling3D((1, 2, 3)).size == (1, 2, 3)


def test_unknown_lengths_stay_unknown():
    layer = layers.UpSampling2D((2, 3))
    assert layer.compute_output_shape((None, None, 4, 3)) == (None, None, 12, 3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.UpSampling2D(0), "size=0(.|\n)*at least 1"),
        (lambda: layers.UpSampling2D(2.5), "size=2.5"),
        (lambda: layers.UpSampling1D((2, 2)), "UpSampling1D(.|\n)*size"),
        (
            lambda: layers.UpSampling2D(2, interpolation="bilinaer"),
            "interpolation of UpSampling2D(.|\n)*'bilinear'",
        ),
    ],
)
def test_arguments_that_mean_nothing_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
