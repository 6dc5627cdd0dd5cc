"""Adaptive pooling layers beside the contract."""

import numpy as np
import pytest

from kerasish import layers


def test_any_length_becomes_the_size_asked_for():
    layer = layers.AdaptiveAveragePooling1D(3)
    for length in (1, 3, 7, 9):
        assert layer(np.ones((2, length, 4), "float32")).shape == (2, 3, 4)


def test_windows_overlap_where_lengths_do_not_divide():
    x = np.arange(7, dtype="float32").reshape(1, 7, 1)
    mean = layers.AdaptiveAveragePooling1D(3)(x)
    most = layers.AdaptiveMaxPooling1D(5)(x)
    assert mean.reshape(-1).tolist() == [1, 3, 5]
    assert most.reshape(-1).tolist() == [1, 2, 4, 5, 6]


def test_lengths_may_be_unknown():
    layer = layers.AdaptiveMaxPooling2D((2, 3), data_format="channels_first")
    assert layer.compute_output_shape((None, 4, None, None)) == (None, 4, 2, 3)


@pytest.mark.parametrize("size", [0, 2.5, (1, 2, 3), None])
def test_sizes_that_mean_nothing_are_refused(size):
    message = "AdaptiveMaxPooling2D(.|\n)*output_size"
    with pytest.raises(ValueError, match=message):
        layers.AdaptiveMaxPooling2D(size)
