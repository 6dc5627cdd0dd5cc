"""What Keras's own reader or writer loses or cannot do, and is kept and done here.

The files of the corpus named here were written by Keras 3.15, which cannot read them
again, or reads less than it wrote.
"""

import h5py
import numpy as np
import pytest

from kerasish import layers, losses, models, optimizers
from kerasish.saving.api import load_model, save_model
from tests.layers import samples
from tests.saving import corpus

ENDINGS = pytest.mark.parametrize("ending", [".keras", ".h5"])


@pytest.fixture
def opened(tmp_path):
    """Return a function that opens a file of the corpus."""
    return lambda name: load_model(corpus.unpack("keras3", name, tmp_path))


def small():
    return models.Sequential(
        [layers.Input((3,)), layers.Dense(4), layers.Dense(2)], name="small"
    )


def trained(optimizer, loss="mse"):
    rng = np.random.default_rng(3)
    model = small()
    model.compile(optimizer, loss)
    x, y = rng.random((4, 3), "float32"), rng.random((4, 2), "float32")
    model.fit(x, y, epochs=3, verbose=0)
    return model


def test_the_state_of_an_optimizer_in_an_h5_file_is_restored(opened):
    states = []
    for ending in (".h5", ".keras"):
        optimizer = opened(f"mlp_adam{ending}").optimizer
        states.append([variable.numpy() for variable in optimizer.variables])
    assert states[0][0] == 2
    assert any(np.any(slot) for slot in states[0][2:])
    for one, two in zip(*states, strict=True):
        np.testing.assert_array_equal(one, two)


def test_short_names_of_losses_are_understood(opened):
    model = opened("mlp_aliases.h5")
    assert model.loss in ("mse", "mean_squared_error")
    model.evaluate(np.zeros((2, 3)), np.zeros((2, 2)), verbose=0)


@ENDINGS
@pytest.mark.parametrize("loss", "mse mae mape msle kld bce logcosh".split())
def test_short_names_of_losses_come_back(loss, ending, tmp_path):
    x, y = np.full((4, 3), 0.5), np.full((4, 2), 0.5)
    model = small()
    model.compile("sgd", loss)
    expected = model.evaluate(x, y, verbose=0)
    save_model(model, tmp_path / f"m{ending}")
    again = load_model(tmp_path / f"m{ending}")
    np.testing.assert_allclose(again.evaluate(x, y, verbose=0), expected)


@ENDINGS
@pytest.mark.parametrize(
    ("loss", "setting"),
    [(losses.Huber(delta=0.3), "delta"), (losses.CosineSimilarity(axis=0), "axis")],
)
def test_the_settings_of_losses_come_back(loss, setting, ending, tmp_path):
    model = small()
    model.compile("sgd", loss)
    save_model(model, tmp_path / f"m{ending}")
    again = load_model(tmp_path / f"m{ending}").loss
    assert type(again) is type(loss)
    assert getattr(again, setting) == getattr(loss, setting)


@pytest.mark.parametrize(
    "name",
    [
        "functions",  # functions of keras.ops
        "words",  # a mask that passes through functions
        "masking",
        "dot_products",  # an Attention
        "layers_15",  # a LayerNormalization over two axes
        "transformer",  # a function of keras.ops
    ],
)
def test_models_that_keras_cannot_read_from_its_own_h5(name, opened):
    corpus.assert_predicts(opened(f"{name}.h5"), "keras3", name)


def test_lamb_is_compiled_again_from_an_h5_file(opened):
    assert isinstance(opened("mlp_lamb.h5").optimizer, optimizers.Lamb)


def test_adafactor_is_saved_as_h5(tmp_path):
    model = trained(optimizers.Adafactor(0.1))
    save_model(model, tmp_path / "m.h5")
    again = load_model(tmp_path / "m.h5").optimizer
    pairs = zip(model.optimizer.variables, again.variables, strict=True)
    for one, two in pairs:
        np.testing.assert_array_equal(one.numpy(), two.numpy())


def test_layers_of_colour_are_saved_as_h5(tmp_path):
    layer = samples.make("RandomSaturation")
    model = models.Sequential([layers.Input(samples.SAMPLES["RandomHue"].shape), layer])
    save_model(model, tmp_path / "m.h5")
    again = load_model(tmp_path / "m.h5").layers[0]
    assert again.get_config() == layer.get_config()


def test_layers_inside_a_layer_keep_their_modules_in_an_h5_file(tmp_path):
    sample = samples.SAMPLES["Pipeline"]
    inputs = layers.Input(sample.shape)
    model = models.Model(inputs, samples.make("Pipeline")(inputs))
    save_model(model, tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as root:
        assert (
            '"module": "keras.layers", "class_name": "Dense"'
            in (root.attrs["model_config"])
        )
    assert len(load_model(tmp_path / "m.h5").layers[1].layers) == 2


@ENDINGS
def test_seeds_and_carried_states_come_back(ending, tmp_path):
    model = models.Sequential(
        [
            layers.Input((5, 3), batch_size=2),
            layers.LSTM(4, stateful=True),
            layers.Dropout(0.5),
        ]
    )
    x = np.ones((2, 5, 3), "float32")
    model(x, training=True)
    save_model(model, tmp_path / f"m{ending}")
    again = load_model(tmp_path / f"m{ending}")
    np.testing.assert_array_equal(model(x, training=True), again(x, training=True))
