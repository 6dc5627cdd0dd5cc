"""`inspect`: right about all files, hostile ones too, without reading weights."""

import contextlib
import json
import zipfile

import h5py
import numpy as np
import pytest

from kerasish import layers, models
from kerasish.cli.inspection import report_of
from kerasish.cli.inspection_text import text_of
from kerasish.errors import FileFormatError
from kerasish.saving.api import load_model, model_to_json, save_weights
from kerasish.saving.file_window import FileWindow
from tests.cli.conftest import hostile_config, rewritten
from tests.saving import corpus

KEYS = {
    "file",
    "kind",
    "bytes",
    "keras_version",
    "keras_generation",
    "backend",
    "kerasish",
    "date_saved",
    "model",
    "parameters",
    "dtypes",
    "optimizer",
    "loss",
    "metrics",
    "assets",
    "layers",
    "refused",
}
LAYER_KEYS = {
    "name",
    "class",
    "depth",
    "output_shape",
    "parameters",
    "trainable",
    "dtype",
    "connected_to",
    "weight_shapes",
}


def places(report):
    return {entry["where"]: entry["what"] for entry in report["refused"]}


def test_json_has_the_documented_keys(kerasish, saved):
    finished = kerasish("inspect", saved, "--json", "--weights")
    report = json.loads(finished.out)
    assert finished.status == 0
    assert set(report) == KEYS | {"arrays"}
    assert all(set(layer) == LAYER_KEYS for layer in report["layers"])
    assert report["kind"] == "keras"
    assert report["bytes"] == saved.stat().st_size
    assert report["keras_generation"] == 3
    assert report["model"]["name"] == "small"
    assert report["model"]["inputs"] == [
        {"name": "row", "shape": [None, 3], "dtype": "float32"}
    ]
    assert report["parameters"] == {
        "total": 42,
        "trainable": 34,
        "non_trainable": 8,
        "optimizer": 2 + 2 * 34,
        "bytes": 4 * 42,
    }
    assert report["optimizer"]["class"] == "Adam"
    assert report["optimizer"]["step"] == 1
    assert report["optimizer"]["learning_rate"] == pytest.approx(1e-3)
    assert report["loss"] == "mse"
    assert report["metrics"] == ["mae"]
    assert report["refused"] == []
    shapes = {layer["name"]: layer["output_shape"] for layer in report["layers"]}
    assert shapes == {
        "row": [None, 3],
        "hidden": [None, 4],
        "norm": [None, 4],
        "scores": [None, 2],
    }
    kernel = next(a for a in report["arrays"] if a["path"] == "layers/dense/vars/0")
    assert kernel == {**kernel, "shape": [3, 4], "dtype": "float32", "bytes": 48}


def test_text_is_a_table_with_totals(kerasish, saved):
    text = kerasish("inspect", saved, "--weights").out
    assert "Kind:       whole model, .keras archive" in text
    assert "Optimizer:  Adam, learning rate 0.001, step 1" in text
    assert "│ hidden (Dense)            │ (None, 4)    │      16 │" in text
    assert " Total params: 42 (168.00 B)" in text
    assert "│ layers/dense/vars/0" in text
    assert text.endswith("Nothing in the file would be refused.\n")
    widths = {len(line) for line in text.splitlines() if line.startswith("│")}
    assert len(widths) == 2  # two tables, each aligned


@pytest.mark.parametrize(
    ("name", "kind", "generation"),
    [
        ("keras2.h5", "h5", 2),
        ("keras2.keras", "keras", 2),
        ("keras2.weights.h5", "weights", None),
        ("keras2_old_adam.h5", "h5", 2),
        ("keras2_old_weights.h5", "legacy_weights", 2),
        ("keras3.h5", "h5", 3),
        ("keras3.keras", "keras", 3),
        ("keras3.weights.h5", "weights", 3),
    ],
)
def test_kind_is_told_by_the_content(golden, tmp_path, name, kind, generation):
    path = golden(name).rename(tmp_path / "renamed")
    report = report_of(str(path))
    assert (report["kind"], report["keras_generation"]) == (kind, generation)
    assert report["refused"] == []
    assert report["parameters"]["total"] > 0


CASES = [
    (which, name, ending)
    for which, listed in (
        ("keras2", "cnn lstm_stateful nested_frozen norms ops_shapes time_distributed"),
        ("keras3", "cnn nested_deeply nested_functional normalization transformer"),
    )
    for name in listed.split()
    for ending in (".keras", ".h5")
]


