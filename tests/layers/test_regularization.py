"""Dropout: how much it drops, where, and that it can be repeated."""

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops
from kerasish.errors import ShapeError

SHAPE = (200, 500)


def dropped(layer, shape=SHAPE):
    """Return a training call's result on ones: 0 where dropped."""
    return ops.convert_to_numpy(layer(np.ones(shape, "float32"), training=True))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_fraction_dropped_and_the_mean_are_right(rate):
    y = dropped(layers.Dropout(rate, seed=1))
    count = y.size
    # five standard deviations of a binomial share
    tolerance = 5 * np.sqrt(rate * (1 - rate) / count)
    assert abs((y == 0).mean() - rate) < tolerance
    np.testing.assert_allclose(y[y != 0], 1 / (1 - rate), rtol=1e-6)
    assert abs(y.mean() - 1) < tolerance / (1 - rate)


def test_rows_and_columns_are_dropped_alike():
    shares = dropped(layers.Dropout(0.5, seed=1)) == 0
    for axis in (0, 1):
        means = shares.mean(axis=axis)
        spread = np.sqrt(0.25 / SHAPE[axis])
        assert abs(means.std() / spread - 1) < 0.2


def test_rate_zero_changes_nothing_and_rate_one_drops_all():
    np.testing.assert_array_equal(dropped(layers.Dropout(0.0)), np.ones(SHAPE))
    np.testing.assert_array_equal(dropped(layers.Dropout(1.0)), np.zeros(SHAPE))


def test_every_call_draws_a_new_mask():
    layer = layers.Dropout(0.5, seed=1)
    first, second = dropped(layer), dropped(layer)
    agreement = ((first == 0) == (second == 0)).mean()
    assert abs(agreement - 0.5) < 0.01  # as two independent masks would agree


def test_masks_are_repeated_by_the_seed():
    np.testing.assert_array_equal(
        dropped(layers.Dropout(0.5, seed=3)), dropped(layers.Dropout(0.5, seed=3))
    )
    masks = []
    for _ in range(2):
        kerasish.utils.set_random_seed(5)
        masks.append(dropped(layers.Dropout(0.5)))
    np.testing.assert_array_equal(*masks)
    assert (dropped(layers.Dropout(0.5, seed=4)) != masks[0]).any()


def test_two_layers_draw_different_masks():
    first, second = dropped(layers.Dropout(0.5)), dropped(layers.Dropout(0.5))
    assert (first != second).any()


@pytest.mark.parametrize(
    ("noise_shape", "constant_axis"), [((None, 1), 1), ((1, None), 0), ((200, 1), 1)]
)
def test_noise_shape_shares_the_mask_along_axes(noise_shape, constant_axis):
    y = dropped(layers.Dropout(0.5, noise_shape=noise_shape, seed=1))
    assert (y.std(axis=constant_axis) == 0).all()
    assert 0 < (y == 0).mean() < 1


@pytest.mark.parametrize("noise_shape", [(0, 1), (-1, None), ("a", 1), 3])
def test_noise_shape_must_be_a_shape(noise_shape):
    with pytest.raises(ValueError, match="cannot understand its noise_shape"):
        layers.Dropout(0.5, noise_shape=noise_shape)


def test_noise_shape_must_fit_the_input():
    with pytest.raises(ShapeError, match=r"noise_shape(.|\n)*\(200, 500\)"):
        dropped(layers.Dropout(0.5, noise_shape=(3, 500)))


@pytest.mark.parametrize("rate", [-0.1, 1.1, "a", None, float("nan")])
def test_rate_is_a_fraction(rate):
    with pytest.raises(ValueError, match=r"'dropout' needs a fraction"):
        layers.Dropout(rate)


def test_numpy_numbers_are_fractions_too():
    assert layers.Dropout(np.float32(0.5)).rate == 0.5


def test_replayed_steps_draw_new_masks_and_gradients_follow_them():
    layer = layers.Dropout(0.5, seed=1)
    x = ops.ones((40, 50))
    total = kerasish.value_and_grad(lambda x: ops.sum(layer(x, training=True)))
    values, slopes = zip(*(total(x) for _ in range(3)), strict=True)
    assert len({float(v) for v in values}) == 3
    for value, slope in zip(values, slopes, strict=True):
        assert set(np.unique(ops.convert_to_numpy(slope))) == {0.0, 2.0}
        np.testing.assert_allclose(float(value), ops.convert_to_numpy(slope).sum())
