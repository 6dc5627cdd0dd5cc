"""The model base class: finding layers, weights, subclasses, copies."""

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

import kerasish
from kerasish import layers, models, ops
from kerasish.errors import ShapeError


class Branches(models.Model):
    """A model as users subclass it: two layers of the same input, added up."""

    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.left = layers.Dense(units, name="left")
        self.right = layers.Dense(units, name="right", activation="tanh")
        self.drop = layers.Dropout(0.5, seed=1)
        self.out = layers.Dense(1, name="out")

    def call(self, inputs, training=None):
        return self.out(self.drop(self.left(inputs) + self.right(inputs)))


@pytest.fixture
def data(rng):
    """Samples and a linear function of them."""
    x = rng.normal(size=(60, 4)).astype("float32")
    return x, x @ np.array([[1.0], [-2.0], [0.5], [0.0]], "float32")


@pytest.fixture
def model():
    made = models.Sequential(
        [layers.Input((4,)), layers.Dense(3, name="a"), layers.Dense(1, name="b")],
        name="net",
    )
    made.compile("adam", "mse")
    return made


def test_get_layer_by_name_and_index(model):
    assert model.get_layer("b") is model.layers[1]
    assert model.get_layer(index=0) is model.layers[0]
    assert model.get_layer(index=-1) is model.layers[1]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"name": "c"}, r"name 'c'(.|\n)*one of a, b"),
        ({"index": 5}, r"index 5(.|\n)*0 to 1"),
        ({}, r"by its name or by its index"),
        ({"name": "a", "index": 0}, r"by its name or by its index"),
    ],
)
def test_get_layer_says_what_there_is(model, arguments, text):
    with pytest.raises(ValueError, match=text):
        model.get_layer(**arguments)


def test_set_weights_sets_all_or_nothing(model):
    before = model.get_weights()
    wrong = [np.ones_like(w) for w in before]
    wrong[-1] = np.ones(2)
    for given in (wrong, before[:-1], [*before, np.ones(1)]):
        with pytest.raises(ShapeError, match="'net' cannot take these weights"):
            model.set_weights(given)
        for now, then in zip(model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(now, then)


def test_a_subclass_trains_predicts_and_counts(data):
    x, y = data
    model = Branches()
    model.compile(kerasish.optimizers.Adam(0.02), "mse", metrics=["mae"])
    losses = model.fit(x, y, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 2
    assert [layer.name for layer in model.layers] == ["left", "right", "dropout", "out"]
    assert model.count_params() == 2 * (4 * 3 + 3) + 3 + 1
    assert model.predict(x, verbose=0).shape == (60, 1)
    np.testing.assert_allclose(
        model.predict(x, verbose=0), ops.convert_to_numpy(model(x)), rtol=1e-5
    )


def test_a_subclass_is_registered_to_be_saved(data, tmp_path):
    x, y = data
    registered = kerasish.utils.register_keras_serializable("tests")(Branches)
    model = registered(units=2)
    model.compile("adam", "mse")
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "m.keras")
    loaded = models.load_model(tmp_path / "m.keras")
    assert loaded.units == 2
    expected = model.predict(x, verbose=0)
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), expected)


COPIES = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
}


@pytest.mark.parametrize("how", COPIES)
def test_copies_train_on_alone_and_alike(model, data, how):
    x, y = data
    model.fit(x, y, epochs=2, shuffle=False, verbose=0)
    before = model.get_weights()
    copied = COPIES[how](model)
    copied.fit(x, y, epochs=2, shuffle=False, verbose=0)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    model.fit(x, y, epochs=2, shuffle=False, verbose=0)
    for mine, his in zip(copied.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, his)
    assert int(copied.optimizer.iterations) == int(model.optimizer.iterations)


def test_nothing_is_left_of_a_deleted_model(data):
    made = models.Sequential([layers.Input((4,)), layers.Dropout(0.1), layers.Dense(1)])
    made.compile("adam", "mse", metrics=["mae"])
    history = made.fit(*data, verbose=0, validation_split=0.2)
    made.predict(data[0], verbose=0)
    made(data[0])
    programs = list(made._programs._made.values())
    watched = [weakref.ref(p) for p in (made, *made.layers, *programs)]
    watched += [weakref.ref(w) for w in (*made.weights, *made.optimizer.variables)]
    # full and short batches of training and predicting, and one of validation
    assert len(programs) == 5
    del made, programs, history
    gc.collect()
    assert [ref() for ref in watched if ref() is not None] == []


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch"])
def test_an_uncompiled_model_says_to_compile(data, method):
    model = models.Sequential([layers.Dense(1)])
    with pytest.raises(ValueError, match=f"`{method}` needs a compiled model") as e:
        getattr(model, method)(*data)
    assert "fix:      model.compile(" in str(e.value)
