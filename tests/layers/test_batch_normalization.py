"""Batch normalization: moments, moving averages, masks, frozen layers, axes, bounds."""

import numpy as np
import pytest

import kerasish
from kerasish import layers, models, ops
from kerasish.errors import ShapeError
from kerasish.graph.masks import get_mask

RNG = np.random.default_rng(5)
X = RNG.normal(2.0, 3.0, size=(8, 3)).astype("float32")


def values(tensor):
    return ops.convert_to_numpy(tensor)


def normalized(x, axes, epsilon=1e-3):
    x = x.astype("float64")
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    return (x - mean) / np.sqrt(variance + epsilon)


def test_training_uses_the_moments_of_the_batch():
    y = values(layers.BatchNormalization()(X, training=True))
    np.testing.assert_allclose(y, normalized(X, 0), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("axis", [1, 2, 3, -1, -3])
def test_all_axes_but_the_channels_are_averaged_over(axis):
    x = RNG.normal(size=(2, 3, 4, 5)).astype("float32")
    layer = layers.BatchNormalization(axis=axis)
    y = values(layer(x, training=True))
    others = tuple(a for a in range(4) if a != axis % 4)
    np.testing.assert_allclose(y, normalized(x, others), rtol=1e-4, atol=1e-5)
    assert layer.gamma.shape == layer.moving_mean.shape == (x.shape[axis],)


def test_inference_uses_the_moving_averages():
    layer = layers.BatchNormalization(epsilon=0.5)
    layer.build((None, 2))
    layer.set_weights([[2.0, 1.0], [0.0, 3.0], [1.0, -1.0], [3.5, 0.5]])
    y = values(layer(np.array([[3.0, 1.0]], "float32")))
    np.testing.assert_allclose(y, [[2.0, 5.0]], rtol=1e-6)  # 2 * 2/2, 2/1 + 3


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.99])
def test_moving_averages_after_some_batches(momentum):
    layer = layers.BatchNormalization(momentum=momentum)
    mean, variance = np.zeros(3), np.ones(3)
    for start in range(5):
        batch = X[start : start + 4]
        layer(batch, training=True)
        mean = mean * momentum + batch.mean(0) * (1 - momentum)
        variance = variance * momentum + batch.var(0) * (1 - momentum)
    np.testing.assert_allclose(layer.moving_mean.numpy(), mean, rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance.numpy(), variance, rtol=1e-5)


def test_fit_moves_the_averages_as_calls_do():
    model = models.Sequential(
        [layers.Input((3,)), layers.BatchNormalization(momentum=0.8)]
    )
    model.compile(kerasish.optimizers.SGD(0.0), "mse")
    model.fit(X, X, batch_size=3, epochs=2, shuffle=False, verbose=0)
    mean, variance = np.zeros(3), np.ones(3)
    for batch in [X[:3], X[3:6], X[6:]] * 2:  # the last one is smaller
        mean = mean * 0.8 + batch.mean(0) * 0.2
        variance = variance * 0.8 + batch.var(0) * 0.2
    layer = model.layers[0]
    np.testing.assert_allclose(layer.moving_mean.numpy(), mean, rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance.numpy(), variance, rtol=1e-5)


def test_evaluate_and_predict_leave_the_averages():
    model = models.Sequential([layers.Input((3,)), layers.BatchNormalization()])
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.evaluate(X, X, verbose=0)
    model.predict(X, verbose=0)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_frozen_layer_is_in_inference_even_while_training():
    layer = layers.BatchNormalization()
    layer.trainable = False
    y = values(layer(X, training=True))
    np.testing.assert_allclose(y, X / np.sqrt(1.001), rtol=1e-5)
    np.testing.assert_array_equal(layer.moving_mean.numpy(), np.zeros(3))
    assert layer.trainable_weights == []


def test_a_model_frozen_after_its_first_steps_stops_moving():
    model = models.Sequential([layers.Input((3,)), layers.BatchNormalization()])
    model.compile("sgd", "mse")
    model.fit(X, X, epochs=1, verbose=0)
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(X, X, epochs=1, verbose=0)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_masked_steps_count_for_nothing_in_the_moments():
    x = RNG.normal(size=(3, 4, 2)).astype("float32")
    mask = np.array([[1, 1, 0, 0], [1, 1, 1, 1], [0, 0, 0, 1]], "bool")
    layer = layers.BatchNormalization(momentum=0.0)
    y = values(layer(x, training=True, mask=mask))
    kept = x[mask].astype("float64")
    np.testing.assert_allclose(layer.moving_mean.numpy(), kept.mean(0), atol=1e-6)
    np.testing.assert_allclose(layer.moving_variance.numpy(), kept.var(0), rtol=1e-5)
    np.testing.assert_allclose(y[mask], normalized(kept, 0), rtol=1e-4, atol=1e-5)


