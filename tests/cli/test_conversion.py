"""`convert`: every format into every other, and what is refused."""

import json

import numpy as np
import pytest

from kerasish.cli.difference import differences
from kerasish.saving import atomic
from kerasish.saving.api import load_model, model_from_json
from tests.cli.conftest import hostile_config, rewritten
from tests.saving import corpus

ENDINGS = (".h5", ".hdf5", ".keras")


@pytest.mark.parametrize("ending", ENDINGS)
def test_whole_models_keep_everything(kerasish, saved, tmp_path, ending):
    target, back = tmp_path / f"b{ending}", tmp_path / "c.keras"
    finished = kerasish("convert", saved, target)
    assert finished.status == 0
    assert finished.err == ""
    assert f"wrote {target}: 42 parameters" in finished.out
    assert kerasish("convert", target, back).status == 0
    assert differences(str(saved), str(back), with_state=True)["equal"]
    assert int(load_model(back).optimizer.iterations) == 1


@pytest.mark.parametrize("ending", [".weights.h5", ".weights.json"])
def test_weights_come_back_with_their_architecture(kerasish, saved, tmp_path, ending):
    weights, model = tmp_path / f"w{ending}", tmp_path / "m.json"
    kerasish("convert", saved, weights, "--max-shard-size", "1e-7")
    kerasish("convert", saved, model)
    assert model_from_json(model.read_text()).count_params() == 42
    target = tmp_path / "back.keras"
    finished = kerasish("convert", weights, target, "--model", model)
    assert (finished.status, finished.err) == (0, "")
    assert differences(str(saved), str(target), with_state=True)["equal"]


def test_models_of_keras_2_become_files_of_keras_3(kerasish, tmp_path):
    old = corpus.unpack("keras2", "lstm_stateful.h5", tmp_path)
    new = tmp_path / "new.keras"
    assert kerasish("convert", old, new).status == 0
    assert differences(str(old), str(new))["equal"]
    corpus.assert_predicts(load_model(new), "keras2", "lstm_stateful")


def test_old_weights_need_their_architecture_too(kerasish, tmp_path):
    weights = corpus.unpack("keras2", "cnn.legacy.h5", tmp_path)
    model = corpus.unpack("keras2", "cnn.json", tmp_path)
    finished = kerasish("convert", weights, tmp_path / "cnn.keras")
    assert finished.status == 2
    assert "does not say how its model is built" in finished.err
    assert "--model FILE" in finished.err
    kerasish("convert", weights, tmp_path / "cnn.keras", "--model", model)
    corpus.assert_predicts(load_model(tmp_path / "cnn.keras"), "keras2", "cnn")


def test_compilation_can_be_left_out(kerasish, saved, tmp_path):
    kerasish("convert", saved, tmp_path / "b.keras", "--no-compile")
    assert load_model(tmp_path / "b.keras").optimizer is None


def test_a_file_is_replaced_only_by_force(kerasish, saved, tmp_path):
    target = tmp_path / "b.h5"
    target.write_bytes(b"mine")
    finished = kerasish("convert", saved, target)
    assert finished.status == 2
    assert "exists already. (fix: choose another name, or pass --force)" in finished.err
    assert target.read_bytes() == b"mine"
    assert kerasish("convert", saved, target, "--force").status == 0
    assert load_model(target).count_params() == 42


def test_a_file_is_not_converted_into_itself(kerasish, saved):
    finished = kerasish("convert", saved, saved, "--force")
    assert finished.status == 2
    assert "A and B are the same file" in finished.err


def test_unknown_endings_are_refused_before_anything_is_read(kerasish, tmp_path):
    finished = kerasish("convert", tmp_path / "none.keras", tmp_path / "b.onnx")
    assert finished.status == 2
    assert "got the ending '.onnx'" in finished.err


def test_a_write_that_fails_leaves_nothing(kerasish, saved, tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic, "_to_disk", full)
    finished = kerasish("convert", saved, tmp_path / "b.h5")
    assert finished.status == 2
    assert "No space left on device" in finished.err
    assert [path.name for path in tmp_path.iterdir()] == [saved.name]


def test_what_cannot_be_built_is_one_line(kerasish, saved, tmp_path):
    path = rewritten(saved, tmp_path / "hostile.keras", config=hostile_config)
    finished = kerasish("convert", path, tmp_path / "b.h5")
    assert finished.status == 2
    assert "holds Python code" in finished.err
    assert finished.err.count("\n") == 1
    assert not (tmp_path / "b.h5").exists()


def test_the_architecture_is_keras_own_json(kerasish, saved, tmp_path):
    kerasish("convert", saved, tmp_path / "m.json")
    held = json.loads((tmp_path / "m.json").read_text())
    assert (held["module"], held["class_name"]) == ("keras", "Sequential")
    kerasish("convert", tmp_path / "m.json", tmp_path / "fresh.keras")
    fresh = load_model(tmp_path / "fresh.keras")
    assert np.all(fresh.layers[0].get_weights()[1] == 0)