@pytest.mark.parametrize(("which", "name", "ending"), CASES)
def test_counts_and_shapes_are_those_of_the_model(which, name, ending, tmp_path):
    path = corpus.unpack(which, name + ending, tmp_path)
    report, model = report_of(str(path)), load_model(path)
    assert report["refused"] == []
    assert report["parameters"]["total"] == model.count_params()
    trainable = sum(weight.size for weight in model.trainable_weights)
    assert report["parameters"]["trainable"] == trainable
    rows = {row["name"]: row for row in report["layers"]}
    shapes = model.layer_output_shapes()
    for layer, shape in zip(model.layers, shapes, strict=True):
        assert rows[layer.name]["parameters"] == layer.count_params()
        assert rows[layer.name]["output_shape"] == shape


def test_sharded_weights_and_architectures(trained, tmp_path):
    save_weights(trained, tmp_path / "s.weights.json", max_shard_size=1e-7)
    report = report_of(str(tmp_path / "s.weights.json"))
    assert report["kind"] == "sharded_weights"
    assert report["parameters"]["total"] == 42
    (tmp_path / "a.json").write_text(model_to_json(trained))
    report = report_of(str(tmp_path / "a.json"))
    assert report["kind"] == "architecture"
    assert report["parameters"] is None
    assert report["layers"][-1]["output_shape"] == (None, 2)


def test_vocabularies_are_listed(tmp_path, kerasish):
    path = corpus.unpack("keras3_tensorflow", "strings.keras", tmp_path)
    finished = kerasish("inspect", path)
    assert "assets/layers/string_lookup/vocabulary.txt (25.00 B)" in finished.out
    assert "1 thing would be refused:\n  input_layer_3: " in finished.out


def test_weights_are_not_read(saved, tmp_path, monkeypatch):
    big = models.Sequential([layers.Input((1000,)), layers.Dense(2000)])
    big.save(tmp_path / "big.keras")
    windows = []
    original = FileWindow.__init__

    def noted(self, *args):
        original(self, *args)
        windows.append(self)

    monkeypatch.setattr(FileWindow, "__init__", noted)
    report = report_of(str(tmp_path / "big.keras"))
    assert report["parameters"]["total"] == 2_002_000
    assert [window.num_read < 100_000 for window in windows] == [True]


def test_damaged_values_do_not_matter(saved, tmp_path):
    content = bytearray(saved.read_bytes())
    kernel = load_model(saved).layers[0].get_weights()[0].tobytes()
    start = bytes(content).index(kernel)
    content[start : start + len(kernel)] = b"\xff" * len(kernel)
    damaged = tmp_path / "damaged.keras"
    damaged.write_bytes(content)
    assert report_of(str(damaged))["refused"] == []


def test_damaged_weights_leave_the_architecture(saved, tmp_path):
    with zipfile.ZipFile(saved) as archive:
        config = archive.read("config.json")
    with zipfile.ZipFile(tmp_path / "half.keras", "w") as archive:
        archive.writestr("config.json", config)
        archive.writestr("model.weights.h5", b"no weights at all")
    report = report_of(str(tmp_path / "half.keras"))
    assert report["layers"][-1]["name"] == "scores"
    assert report["keras_version"] is None
    assert "damaged" in places(report)["model.weights.h5"]


def test_code_and_unknown_classes_are_told(kerasish, saved, tmp_path):
    path = rewritten(saved, tmp_path / "hostile.keras", config=hostile_config)
    found = places(report_of(str(path)))
    assert "holds Python code" in found["evil\x1b[31m"]
    assert "Unknown class 'Theirs'" in found["mine"]
    assert "Unknown function 'system'" in found["compile"]
    text = kerasish("inspect", path).out
    assert "\x1b" not in text  # a name cannot steer the terminal
    assert "3 things would be refused:" in text
    assert "evil?[31m" in text


def hostile_arrays(root):
    del root["layers/dense/vars/0"]
    root["layers/dense/vars/0"] = h5py.ExternalLink("/etc/passwd", "/x")
    root["layers/soft"] = h5py.SoftLink("/layers/dense")
    root["layers/loop"] = root["layers"]
    shape, chunks = (2**20, 2**20), (64, 64)
    root.create_dataset("layers/huge", shape=shape, dtype="f4", chunks=chunks)


