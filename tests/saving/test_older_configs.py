import pytest

from kerasish import layers, losses, metrics, optimizers
from kerasish.errors import FileFormatError
from kerasish.saving.older_configs import (
    accepted_arguments,
    modern_compile,
    modern_losses,
    modern_optimizer,
    modernise,
)
from kerasish.saving.serialization import deserialize_keras_object


def layer(class_name, **config):
    return {"class_name": class_name, "config": config}


def test_the_input_layer_of_keras_2_gets_its_new_name():
    old = layer(
        "InputLayer", batch_input_shape=[None, 3], dtype="float32", sparse=False
    )
    modern = modernise(old)["config"]
    assert modern["batch_shape"] == [None, 3]
    assert "batch_input_shape" not in modern


@pytest.mark.parametrize("bare", [False, True])
def test_a_shape_in_the_first_layer_becomes_an_input_layer(bare):
    first = layer("Dense", units=2, batch_input_shape=[None, 3], dtype="float32")
    inner = [first, layer("Dense", units=1)]
    config = inner if bare else {"name": "s", "layers": inner}
    modern = modernise({"class_name": "Sequential", "config": config})["config"]
    names = [entry["class_name"] for entry in modern["layers"]]
    assert names == ["InputLayer", "Dense", "Dense"]
    assert modern["layers"][0]["config"]["batch_shape"] == [None, 3]
    assert "batch_input_shape" not in modern["layers"][1]["config"]


def test_keys_without_meaning_are_dropped_and_others_kept():
    old = layer("Dense", units=2, future_flag=False, other=None, turbo=True)
    modern = modernise(old)["config"]
    assert modern == {"units": 2, "turbo": True}
    with pytest.raises(FileFormatError, match="turbo"):
        deserialize_keras_object(modernise(old))


def test_keys_we_know_are_kept_even_if_empty():
    old = layer("Dense", units=2, use_bias=False, name=None)
    assert modernise(old)["config"] == {"units": 2, "use_bias": False, "name": None}


def test_policies_of_keras_2_become_names_of_dtypes():
    policy = {"class_name": "Policy", "config": {"name": "float16"}}
    modern = modernise(layer("Dense", units=2, dtype=policy))
    assert deserialize_keras_object(modern).dtype == "float16"


def test_initializers_lose_their_old_dtype():
    zeros = layer("Zeros", dtype="float32")
    modern = modernise(layer("Dense", units=2, bias_initializer=zeros))
    assert modern["config"]["bias_initializer"]["config"] == {}
    deserialize_keras_object(modern)


def test_a_users_class_keeps_its_config():
    old = {
        "module": "mine",
        "class_name": "Mine",
        "config": {"flag": False},
        "registered_name": "mine>Mine",
    }
    assert modernise(old) == old


def test_the_config_given_is_not_changed():
    old = layer("InputLayer", batch_input_shape=[None, 3])
    modernise(old)
    assert old == layer("InputLayer", batch_input_shape=[None, 3])


@pytest.mark.parametrize("config", [{"layers": 3}, {"layers": [3]}, None, {}])
def test_a_sequential_without_layers_is_refused(config):
    with pytest.raises(FileFormatError, match="config of a Sequential is damaged"):
        modernise({"class_name": "Sequential", "config": config})


def test_arguments_of_bases_count():
    known = accepted_arguments(layers.Dense)
    assert {"units", "name", "dtype", "trainable"} <= known
    assert "self" not in known


def test_optimizers_of_keras_2():
    old = {
        "class_name": "Custom>Adam",
        "config": {
            "name": "Adam",
            "lr": 0.01,
            "decay": 0.0,
            "jit_compile": True,
            "is_legacy_optimizer": False,
            "beta_1": 0.5,
        },
    }
    adam = deserialize_keras_object(modern_optimizer(old))
    assert type(adam) is optimizers.Adam
    assert adam.beta_1 == 0.5
    assert float(adam.learning_rate) == pytest.approx(0.01)


def test_decay_becomes_the_schedule_it_was():
    old = layer("SGD", learning_rate=0.5, decay=0.1, momentum=0.0, nesterov=False)
    sgd = deserialize_keras_object(modern_optimizer(old))
    sgd.iterations.assign(10)
    # Keras 2: learning_rate / (1 + decay * iterations)
    assert float(sgd.learning_rate) == pytest.approx(0.5 / (1 + 0.1 * 10))


def test_a_users_optimizer_keeps_its_registered_name():
    modern = modern_optimizer(layer("pack>Mine"))
    assert modern["registered_name"] == "pack>Mine"
    assert modern["class_name"] == "Mine"


def made(config, module):
    return deserialize_keras_object(modern_losses(config, module))


def test_losses_of_keras_2():
    old = layer("MeanSquaredError", reduction="auto", name="m", fn="mean_squared_error")
    loss = made(old, "keras.losses")
    assert type(loss) is losses.MeanSquaredError
    assert loss.reduction == "sum_over_batch_size"
    assert made("mse", "keras.losses") == "mse"
    structure = made({"a": old, "b": ["mae"]}, "keras.losses")
    assert type(structure["a"]) is losses.MeanSquaredError
    assert structure["b"] == ["mae"]


def test_metrics_of_keras_2():
    old = layer(
        "MeanMetricWrapper",
        name="accuracy",
        dtype="float32",
        fn="sparse_categorical_accuracy",
    )
    metric = made(old, "keras.metrics")
    assert type(metric) is metrics.SparseCategoricalAccuracy
    assert metric.name == "accuracy"
    # same name in keras.losses: the module decides
    metric = made(layer("MeanSquaredError", name="m"), "keras.metrics")
    assert type(metric) is metrics.MeanSquaredError
    mine = layer("MeanMetricWrapper", name="f", fn="my_function")
    assert modern_losses(mine, "keras.metrics") == "my_function"


def test_a_loss_by_a_name_that_is_gone():
    modern = modern_compile({"loss": ["huber_loss", "mse"], "optimizer": "sgd"})
    assert modern["loss"] == ["huber", "mse"]
