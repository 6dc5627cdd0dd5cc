"""What a config may not do: one test for each published vulnerability of that kind.

Each makes the hostile file on the spot and has it loaded under watch. Files that lead
to other files are in `test_security_files.py`; docs/security.md lists all of them.
"""

import io
import json
import re
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from kerasish import config as settings
from kerasish import layers, models
from kerasish.errors import FileFormatError
from kerasish.saving import (
    deserialize_keras_object,
    file_editor,
    hdf5_safe,
    sharded_weights,
)
from kerasish.saving.api import load_model, model_from_json, save_model
from tests.saving.hostile import Loader, archive, code, held, legacy, stack

WRITERS = {".keras": archive, ".h5": legacy}


@pytest.fixture(scope="module")
def loader(tmp_path_factory):
    """Return a process that loads what it is told."""
    loader = Loader(tmp_path_factory.mktemp("good"))
    yield loader
    loader.close()


@pytest.fixture
def quietly(loader):
    """Return a function that loads a file and returns what the loader says.

    It fails if anything but that file was touched.
    """

    def load(path, safe_mode=True):
        said, seen = loader.load(path, safe_mode)
        assert seen == []
        assert said == "loaded" or str(path) in said
        return said

    return load


def test_the_watch_sees(loader):
    """What the other tests rely on: imports and opened files are told."""
    said, seen = loader.load("touch")
    assert "FileNotFoundError" in said
    assert {event for event, _ in seen} >= {"import", "open"}
    assert ["open", "('/dev/null', 'r', 524288)"] in seen


@pytest.mark.parametrize("safe_mode", [True, False])
@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize("form", ["keras3", "keras2", "bare"])
def test_cve_2024_3660_and_2025_9905_code_in_a_lambda(
    quietly, tmp_path, ending, form, safe_mode
):
    """Marshalled code is refused in `.h5` as in `.keras`, whatever `safe_mode` says."""
    function = {
        "keras3": held("__lambda__", "builtins", code=code(), defaults=None),
        "keras2": [code(), None, None],
        "bare": code(),
    }[form]
    config = stack(held("Lambda", name="l", function=function, function_type="lambda"))
    said = quietly(WRITERS[ending](tmp_path / f"a{ending}", config), safe_mode)
    assert "never" in said
    assert "FileFormatError" in said


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize(
    "entry",
    [
        held("system", "os", command="true"),
        held("Popen", "subprocess", args=["true"]),
        held("function", "builtins", name="exec"),
        {"module": "os", "class_name": "function", "config": "system"},
        {**held("Dense", units=1), "registered_name": "os>system", "class_name": "x"},
        held("Dense", "antigravity", units=1),
    ],
)
def test_cve_2025_1550_modules_and_classes_of_python(quietly, tmp_path, ending, entry):
    """A module named in a config is never imported, nor a class taken out of it."""
    said = quietly(WRITERS[ending](tmp_path / f"a{ending}", stack(entry)))
    assert "FileFormatError" in said


@pytest.mark.parametrize(
    ("module", "name", "arguments"),
    [
        ("keras.utils", "get_file", {"fname": "x", "origin": "http://localhost/x"}),
        ("keras.src.utils.file_utils", "get_file", {"fname": "x", "origin": "file:/"}),
        ("keras.models", "load_model", {"filepath": "/tmp/x.keras"}),
        ("keras.config", "enable_unsafe_deserialization", {}),
        ("keras.src.saving.serialization_lib", "enable_unsafe_deserialization", {}),
    ],
)
def test_cve_2025_8747_and_9906_functions_of_keras_itself(
    quietly, tmp_path, module, name, arguments
):
    """No function of Keras is called because a file names it."""
    direct = held(name, module, **arguments)
    as_function = {"module": module, "class_name": "function", "config": name}
    for function in (direct, as_function):
        entry = held("Lambda", name="l", function=function, arguments=arguments)
        for config in (stack(entry), stack(function), function):
            said = quietly(archive(tmp_path / "a.keras", config))
            assert "FileFormatError" in said


