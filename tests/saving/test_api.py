import json
import os
import pathlib
import re
import warnings

import h5py
import numpy as np
import pytest

from kerasish import layers, models
from kerasish.errors import FileFormatError
from kerasish.saving import api
from kerasish.saving.api import (
    load_model,
    load_weights,
    model_from_json,
    model_to_json,
    save_model,
    save_weights,
)


def bare_h5(path):
    h5py.File(path, "w").close()


def write(content):
    return lambda path: path.write_bytes(content)


BROKEN = [
    ("m.h5", write(b"just text"), "not an HDF5 file"),
    ("m.h5", write(b""), "The file is empty"),
    ("m.hdf5", bare_h5, "holds no Keras model[^$]*model_config"),
    ("m.keras", write(b"just text"), "neither a zip archive nor an HDF5 file"),
    ("m.keras", write(b""), "neither a zip"),
    ("m.keras", write(b"PK\x03\x04 rubbish"), "archive is damaged"),
    ("m.bin", write(b"\x00" * 100), "neither a zip"),
]


@pytest.mark.parametrize(("name", "make", "message"), BROKEN)
def test_a_file_that_is_no_model_says_why_and_which(tmp_path, name, make, message):
    path = tmp_path / name
    make(path)
    with pytest.raises(FileFormatError, match=message) as caught:
        load_model(path)
    assert str(caught.value).startswith(f"Cannot load '{path}'")
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("name", ["m.h5", "m.keras", "m.weights.h5"])
def test_a_truncated_file_is_refused(model, tmp_path, name):
    path = tmp_path / name
    save = save_weights if "weights" in name else save_model
    save(model, path)
    whole = path.read_bytes()
    for share in (0.9, 0.5, 0.1):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(FileFormatError, match=re.escape(f"Cannot load '{path}'")):
            load_weights(model, path)
        with pytest.raises(FileFormatError, match=re.escape(f"Cannot load '{path}'")):
            load_model(path)


@pytest.mark.parametrize("name", ["keras3.h5", "keras2.h5"])
def test_bytes_turned_over_are_read_or_refused_and_nothing_else(golden, name, rng):
    path = golden(name)
    whole = np.frombuffer(path.read_bytes(), "uint8")
    places = np.flatnonzero(whole)  # most of HDF5 is padding
    messages = []
    for _ in range(40):
        damaged = whole.copy()
        damaged[rng.choice(places, 3)] ^= rng.integers(1, 256, 3, dtype="uint8")
        path.write_bytes(damaged.tobytes())
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an optimizer's state may not fit
                load_model(path)
        except FileFormatError as error:
            messages.append(str(error))
    assert 0 < len(messages) < 40
    assert all(m.startswith(f"Cannot load '{path}'") for m in messages)


@pytest.mark.parametrize("name", ["m.h5", "m.keras", "m.weights.h5", "nothing"])
def test_a_missing_file_is_named(model, tmp_path, name):
    path = tmp_path / name
    for load in (load_model, lambda p: load_weights(model, p)):
        with pytest.raises(FileNotFoundError, match=re.escape(f"no file '{path}'")):
            load(path)


def test_a_folder_is_no_model(model, tmp_path):
    with pytest.raises(FileFormatError, match="got:      a folder"):
        load_model(tmp_path)
    with pytest.raises(FileFormatError, match="got:      a folder"):
        load_weights(model, tmp_path)


def test_a_file_of_weights_is_no_model(model, tmp_path):
    path = tmp_path / "m.weights.h5"
    save_weights(model, path)
    with pytest.raises(FileFormatError, match=r"weights only[^$]*load_weights"):
        load_model(path)


def test_the_content_decides_and_not_the_name(model, tmp_path):
    save_model(model, tmp_path / "a.h5")
    save_model(model, tmp_path / "a.keras")
    os.rename(tmp_path / "a.h5", tmp_path / "b.keras")
    os.rename(tmp_path / "a.keras", tmp_path / "b.h5")
    assert load_model(tmp_path / "b.keras").name == "small"
    assert load_model(tmp_path / "b.h5").name == "small"


@pytest.mark.parametrize("kind", [str, pathlib.Path])
def test_paths_may_be_of_either_kind(model, tmp_path, kind):
    path = kind(tmp_path / "m.h5")
    model.save(path)
    assert load_model(path).name == "small"


@pytest.mark.parametrize("name", ["m", "m.txt", "m.pt", "m.tf"])
def test_other_endings_name_the_formats(model, tmp_path, name):
    path = tmp_path / name
    with pytest.raises(ValueError, match=r"\.keras, \.h5 or \.hdf5"):
        save_model(model, path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["m.h5", "m", "m.keras", "weights.h5"])
