import json
import re

import h5py
import numpy as np
import pytest

from kerasish import layers, models, optimizers
from kerasish.errors import FileFormatError
from kerasish.saving.api import load_model, load_weights, save_model
from kerasish.saving.registry import register_keras_serializable


@register_keras_serializable("tests.legacy_h5")
class Mine(layers.Dense):
    pass


class Unknown(layers.Dense):
    pass


def dense_model(units=2, name="m", names=("a", "b")):
    stack = [layers.Dense(units, name=n) for n in names]
    return models.Sequential([layers.Input((3,)), *stack], name=name)


def predictions(model, x):
    return model.predict(x, verbose=0)


LOSS = "sparse_categorical_crossentropy"


@pytest.fixture
def saved(model, data, tmp_path):
    """Return the path of a model saved after some training, and the model."""
    model.compile(optimizers.Adam(0.01), LOSS, metrics=["accuracy"])
    model.fit(*data, epochs=2, batch_size=4, verbose=0)
    path = tmp_path / "m.h5"
    save_model(model, path)
    return path, model


def edit(path, change):
    with h5py.File(path, "r+") as root:
        change(root)


def edit_config(path, change, attribute="model_config"):
    def edit_attribute(root):
        config = json.loads(root.attrs[attribute])
        change(config)
        root.attrs[attribute] = json.dumps(config)

    edit(path, edit_attribute)


def test_the_layout_is_that_of_keras(saved):
    path, _ = saved
    with h5py.File(path) as root:
        assert root.attrs["keras_version"] == "3.15.1"
        # the first is ours: the Dropout's seed, for which Keras has no place
        assert sorted(root) == ["_kerasish", "model_weights", "optimizer_weights"]
        weights = root["model_weights"]
        names = "flat hidden drop column flat_again scores shares".split()
        assert list(weights.attrs["layer_names"]) == names
        names = list(weights["hidden"].attrs["weight_names"])
        assert names == ["small/hidden/kernel", "small/hidden/bias"]
        assert weights["hidden/small/hidden/kernel"].shape == (6, 5)
        # an empty list is one of floats, as Keras writes it
        assert weights["flat"].attrs["weight_names"].dtype == "float64"
        assert "top_level_model_weights" in weights
        state = list(root["optimizer_weights"].attrs["weight_names"])
        assert state[:3] == [
            "adam/iteration",
            "adam/learning_rate",
            "adam/small_hidden_kernel_momentum",
        ]


def test_a_model_comes_back(saved, data):
    path, model = saved
    back = load_model(path)
    np.testing.assert_array_equal(
        predictions(back, data[0]), predictions(model, data[0])
    )
    assert back.evaluate(*data, verbose=0) == model.evaluate(*data, verbose=0)
    assert back.get_config() == model.get_config()


