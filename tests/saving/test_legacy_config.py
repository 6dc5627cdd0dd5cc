import json

import pytest

from kerasish import layers, losses, metrics, models, optimizers
from kerasish.errors import FileFormatError
from kerasish.saving.legacy_config import (
    compile_config,
    full_model_config,
    legacy_model_config,
    training_config,
)
from kerasish.saving.registry import register_keras_serializable
from kerasish.saving.serialization import deserialize_keras_object


@register_keras_serializable("tests.legacy_config")
class Mine(layers.Dense):
    pass


def own_loss(y_true, y_pred):
    return y_pred - y_true


def test_layers_lose_their_module_and_what_they_hold_keeps_it(model):
    config = legacy_model_config(model)
    assert list(config) == ["class_name", "config"]
    assert config["class_name"] == "Sequential"
    entries = config["config"]["layers"]
    assert [entry["class_name"] for entry in entries][:3] == [
        "InputLayer",
        "Flatten",
        "Dense",
    ]
    assert all(list(entry) == ["class_name", "config"] for entry in entries)
    kernel = entries[2]["config"]["kernel_initializer"]
    assert kernel["module"] == "keras.initializers"
    assert config["config"]["build_input_shape"] == [None, 2, 3]
    assert "kerasish" not in json.dumps(config)


def test_a_users_layer_is_written_under_its_registered_name():
    made = models.Sequential([layers.Input((3,)), Mine(2, name="m")])
    config = legacy_model_config(made)
    entry = config["config"]["layers"][1]
    assert entry["class_name"] == "tests.legacy_config>Mine"
    back = deserialize_keras_object(full_model_config(config))
    assert type(back.layers[0]) is Mine


def test_the_training_config_has_the_layout_of_keras(model):
    model.compile(
        optimizers.SGD(0.01, momentum=0.9),
        losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[metrics.SparseCategoricalAccuracy(name="a"), "mae"],
    )
    config = training_config(model)
    assert list(config) == [
        "loss",
        "loss_weights",
        "metrics",
        "weighted_metrics",
        "run_eagerly",
        "steps_per_execution",
        "jit_compile",
        "optimizer_config",
    ]
    assert config["loss"] == {
        "class_name": "SparseCategoricalCrossentropy",
        "config": {
            "name": "sparse_categorical_crossentropy",
            "reduction": "sum_over_batch_size",
            "from_logits": True,
            "ignore_class": None,
        },
    }
    assert config["metrics"] == [
        {
            "class_name": "SparseCategoricalAccuracy",
            "config": {"name": "a", "dtype": "float32"},
        },
        "mae",
    ]
    optimizer = config["optimizer_config"]
    assert list(optimizer) == ["class_name", "config"]
    assert optimizer["class_name"] == "SGD"
    # float32's 0.01, printed as a double
    assert optimizer["config"]["learning_rate"] == 0.009999999776482582
    json.dumps(config)


@pytest.mark.parametrize(
    ("loss", "written"),
    [
        ("mse", "mean_squared_error"),
        ("MAE", "mean_absolute_error"),
        ("kld", "kl_divergence"),
        ("bce", "binary_crossentropy"),
        ("hinge", "hinge"),
        (own_loss, "own_loss"),
        (losses.mean_squared_error, "mean_squared_error"),
    ],
)
def test_short_names_of_losses_are_written_out(model, loss, written):
    model.compile("sgd", loss)
    assert training_config(model)["loss"] == written


def test_a_model_that_was_not_compiled_has_no_training_config(model):
    assert training_config(model) is None


def test_a_compiled_model_comes_back_compiled(model):
    model.compile(optimizers.Adam(0.5), "mse", metrics=["mae", "accuracy"])
    full = compile_config(training_config(model))
    model.compile("sgd", "mae")
    model.compile_from_config(full)
    assert type(model.optimizer) is optimizers.Adam
    assert float(model.optimizer.learning_rate) == 0.5
    assert model.get_compile_config()["metrics"] == ["mae", "accuracy"]


def test_the_only_output_of_keras_2_is_unwrapped():
    old = {"metrics": [["mae"]], "loss": "mse", "sample_weight_mode": None}
    config = compile_config(old)
    assert config["metrics"] == ["mae"]
    assert "sample_weight_mode" not in config
    assert config["optimizer"] == "rmsprop"


@pytest.mark.parametrize("config", [None, 3, [], {}, {"class_name": 3}])
def test_what_describes_no_model_is_refused(config):
    with pytest.raises(FileFormatError, match="does not describe a model"):
        full_model_config(config)
