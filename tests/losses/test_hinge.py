import numpy as np
import pytest

from kerasish import losses
from kerasish.errors import ShapeError


def test_hinge_of_signs():
    values = losses.hinge([[-1.0, 1.0, 1.0]], [[0.5, 0.25, 3.0]])
    np.testing.assert_allclose(values, [(1.5 + 0.75 + 0.0) / 3], rtol=1e-6)


def test_zeros_and_ones_become_signs():
    p = [[0.5, 0.25, 3.0]]
    np.testing.assert_array_equal(
        losses.hinge([[0, 1, 1]], p), losses.hinge([[-1, 1, 1]], p)
    )


def test_zeros_among_other_values_stay():
    values = losses.hinge([[0.0, 1.0], [-1.0, 1.0]], [[5.0, 0.0], [0.0, 0.0]])
    np.testing.assert_allclose(values, [1.0, 1.0])


def test_squared_hinge():
    values = losses.squared_hinge([[-1.0, 1.0, 1.0]], [[0.5, 0.25, 3.0]])
    np.testing.assert_allclose(values, [(1.5**2 + 0.75**2) / 3], rtol=1e-6)


def test_categorical_hinge():
    y_true = [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    y_pred = [[0.25, 0.5, 0.125], [3.0, 1.0, 0.5]]
    values = losses.categorical_hinge(y_true, y_pred)
    np.testing.assert_allclose(values, [0.25 - 0.5 + 1.0, 0.0])


@pytest.mark.parametrize(
    ("cls", "function"),
    [
        (losses.Hinge, losses.hinge),
        (losses.SquaredHinge, losses.squared_hinge),
        (losses.CategoricalHinge, losses.categorical_hinge),
    ],
)
def test_classes(cls, function, rng):
    y_true = rng.integers(0, 2, (5, 3)).astype("float32")
    y_pred = rng.normal(size=(5, 3)).astype("float32")
    expected = np.mean(function(y_true, y_pred))
    np.testing.assert_allclose(cls()(y_true, y_pred), expected, rtol=1e-6)
    with pytest.raises(ShapeError, match=cls().name):
        cls()(np.zeros((5, 2)), y_pred)