@pytest.mark.parametrize(
    "make",
    [
        lambda: optimizers.SGD(0.1, momentum=0.9),
        lambda: optimizers.Adam(0.05),
        lambda: optimizers.RMSprop(0.05),
        lambda: optimizers.SGD(optimizers.schedules.ExponentialDecay(0.5, 3, 0.5)),
    ],
)
@pytest.mark.parametrize("name", ["m.h5", "m.keras"])
def test_training_goes_on_where_it_stopped(make, name, rng, tmp_path):
    x, y = rng.random((8, 3), dtype="float32"), rng.random((8, 2), dtype="float32")
    options = {"batch_size": 4, "shuffle": False, "verbose": 0}
    straight = dense_model()
    straight.compile(make(), "mse")
    straight.fit(x, y, epochs=2, **options)
    save_model(straight, tmp_path / name)
    straight.fit(x, y, epochs=3, **options)
    resumed = load_model(tmp_path / name)
    resumed.fit(x, y, epochs=3, **options)
    for one, other in zip(straight.weights, resumed.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_without_the_optimizer_the_model_is_not_compiled(saved, tmp_path):
    _, model = saved
    save_model(model, tmp_path / "bare.h5", include_optimizer=False)
    assert not load_model(tmp_path / "bare.h5").compiled


def test_compile_false_leaves_the_compilation_out(saved):
    assert not load_model(saved[0], compile=False).compiled


def test_a_model_that_was_never_built_comes_back_unbuilt(tmp_path):
    save_model(models.Sequential([layers.Dense(2)]), tmp_path / "m.h5")
    back = load_model(tmp_path / "m.h5")
    assert not back.built
    assert back(np.ones((1, 3), "float32")).shape == (1, 2)


@pytest.mark.parametrize("tag", ["keras3", "keras2"])
def test_files_of_real_keras_open(golden, expected, tag):
    arrays = expected(tag)
    back = load_model(golden(f"{tag}.h5"))
    np.testing.assert_allclose(predictions(back, arrays["x"]), arrays["p"], atol=1e-6)
    assert int(back.optimizer.iterations) == 4
    assert float(back.optimizer.learning_rate) == np.float32(0.01)
    with h5py.File(golden(f"{tag}.h5")) as root:
        group = root["optimizer_weights"]
        names = [n for n in group.attrs["weight_names"] if group[n].shape]
        slots = [v for v in back.optimizer.variables if v.shape]
        for name, variable in zip(names, slots, strict=True):
            np.testing.assert_array_equal(group[name], variable.numpy())
    back.fit(arrays["x"], arrays["y"], verbose=0)
    assert back.evaluate(
        arrays["x"], arrays["y"], verbose=0, return_dict=True
    ).keys() == {
        "loss",
        "accuracy",
    }


def test_an_older_optimizer_of_keras_2_goes_on(golden, expected):
    arrays = expected("keras2")
    back = load_model(golden("keras2_old_adam.h5"))
    np.testing.assert_allclose(
        predictions(back, arrays["x"]), arrays["p_old_adam"], atol=1e-6
    )
    with h5py.File(golden("keras2_old_adam.h5")) as root:
        velocity = root["optimizer_weights/Adam/hidden/kernel/v:0"][()]
    found = [v for v in back.optimizer.variables if v.path.endswith("kernel_velocity")]
    np.testing.assert_array_equal(found[0].numpy(), velocity)


@pytest.mark.parametrize("name", ["keras2_old_weights.h5", "keras2.h5", "keras3.h5"])
def test_weights_are_read_from_older_files(golden, expected, model, name):
    model.load_weights(golden(name))
    arrays = expected(name[:6])
    np.testing.assert_allclose(predictions(model, arrays["x"]), arrays["p"], atol=1e-6)


def test_names_stored_as_bytes_are_read(saved, data):
    path, model = saved

    def to_bytes(root):
        for group in (root["model_weights"], root["model_weights/hidden"]):
            for name in ("layer_names", "weight_names"):
                if name in group.attrs:
                    group.attrs[name] = [n.encode() for n in group.attrs[name]]
        root.attrs["model_config"] = np.bytes_(root.attrs["model_config"].encode())

    edit(path, to_bytes)
    back = load_model(path)
    np.testing.assert_array_equal(
        predictions(back, data[0]), predictions(model, data[0])
    )


def test_many_layer_names_are_split_and_joined(tmp_path, monkeypatch):
    monkeypatch.setattr("kerasish.saving.legacy_h5._MAX_NAMES_BYTES", 64)
    made = dense_model(names=[f"n{i}" for i in range(9)])
    save_model(made, tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as root:
        names = root["model_weights"].attrs
        assert "layer_names" not in names
        assert list(names["layer_names2"]) == ["n8"]
    back = load_model(tmp_path / "m.h5")
    for one, other in zip(made.weights, back.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_a_frozen_layer_keeps_its_weights(tmp_path):
    made = dense_model()
    made.layers[0].trainable = False
    save_model(made, tmp_path / "m.h5")
    back = load_model(tmp_path / "m.h5")
    assert not back.layers[0].trainable
    for one, other in zip(made.weights, back.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_nested_models_come_back(tmp_path, rng):
    inner = dense_model(name="inner")
    made = models.Sequential([layers.Input((3,)), inner, layers.Dense(1)], name="outer")
    save_model(made, tmp_path / "m.h5")
    x = rng.random((4, 3), dtype="float32")
    np.testing.assert_array_equal(
        predictions(load_model(tmp_path / "m.h5"), x), predictions(made, x)
    )


def test_a_registered_layer_comes_back(tmp_path):
    save_model(dense_of(Mine), tmp_path / "m.h5")
    assert type(load_model(tmp_path / "m.h5").layers[0]) is Mine


def dense_of(cls):
    return models.Sequential([layers.Input((3,)), cls(2, name="mine")])


def test_an_unknown_layer_names_the_file_and_the_way_out(tmp_path):
    path = tmp_path / "m.h5"
    save_model(dense_of(Unknown), path)
    with pytest.raises(FileFormatError) as caught:
        load_model(path)
    assert str(caught.value).startswith(
        f"Cannot load '{path}'. Unknown class 'Unknown'"
    )
    assert "custom_objects={'Unknown': Unknown}" in str(caught.value)
    assert type(load_model(path, {"Unknown": Unknown}).layers[0]) is Unknown


def test_own_functions_are_found_by_name(tmp_path, rng):
    def own_loss(y_true, y_pred):
        return (y_true - y_pred) ** 2

    made = dense_model()
    made.compile("sgd", own_loss)
    path = tmp_path / "m.h5"
    save_model(made, path)
    with pytest.raises(FileFormatError, match=re.escape(str(path)) + "[^$]*own_loss"):
        load_model(path)
    assert load_model(path, {"own_loss": own_loss}).compiled
    assert not load_model(path, compile=False).compiled


def test_code_in_a_file_is_refused(saved):
    def add_lambda(config):
        code = {"class_name": "__lambda__", "config": {"code": "4wEAAAA="}}
        entry = {"class_name": "Lambda", "config": {"name": "x", "function": code}}
        config["config"]["layers"].append(entry)

    path, model = saved
    edit_config(path, add_lambda)
    for safe_mode in (True, False):
        with pytest.raises(FileFormatError, match="never run from a file"):
            load_model(path, safe_mode=safe_mode)
    load_weights(model, path)  # as the message says


def test_units_that_do_not_fit_the_weights_are_refused_before_building(saved):
    def ask_for_terabytes(config):
        config["config"]["layers"][2]["config"]["units"] = 10**12

    edit_config(saved[0], ask_for_terabytes)
    with pytest.raises(
        FileFormatError, match=r"Dense 'hidden'[^$]*units=1000000000000"
    ):
        load_model(saved[0])


def test_a_missing_array_is_named(saved):
    edit(
        saved[0],
        lambda root: root.__delitem__("model_weights/hidden/small/hidden/bias"),
    )
    with pytest.raises(FileFormatError, match="no 'small/hidden/bias'"):
        load_model(saved[0])


def test_a_link_out_of_the_file_is_refused(saved, tmp_path):
    def link(root):
        group = root["model_weights/hidden/small/hidden"]
        del group["bias"]
        group["bias"] = h5py.ExternalLink(str(tmp_path / "x.h5"), "/secret")

    edit(saved[0], link)
    with pytest.raises(FileFormatError, match="ExternalLink"):
        load_model(saved[0])


def test_unknown_groups_and_attributes_are_ignored(saved):
    def add(root):
        root.attrs["extra"] = "x"
        root["extra/deep"] = np.ones(3)

    edit(saved[0], add)
    load_model(saved[0])


@pytest.mark.parametrize("attribute", ["model_config", "training_config"])
@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000])
def test_a_damaged_config_names_the_file(saved, attribute, text):
    edit(saved[0], lambda root: root.attrs.__setitem__(attribute, text))
    with pytest.raises(FileFormatError, match=re.escape(f"Cannot load '{saved[0]}'")):
        load_model(saved[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.update(config=None), "Sequential is damaged"),
        (lambda c: c["config"].update(layers=3), "Sequential is damaged"),
        (lambda c: c["config"]["layers"][2].update(config=3), "'Dense' cannot be made"),
        (lambda c: c["config"]["layers"][2]["config"].update(turbo=1), "turbo"),
        (
            lambda c: c["config"]["layers"][0]["config"].update(batch_shape=3),
            "InputLayer",
        ),
        (
            lambda c: c["config"]["layers"][2]["config"].update(units=-1),
            "Dense 'hidden'",
        ),
        (lambda c: c["config"].update(layers=[]), "Cannot load"),
    ],
)
def test_a_config_that_makes_no_sense_names_the_file(saved, change, message):
    edit_config(saved[0], change)
    with pytest.raises(FileFormatError, match=message) as caught:
        load_model(saved[0])
    assert str(saved[0]) in str(caught.value)


def test_weights_of_another_model_name_both_sides(tmp_path):
    path = tmp_path / "m.h5"
    save_model(dense_model(names=("a", "b", "c")), path)
    with pytest.raises(FileFormatError) as caught:
        load_weights(dense_model(name="other"), path)
    text = str(caught.value)
    assert f"Cannot load '{path}'. The file does not fit model 'other'" in text
    assert "weights of 3 layers (a, b, c)" in text
    assert "2 layers (a, b)" in text


def test_weights_of_other_sizes_name_the_layer(tmp_path):
    path = tmp_path / "m.h5"
    save_model(dense_model(units=4), path)
    with pytest.raises(
        FileFormatError, match=r"Dense 'a' does not[^$]*kernel \(3, 4\)"
    ):
        load_weights(dense_model(), path)
    other = dense_model()
    with pytest.warns(UserWarning, match="keeps its weights"):
        load_weights(other, path, skip_mismatch=True)


def test_layers_can_be_paired_by_name(tmp_path):
    path = tmp_path / "m.h5"
    source = dense_model(names=("a", "b"))
    save_model(source, path)
    target = dense_model(names=("x", "b"))
    before = target.layers[0].get_weights()
    load_weights(target, path, by_name=True)
    np.testing.assert_array_equal(
        target.layers[1].get_weights()[0], source.layers[1].get_weights()[0]
    )
    np.testing.assert_array_equal(target.layers[0].get_weights()[0], before[0])
