"""Depthwise convolutions beside the contract."""

import numpy as np
import pytest

from kerasish import layers
from kerasish.errors import ShapeError


def test_channels_do_not_mix():
    layer = layers.DepthwiseConv1D(2, depth_multiplier=2)
    x = np.zeros((1, 4, 3), "float32")
    x[:, :, 1] = 1
    y = layer(x)
    assert y.shape == (1, 3, 6)
    assert not y[..., [0, 1, 4, 5]].any()
    expected = layer.kernel.numpy()[:, 1].sum(axis=0)
    np.testing.assert_allclose(y[0, 0, 2:4], expected, rtol=1e-6)


def test_weights_have_keras_shapes():
    layer = layers.DepthwiseConv2D(3, depth_multiplier=2)
    layer.build((None, 8, 8, 3))
    assert [(w.name, w.shape) for w in layer.weights] == [
        ("kernel", (3, 3, 3, 2)),
        ("bias", (6,)),
    ]


def test_refusals():
    with pytest.raises(ValueError, match="depth_multiplier=0"):
        layers.DepthwiseConv2D(3, depth_multiplier=0)
    with pytest.raises(ShapeError, match=r"DepthwiseConv2D 'd'(.|\n)*window \(9, 9\)"):
        layers.DepthwiseConv2D(9, name="d")(np.ones((1, 8, 8, 1), "float32"))