def test_cve_2025_9906_there_is_no_switch():
    """The call that a file could sneak in changes nothing when a user makes it."""
    config = held("Lambda", name="l", function=[code(), None, None])
    with pytest.warns(UserWarning, match="changes nothing"):
        settings.enable_unsafe_deserialization()
    with pytest.raises(FileFormatError, match="never run"):
        deserialize_keras_object(config, safe_mode=False)


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/etc/passwd", "StringLookup"),
        ("/etc/passwd", "IntegerLookup"),
        ("/etc/passwd", "TextVectorization"),
        ("http://localhost/x", "StringLookup"),
        ("../x", "StringLookup"),
    ],
)
def test_cve_2025_12058_a_vocabulary_in_another_file(
    quietly, tmp_path, ending, path, name
):
    """A config that names a vocabulary file is refused before it is looked at."""
    config = stack(held(name, name="v", vocabulary=path))
    said = quietly(WRITERS[ending](tmp_path / f"a{ending}", config))
    assert "must not name another file" in said


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        (
            "TorchModuleWrapper",
            {"module": {"class_name": "__bytes__", "config": code()}},
        ),
        ("TFSMLayer", {"filepath": "/tmp/saved_model"}),
        ("JaxLayer", {"call_fn": code()}),
        ("FlaxLayer", {"module": code()}),
    ],
)
def test_cve_2025_49655_and_2026_1462_layers_of_other_frameworks(
    quietly, tmp_path, ending, name, arguments
):
    """Layers that unpickle a module or run a saved graph do not exist here."""
    config = stack(held(name, **arguments))
    said = quietly(WRITERS[ending](tmp_path / f"a{ending}", config), False)
    assert f"Unknown class '{name}'" in said or f"'{name}'" in said
    assert "FileFormatError" in said


def test_cve_2026_12481_code_where_no_safe_mode_is_set():
    """Whoever revives a config, by whatever call, code in it is refused."""
    function = held("__lambda__", "builtins", code=code(), defaults=None)
    config = held("Lambda", name="l", function=function)
    text = json.dumps(stack(config))
    revivals = [
        lambda: layers.deserialize(config),
        lambda: layers.Lambda.from_config(config["config"]),
        lambda: models.Sequential.from_config(stack(config)["config"]),
        lambda: model_from_json(text),
        lambda: deserialize_keras_object(config, safe_mode=None),
    ]
    for revive in revivals:
        with pytest.raises(FileFormatError, match="never run"):
            revive()


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize("name", ["../../owned", "/tmp/owned"])
def test_cve_2026_12479_names_that_are_paths(quietly, tmp_path, ending, name):
    """A layer cannot be called like a path."""
    for config in (held("Dense", name=name, units=1), held("StringLookup", name=name)):
        said = quietly(WRITERS[ending](tmp_path / f"a{ending}", stack(config)))
        assert "string without '/'" in said


def test_cve_2026_12479_names_are_no_part_of_paths(tmp_path):
    """Layers with assets may have any other name: it does not matter to files."""
    lookup = layers.IntegerLookup(name="..")
    lookup.adapt(np.array([7, 5, 7]))
    model = models.Sequential([layers.Input((1,), dtype="int64"), lookup])
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    for name in ("a.keras", "b.keras"):
        save_model(model, folder / name)
        model = load_model(folder / name)
    assert model.layers[0].get_vocabulary() == [-1, 7, 5]
    assert sorted(p.name for p in tmp_path.rglob("*.*")) == ["a.keras", "b.keras"]


def test_cve_2021_37678_there_is_no_yaml():
    """A parser that makes objects of what a text names is not there at all."""
    assert not hasattr(models, "model_from_yaml")
    with pytest.raises(FileFormatError, match="not valid JSON"):
        model_from_json("!!python/object/apply:os.system ['true']")


def test_cve_2026_0897_terabytes_declared_in_a_kilobyte(quietly, tmp_path):
    """A dataset's shape must be the weight's before a byte is read."""
    weights = io.BytesIO()
    with h5py.File(weights, "w") as root:
        options = {"chunks": (8, 8), "compression": "gzip"}
        root.create_dataset("layers/dense/vars/0", (10**6, 10**6), "f4", **options)
        root.create_dataset("layers/dense/vars/1", (10**6,), "f4", chunks=(8,))
    dense = held("Dense", name="d", units=2)
    path = archive(tmp_path / "a.keras", stack(dense), weights.getvalue())
    said = quietly(path)
    assert "(1000000, 1000000)" in said
    agreed = stack(held("Dense", name="d", units=10**6))
    quietly(archive(tmp_path / "b.keras", agreed, weights.getvalue()))


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize(
    "entry",
    [
        held("Dense", units=10**12),
        held("Dense", units=10**4000),
        held("Embedding", input_dim=10**10, output_dim=10),
        held("Conv1D", filters=10**10, kernel_size=10**6),
        held("StringLookup", num_oov_indices=10**10),
        held("TextVectorization", ngrams=10**10),
        held("Dense", units=float("nan")),
        held("Dense", units=2.5),
        held("Dense", units="9" * 10**6),
        held("x" * 10**6),
    ],
)
def test_sizes_are_checked_before_memory_is_taken(quietly, tmp_path, ending, entry):
    """Layers larger than what a file of this size can fill are never made."""
    if entry["class_name"] in ("Conv1D", "Embedding"):
        entry = {**entry, "build_config": {"input_shape": [None, 3, 3]}}
    path = WRITERS[ending](tmp_path / f"a{ending}", stack(entry))
    assert "FileFormatError" in quietly(path)


