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


# other noise --------------------------------------------------------------------------

NORMAL = np.random.default_rng(0).normal(size=(400, 250)).astype("float32")


def trained(layer, x):
    return ops.convert_to_numpy(layer(x, training=True))


@pytest.mark.parametrize("stddev", [0.1, 1.0])
def test_gaussian_noise_is_added(stddev):
    noise = trained(layers.GaussianNoise(stddev, seed=1), NORMAL) - NORMAL
    # five standard errors of a mean, and of a standard deviation
    assert abs(noise.mean()) < 5 * stddev / np.sqrt(noise.size)
    assert abs(noise.std() - stddev) < 5 * stddev / np.sqrt(2 * noise.size)


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_gaussian_dropout_multiplies_by_noise_of_mean_one(rate):
    factors = trained(layers.GaussianDropout(rate, seed=1), np.ones_like(NORMAL))
    stddev = np.sqrt(rate / (1 - rate))
    assert abs(factors.mean() - 1) < 5 * stddev / np.sqrt(factors.size)
    assert abs(factors.std() - stddev) < 5 * stddev / np.sqrt(2 * factors.size)


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_alpha_dropout_keeps_mean_and_variance(rate):
    y = trained(layers.AlphaDropout(rate, seed=1), NORMAL)
    assert abs(y.mean()) < 0.02
    assert abs(y.std() - 1) < 0.02
    limit = -1.0507009873554805 * 1.6732632423543772  # SELU's, for large negative x
    scale = ((1 - rate) * (1 + rate * limit**2)) ** -0.5
    dropped_to = scale * limit - scale * limit * rate
    share = np.isclose(y, dropped_to, atol=1e-5).mean()
    assert abs(share - rate) < 5 * np.sqrt(rate * (1 - rate) / y.size)


@pytest.mark.parametrize(
    ("name", "shape", "axes", "arguments"),
    [
        ("SpatialDropout1D", (20, 7, 30), (1,), {}),
        ("SpatialDropout2D", (20, 3, 4, 30), (1, 2), {}),
        (
            "SpatialDropout2D",
            (20, 30, 3, 4),
            (2, 3),
            {"data_format": "channels_first"},
        ),
        ("SpatialDropout3D", (20, 2, 3, 2, 30), (1, 2, 3), {}),
    ],
)
def test_whole_channels_are_dropped(name, shape, axes, arguments):
    layer = getattr(layers, name)(0.5, seed=1, **arguments)
    y = trained(layer, np.ones(shape, "float32"))
    assert set(np.unique(y)) == {0.0, 2.0}
    assert (y.min(axes) == y.max(axes)).all()
    share = (y == 0).mean()
    assert abs(share - 0.5) < 5 * np.sqrt(0.25 / 600)  # of 600 channels


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.GaussianNoise(0.5),
        lambda: layers.GaussianDropout(0.5),
        lambda: layers.AlphaDropout(0.5),
        lambda: layers.SpatialDropout1D(0.5),
    ],
)
def test_inference_changes_nothing(make):
    x = np.ones((2, 3, 4), "float32")
    np.testing.assert_array_equal(ops.convert_to_numpy(make()(x)), x)
    model = kerasish.Sequential([layers.Input((3, 4)), make()])
    np.testing.assert_array_equal(model.predict(x, verbose=0), x)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GaussianNoise", -0.1),
        ("GaussianNoise", 1.5),
        ("GaussianDropout", 1.0),
        ("AlphaDropout", 1.0),
        ("SpatialDropout2D", 2),
        ("AlphaDropout", "a"),
    ],
)
def test_settings_of_noise_are_fractions(name, value):
    with pytest.raises(ValueError, match=rf"{name} '\w+' needs a fraction"):
        getattr(layers, name)(value)


def test_spatial_dropout_needs_its_rank():
    with pytest.raises(ShapeError, match="'mine'"):
        layers.SpatialDropout2D(0.5, name="mine")(np.ones((2, 3, 4), "float32"))


# penalties ----------------------------------------------------------------------------


def test_activity_regularization_adds_its_penalty_to_the_loss():
    x = np.array([[1.0, -2.0], [3.0, 0.0]], "float32")
    layer = layers.ActivityRegularization(l1=0.1, l2=0.01)
    np.testing.assert_array_equal(ops.convert_to_numpy(layer(x)), x)
    (penalty,) = layer.losses
    expected = (0.1 * 6.0 + 0.01 * 14.0) / 2  # a mean over the batch
    np.testing.assert_allclose(float(penalty), expected, rtol=1e-6)
    model = kerasish.Sequential([layers.Input((2,)), layer])
    model.compile("sgd", "mse")
    np.testing.assert_allclose(model.evaluate(x, x, verbose=0), expected, rtol=1e-6)


def test_penalties_are_not_negative():
    with pytest.raises(ValueError, match="l1"):
        layers.ActivityRegularization(l1=-1.0)
