"""Files edited by one library load in the other."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import inspect

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the parity extra is not installed")

import kerasish


def network(library, units=3):
    """Return a network with a part of its own inside."""
    layers = library.layers
    return library.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(units),
            layers.BatchNormalization(),
            layers.Dense(2),
        ]
    )


@pytest.mark.parametrize("ending", ["weights.h5", "keras"])
@pytest.mark.parametrize("saver", [keras, kerasish], ids=["theirs", "ours"])
@pytest.mark.parametrize("editing", [keras, kerasish], ids=["theirs", "ours"])
def test_edited_files(tmp_path, saver, editing, ending):
    model = network(saver)
    path, edited = str(tmp_path / f"a.{ending}"), str(tmp_path / "b.weights.h5")
    save = model.save if ending == "keras" else model.save_weights
    save(path)
    editor = editing.saving.KerasFileEditor(path)
    editor.rename_object("dense_1", "moved")
    editor.delete_object("batch_normalization")
    editor.rename_object("layers/moved", "dense_1")
    numbers = {str(n): np.full(3, n, "float32") for n in range(4)}
    editor.add_object("layers/batch_normalization", numbers)
    editor.delete_weight("batch_normalization", "3")
    editor.add_weights("batch_normalization", {"3": np.full(3, 9, "float32")})
    assert editor.compare(network(editing))["status"] == "success"
    editor.save(edited)
    old = model.get_weights()
    expected = [*old[:2], *numbers.values(), *old[6:]]
    expected[5] = np.full(3, 9, "float32")
    for reader in (keras, kerasish):
        other = network(reader)
        other.load_weights(edited)
        for value, wanted in zip(other.get_weights(), expected, strict=True):
            np.testing.assert_array_equal(value, wanted)


def test_verdicts(tmp_path):
    network(keras).save_weights(str(tmp_path / "a.weights.h5"))
    for library in (keras, kerasish):
        editor = library.saving.KerasFileEditor(str(tmp_path / "a.weights.h5"))
        assert editor.compare(network(library))["status"] == "success"
        assert editor.compare(network(library, 5))["status"] == "error"


def test_signatures():
    theirs, ours = keras.saving.KerasFileEditor, kerasish.saving.KerasFileEditor
    for name in [*(n for n in dir(theirs) if n[0] != "_"), "__init__"]:
        expected = inspect.signature(getattr(theirs, name)).parameters
        assert list(inspect.signature(getattr(ours, name)).parameters) == list(expected)
