import numpy as np
import pytest

from kerasish import losses
from kerasish.errors import ShapeError

CLOSE = {"rtol": 1e-5, "atol": 1e-6}


@pytest.fixture
def images(rng):
    shape = (2, 4, 5, 1)
    return rng.integers(0, 2, shape).astype("float32"), rng.random(shape, "float32")


@pytest.mark.parametrize("axis", [None, (1, 2, 3), 1, (-1, -2)])
def test_dice(axis, images):
    t, p = (x.astype("float64") for x in images)
    expected = 1 - 2 * (t * p).sum(axis) / (t.sum(axis) + p.sum(axis))
    np.testing.assert_allclose(losses.dice(*images, axis=axis), expected, **CLOSE)
    loss = losses.Dice(axis=axis, reduction="sum")
    np.testing.assert_allclose(loss(*images), expected.sum(), **CLOSE)


@pytest.mark.parametrize("axis", [None, (1, 2, 3)])
def test_tversky(axis, images):
    t, p = (x.astype("float64") for x in images)
    hits, alarms = (t * p).sum(axis), ((1 - t) * p).sum(axis)
    misses = (t * (1 - p)).sum(axis)
    expected = 1 - hits / (hits + 0.3 * misses + 0.8 * alarms)
    values = losses.tversky(*images, alpha=0.3, beta=0.8, axis=axis)
    np.testing.assert_allclose(values, expected, **CLOSE)
    loss = losses.Tversky(0.3, 0.8, axis=axis)
    np.testing.assert_allclose(loss(*images), expected.mean(), **CLOSE)


def test_equal_weights_make_tversky_dice(images):
    np.testing.assert_allclose(
        losses.Tversky()(*images), losses.Dice()(*images), **CLOSE
    )


@pytest.mark.parametrize("loss", [losses.dice, losses.tversky])
def test_nothing_at_all_is_a_loss_of_one(loss):
    assert float(loss(np.zeros((2, 3)), np.zeros((2, 3)))) == 1.0


@pytest.mark.parametrize("loss", [losses.dice, losses.tversky])
def test_a_vector_meets_a_column(loss):
    t, p = np.array([1.0, 0.0]), np.array([0.5, 0.5])
    assert float(loss(t, p[:, None])) == float(loss(t, p))
    with pytest.raises(ShapeError, match=f"{loss.__name__} cannot compare"):
        loss(np.zeros((4, 2)), np.zeros((4, 3)))
