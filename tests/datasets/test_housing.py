"""Boston and California housing, with made-up numbers."""

import numpy as np
import pytest

from kerasish.datasets import boston_housing, california_housing


def write(home, name, count):
    file = home / f"{name}.npz"
    np.savez(
        file, x=np.arange(count * 2.0).reshape(count, 2), y=np.arange(float(count))
    )
    return file


def test_boston(home, accept):
    accept(boston_housing, write(home, "boston_housing", 13))
    (x_train, y_train), (x_test, y_test) = boston_housing.load_data()
    assert (x_train.shape, x_test.shape) == ((10, 2), (3, 2))
    assert y_train.tolist()[:3] == [4, 3, 9]  # as real Keras
    assert y_test.tolist() == [10, 2, 5]
    np.testing.assert_array_equal(x_train[:, 0], y_train * 2)


def test_california(home, accept):
    accept(california_housing, write(home, "california_housing", 1300))
    (x_train, y_train), (_, y_test) = california_housing.load_data()
    assert y_train.tolist()[:3] == [689, 967, 214]  # as real Keras
    assert y_test.tolist()[:3] == [117, 1150, 728]
    np.testing.assert_array_equal(x_train[:, 0], y_train * 2)


def test_small_california(home, accept):
    accept(california_housing, write(home, "california_housing", 1300))
    (_, y_train), (_, y_test) = california_housing.load_data(
        "small", seed=1, test_split=0.5
    )
    assert len(y_train) == len(y_test) == 300
    assert y_train.tolist()[:3] == [446, 404, 509]  # as real Keras
    assert y_test.tolist()[:3] == [427, 516, 125]


def test_another_version():
    with pytest.raises(ValueError, match="Unknown `version` 'medium'"):
        california_housing.load_data("medium")