def test_links_and_absurd_sizes_are_told(saved, tmp_path):
    path = rewritten(saved, tmp_path / "hostile.keras", weights=hostile_arrays)
    found = places(report_of(str(path)))
    assert "ExternalLink" in found["layers/dense/vars/0"]
    assert "SoftLink" in found["layers/soft"]
    assert "4.00 TB" in found["layers/huge"]
    assert "inside themselves" in found["layers/loop"]


def test_functions_of_tensorflow_without_counterpart_are_told(tmp_path, kerasish):
    layer = {"name": "tf.magic", "trainable": True, "dtype": "float32"}
    config = {
        "class_name": "Functional",
        "keras_version": "2.15.0",
        "backend": "tensorflow",
        "config": {
            "name": "model",
            "layers": [
                {
                    "class_name": "InputLayer",
                    "name": "x",
                    "config": {"batch_input_shape": [None, 2], "name": "x"},
                    "inbound_nodes": [],
                },
                {
                    "class_name": "TFOpLambda",
                    "name": "tf.magic",
                    "config": {**layer, "function": "magic"},
                    "inbound_nodes": [["x", 0, 0, {}]],
                },
            ],
            "input_layers": [["x", 0, 0]],
            "output_layers": [["tf.magic", 0, 0]],
        },
    }
    path = tmp_path / "old.json"
    path.write_text(json.dumps(config))
    report = report_of(str(path))
    assert report["keras_generation"] == 2
    assert len(report["refused"]) == 1
    assert "on the output of 'x'" in places(report)["tf.magic"]
    assert kerasish("inspect", path).status == 0


def test_a_model_of_an_unknown_class_is_listed_by_its_weights(saved, tmp_path):
    def subclassed(config):
        config.update(module="mine", class_name="Mine", registered_name="mine>Mine")
        config["config"] = {"name": "own"}

    path = rewritten(saved, tmp_path / "mine.keras", config=subclassed)
    report = report_of(str(path))
    assert report["parameters"]["total"] == 42
    assert report["parameters"]["trainable"] is None
    assert "Unknown class 'Mine'" in places(report)["own"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "an empty file"),
        (b"hello", "nothing that Keras writes"),
        (b"{", "not valid JSON"),
        (b'{"a": 1}', "nothing that Keras writes"),
        (b"PK\x03\x04 and no more", "damaged or cut short"),
        (b"\x89HDF\r\n\x1a\n and no more", "damaged or cut short"),
    ],
)
def test_other_files_are_refused_in_one_line(kerasish, tmp_path, content, said):
    path = tmp_path / "other"
    path.write_bytes(content)
    finished = kerasish("inspect", path)
    assert finished.status == 2
    assert finished.out == ""
    assert finished.err.startswith(f"kerasish: Cannot load '{path}'.")
    assert said in finished.err
    assert finished.err.count("\n") == 1


def test_an_hdf5_file_of_others_is_refused(kerasish, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as root:
        root["measured"] = np.zeros(3)
    finished = kerasish("inspect", tmp_path / "other.h5")
    assert finished.status == 2
    assert "holds nothing of Keras. (got an HDF5 file with ['measured']" in finished.err


@pytest.mark.parametrize("name", ["cnn.h5", "nested_functional.keras"])
def test_flipped_bits_give_a_report_or_a_documented_error(name, tmp_path, rng):
    content = corpus.unpack("keras3", name, tmp_path).read_bytes()
    for _ in range(60):
        damaged = np.frombuffer(content, np.uint8).copy()
        damaged[rng.integers(len(content), size=6)] ^= np.uint8(1 << rng.integers(8))
        (tmp_path / "damaged").write_bytes(damaged.tobytes())
        with contextlib.suppress(FileFormatError):
            list(text_of(report_of(str(tmp_path / "damaged"), with_arrays=True)))


@pytest.mark.parametrize("value", [None, 7, "x", [], [[]], {}, {"class_name": "Dense"}])
@pytest.mark.parametrize("key", ["config", "layers", "output_layers", "class_name"])
def test_odd_configs_are_reported(key, value, tmp_path):
    path = corpus.unpack("keras3", "nested_functional.json", tmp_path)
    config = json.loads(path.read_text())
    owner = config if key in ("config", "class_name") else config["config"]
    owner[key] = value
    path.write_text(json.dumps(config))
    with contextlib.suppress(FileFormatError):
        list(text_of(report_of(str(path))))
