"""Global pooling layers beside the contract: masks, and equal elements."""

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("keepdims", [False, True])
def test_masked_steps_do_not_count(data_format, keepdims):
    x = np.arange(24, dtype="float32").reshape(2, 4, 3)
    mask = np.array([[True, True, False, False], [False, True, True, True]])
    expected = np.stack([x[0, :2].mean(0), x[1, 1:].mean(0)])
    layer = layers.GlobalAveragePooling1D(data_format, keepdims)
    given = x if data_format == "channels_last" else np.moveaxis(x, 1, 2)
    y = layer(given, mask=mask)
    shape = layer.compute_output_shape(given.shape)
    assert y.shape == shape
    np.testing.assert_allclose(y.reshape(2, 3), expected)
    assert layer.supports_masking
    assert layer.compute_mask(given, mask) is None


def test_the_mean_of_nothing_is_no_number():
    mask = np.array([[False, False]])
    y = layers.GlobalAveragePooling1D()(np.ones((1, 2, 3), "float32"), mask=mask)
    assert np.isnan(y).all()


def test_the_largest_of_whole_numbers_stays_whole():
    x = np.array([[[1, 5], [3, 2]]], "int32")
    assert layers.GlobalMaxPooling1D()(x).tolist() == [[3, 5]]
    assert layers.GlobalMaxPooling1D()(x).dtype == "int32"
    assert layers.GlobalAveragePooling1D()(x).dtype == "float32"


def test_equal_largest_elements_share_the_gradient():
    layer = layers.GlobalMaxPooling1D()
    gradient = kerasish.grad(lambda x: ops.sum(layer(x)))
    found = gradient(np.zeros((1, 5, 1), "float32"))
    np.testing.assert_allclose(found.reshape(-1), np.full(5, 0.2), rtol=1e-6)
