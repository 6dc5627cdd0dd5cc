"""A layer at each step of a sequence."""

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops
from kerasish.errors import ShapeError


@pytest.fixture
def x(rng):
    return rng.normal(size=(4, 6, 3)).astype("float32")


def close(one, other):
    np.testing.assert_allclose(
        *map(ops.convert_to_numpy, (one, other)), rtol=1e-5, atol=1e-6
    )


def test_each_step_is_a_sample(x):
    dense = layers.Dense(4, activation="tanh")
    found = layers.TimeDistributed(dense)(x)
    close(found, np.stack([ops.convert_to_numpy(dense(x[:, t])) for t in range(6)], 1))


def test_lengths_may_be_unknown(x):
    inputs = layers.Input((None, 3))
    outputs = layers.TimeDistributed(layers.Dense(2))(inputs)
    assert outputs.shape == (None, None, 2)
    model = kerasish.Model(inputs, outputs)
    assert model.predict(x[:, :5], verbose=0).shape == (4, 5, 2)


def test_a_model_may_be_inside(x):
    inner = kerasish.Sequential([layers.Input((3,)), layers.Dense(2)])
    assert layers.TimeDistributed(inner)(x).shape == (4, 6, 2)


def test_masks_are_handed_over_step_by_step(rng):
    tokens = rng.integers(0, 3, (2, 4, 5))
    model = kerasish.Sequential(
        [
            layers.Input((4, 5)),
            layers.Embedding(3, 3, mask_zero=True),
            layers.TimeDistributed(layers.GRU(2, name="inner")),
        ]
    )
    found = model.predict(tokens, verbose=0)
    embedding, outer = model.layers
    for step in range(4):
        close(found[:, step], outer.layer(embedding(tokens[:, step])))


def test_too_few_axes_are_refused(x):
    with pytest.raises(ShapeError, match=r"(?s)TimeDistributed.*at least 3 axes"):
        layers.TimeDistributed(layers.Dense(2))(x[:, 0])
    with pytest.raises(ValueError, match=r"holds a layer"):
        layers.TimeDistributed(3)