def test_masks_come_from_the_layer_before_and_go_on():
    x = np.array([[[1.0], [3.0], [0.0]]], "float32")
    layer = layers.BatchNormalization(momentum=0.0)
    y = layer(layers.Masking()(x), training=True)
    np.testing.assert_allclose(layer.moving_mean.numpy(), [2.0])
    assert values(get_mask(y)).tolist() == [[True, True, False]]


def test_a_mask_of_another_shape_is_refused_by_name():
    layer = layers.BatchNormalization(name="norm")
    with pytest.raises(ShapeError, match=r"'norm' cannot use this mask(.|\n)*\(3, 4\)"):
        layer(np.ones((3, 4, 2), "float32"), training=True, mask=np.ones((3,), "bool"))


def test_synchronized_is_accepted_and_changes_nothing_on_one_device():
    plain = values(layers.BatchNormalization()(X, training=True))
    layer = layers.BatchNormalization(synchronized=True)
    np.testing.assert_array_equal(values(layer(X, training=True)), plain)
    assert layer.get_config()["synchronized"] is True


def test_without_center_and_scale_only_the_averages_are_left():
    layer = layers.BatchNormalization(center=False, scale=False)
    layer.build((None, 3))
    assert [w.name for w in layer.weights] == ["moving_mean", "moving_variance"]
    assert layer.gamma is None
    assert layer.beta is None


def test_half_precision_computes_its_moments_in_single():
    x = (1000 + RNG.normal(size=(64, 2))).astype("float16")
    layer = layers.BatchNormalization(dtype="mixed_float16", momentum=0.0)
    y = values(layer(x, training=True))
    assert y.dtype == np.float16
    expected = normalized(x.astype("float64"), 0)
    np.testing.assert_allclose(y, expected, atol=5e-3)  # float16 has 11 bits
    assert layer.moving_mean.dtype == "float32"


def test_renormalization_keeps_to_its_bounds_and_to_its_formula():
    bounds = {"rmax": 1.5, "rmin": 0.5, "dmax": 0.25}
    layer = layers.BatchNormalization(renorm=True, renorm_clipping=bounds)
    y = values(layer(X, training=True))
    spread = np.sqrt(X.astype("float64").var(0) + 1e-3)
    r = np.clip(spread / 1.0, 0.5, 1.5)
    d = np.clip(X.mean(0) - 0.0, -0.25, 0.25)
    np.testing.assert_allclose(y, normalized(X, 0) * r + d, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer.renorm_mean.numpy(), X.mean(0) * 0.01, rtol=1e-4)


@pytest.mark.parametrize("stddev", [0.02, 0.0, -0.3])
def test_renormalization_never_divides_by_less_than_the_root_of_epsilon(stddev):
    layer = layers.BatchNormalization(renorm=True, center=False, scale=False)
    layer.build((None, 3))
    layer.renorm_stddev.assign(np.full(3, stddev))
    y = values(layer(X, training=True))
    # x_hat * r + d with the moving mean 0 is the input over the least deviation
    np.testing.assert_allclose(y, X / np.sqrt(1e-3), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("axis", ["last", None, [1, 2], True, 1.0])
def test_the_axis_is_one_whole_number(axis):
    with pytest.raises(TypeError, match="cannot understand its axis"):
        layers.BatchNormalization(axis=axis)


def test_files_of_keras_2_hold_the_axis_in_a_list():
    assert layers.BatchNormalization(axis=[3]).axis == 3


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"rmx": 1.0}, "did you mean 'rmax'"),
        ({"rmin": 2.0, "rmax": 1.0}, "cannot use these bounds"),
        ({"dmax": -1.0}, "cannot use these bounds"),
    ],
)
def test_bounds_are_checked(bounds, message):
    with pytest.raises(ValueError, match=message):
        layers.BatchNormalization(renorm=True, renorm_clipping=bounds)


def test_the_channels_must_be_known_and_stay_as_many():
    with pytest.raises(ShapeError, match="must know the lengths"):
        layers.BatchNormalization().build((None, None))
    layer = layers.BatchNormalization(name="norm")
    layer(X)
    with pytest.raises(ShapeError, match="'norm'"):
        layer(X[:, :2])


def test_gradients_flow_through_the_moments():
    layer = layers.BatchNormalization(center=False, scale=False)
    layer.build((None, 3))
    factors = RNG.normal(size=X.shape)
    total = kerasish.grad(
        lambda x: ops.sum(ops.multiply(layer(x, training=True), factors))
    )
    slope = values(total(ops.convert_to_tensor(X)))
    step = 1e-6
    for place in [(0, 0), (3, 1), (7, 2)]:
        up, down = X.astype("float64"), X.astype("float64")
        up[place] += step
        down[place] -= step
        change = (normalized(up, 0) - normalized(down, 0)) * factors
        np.testing.assert_allclose(
            slope[place], change.sum() / (2 * step), rtol=1e-3, atol=1e-5
        )
