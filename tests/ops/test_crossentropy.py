"""Cross-entropies: margins, shapes, and the gradient of the step that trains."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import epsilon
from kerasish.errors import ShapeError
from kerasish.gradients import grad

CODES = np.eye(3)[[0, 2]]
SCORES = np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4]])


def test_probabilities_are_divided_by_their_sum():
    once = ops.categorical_crossentropy(CODES, SCORES)
    np.testing.assert_allclose(ops.categorical_crossentropy(CODES, 5 * SCORES), once)


def test_certain_mistakes_stay_finite():
    wrong = np.array([[0.0, 1.0, 0.0]])
    loss = ops.categorical_crossentropy(CODES[:1], wrong)
    np.testing.assert_allclose(loss, -np.log(epsilon()), rtol=1e-6)
    loss = ops.binary_crossentropy(np.ones(1), np.zeros(1))
    np.testing.assert_allclose(loss, -np.log(epsilon()), rtol=1e-6)


def test_logits_and_probabilities_agree():
    logits = np.log(SCORES)
    for one, other in (
        (
            ops.categorical_crossentropy(CODES, logits, from_logits=True),
            ops.categorical_crossentropy(CODES, SCORES),
        ),
        (
            ops.binary_crossentropy(CODES, logits, from_logits=True),
            ops.binary_crossentropy(CODES, ops.sigmoid(logits)),
        ),
        (
            ops.sparse_categorical_crossentropy([0, 2], logits, from_logits=True),
            ops.categorical_crossentropy(CODES, SCORES),
        ),
    ):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_logits_may_be_large():
    logits = np.array([[1e4, -1e4, 0.0]])
    loss = ops.categorical_crossentropy(CODES[1:], logits, from_logits=True)
    np.testing.assert_allclose(loss, [1e4])
    loss = ops.binary_crossentropy(np.array([0.0, 1.0]), np.array([1e4, 1e4]), True)
    np.testing.assert_allclose(loss, [1e4, 0])


def test_gradient_by_logits_is_the_difference_of_probabilities():
    logits = np.log(SCORES)

    def loss(x):
        return ops.sum(ops.categorical_crossentropy(CODES, x, from_logits=True))

    np.testing.assert_allclose(grad(loss)(logits), SCORES - CODES, atol=1e-12)


def test_gradient_through_softmax_is_the_same():
    logits = np.log(SCORES)

    def loss(x):
        return ops.sum(ops.categorical_crossentropy(CODES, ops.softmax(x)))

    np.testing.assert_allclose(grad(loss)(logits), SCORES - CODES, atol=1e-9)


def test_labels_may_have_an_axis_of_one():
    flat = ops.sparse_categorical_crossentropy([0, 2], SCORES)
    column = ops.sparse_categorical_crossentropy([[0], [2]], SCORES)
    np.testing.assert_array_equal(flat, column)


@pytest.mark.parametrize("name", ["binary_crossentropy", "categorical_crossentropy"])
def test_shapes_that_differ(name):
    with pytest.raises(ShapeError) as caught:
        getattr(ops, name)(CODES, SCORES[:, :2])
    text = str(caught.value)
    assert f"{name}: target and output must have one shape." in text
    assert "got:      target (2, 3), output (2, 2)" in text


def test_clip_holds_and_stops_the_gradient_outside():
    x = np.array([-2.0, 0.5, 2.0])
    assert ops.clip(x, -1, 1).tolist() == [-1, 0.5, 1]
    assert grad(lambda x: ops.sum(ops.clip(x, -1, 1)))(x).tolist() == [0, 1, 0]
