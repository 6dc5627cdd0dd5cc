"""Inverted, posterized and solarized images."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.layers import RandomInvert, RandomPosterization, Solarization

MANY = np.zeros((3000, 1, 1, 3), "float32")


def host(x):
    return ops.convert_to_numpy(x)


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (2, 3, 4, 3)).astype("float32")


def test_chosen_images_are_inverted(images):
    chosen = {"apply_inversion": np.array([True, False])}
    found = host(RandomInvert().transform_images(images, chosen))
    np.testing.assert_array_equal(found[0], 255 - images[0])
    np.testing.assert_array_equal(found[1], images[1])


@pytest.mark.parametrize(("factor", "chance"), [(1.0, 0.5), ((0.8, 1.0), 0.9)])
def test_how_many_are_inverted(factor, chance):
    drawn = RandomInvert(factor, seed=1).get_random_transformation(MANY)
    found = host(drawn["apply_inversion"])
    assert found.dtype == bool
    assert found.mean() == pytest.approx(chance, abs=0.04)


def test_highest_bits_are_kept(images):
    layer = RandomPosterization(8)
    shifts = np.array([3, 6])
    found = host(layer.transform_images(images, {"shift_factor": shifts}))
    whole = images.astype("int32")
    expected = np.stack([whole[i] >> shifts[i] << shifts[i] for i in range(2)])
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("factor", "dropped"), [(4, [5, 6, 7]), ((3, 5), [4, 5]), (1, [7]), ((8, 8), [0])]
)
def test_how_many_bits(factor, dropped):
    drawn = RandomPosterization(factor, seed=1).get_random_transformation(MANY)
    values, counts = np.unique(host(drawn["shift_factor"]), return_counts=True)
    assert values.tolist() == dropped
    np.testing.assert_allclose(counts / 3000, 1 / len(dropped), atol=0.05)


def test_solarization(images):
    drawn = {"additions": np.array([20.0, 0.0]), "thresholds": np.array([100.0, 50.0])}
    found = host(Solarization().transform_images(images, drawn))
    added = np.minimum(images + np.array([20, 0]).reshape(2, 1, 1, 1), 255)
    is_dark = added < np.array([100, 50]).reshape(2, 1, 1, 1)
    np.testing.assert_array_equal(found, np.where(is_dark, added, 255 - added))


def test_solarization_draws_levels():
    layer = Solarization((0.2, 0.4), 0.6, value_range=(0, 1), seed=1)
    drawn = layer.get_random_transformation(MANY)
    additions, thresholds = host(drawn["additions"]), host(drawn["thresholds"])
    bounds = additions.min(), additions.max(), thresholds.min(), thresholds.max()
    assert bounds == pytest.approx((51, 102, 0, 153), abs=1)


REFUSED = [
    (RandomInvert, {"factor": 2}, "factor=2"),
    (RandomPosterization, {"factor": 9}, r"\[1, 8\]"),
    (Solarization, {"addition_factor": -0.2}, "addition_factor=-0.2"),
    (Solarization, {"threshold_factor": (0, 2)}, "threshold_factor=2"),
]


@pytest.mark.parametrize(("layer", "settings", "message"), REFUSED)
def test_settings_out_of_bounds(layer, settings, message):
    with pytest.raises(ValueError, match=message):
        layer(**settings)
