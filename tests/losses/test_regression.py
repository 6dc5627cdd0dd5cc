"""Values against the formulas, worked out in float64 by NumPy."""

import numpy as np
import pytest

from kerasish import losses
from kerasish.errors import ShapeError
from kerasish.gradients import grad

# float32 data of size about 1, and a handful of operations
CLOSE = {"rtol": 1e-5, "atol": 1e-6}


@pytest.fixture
def pair(rng):
    return rng.normal(size=(5, 4)), rng.normal(size=(5, 4))


def in_float32(function, y_true, y_pred, **kwargs):
    return function(y_true.astype("float32"), y_pred.astype("float32"), **kwargs)


def test_the_value_of_the_readme():
    assert float(losses.mean_squared_error([1, 0, 0, 1], [0, 0, 0, 0])) == 0.5


def test_mean_squared_error(pair):
    t, p = pair
    expected = ((t - p) ** 2).mean(-1)
    values = in_float32(losses.mean_squared_error, t, p)
    np.testing.assert_allclose(values, expected, **CLOSE)
    assert str(values.dtype) == "float32"


def test_mean_absolute_error(pair):
    t, p = pair
    values = in_float32(losses.mean_absolute_error, t, p)
    np.testing.assert_allclose(values, abs(t - p).mean(-1), **CLOSE)


def test_mean_absolute_percentage_error(pair):
    t, p = pair
    values = in_float32(losses.mean_absolute_percentage_error, t, p)
    np.testing.assert_allclose(values, 100 * (abs(t - p) / abs(t)).mean(-1), rtol=1e-5)


def test_percentages_of_zero_are_finite():
    value = losses.mean_absolute_percentage_error([[0.0]], [[1e-7]])
    np.testing.assert_allclose(value, [100.0], rtol=1e-6)


def test_mean_squared_logarithmic_error(pair):
    t, p = (abs(x) for x in pair)
    values = in_float32(losses.mean_squared_logarithmic_error, t, p)
    expected = ((np.log1p(t) - np.log1p(p)) ** 2).mean(-1)
    np.testing.assert_allclose(values, expected, **CLOSE)


def test_negative_values_count_as_zero_in_logarithms():
    values = losses.mean_squared_logarithmic_error([[-5.0]], [[np.e - 1]])
    np.testing.assert_allclose(values, [1.0], rtol=1e-6)


@pytest.mark.parametrize("delta", [0.2, 1.0, 3.0])
def test_huber(pair, delta):
    t, p = pair
    error = abs(t - p)
    expected = np.where(
        error <= delta, 0.5 * error**2, delta * error - 0.5 * delta**2
    ).mean(-1)
    values = in_float32(losses.huber, t, p, delta=delta)
    np.testing.assert_allclose(values, expected, **CLOSE)


def test_the_slope_of_huber_is_at_most_delta():
    slope = grad(lambda p: losses.huber([0.0, 0.0, 0.0], p, delta=2.0))
    found = slope(np.float32([-5.0, 1.0, 5.0]))
    np.testing.assert_allclose(found, np.float32([-2.0, 1.0, 2.0]) / 3, rtol=1e-6)


def test_log_cosh(pair):
    t, p = pair
    values = in_float32(losses.log_cosh, t, p)
    np.testing.assert_allclose(values, np.log(np.cosh(p - t)).mean(-1), **CLOSE)


def test_log_cosh_of_a_large_error_is_finite():
    value = losses.log_cosh([[1000.0]], [[-1000.0]])
    np.testing.assert_allclose(value, [2000.0 - np.log(2.0)], rtol=1e-6)


@pytest.mark.parametrize("axis", [0, 1])
def test_cosine_similarity(pair, axis):
    t, p = pair
    lengths = np.linalg.norm(t, axis=axis) * np.linalg.norm(p, axis=axis)
    values = in_float32(losses.cosine_similarity, t, p, axis=axis)
    np.testing.assert_allclose(values, -(t * p).sum(axis) / lengths, **CLOSE)


def test_cosine_of_a_zero_vector_is_zero():
    assert float(losses.cosine_similarity([0.0, 0.0], [1.0, 0.0])) == 0.0


CLASSES = [
    (losses.MeanSquaredError, losses.mean_squared_error),
    (losses.MeanAbsoluteError, losses.mean_absolute_error),
    (losses.MeanAbsolutePercentageError, losses.mean_absolute_percentage_error),
    (losses.MeanSquaredLogarithmicError, losses.mean_squared_logarithmic_error),
    (losses.Huber, losses.huber),
    (losses.LogCosh, losses.log_cosh),
    (losses.CosineSimilarity, losses.cosine_similarity),
]


@pytest.mark.parametrize(("cls", "function"), CLASSES)
def test_a_class_is_the_mean_of_its_function(cls, function, pair):
    expected = np.mean(in_float32(function, *pair))
    np.testing.assert_allclose(in_float32(cls(), *pair), expected, rtol=1e-6)


@pytest.mark.parametrize(("cls", "function"), CLASSES)
def test_whole_numbers_become_floats(cls, function):
    arrays = np.array([[1, 2], [3, 4]]), np.array([[1, 1], [1, 1]])
    floats = [a.astype("float32") for a in arrays]
    np.testing.assert_array_equal(function(*arrays), function(*floats))
    assert str(cls()(*arrays).dtype) == "float32"


@pytest.mark.parametrize(("cls", "function"), CLASSES)
def test_shapes_that_do_not_fit(cls, function):
    for call in (cls(), function):
        with pytest.raises(ShapeError, match=r"(?s)got: .*\(4, 2\).*fix: "):
            call(np.zeros((4, 2)), np.zeros((4, 3)))


def test_class_labels_are_recognised():
    with pytest.raises(ShapeError, match=r"to_categorical\(y, 10\)"):
        losses.mean_squared_error(np.zeros(4), np.zeros((4, 10)))


def test_a_lone_number_is_refused():
    with pytest.raises(ShapeError, match="at least one axis"):
        losses.mean_squared_error(1.0, 2.0)
