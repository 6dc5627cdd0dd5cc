import h5py
import numpy as np
import pytest

from kerasish import layers, models, optimizers
from kerasish.errors import FileFormatError
from kerasish.saving.api import load_weights, save_model, save_weights
from kerasish.saving.weights_h5 import nodes


class Cell(layers.Layer):
    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1], 2), name="kernel")


class Wrapper(layers.Layer):
    """Holds layers in every way an attribute can, and a weight of its own."""

    def __init__(self):
        super().__init__(name="wrapper")
        self._hidden = Cell(name="h")
        self.cell = Cell(name="c")
        self.many = [Cell(name="m0"), layers.Dense(1, name="m1"), Cell(name="m2")]
        self.again = self.cell

    def build(self, input_shape):
        for layer in (self._hidden, self.cell, *self.many):
            layer.build_once(input_shape)
        self.scale = self.add_weight((1,), name="scale")

    def call(self, inputs):
        return inputs


def dense_model(units=2, names=("h", "o")):
    stack = [layers.Dense(units, name=n) for n in names]
    return models.Sequential([layers.Input((3,)), *stack], name="m")


def equal_weights(one, other):
    return all(
        np.array_equal(a.numpy(), b.numpy())
        for a, b in zip(one.weights, other.weights, strict=True)
    )


def test_paths_are_made_of_classes_and_not_of_names(model):
    paths = [node.path for node in nodes(model)]
    assert paths == [
        "",
        "layers/flatten",
        "layers/dense",
        "layers/dropout",
        "layers/reshape",
        "layers/flatten_1",
        "layers/dense_1",
        "layers/activation",
    ]


def test_layers_inside_layers_are_found_by_their_attributes():
    made = models.Sequential([layers.Input((3,)), Wrapper()])
    found = {node.path: [v.name for v in node.variables] for node in nodes(made)}
    assert found == {
        "": [],
        "layers/wrapper": ["scale"],
        "layers/wrapper/again": ["kernel"],
        "layers/wrapper/many/cell": ["kernel"],
        "layers/wrapper/many/dense": ["kernel", "bias"],
        "layers/wrapper/many/cell_1": ["kernel"],
        "layers/wrapper/_hidden": ["kernel"],
    }


def test_nested_models_have_layers_of_their_own():
    inner = models.Sequential([layers.Dense(2)])
    outer = models.Sequential([layers.Input((3,)), inner, layers.Dense(1)])
    paths = [node.path for node in nodes(outer)]
    assert paths == [
        "",
        "layers/sequential",
        "layers/sequential/layers/dense",
        "layers/dense",
    ]


def test_the_tree_is_that_of_keras(model, data, tmp_path):
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(*data, verbose=0)
    path = tmp_path / "m.weights.h5"
    save_weights(model, path)
    with h5py.File(path) as root:
        # the first is ours: the Dropout's seed, for which Keras has no place
        assert sorted(root) == ["_kerasish", "layers", "optimizer", "vars"]
        assert root["vars"].attrs["name"] == "small"
        assert root["layers/dense/vars"].attrs["name"] == "hidden"
        assert root["layers/dense/vars/0"].shape == (6, 5)
        assert list(root["layers/dropout/vars"]) == []
        assert len(root["optimizer/vars"]) == 10
        assert root["optimizer/vars/0"][()] == 1


def test_weights_come_back(tmp_path):
    path = tmp_path / "m.weights.h5"
    source, target = dense_model(), dense_model(names=("x", "y"))
    source.save_weights(path)
    target.load_weights(path)
    assert equal_weights(source, target)


@pytest.mark.parametrize("tag", ["keras3", "keras2"])
@pytest.mark.parametrize("ending", [".weights.h5", ".keras"])
def test_weights_of_real_keras_are_read(golden, expected, model, tag, ending):
    arrays = expected(tag)
    model.load_weights(golden(tag + ending))
    np.testing.assert_allclose(
        model.predict(arrays["x"], verbose=0), arrays["p"], atol=1e-6
    )


def test_the_name_of_keras_2_12_for_layers_is_understood(tmp_path):
    path = tmp_path / "m.weights.h5"
    source, target = dense_model(), dense_model()
    save_weights(source, path)
    with h5py.File(path, "r+") as root:
        root.move("layers", "_layer_checkpoint_dependencies")
    load_weights(target, path)
    assert equal_weights(source, target)


