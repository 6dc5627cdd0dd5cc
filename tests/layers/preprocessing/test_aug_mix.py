"""`AugMix`: chains of changes, their mean, and the original."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.layers import AugMix


def host(x):
    return ops.convert_to_numpy(x)


@pytest.fixture
def images(rng):
    return rng.uniform(0, 255, (4, 5, 6, 3)).astype("float32")


def drawn_by(layer, images, times):
    """Return the weights of many draws: those of chains, and the original's."""
    draws = [layer.get_random_transformation(images[:1, :2, :2]) for _ in range(times)]
    chains = np.stack([host(d["chain_mixing_weights"]) for d in draws])
    return chains, np.array([float(host(d["weight_sample"])) for d in draws])


def test_the_mean_of_chains_and_the_original(images):
    layer = AugMix(seed=2)
    drawn = layer.get_random_transformation(images)
    assert len(drawn["chain_transforms"]) == 3
    mean = np.zeros_like(images)
    for chain, weight in zip(
        drawn["chain_transforms"], host(drawn["chain_mixing_weights"]), strict=True
    ):
        version, names = images, list(chain["transforms"])
        for i in host(chain["layer_idxes"]):
            if i == len(names):  # the one that changes nothing
                continue
            step = layer._steps[names[i]]
            version = step.transform_images(version, chain["transforms"][names[i]])
        mean += weight * host(version)
    share = float(host(drawn["weight_sample"]))
    expected = share * images + (1 - share) * mean
    found = host(layer.transform_images(images, drawn))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


def test_weights_add_up_to_1(images):
    chains, original = drawn_by(AugMix(num_chains=2, alpha=2.0, seed=2), images, 40)
    np.testing.assert_allclose(chains.sum(axis=1), 1, rtol=1e-5)
    assert chains.mean() == pytest.approx(0.5)
    # of Dirichlet(2, 2) and of Beta(2, 2): sqrt(1 / 20)
    assert chains.std() == pytest.approx(0.22, abs=0.07)
    assert original.mean() == pytest.approx(0.5, abs=0.1)
    assert original.std() == pytest.approx(0.22, abs=0.07)


def test_nothing_but_the_image(images):
    layer = AugMix(num_chains=2, chain_depth=0)
    found = host(layer(images, training=True))
    np.testing.assert_allclose(found, images, rtol=1e-5)


def test_all_ops():
    assert len(AugMix()._steps) == 11
    left = set(AugMix(all_ops=False)._steps)
    assert len(left) == 7
    assert not left & {"random_brightness", "random_contrast", "random_sharpness"}
