"""Layers that store their variables in a way of their own."""

import numpy as np
import pytest

from kerasish import Input, Sequential, layers, models
from kerasish.errors import FileFormatError, ShapeError

X = np.ones((2, 3), "float32")


class Halved(layers.Layer):
    """Stores half of its kernel, and a note beside it."""

    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1], 2), name="kernel")
        self.note = 0

    def call(self, inputs):
        return inputs @ self.kernel

    def save_own_variables(self, store):
        store["half"] = self.kernel.numpy() / 2
        store["note"] = np.array(7)

    def load_own_variables(self, store):
        self.kernel.assign(store["half"] * 2)
        self.note = int(store["note"])


class Noted(Halved):
    """Adds a note to what layers usually store."""

    def save_own_variables(self, store):
        layers.Layer.save_own_variables(self, store)
        store["note"] = np.array(8)

    def load_own_variables(self, store):
        self.note = int(store.pop("note"))
        layers.Layer.load_own_variables(self, store)


@pytest.mark.parametrize(("cls", "note"), [(Halved, 7), (Noted, 8)])
def test_a_layer_stores_and_reads_in_its_own_way(tmp_path, cls, note):
    model = Sequential([Input((3,)), cls()])
    path = tmp_path / "m.keras"
    model.save(path)
    loaded = models.load_model(path, custom_objects={cls.__name__: cls})
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X))
    assert loaded.layers[0].note == note
    weights = tmp_path / "m.weights.h5"
    model.save_weights(weights)
    other = Sequential([Input((3,)), cls()])
    other.load_weights(weights)
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])


def test_what_a_layer_cannot_read_names_the_file(tmp_path):
    path = tmp_path / "m.weights.h5"
    Sequential([Input((3,)), Noted()]).save_weights(path)
    other = Sequential([Input((3,)), Halved()])
    with pytest.raises(FileFormatError, match=r"m\.weights\.h5"):
        other.load_weights(path)


def test_stored_arrays_must_fit():
    layer = layers.Dense(2)
    layer.build((None, 3))
    store = {}
    layer.save_own_variables(store)
    assert {key: value.shape for key, value in store.items()} == {
        "0": (3, 2),
        "1": (2,),
    }
    with pytest.raises(ShapeError, match="does not fit what is stored"):
        layer.load_own_variables({"0": store["0"]})
    with pytest.raises(ShapeError, match="build the layer first"):
        layers.Dense(2).load_own_variables(store)