def trained(optimizer, x, y):
    made = dense_model()
    made.compile(optimizer, "mse")
    made.fit(x, y, verbose=0)
    return made


@pytest.fixture
def xy(rng):
    return rng.random((8, 3), dtype="float32"), rng.random((8, 2), dtype="float32")


def test_a_built_optimizer_takes_the_state(tmp_path, xy):
    path = tmp_path / "m.weights.h5"
    source = trained(optimizers.Adam(0.1), *xy)
    save_weights(source, path)
    target = trained(optimizers.Adam(0.5), *xy)
    load_weights(target, path)
    for one, other in zip(
        source.optimizer.variables, target.optimizer.variables, strict=True
    ):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_a_fresh_optimizer_keeps_its_settings_with_a_warning(tmp_path, xy):
    path = tmp_path / "m.weights.h5"
    source = trained(optimizers.Adam(0.1), *xy)
    save_weights(source, path)
    target = dense_model()
    target.compile(optimizers.Adam(0.5), "mse")
    with pytest.warns(
        UserWarning, match=r"'adam_1' has not trained yet.*optimizer\.build"
    ):
        load_weights(target, path)
    assert float(target.optimizer.learning_rate) == 0.5
    assert equal_weights(source, target)


def test_another_optimizer_is_left_alone_with_a_warning(tmp_path, xy):
    path = tmp_path / "m.weights.h5"
    save_weights(trained("adam", *xy), path)
    target = trained("sgd", *xy)
    with pytest.warns(UserWarning, match="state of optimizer 'sgd' is left out"):
        load_weights(target, path)


def test_a_misfit_names_the_layer_and_changes_nothing(tmp_path):
    path = tmp_path / "m.weights.h5"
    save_weights(dense_model(units=2), path)
    target = dense_model(units=4)
    before = target.get_weights()
    with pytest.raises(
        FileFormatError, match=r"m\.weights\.h5'. Dense 'h' does not fit"
    ):
        load_weights(target, path)
    assert all(map(np.array_equal, target.get_weights(), before))
    with pytest.warns(UserWarning, match="keeps its weights"):
        load_weights(target, path, skip_mismatch=True)


def test_a_missing_layer_counts_as_no_weights(tmp_path):
    path = tmp_path / "m.weights.h5"
    save_weights(dense_model(names=("h",)), path)
    with pytest.raises(
        FileFormatError, match=r"'o' does not fit[^$]*stored:   0 weights"
    ):
        load_weights(dense_model(), path)


def test_layers_can_be_left_out(tmp_path):
    path = tmp_path / "m.weights.h5"
    source, target = dense_model(), dense_model()
    save_weights(source, path)
    before = target.layers[0].get_weights()
    load_weights(target, path, objects_to_skip=[target.layers[0]])
    assert all(map(np.array_equal, target.layers[0].get_weights(), before))
    np.testing.assert_array_equal(
        target.layers[1].get_weights()[0], source.layers[1].get_weights()[0]
    )


def test_more_than_ten_variables_keep_their_order(tmp_path):
    # HDF5 lists the names "0", "1", "10", "2".
    class Many(layers.Layer):
        def build(self, input_shape):
            for i in range(12):
                self.add_weight((1,), initializer=lambda s, dtype, i=i: np.full(s, i))

        def call(self, inputs):
            return inputs

    def make():
        return models.Sequential([layers.Input((3,)), Many()])

    path = tmp_path / "m.weights.h5"
    save_weights(make(), path)
    target = make()
    for weight in target.weights:
        weight.assign([-1.0])
    load_weights(target, path)
    assert [float(w.numpy()[0]) for w in target.weights] == list(range(12))


def test_files_without_weights_are_refused(tmp_path):
    path = tmp_path / "m.weights.h5"
    with h5py.File(path, "w") as root:
        root["something"] = 1.0
    with pytest.raises(FileFormatError, match=r"holds no Keras weights[^$]*something"):
        load_weights(dense_model(), path)


def test_a_model_file_is_no_tree(tmp_path):
    source, target = dense_model(), dense_model()
    save_model(source, tmp_path / "m.weights.h5")  # an .h5 model, whatever its name
    load_weights(target, tmp_path / "m.weights.h5")
    assert equal_weights(source, target)