def test_a_compiled_config_takes_no_more_than_its_file(quietly, tmp_path):
    """Metrics count as layers do."""
    metrics = [held("AUC", "keras.metrics", num_thresholds=10**9)]
    compiled = {"optimizer": "sgd", "loss": "mse", "metrics": metrics}
    config = {**stack(held("Flatten")), "compile_config": compiled}
    assert "more than it can hold" in quietly(archive(tmp_path / "a.keras", config))


def called(operation, args, **config):
    """Return a functional model that calls one operation of `keras.ops`."""
    tensor = {"shape": [2, 8], "dtype": "float32", "keras_history": ["i", 0, 0]}
    first = held("InputLayer", batch_shape=[2, 10**9], name="i")
    args = [{"class_name": "__keras_tensor__", "config": tensor}] if args else []
    module = "keras.src.ops.numpy"
    second = held(operation, module, name="o", **config)
    second["inbound_nodes"] = [{"args": args, "kwargs": {}}]
    inner = {"name": "m", "layers": [{**first, "inbound_nodes": []}, second]}
    inner |= {"input_layers": [["i", 0, 0]], "output_layers": [["o", 0, 0]]}
    return held("Functional", "keras.src.models.functional", **inner)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (called("Zeros", False, shape=[10**10]), "without any tensor"),
        (called("WhileLoop", False, cond="relu", body="relu"), "Unknown class"),
        (called("Split", True, indices_or_sections=10**9, axis=1), "can hold"),
        (called("Builtins", True), "Unknown class"),
    ],
)
def test_operations_run_on_nothing_a_file_says(quietly, tmp_path, config, message):
    """Calls are traced, never run, and only those of `keras.ops` are there."""
    assert message in quietly(archive(tmp_path / "a.keras", config))


# limits -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["[" * 10**5 + "]" * 10**5, "[" + "[]," * 2**20 + "0]", '{"a": ' + "9" * 5000],
)
def test_deep_and_enormous_configs_are_refused(tmp_path, text):
    """JSON is bounded in depth, size, and the digits of its numbers."""
    path = tmp_path / "a.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("config.json", text)
    with pytest.raises(FileFormatError, match=r"a\.keras"):
        load_model(path)


def test_models_nested_deeply_are_an_error_of_the_file(tmp_path):
    """Python's own limit on nesting ends as the file's error."""
    config = stack(held("Dense", units=1))
    for _ in range(60):
        config = stack(config)
    with pytest.raises(FileFormatError, match=r"a\.keras"):
        load_model(archive(tmp_path / "a.keras", config))


@pytest.mark.parametrize(
    "config",
    [
        stack(held("Dense", units=1)) | {"compile_config": {"weighted_metrics": 5}},
        stack(held("Dense", units="x")),
        stack(held("Dense", units=10**4000)),
        held("Functional", "keras", layers=True),
        [],
    ],
)
def test_a_text_has_one_kind_of_error(config):
    """What `model_from_json` raises is the error of a file, and says of what."""
    with pytest.raises(FileFormatError, match="Cannot load 'json_string'"):
        model_from_json(json.dumps(config))


# the page ---------------------------------------------------------------------------

PAGE = Path(__file__).parents[2] / "docs" / "security.md"


def test_the_page_names_the_tests_that_there_are():
    """The tests in docs/security.md exist; those of vulnerabilities all are in it."""
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text()))
    names = ("security", "security_files", "hdf5_heaps")
    files = [Path(__file__).with_name(f"test_{name}.py") for name in names]
    there = {
        n for f in files for n in re.findall(r"^def (test_\w+)", f.read_text(), re.M)
    }
    assert named - there == set()
    assert {name for name in there if "_20" in name} - named == set()


def test_the_page_states_the_bounds_that_there_are():
    """The numbers in docs/security.md are those of the code."""
    text = PAGE.read_text()
    assert hdf5_safe.most_bytes(0) == 64 * 2**20
    assert hdf5_safe.most_bytes(1) == 64 * 2**20 + 50
    assert "64 MiB + 50 × the file's size" in text
    limits = (hdf5_safe._MAX_JSON_BRACKETS, hdf5_safe._MAX_JSON_DEPTH)
    assert hdf5_safe._MAX_JSON_BYTES == 64 * 2**20
    assert "64 MiB, {} lists and dictionaries, {} levels".format(*limits) in text
    assert f"dataset | {hdf5_safe._MAX_SPARE_CHUNK} |" in text
    assert f"64 MiB, {sharded_weights._MOST_SHARDS} files" in text
    assert f"looks into | {file_editor._MAX_DEPTH} |" in text
    assert f"JSON | {sys.get_int_max_str_digits()} |" in text