def test_weights_need_their_ending(model, tmp_path, name):
    with pytest.raises(ValueError, match=r"ends in \.weights\.h5"):
        save_weights(model, tmp_path / name)


def test_what_is_not_written_is_refused(model, tmp_path):
    with pytest.raises(ValueError, match="zipped=False"):
        save_model(model, tmp_path / "m.keras", zipped=False)
    with pytest.raises(ValueError, match="zipped=True"):
        save_model(model, tmp_path / "m.h5", zipped=True)
    with pytest.raises(ValueError, match=r"ends in \.weights\.h5[^$]*max_shard_size"):
        save_weights(model, tmp_path / "m.h5", max_shard_size=1.0)
    with pytest.raises(ValueError, match=r"max_shard_size=0[^$]*above 0"):
        save_weights(model, tmp_path / "m.weights.json", max_shard_size=0)
    with pytest.raises(ValueError, match=r"weights\.json', max_shard_size=5"):
        save_weights(model, tmp_path / "m.weights.json")
    save_model(model, tmp_path / "m.keras", zipped=True)


def test_the_folder_of_an_h5_file_is_made_as_in_keras(model, tmp_path):
    save_model(model, tmp_path / "new" / "folder" / "m.h5")
    assert load_model(tmp_path / "new" / "folder" / "m.h5").name == "small"
    with pytest.raises(FileNotFoundError, match=r"folder '.*other' does not exist"):
        save_model(model, tmp_path / "other" / "m.keras")


def test_a_file_is_kept_if_asked(model, tmp_path):
    path = tmp_path / "m.h5"
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError, match="exists already"):
        save_model(model, path, overwrite=False)
    assert path.read_bytes() == b"precious"


@pytest.mark.parametrize("name", ["m.h5", "m.keras"])
def test_a_save_that_fails_leaves_the_old_file(model, tmp_path, name, monkeypatch):
    path = tmp_path / name
    save_model(model, path)
    before = path.read_bytes()
    broken = models.Sequential([layers.Input((3,)), layers.Dense(2)])
    monkeypatch.setattr(
        type(broken.weights[0]), "numpy", lambda self: 1 / 0, raising=True
    )
    with pytest.raises(ZeroDivisionError):
        save_model(broken, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_an_unbuilt_model_has_no_weights_to_save_or_load(model, tmp_path):
    path = tmp_path / "m.weights.h5"
    fresh = models.Sequential([layers.Dense(2)], name="fresh")
    with pytest.raises(
        ValueError, match=r"Cannot save weights: model 'fresh'[^$]*build"
    ):
        save_weights(fresh, path)
    save_weights(model, path)
    with pytest.raises(
        ValueError, match=r"Cannot load weights: model 'fresh'[^$]*build"
    ):
        load_weights(fresh, path)


def test_pairing_by_name_needs_names(model, tmp_path):
    save_weights(model, tmp_path / "m.weights.h5")
    with pytest.raises(FileFormatError, match="by_name=True needs layer names"):
        load_weights(model, tmp_path / "m.weights.h5", by_name=True)
    save_model(model, tmp_path / "m.h5")
    with pytest.raises(FileFormatError, match="objects_to_skip needs"):
        load_weights(model, tmp_path / "m.h5", objects_to_skip=[])


def test_errors_of_every_kind_get_the_files_name():
    for error in (MemoryError(), RecursionError("deep"), KeyError("x"), TypeError("t")):
        with (
            pytest.raises(FileFormatError, match=f"'a.h5'.*\n.*{type(error).__name__}"),
            api.naming("a.h5"),
        ):
            raise error
    with pytest.raises(KeyboardInterrupt), api.naming("a.h5"):
        raise KeyboardInterrupt


def test_a_model_goes_through_json(model):
    text = model_to_json(model)
    assert json.loads(text)["class_name"] == "Sequential"
    back = model_from_json(text)
    assert back.get_config() == model.get_config()
    assert [w.shape for w in back.weights] == [w.shape for w in model.weights]
    assert not np.array_equal(back.get_weights()[0], model.get_weights()[0])


@pytest.mark.parametrize(
    "text", ["", "{", "[1", '{"class_name": "Nope", "config": {}}']
)
def test_json_that_is_no_model_is_refused(text):
    with pytest.raises(FileFormatError, match=r"not valid JSON|Unknown class 'Nope'"):
        model_from_json(text)
