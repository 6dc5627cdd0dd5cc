"""Focal losses against their formulas in float64."""

import numpy as np
import pytest

from kerasish import losses
from kerasish.errors import ShapeError

CLOSE = {"rtol": 1e-5, "atol": 1e-6}  # float32 of size about 1, a few operations


@pytest.mark.parametrize("balanced", [False, True])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_binary(balanced, gamma, rng):
    t, p = rng.integers(0, 2, (5, 3)), rng.uniform(0.05, 0.95, (5, 3))
    right = np.where(t == 1, p, 1 - p)
    expected = -((1 - right) ** gamma) * np.log(right)
    if balanced:
        expected *= np.where(t == 1, 0.3, 0.7)
    kwargs = {"apply_class_balancing": balanced, "alpha": 0.3, "gamma": gamma}
    values = losses.binary_focal_crossentropy(t, p.astype("float32"), **kwargs)
    np.testing.assert_allclose(values, expected.mean(-1), **CLOSE)
    x = np.log(p / (1 - p)).astype("float32")
    values = losses.BinaryFocalCrossentropy(**kwargs, from_logits=True)(t, x)
    np.testing.assert_allclose(values, expected.mean(), **CLOSE)


@pytest.mark.parametrize("alpha", [0.25, [0.1, 0.2, 0.7]])
def test_categorical(alpha, rng):
    labels, x = rng.integers(0, 3, 5), rng.normal(size=(5, 3))
    p = np.exp(x) / np.exp(x).sum(-1, keepdims=True)
    own = p[np.arange(5), labels]
    weight = np.broadcast_to(alpha, 3)[labels]
    expected = -weight * (1 - own) ** 1.5 * np.log(own)
    loss = losses.CategoricalFocalCrossentropy(alpha, 1.5, from_logits=True)
    t = np.eye(3)[labels]
    np.testing.assert_allclose(loss(t, x.astype("float32")), expected.mean(), **CLOSE)
    # probabilities are scaled to sum to one
    values = losses.categorical_focal_crossentropy(t, np.float32(5 * p), alpha, 1.5)
    np.testing.assert_allclose(values, expected, **CLOSE)


def test_without_the_factor_it_is_the_crossentropy(rng):
    t = np.eye(3)[rng.integers(0, 3, 5)]
    p = rng.uniform(0.1, 0.9, (5, 3)).astype("float32")
    np.testing.assert_allclose(
        losses.categorical_focal_crossentropy(t, p, 1.0, 0.0, label_smoothing=0.1),
        losses.categorical_crossentropy(t, p, label_smoothing=0.1),
        **CLOSE,
    )
    np.testing.assert_allclose(
        losses.binary_focal_crossentropy(t, p, gamma=0.0, label_smoothing=0.1),
        losses.binary_crossentropy(t, p, label_smoothing=0.1),
        **CLOSE,
    )


def test_shapes_that_do_not_fit():
    with pytest.raises(ShapeError, match="binary_focal_crossentropy cannot compare"):
        losses.binary_focal_crossentropy(np.zeros((4, 2)), np.zeros((4, 3)))
    with pytest.raises(ShapeError, match=r"needs one-hot targets(.|\n)*class labels"):
        losses.categorical_focal_crossentropy(np.zeros(4), np.zeros((4, 3)))
