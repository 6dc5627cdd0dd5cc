"""`diff`: exit statuses, layers and settings, distances of weights, layouts."""

import json

import numpy as np
import pytest

from kerasish import layers, models
from kerasish.cli.difference import differences
from kerasish.saving.api import load_model
from tests.cli.conftest import rewritten
from tests.saving import corpus


def changed(path, target, change):
    model = load_model(path)
    weights = model.get_weights()
    change(weights)
    model.set_weights(weights)
    model.save(target)
    return target


def test_a_file_equals_itself(kerasish, saved):
    finished = kerasish("diff", saved, saved)
    assert (finished.status, finished.out) == (0, "equal: 8 arrays compared\n")


def test_distances_are_absolute_and_relative(kerasish, saved, tmp_path):
    def move(weights):
        weights[0][1, 2] += 0.5
        weights[-1][0] += 2.0

    other = changed(saved, tmp_path / "b.keras", move)
    finished = kerasish("diff", saved, other, "--json")
    found = json.loads(finished.out)
    assert finished.status == 1
    assert set(found) == {"a", "b", "equal", "tolerance", "architecture", "weights"}
    assert found["weights"]["compared"] == 8
    last, first = found["weights"]["different"]
    assert last["name"] == "layers/dense_1/vars/1"  # the largest comes first
    assert last["absolute"] == pytest.approx(2.0, rel=1e-5)
    assert first["absolute"] == pytest.approx(0.5, rel=1e-5)
    kernel = load_model(saved).layers[0].get_weights()[0]
    assert first["relative"] == pytest.approx(0.5 / np.abs(kernel).max(), rel=1e-5)
    text = kerasish("diff", saved, other).out
    assert "│ layers/dense_1/vars/1 (scores) │ (2,)   │        2 │" in text
    assert text.endswith("2 of 8 arrays differ\n")


def test_tolerance(kerasish, saved, tmp_path):
    def move(weights):
        weights[0] += 1e-3

    other = changed(saved, tmp_path / "b.keras", move)
    assert kerasish("diff", saved, other, "--tolerance", "0.002").status == 0
    assert kerasish("diff", saved, other, "--tolerance", "0.0005").status == 1


def test_nan_equals_nan_only(kerasish, saved, tmp_path):
    def spoil(weights):
        weights[0][0, 0] = np.nan

    other = changed(saved, tmp_path / "b.keras", spoil)
    assert kerasish("diff", other, other).status == 0
    finished = kerasish("diff", saved, other, "--tolerance", "1e9", "--json")
    assert finished.status == 1
    assert json.loads(finished.out)["weights"]["different"][0]["absolute"] is None


def test_layers_and_settings(kerasish, saved, tmp_path):
    model = models.Sequential(
        [
            layers.Input((3,), name="row"),
            layers.Dense(5, activation="relu", name="hidden"),
            layers.Dropout(0.5, name="drop"),
            layers.Dense(2, name="scores"),
        ],
        name="small",
    )
    model.save(tmp_path / "b.keras")
    finished = kerasish("diff", saved, tmp_path / "b.keras")
    assert finished.status == 1
    lines = finished.out.splitlines()
    assert lines[:4] == [
        "- layer norm (BatchNormalization)",
        "+ layer drop (Dropout)",
        "~ hidden: units: 4 -> 5",
        "",
    ]
    kernel = next(line for line in lines if "layers/dense/vars/0 (hidden)" in line)
    assert kernel.split("│")[2].strip() == "(3, 4) -> (3, 5)"
    assert kernel.split("│")[3].strip() == "shape"
    assert "only in a" in finished.out


def test_layers_of_other_names_are_paired_in_order(saved, tmp_path):
    def rename(config):
        config["config"]["layers"][1]["config"]["name"] = "other"

    other = rewritten(saved, tmp_path / "b.keras", config=rename)
    found = differences(str(saved), str(other))
    assert found["architecture"] == {
        "added": [],
        "removed": [],
        "changed": [{"layer": "hidden", "key": "name", "a": "hidden", "b": "other"}],
    }
    assert found["weights"]["different"] == []


@pytest.mark.parametrize(
    ("which", "name"),
    [
        ("keras2", "bidirectional"),
        ("keras2", "ops_arithmetic"),
        ("keras3", "functions"),
        ("keras3", "nested_frozen"),
    ],
)
def test_one_model_in_two_layouts_is_equal(which, name, tmp_path):
    a = corpus.unpack(which, f"{name}.h5", tmp_path)
    b = corpus.unpack(which, f"{name}.keras", tmp_path)
    found = differences(str(a), str(b), tolerance=1e-7)
    assert found["equal"], found["architecture"]


def test_the_state_of_the_optimizer_counts_if_asked_for(kerasish, saved, tmp_path):
    model = load_model(saved)
    model.optimizer.iterations.assign(7)
    model.save(tmp_path / "b.keras")
    assert kerasish("diff", saved, tmp_path / "b.keras").status == 0
    finished = kerasish("diff", saved, tmp_path / "b.keras", "--optimizer")
    assert finished.status == 1
    assert "optimizer/vars/0" in finished.out


def test_weights_against_a_whole_model(kerasish, saved, tmp_path):
    kerasish("convert", saved, tmp_path / "w.weights.h5")
    assert kerasish("diff", saved, tmp_path / "w.weights.h5").status == 0
    kerasish("convert", saved, tmp_path / "m.h5")
    finished = kerasish("diff", tmp_path / "w.weights.h5", tmp_path / "m.h5")
    assert finished.status == 2
    assert "different layouts" in finished.err
    assert "kerasish convert --model" in finished.err


def test_damaged_files_are_errors(kerasish, saved, tmp_path):
    (tmp_path / "b.keras").write_bytes(saved.read_bytes()[:-100])
    finished = kerasish("diff", saved, tmp_path / "b.keras")
    assert finished.status == 2
    assert f"Cannot load '{tmp_path / 'b.keras'}'" in finished.err
    assert str(saved) not in finished.err
