"""Files of Keras 2 and 3 as they are written in practice; see golden/make_corpus.py."""

import io
import json
import tempfile
import warnings
import zipfile
from collections import Counter
from pathlib import Path

import h5py
import numpy as np
import pytest

from kerasish import models, ops
from kerasish.errors import FileFormatError
from kerasish.optimizers import schedules
from kerasish.saving import deserialize_keras_object, register_keras_serializable
from kerasish.saving.api import load_model, load_weights, save_model, save_weights
from kerasish.saving.registry import snake_case
from tests.layers.samples import registered_layers
from tests.saving import corpus

STEPS = 5
# Keras 2 leaves the state of its "legacy" optimizers out of these.
STATELESS = [
    ("keras2", name, ".keras")
    for name in ("mlp_decay", "mlp_old_adam", "mlp_old_rmsprop")
]
# Keras 2's Nadam is another than Keras 3's; Keras 3 leaves these losses' settings out.
DIFFERENT = ("mlp_nadam", "mlp_huber", "mlp_cosine")
# Keras on TensorFlow lets a model read text; here the layers do it before the model.
TEXTS = ("hashed", "strings", "sentences")
# Keras leaves what a lookup has learnt out of all but its archives.
LOOKUPS = ("numbers",)
TEXT_LAYERS = ("Hashing", "HashedCrossing", "StringLookup", "TextVectorization")
WHOLE = ("module", "class_name", "config", "registered_name", "build_config")
# Layers that no file of the corpus holds, and why.
ABSENT = {
    "Equalization": "Keras itself cannot make a model of it: it finds a cycle",
    "Wrapper": "a base class, without a call of its own",
}


@register_keras_serializable("corpus")
class Warmup(schedules.LearningRateSchedule):
    """The schedule of the corpus's user."""

    def __init__(self, peak, steps):
        self.peak, self.steps = peak, steps

    def __call__(self, step):
        part = (ops.cast(step, "float32") + 1) / self.steps
        return self.peak * ops.minimum(1.0, part)

    def get_config(self):
        return {"peak": self.peak, "steps": self.steps}


@pytest.fixture(autouse=True)
def _bfloat16_is_known_to_be_missing():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The policy 'mixed_bfloat16' computes")
        yield


def tolerance(name):
    return 1e-2 if name.startswith("mixed") else 1e-5


def check(model, which, name):
    corpus.assert_predicts(model, which, name, tolerance(name))


def readable(*endings):
    """Return the files that hold all of a model, as pytest's parameters."""
    return [
        pytest.param(which, name, ending, id=f"{which}-{name}{ending}")
        for which, name, ending in corpus.files(*endings)
        if name not in TEXTS and (ending == ".keras" or name not in LOOKUPS)
    ]


def from_json(which, name):
    config = json.loads(corpus.members(which)[f"{name}.json"])
    config.pop("compile_config", None)  # Keras leaves the optimizer out of it
    return models.model_from_json(json.dumps(config))


def zeroed(model):
    """Return a model whose weights have been lost."""
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    return model


def test_the_corpus_is_large_enough_and_small():
    assert len(corpus.names("keras2")) >= 40
    assert len(corpus.names("keras3")) >= 40
    paths = corpus.GOLDEN.iterdir()
    assert sum(path.stat().st_size for path in paths if path.is_file()) < 5e6


def classes(config):
    """Yield the name of every layer in a config."""
    if isinstance(config, list):
        for value in config:
            yield from classes(value)
    elif isinstance(config, dict):
        if config.get("module") == "keras.layers":
            yield config["class_name"]
        yield from classes(list(config.values()))


def test_keras_3_wrote_every_layer_there_is():
    found = {
        name
        for which in corpus.ARCHIVES[1:]
        for model in corpus.names(which)
        for name in classes(json.loads(corpus.members(which)[f"{model}.json"]))
    }
    assert set(registered_layers()) - found == set(ABSENT)


@pytest.mark.parametrize(("which", "name", "ending"), readable(".keras", ".h5"))
def test_models_predict_as_they_did_in_keras(which, name, ending, tmp_path):
    model = load_model(corpus.unpack(which, name + ending, tmp_path))
    check(model, which, name)


@pytest.mark.parametrize(("which", "name", "ending"), readable(".json"))
def test_weights_fit_a_model_made_from_json(which, name, ending, tmp_path):
    model = from_json(which, name)
    for ending in (".weights.h5", ".legacy.h5", ".h5", ".keras"):
        if name + ending in corpus.members(which):
            path = corpus.unpack(which, name + ending, tmp_path)
            load_weights(zeroed(model), path)
            check(model, which, name)


