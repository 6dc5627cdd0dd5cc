"""Normalization: what it learns and from what, both directions, models, messages."""

import numpy as np
import pytest

import kerasish
from kerasish import layers, models, ops
from kerasish.errors import ShapeError

X = np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 7.0]], "float32")
BIG = np.random.default_rng(0).normal(5.0, 2.0, size=(50, 4, 3)).astype("float32")


def values(tensor):
    return ops.convert_to_numpy(tensor)


def adapted(data, **arguments):
    layer = layers.Normalization(**arguments)
    layer.adapt(data)
    return layer


@pytest.mark.parametrize("axis", [-1, 1, (1, 2), (0, 2), None])
def test_kept_axes_have_moments_of_their_own(axis):
    layer = adapted(BIG, axis=axis)
    kept = () if axis is None else np.atleast_1d(axis) % 3
    others = tuple(a for a in range(3) if a not in kept)
    wide = BIG.astype("float64")
    mean, variance = wide.mean(others, keepdims=True), wide.var(others, keepdims=True)
    np.testing.assert_allclose(values(layer.mean), mean, rtol=1e-6)
    np.testing.assert_allclose(values(layer.variance), variance, rtol=1e-5)
    expected = (wide - mean) / np.maximum(np.sqrt(variance), 1e-7)
    np.testing.assert_allclose(values(layer(BIG)), expected, rtol=1e-4, atol=1e-5)


def test_a_feature_without_spread_becomes_zero_as_in_keras():
    assert values(adapted(X)(X)).tolist() == [[-1, 0, -1], [1, 0, 1]]


def test_the_other_way_round():
    layer = adapted(X)
    back = adapted(X, invert=True)
    np.testing.assert_allclose(values(back(layer(X))), X, rtol=1e-6)


class Batches(kerasish.utils.PyDataset):
    """Pieces of BIG."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return BIG[index * 15 : index * 15 + 15]


@pytest.mark.parametrize(
    "make",
    [
        lambda: [BIG[:10], BIG[10:]],
        lambda: (BIG[i : i + 7] for i in range(0, 50, 7)),
        Batches,
        BIG.tolist,
    ],
)
def test_batches_give_the_moments_of_all(make):
    layer = adapted(make())
    wide = BIG.astype("float64")
    np.testing.assert_allclose(values(layer.mean)[0, 0], wide.mean((0, 1)), rtol=1e-6)
    np.testing.assert_allclose(
        values(layer.variance)[0, 0], wide.var((0, 1)), rtol=1e-5
    )


def test_small_spreads_around_large_means_are_exact():
    x = 1e6 + np.random.default_rng(1).normal(size=(1000, 1))
    layer = adapted(x)
    np.testing.assert_allclose(values(layer.variance), [x.var(0)], rtol=1e-5)


def test_adapting_anew_forgets():
    layer = adapted(X)
    layer.adapt(X + 10)
    np.testing.assert_allclose(values(layer.mean), [[12.0, 12.0, 15.0]])


def test_moments_may_be_given():
    layer = layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[4.0, 1.0, 16.0])
    assert values(layer(X)).tolist() == [[0, 0, 0], [1, 0, 1]]
    assert layer.weights == []
    config = layer.get_config()
    assert (config["mean"], config["variance"]) == ([1.0, 2.0, 3.0], [4.0, 1.0, 16.0])
    again = layers.deserialize(layers.serialize(layer))
    assert values(again(X)).tolist() == [[0, 0, 0], [1, 0, 1]]


def test_inside_a_model_it_is_traced_and_saved(tmp_path):
    model = models.Sequential(
        [layers.Input((3,)), adapted(X, name="norm"), layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    before = values(model.get_layer("norm").mean)
    model.fit(X, np.ones(2), epochs=2, verbose=0)
    np.testing.assert_array_equal(values(model.get_layer("norm").mean), before)
    model.save(tmp_path / "m.keras")
    again = models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(values(again.get_layer("norm").mean), before)
    np.testing.assert_allclose(
        again.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-6
    )


def test_adapting_after_a_model_was_compiled_is_seen():
    layer = layers.Normalization()
    model = models.Sequential([layers.Input((3,)), layer])
    assert model.predict(X, verbose=0).tolist() == X.tolist()
    layer.adapt(X)
    assert model.predict(X, verbose=0).tolist() == [[-1, 0, -1], [1, 0, 1]]


@pytest.mark.parametrize("given", [{"mean": 1.0}, {"variance": 1.0}])
def test_mean_and_variance_go_together(given):
    with pytest.raises(ValueError, match="needs `mean` and `variance` together"):
        layers.Normalization(**given)


def test_given_moments_are_not_learnt():
    layer = layers.Normalization(mean=1.0, variance=1.0, name="mine")
    with pytest.raises(ValueError, match="'mine' was given its mean and variance"):
        layer.adapt(X)


def test_shapes_are_checked():
    with pytest.raises(ShapeError, match=r"cannot keep these axes(.|\n)*axis=\(3,\)"):
        layers.Normalization(axis=3).build((None, 3))
    with pytest.raises(ShapeError, match="must know the lengths"):
        layers.Normalization().build((None, None))
    with pytest.raises(ShapeError, match=r"The mean of(.|\n)*\(2,\)(.|\n)*\(3,\)"):
        layers.Normalization(mean=[1.0, 2.0], variance=[1.0, 2.0])(X)
    layer = adapted(X, name="mine")
    with pytest.raises(ShapeError, match=r"'mine' cannot adapt(.|\n)*\(2, 2\)"):
        layer.adapt(X[:, :2])
