"""Numbers and categories prepared as real Keras prepares them, and its model files.

Lookups, hashing, text and `Discretization.adapt` need TensorFlow in Keras; their
numbers stand as constants in `tests/layers/preprocessing`.
"""

import os

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", reason="the parity extra is not installed")
import kerasish

pytestmark = pytest.mark.parity
BIG = np.random.default_rng(0).normal(5.0, 2.0, size=(20, 4, 3)).astype("float32")


def array(tensor):
    return np.asarray(tensor, "float64")


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("axis", [-1, (1, 2), None])
def test_normalization_learns_the_same(axis, invert):
    both = []
    for module in (keras, kerasish):
        layer = module.layers.Normalization(axis=axis, invert=invert)
        layer.adapt(BIG)
        both.append(layer)
    theirs, ours = both
    assert ours.get_config()["axis"] == theirs.get_config()["axis"]
    assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]
    for name in ("mean", "variance"):
        expected = array(getattr(theirs, name))
        found = array(getattr(ours, name))
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_allclose(
        array(ours(BIG)), array(theirs(BIG)), rtol=1e-4, atol=1e-4
    )


def test_weighted_counts():
    numbers = np.array([[0, 1], [0, 0], [1, 2], [3, 1]])
    weights = np.array([[0.1, 0.2], [0.1, 0.1], [0.2, 0.3], [0.4, 0.2]])
    theirs, ours = (
        module.layers.CategoryEncoding(4, output_mode="count")(
            numbers, count_weights=weights
        )
        for module in (keras, kerasish)
    )
    np.testing.assert_allclose(array(ours), array(theirs), rtol=1e-6)


def small_model(module):
    layers = module.layers
    first, second = layers.Input((3,)), layers.Input((2,), dtype="int32")
    norm = layers.Normalization(name="norm")
    norm.adapt(BIG[:, 0])
    bins = layers.Discretization([4.0, 6.0], output_mode="multi_hot", name="bins")
    bags = layers.CategoryEncoding(5, output_mode="count", name="bags")
    parts = [norm(first), bins(first), bags(second)]
    outputs = layers.Dense(2, name="dense")(layers.Concatenate()(parts))
    return module.Model([first, second], outputs)


@pytest.mark.parametrize("makes", ["keras", "kerasish"])
def test_models_are_read_by_each_other(makes, tmp_path):
    writer, reader = (keras, kerasish) if makes == "keras" else (kerasish, keras)
    model = small_model(writer)
    model.save(tmp_path / "m.keras")
    again = reader.saving.load_model(tmp_path / "m.keras")
    x = [BIG[:, 1], np.random.default_rng(1).integers(0, 5, (20, 2)).astype("int32")]
    np.testing.assert_allclose(
        array(again.predict(x, verbose=0)),
        array(model.predict(x, verbose=0)),
        rtol=1e-4,
        atol=1e-5,
    )
