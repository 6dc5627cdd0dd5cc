"""Weights split over several files; `tests/parity/test_corpus.py` has real Keras's."""

import json

import h5py
import numpy as np
import pytest

from kerasish import layers, models, optimizers
from kerasish.errors import FileFormatError
from kerasish.saving.api import load_model, load_weights, save_weights
from tests.saving import corpus

KIB = 2**-20  # in GiB


def made(seed=0):
    rng = np.random.default_rng(seed)
    model = models.Sequential(
        [
            layers.Input((8,)),
            layers.Dense(16, "relu"),
            layers.Dropout(0.5),
            layers.Dense(4),
        ],
        name="split",
    )
    model.set_weights([rng.random(w.shape) for w in model.get_weights()])
    return model


def same(model, other):
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "m.weights.json"
    save_weights(made(), path, max_shard_size=0.6 * KIB)
    return path


def listed(path):
    return json.loads(path.read_text())


def test_each_file_is_as_small_as_asked(path):
    shards = sorted(path.parent.glob("*.h5"))
    assert [p.name for p in shards] == ["m_00000.weights.h5", "m_00001.weights.h5"]
    sizes = []
    for shard in shards:
        with h5py.File(shard) as root:
            found = []
            root.visititems(
                lambda _, o, found=found: (
                    found.append(o.nbytes) if isinstance(o, h5py.Dataset) else None
                )
            )
            sizes.append(sum(found))
    assert max(sizes) <= 0.6 * 1024
    assert sum(sizes) == listed(path)["metadata"]["total_size"] == 4 * (9 * 16 + 17 * 4)


def test_the_list_is_in_keras_words(path):
    assert listed(path)["weight_map"] == {
        "/layers/dense/vars": ["m_00000.weights.h5"],
        "/layers/dense_1/vars": ["m_00001.weights.h5"],
    }


def test_what_was_split_comes_back(path):
    other = made(1)
    load_weights(other, path)
    same(other, made())


def test_the_optimizer_is_split_too(tmp_path):
    path = tmp_path / "m.weights.json"
    model, other = made(), made(1)
    x, y = np.ones((4, 8), "float32"), np.ones((4, 4), "float32")
    for one in (model, other):
        one.compile(optimizers.Adam(0.1), "mse")
        one.fit(x, y, epochs=1 if one is other else 3, verbose=0)
    save_weights(model, path, max_shard_size=0.6 * KIB)
    load_weights(other, path)
    for one, two in zip(
        model.optimizer.variables, other.optimizer.variables, strict=True
    ):
        np.testing.assert_array_equal(one.numpy(), two.numpy())


def test_a_name_for_one_file_becomes_one_for_a_list(tmp_path):
    with pytest.warns(UserWarning, match=r"listed in '.*m\.weights\.json'"):
        save_weights(made(), tmp_path / "m.weights.h5", max_shard_size=1.0)
    assert not (tmp_path / "m.weights.h5").exists()
    load_weights(made(1), tmp_path / "m.weights.json")


def test_an_array_larger_than_a_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"'layers/dense/vars/0'[^$]*512 bytes"):
        save_weights(made(), tmp_path / "m.weights.json", max_shard_size=0.1 * KIB)
    assert list(tmp_path.iterdir()) == []


def test_the_size_proposed_is_enough(tmp_path):
    path = tmp_path / "m.weights.json"
    with pytest.raises(ValueError, match="fix:") as caught:
        save_weights(made(), path, max_shard_size=0.1 * KIB)
    size = float(str(caught.value).rpartition("max_shard_size=")[2].split()[0])
    save_weights(made(), path, max_shard_size=size)


BAD_NAMES = ["../a.weights.h5", "/etc/passwd", "..", "", "a\\b.h5", "C:a.h5", 5, None]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_only_files_beside_the_list_are_read(path, name):
    held = listed(path)
    held["weight_map"]["/layers/dense/vars"] = [name]
    path.write_text(json.dumps(held))
    with pytest.raises(FileFormatError, match=r"list of files is refused[^$]*beside"):
        load_weights(made(), path)


def test_a_missing_part_is_named(path):
    (path.parent / "m_00001.weights.h5").unlink()
    with pytest.raises(FileFormatError, match=r"no file 'm_00001\.weights\.h5'"):
        load_weights(made(), path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weight_map": 3}', '{"a'])
def test_a_damaged_list_is_refused(path, text):
    path.write_text(text)
    with pytest.raises(FileFormatError, match=r"lists no weights|JSON"):
        load_weights(made(), path)


@pytest.mark.parametrize("which", corpus.ARCHIVES[1:])
def test_weights_that_keras_split_are_read(which, tmp_path):
    model = load_model(corpus.unpack(which, "words.keras", tmp_path))
    weights = model.get_weights()
    for name in corpus.members(which):
        if name.startswith("words_"):
            corpus.unpack(which, name, tmp_path)
    model.set_weights([np.zeros_like(w) for w in weights])
    load_weights(model, corpus.unpack(which, "words.weights.json", tmp_path))
    for one, two in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(one, two)
