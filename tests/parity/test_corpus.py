"""The corpus of model files, written here: real Keras reads each and predicts alike.

Every file that Keras wrote is read, written as .keras and .h5, and read by Keras, which
may say nothing that it does not say of its own files.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the parity extra is not installed")

from kerasish.saving import load_model
from tests.parity import keras_corpus
from tests.saving import corpus

# What Keras logs of its own .h5 files too.
USUAL = ("Compiled the loaded model", "No training configuration found")
# Files that Keras cannot read, and why; with an ending, files of that kind alone.
UNREADABLE = {
    "attention_keyed": "Keras cannot run it on jax",
    "conv_lstm": "Keras 3 has no hard_sigmoid like that of Keras 2",
    "lstm_settings": "Keras 3 has no hard_sigmoid like that of Keras 2",
    "mlp_warmup": "it holds a schedule of the user's",
    "numbers": "Keras's lookups need TensorFlow",
    "layers_02.h5": "Keras cannot read its own .h5 files with an Attention",
    "attention_scores.h5": "Keras cannot read its own .h5 files with an Attention",
    "dot_products.h5": "Keras cannot read its own .h5 files with an Attention",
    "layers_15.h5": "Keras drops one of two axes as it reads its own .h5 files",
    "mlp_lamb.h5": "Keras cannot read its own .h5 files with Lamb",
}
# Keras builds optimizers as it reads, and says of those that never stepped that the
# file holds less; so it does of its own files.
UNTRAINED = ("mlp_decay", "mlp_old_adam", "mlp_old_rmsprop")
# Keras says of its own .h5 file that it cannot use its own optimizer's state.
LEFT_OUT = ("mlp_nadam",)


def files():
    for which in ("keras3", "keras2"):
        for name in corpus.names(which):
            for ending in (".keras", ".h5"):
                if name not in UNREADABLE and name + ending not in UNREADABLE:
                    yield pytest.param(
                        which, name, ending, id=f"{which}-{name}{ending}"
                    )


@pytest.fixture(scope="module")
def keras_says(tmp_path_factory):
    """What Keras, in a process of its own, says of all files and predicts with them."""
    read, written = tmp_path_factory.mktemp("read"), tmp_path_factory.mktemp("written")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The policy 'mixed_bfloat16' computes")
        for parameter in files():
            which, name, ending = parameter.values
            model = load_model(corpus.unpack(which, f"{name}.keras", read))
            model.save(written / f"{which}-{name}{ending}")
    paths = {"PYTHONPATH": os.pathsep.join(sys.path), "KERAS_BACKEND": "numpy"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", keras_corpus.__file__, written],
        capture_output=True,
        check=True,
        env={**os.environ, **paths},
    )
    return pickle.loads(done.stdout)


@pytest.mark.parametrize(("which", "name", "ending"), list(files()))
def test_keras_opens_what_is_written_here(which, name, ending, keras_says):
    said, outputs = keras_says[f"{which}-{name}{ending}"]
    said = [text for text in said if not text.startswith(USUAL)]
    if name in LEFT_OUT and ending == ".h5":
        said = [text for text in said if "saved optimizer state" not in text]
    if name in UNTRAINED:
        said = [text for text in said if not text.startswith("Skipping variable")]
    assert said == []
    tolerance = 1e-2 if name.startswith("mixed") else 1e-5
    for one, two in zip(outputs, corpus.recorded(which, name, "p"), strict=True):
        array = one.astype(two.dtype)
        np.testing.assert_allclose(array, two, rtol=tolerance, atol=tolerance)
