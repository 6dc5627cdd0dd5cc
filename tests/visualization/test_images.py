import numpy as np
import pytest

from kerasish.visualization.images import as_pictures


def test_numbers_are_cut_and_spread():
    values = np.array([-5.0, 0.5, 254.7, 300, np.nan]).reshape(1, 1, 5, 1)
    assert as_pictures(values).ravel().tolist() == [0, 0, 254, 255, 0]
    values = np.array([-1.0, 0.0, 1.0]).reshape(1, 1, 3, 1)
    found = as_pictures(values, value_range=(-1, 1))
    assert found.ravel().tolist() == [0, 127, 255]


def test_channels_last(rng):
    values = rng.integers(0, 256, (2, 3, 4, 5), dtype="uint8")
    found = as_pictures(values, "channels_first")
    np.testing.assert_array_equal(found, values.transpose(0, 2, 3, 1))


def test_always_a_copy():
    values = np.zeros((1, 2, 2, 3), "uint8")
    as_pictures(values)[:] = 1
    assert not values.any()


def test_no_batch():
    with pytest.raises(ValueError, match="must be a batch of images") as error:
        as_pictures(np.zeros((4, 5, 3)))
    assert "got:      an array of shape (4, 5, 3)" in str(error.value)
    assert "images[None]" in str(error.value)