@pytest.mark.parametrize(("which", "name", "ending"), readable(".keras"))
def test_what_was_read_is_written_and_read_again(which, name, ending, tmp_path):
    model = load_model(corpus.unpack(which, f"{name}.keras", tmp_path))
    weights = model.get_weights()
    for ending in (".keras",) if name in LOOKUPS else (".keras", ".h5"):
        save_model(model, tmp_path / f"again{ending}")
        again = load_model(tmp_path / f"again{ending}")
        same(again.get_weights(), weights)
        assert settled(again.get_config()) == settled(model.get_config())
        check(again, which, name)
    save_weights(model, tmp_path / "again.weights.h5")
    load_weights(zeroed(again), tmp_path / "again.weights.h5")
    same(again.get_weights(), weights)
    assert models.model_from_json(model.to_json()).to_json() == model.to_json()


@pytest.mark.parametrize("name", TEXTS)
def test_a_model_that_reads_text_is_refused_with_advice(name, tmp_path):
    path = corpus.unpack("keras3_tensorflow", f"{name}.keras", tmp_path)
    with pytest.raises(FileFormatError, match=r"(?s)InputLayer '.*Strings.*look"):
        load_model(path)


@pytest.mark.parametrize("name", TEXTS)
def test_layers_of_text_do_what_they_did(name, tmp_path):
    path = corpus.unpack("keras3_tensorflow", f"{name}.keras", tmp_path)
    inputs = corpus.recorded("keras3_tensorflow", name, "x")
    outputs = corpus.recorded("keras3_tensorflow", name, "p")
    made = list(layers_of_text(path))
    for layer, expected in zip(made, outputs, strict=True):
        if name == "strings" and layer is made[0]:
            expected = None  # an Embedding follows it
        given = inputs[1:] if type(layer).__name__ == "HashedCrossing" else inputs[0]
        got = np.asarray(layer(given))
        if expected is not None:
            np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)


def layers_of_text(path):
    """Yield the layers of an archive that read text, with their vocabularies."""
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
        held = [c for c in config["config"]["layers"] if c["class_name"] in TEXT_LAYERS]
        counts = Counter()
        for one in held:
            word = snake_case(one["class_name"])
            number = counts[word]
            counts[word] += 1
            yield filled(one, archive, f"{word}_{number}" if number else word)


def filled(config, archive, place):
    layer = deserialize_keras_object({k: config[k] for k in WHOLE if k in config})
    with tempfile.TemporaryDirectory() as folder:
        member = f"assets/layers/{place}/vocabulary.txt"
        if member in archive.namelist():
            Path(folder, "vocabulary.txt").write_bytes(archive.read(member))
            layer.load_assets(folder)
    with h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as root:
        stored = {k: v[()] for k, v in root[f"layers/{place}/vars"].items()}
    if stored:
        layer.load_own_variables(stored)
    return layer


def settled(config):
    """Return a config without the shapes layers were built on: no .h5 has them."""
    if isinstance(config, list):
        return [settled(value) for value in config]
    if not isinstance(config, dict):
        return config
    return {k: settled(v) for k, v in config.items() if k != "build_config"}


def same(weights, others):
    for one, other in zip(weights, others, strict=True):
        np.testing.assert_array_equal(one, other)


def trained(which):
    """Return the models whose training went on after they were saved."""
    return [n for n in corpus.names(which) if f"{n}/y0" in corpus.arrays(which)]


def continued():
    for which in corpus.ARCHIVES:
        known = [name for name in trained(which) if name not in DIFFERENT]
        known += ["mlp_nadam"] if which == "keras3" else []
        for _, name, ending in corpus.files(".keras", ".h5", of=[which]):
            if name in known and (which, name, ending) not in STATELESS:
                yield which, name, ending


@pytest.mark.parametrize(("which", "name", "ending"), list(continued()))
def test_training_goes_on_as_in_keras(which, name, ending, tmp_path):
    model = load_model(corpus.unpack(which, name + ending, tmp_path))
    inputs = corpus.fed(model, corpus.recorded(which, name, "x"))
    targets = corpus.recorded(which, name, "y")[0]
    model.fit(inputs, targets, batch_size=len(targets), epochs=STEPS, verbose=0)
    expected = corpus.recorded(which, name, "w")
    for got, weight in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(got, weight, rtol=1e-5, atol=1e-5)
