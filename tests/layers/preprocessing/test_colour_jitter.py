"""`RandomColorJitter` applies its four changes, in their order."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.layers import (
    RandomBrightness,
    RandomColorJitter,
    RandomContrast,
    RandomHue,
    RandomSaturation,
)

STEPS = {
    "brightness_factor": RandomBrightness,
    "contrast_factor": RandomContrast,
    "saturation_factor": RandomSaturation,
    "hue_factor": RandomHue,
}


def host(x):
    return ops.convert_to_numpy(x)


@pytest.fixture
def images(rng):
    return rng.uniform(0, 255, (4, 3, 4, 3)).astype("float32")


@pytest.mark.parametrize("name", STEPS)
def test_one_change_is_that_layer(name, images):
    jitter = RandomColorJitter(**{name: 0.4}, seed=1)
    alone = STEPS[name](0.4, seed=1)
    found, expected = (host(layer(images, training=True)) for layer in (jitter, alone))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert not np.allclose(found, images)


def test_changes_come_in_order(images):
    jitter = RandomColorJitter(brightness_factor=(0.3, 0.3), hue_factor=(1.0, 1.0))
    brighter = RandomBrightness((0.3, 0.3))(images, training=True)
    turned = RandomHue((1.0, 1.0))(brighter, training=True)  # half a turn, either way
    found = host(jitter(images, training=True))
    np.testing.assert_allclose(found, host(turned), rtol=1e-4, atol=1e-3)


def test_nothing_asked_for_is_nothing_done(images):
    found = host(RandomColorJitter()(images, training=True))
    np.testing.assert_array_equal(found, images)


def test_a_factor_out_of_bounds():
    with pytest.raises(ValueError, match="factor=2"):
        RandomColorJitter(contrast_factor=2)
