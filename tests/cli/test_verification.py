"""`verify`: says OK for whole files, and what is wrong with others."""

import zipfile

import numpy as np
import pytest

from kerasish.saving.api import load_model
from tests.cli.conftest import hostile_config, rewritten
from tests.saving import corpus


@pytest.mark.parametrize(
    "name",
    ["keras2.h5", "keras2.keras", "keras2_old_adam.h5", "keras3.h5", "keras3.keras"],
)
def test_files_of_keras_are_whole(kerasish, golden, name):
    finished = kerasish("verify", golden(name))
    assert finished.status == 0
    assert finished.out.startswith("OK: ")
    assert "all finite" in finished.out


@pytest.mark.parametrize("ending", [".weights.h5", ".legacy.h5", ".json"])
def test_parts_are_checked_too(kerasish, tmp_path, ending):
    path = corpus.unpack("keras2", f"cnn{ending}", tmp_path)
    assert kerasish("verify", path).out.startswith("OK: ")


def test_weights_are_checked_against_a_model(kerasish, tmp_path):
    weights = corpus.unpack("keras3", "cnn.weights.h5", tmp_path)
    fitting = corpus.unpack("keras3", "cnn.json", tmp_path)
    other = corpus.unpack("keras3", "mlp_adam.json", tmp_path)
    assert kerasish("verify", weights, "--model", fitting).status == 0
    finished = kerasish("verify", weights, "--model", other)
    assert finished.status == 1
    assert finished.out.startswith("BAD: ")


def test_values_that_are_not_finite(kerasish, saved, tmp_path):
    model = load_model(saved)
    kernel, bias = model.layers[0].get_weights()
    kernel[0, :2] = np.nan
    bias[1] = np.inf
    model.layers[0].set_weights([kernel, bias])
    model.save(tmp_path / "bad.keras")
    finished = kerasish("verify", tmp_path / "bad.keras")
    assert finished.status == 1
    assert "2 NaN and 0 infinite of 12 values" in finished.out
    assert "0 NaN and 1 infinite of 4 values" in finished.out


def test_a_flipped_bit_in_the_weights(kerasish, saved, tmp_path):
    content = bytearray(saved.read_bytes())
    kernel = load_model(saved).layers[0].get_weights()[0].tobytes()
    content[bytes(content).index(kernel) + 1] ^= 1
    (tmp_path / "flipped.keras").write_bytes(content)
    finished = kerasish("verify", tmp_path / "flipped.keras")
    assert finished.status == 1
    assert "model.weights.h5" in finished.out


def test_a_shape_that_does_not_fit(kerasish, saved, tmp_path):
    def swap(root):
        del root["layers/dense/vars/0"]
        root["layers/dense/vars/0"] = np.zeros((4, 3), "float32")

    path = rewritten(saved, tmp_path / "bad.keras", weights=swap)
    finished = kerasish("verify", path)
    assert finished.status == 1
    assert "(4, 3)" in finished.out
    assert "(3, 4)" in finished.out


def test_code_is_told(kerasish, saved, tmp_path):
    path = rewritten(saved, tmp_path / "hostile.keras", config=hostile_config)
    finished = kerasish("verify", path)
    assert finished.status == 1
    assert "holds Python code" in finished.out


def test_a_file_cut_short(kerasish, saved, tmp_path):
    (tmp_path / "cut.keras").write_bytes(saved.read_bytes()[:3000])
    finished = kerasish("verify", tmp_path / "cut.keras")
    assert (finished.status, finished.err) == (1, "")
    assert "damaged or cut short" in finished.out


def test_an_optimizer_that_does_not_fit_is_told(kerasish, saved, tmp_path):
    def drop(root):
        del root["optimizer/vars/5"]

    path = rewritten(saved, tmp_path / "bad.keras", weights=drop)
    finished = kerasish("verify", path)
    assert finished.status == 1
    assert "optimizer" in finished.out


def test_unneeded_members_are_checked_too(kerasish, saved):
    with zipfile.ZipFile(saved, "a") as archive:
        archive.writestr("assets/layers/notes.txt", b"some words")
    content = saved.read_bytes().replace(b"some words", b"same words")
    saved.write_bytes(content)
    finished = kerasish("verify", saved)
    assert finished.status == 1
    assert "assets/layers/notes.txt: the check sum is wrong" in finished.out
