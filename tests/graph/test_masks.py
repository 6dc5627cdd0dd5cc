"""Masks on arrays, which take no attributes, and on symbolic tensors."""

import gc

import numpy as np
import pytest

from kerasish import Input, KerasTensor, Model, layers, ops
from kerasish.graph import masks
from kerasish.graph.masks import get_mask, set_mask

TOKENS = np.array([[3, 4, 0], [1, 0, 0]])
KEPT = TOKENS != 0


def test_an_array_keeps_its_mask_for_as_long_as_it_lives():
    entries = len(masks._masks)
    x = np.ones((2, 3))
    set_mask(x, KEPT)
    assert get_mask(x) is KEPT
    assert get_mask(x.copy()) is None
    assert len(masks._masks) == entries + 1
    del x
    gc.collect()
    assert len(masks._masks) == entries


def test_none_takes_a_mask_off():
    x = np.ones((2, 3))
    set_mask(x, KEPT)
    set_mask(x, None)
    assert get_mask(x) is None
    symbolic = KerasTensor((2, 3))
    set_mask(symbolic, KEPT)
    assert get_mask(symbolic) is KEPT
    set_mask(symbolic, None)
    assert get_mask(symbolic) is None


def test_numbers_have_no_mask():
    set_mask(3.0, KEPT)
    assert get_mask(3.0) is None


def embedded():
    """Return embedded tokens, which carry a mask."""
    return layers.Embedding(6, 2, mask_zero=True)(TOKENS)


def test_masks_pass_through_layers_that_support_them():
    x = embedded()
    np.testing.assert_array_equal(get_mask(x), KEPT)
    y = layers.Activation("relu")(layers.Dense(4)(x))
    np.testing.assert_array_equal(get_mask(y), KEPT)


def test_a_layer_that_takes_no_masks_ends_them_with_a_warning():
    class Plain(layers.Layer):
        def call(self, inputs):
            return inputs * 2

    x = embedded()
    with pytest.warns(UserWarning, match="Plain 'own'.*does not support masking"):
        y = Plain(name="own")(x)
    assert get_mask(y) is None


def test_a_layer_with_compute_mask_of_its_own_supports_masking():
    class Reversed(layers.Layer):
        def call(self, inputs):
            return ops.flip(inputs, axis=1)

        def compute_mask(self, inputs, previous_mask=None):
            return None if previous_mask is None else ops.flip(previous_mask, axis=1)

    assert Reversed().supports_masking
    np.testing.assert_array_equal(get_mask(Reversed()(embedded())), KEPT[:, ::-1])


def test_call_is_given_the_mask_and_one_given_by_hand_comes_first():
    class Counting(layers.Layer):
        supports_masking = True

        def call(self, inputs, mask=None):
            return ops.sum(ops.cast(mask, "int32"), axis=1)

    x = embedded()
    np.testing.assert_array_equal(Counting()(x), [2, 1])
    np.testing.assert_array_equal(Counting()(x, mask=np.ones((2, 3), bool)), [3, 3])


def test_lists_of_inputs_give_lists_of_masks():
    class Which(layers.Layer):
        supports_masking = True

        def call(self, inputs, mask=None):
            self.seen = [one is not None for one in mask]
            return inputs[0] + inputs[1]

        def compute_mask(self, inputs, previous_mask=None):
            return previous_mask[0]

    layer = Which()
    result = layer([embedded(), np.ones((2, 3, 2), "float32")])
    assert layer.seen == [True, False]
    np.testing.assert_array_equal(get_mask(result), KEPT)


def test_masked_steps_count_in_no_loss_and_no_metric(rng):
    y = rng.normal(size=(2, 3, 2)).astype("float32")
    tokens = Input((None,), dtype="int32")
    model = Model(tokens, layers.Embedding(6, 2, mask_zero=True)(tokens))
    model.compile("sgd", "mse", metrics=["mae"], weighted_metrics=["mse"])
    error = model.predict(TOKENS, verbose=0) - y
    found = model.evaluate(TOKENS, y, verbose=0, return_dict=True)
    squares, absolute = (error**2).mean(-1)[KEPT], abs(error).mean(-1)[KEPT]
    assert found["loss"] == pytest.approx(squares.mean(), rel=1e-5)
    assert found["mse"] == pytest.approx(squares.mean(), rel=1e-5)
    assert found["mae"] == pytest.approx(absolute.mean(), rel=1e-5)
    weight = np.array([[1.0], [0.25]])
    found = model.evaluate(TOKENS, y, sample_weight=weight, verbose=0, return_dict=True)
    spread = np.broadcast_to(weight, KEPT.shape)[KEPT]
    assert found["loss"] == pytest.approx((squares * spread).sum() / 3, rel=1e-5)
    expected = np.average(squares, weights=spread)
    assert found["mse"] == pytest.approx(expected, rel=1e-5)


def test_masked_steps_have_no_gradient(rng):
    x = Input((3, 2))
    model = Model(x, layers.Dense(1, use_bias=False)(layers.Masking()(x)))
    model.compile("sgd", "mse")
    data, y = np.zeros((1, 3, 2), "float32"), np.ones((1, 3, 1), "float32")
    data[0, 0] = [1.0, 2.0]
    kernel = model.get_weights()[0]
    model.fit(data, y, verbose=0)
    slope = 2 * (data[0, 0] @ kernel - 1) * data[0, 0][:, None]
    np.testing.assert_allclose(model.get_weights()[0], kernel - 0.01 * slope, rtol=1e-5)
