"""Separable convolutions beside the contract."""

import numpy as np
import pytest

from kerasish import layers


def test_it_is_one_convolution_after_another(rng):
    x = rng.normal(size=(2, 6, 5, 3)).astype("float32")
    separable = layers.SeparableConv2D(4, 3, depth_multiplier=2, strides=2)
    y = separable(x)
    depthwise = layers.DepthwiseConv2D(3, strides=2, depth_multiplier=2)
    pointwise = layers.Conv2D(4, 1)
    pointwise(depthwise(x))
    first, second, bias = separable.get_weights()
    depthwise.set_weights([first, np.zeros(6)])
    pointwise.set_weights([second, bias])
    np.testing.assert_allclose(y, pointwise(depthwise(x)), rtol=1e-5, atol=1e-6)


def test_weights_have_keras_names_and_shapes():
    layer = layers.SeparableConv1D(4, 3, depth_multiplier=2)
    layer.build((None, 8, 3))
    assert [(w.name, w.shape) for w in layer.weights] == [
        ("depthwise_kernel", (3, 3, 2)),
        ("pointwise_kernel", (1, 6, 4)),
        ("bias", (4,)),
    ]


def test_refusals():
    with pytest.raises(ValueError, match="positive number of filters"):
        layers.SeparableConv2D(-1, 3)
    with pytest.raises(ValueError, match="padding of SeparableConv1D"):
        layers.SeparableConv1D(4, 3, padding="causal")
