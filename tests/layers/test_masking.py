"""Masking and Identity: which steps count, and that the rest of a model knows."""

import numpy as np
import pytest

from kerasish import layers, models, ops
from kerasish.graph.masks import get_mask


def values(tensor):
    return ops.convert_to_numpy(tensor)


def test_steps_that_hold_nothing_but_the_value_are_masked():
    x = np.array([[[5.0, 5.0], [5.0, 1.0], [0.0, 0.0]]], "float32")
    y = layers.Masking(mask_value=5.0)(x)
    assert values(get_mask(y)).tolist() == [[False, True, True]]
    assert values(y).tolist() == [[[0.0, 0.0], [5.0, 1.0], [0.0, 0.0]]]


def test_a_mask_reaches_the_loss_of_a_model():
    x = np.array([[[1.0], [0.0], [3.0]], [[0.0], [0.0], [2.0]]], "float32")
    model = models.Sequential([layers.Input((3, 1)), layers.Masking()])
    model.compile("sgd", "mse")
    # a mean over the steps that count
    total = model.evaluate(x, np.zeros_like(x), verbose=0)
    kept = np.array([1.0, 3.0, 2.0])
    np.testing.assert_allclose(total, (kept**2).sum() / len(kept), rtol=1e-6)


def test_a_recurrent_layer_skips_masked_steps():
    x = np.random.default_rng(0).normal(size=(1, 2, 3)).astype("float32")
    padded = np.concatenate([x, np.zeros((1, 2, 3), "float32")], axis=1)
    recurrent = layers.SimpleRNN(4)
    expected = values(recurrent(x))
    found = values(recurrent(layers.Masking()(padded)))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_identity_passes_values_masks_and_structures_on():
    x = layers.Masking()(np.array([[[1.0], [0.0]]], "float32"))
    y = layers.Identity()(x)
    assert values(get_mask(y)).tolist() == [[True, False]]
    shapes = {"a": (None, 2), "b": [(None, 3)]}
    assert layers.Identity().compute_output_shape(shapes) == shapes


def test_a_layer_that_does_not_know_masks_says_so():
    x = layers.Masking()(np.array([[[1.0], [0.0]]], "float32"))
    with pytest.warns(UserWarning, match="'flat' was passed a masked input"):
        layers.Reshape((1, 2), name="flat")(x)
