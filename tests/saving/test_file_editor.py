"""Edited files load into models; what cannot be done is refused and explained."""

import sys

import h5py
import numpy as np
import pytest

import kerasish
from kerasish import layers
from kerasish.errors import FileFormatError
from kerasish.saving import KerasFileEditor


def network(units=3):
    """Return a small network, with a part of its own inside."""
    inner = kerasish.Sequential([layers.Input((units,)), layers.Dense(2)], name="inner")
    return kerasish.Sequential(
        [layers.Input((4,)), layers.Dense(units), inner, layers.Dense(1)]
    )


@pytest.fixture
def model():
    return network()


@pytest.fixture(params=["net.weights.h5", "net.keras"])
def editor(request, tmp_path, model):
    """Return an editor of each kind of file."""
    path = tmp_path / request.param
    if path.suffix == ".keras":
        model.save(path)
    else:
        model.save_weights(path)
    return KerasFileEditor(path)


def reloaded(editor, tmp_path, into=None):
    """Return the weights of a network that loaded what the editor wrote."""
    editor.save(tmp_path / "edited.weights.h5")
    other = into or network()
    other.load_weights(tmp_path / "edited.weights.h5")
    return other.get_weights()


def check_equal(values, expected):
    for value, other in zip(values, expected, strict=True):
        np.testing.assert_array_equal(value, other)


@pytest.mark.parametrize("rich", [True, False])
def test_summary(editor, capsys, monkeypatch, rich):
    if rich:
        pytest.importorskip("rich", reason="Rich is not installed")
    else:
        monkeypatch.setitem(sys.modules, "rich.console", None)
    capsys.readouterr()
    editor.summary()
    printed = capsys.readouterr().out
    assert "0: shape=(3, 2), dtype=float32" in printed  # inside `inner`
    assert printed.endswith("   └─ 1: shape=(2,), dtype=float32\n")


def test_the_title_says_where_the_file_is_from(editor, capsys):
    printed = editor._title()
    assert "net." in printed
    assert ("Saved with Keras" in printed) == editor.filepath.endswith(".keras")


def test_nothing_is_lost(editor, tmp_path, model):
    check_equal(reloaded(editor, tmp_path), model.get_weights())
    editor.resave_weights(tmp_path / "again.weights.h5")
    with h5py.File(tmp_path / "again.weights.h5") as root:
        assert root["layers/dense/vars"].attrs["name"] == model.layers[0].name


def test_compare(editor, model, capsys):
    assert editor.compare(model) == {
        "status": "success",
        "error_count": 0,
        "match_count": 6,
    }
    wider = editor.compare(network(5))
    assert wider == {"status": "error", "error_count": 3, "match_count": 3}
    printed = capsys.readouterr().out
    assert (
        "'layers/dense/0' has another shape: (4, 3) in the file, (4, 5) in the model"
        in printed
    )


def test_compare_names_what_is_on_one_side(editor, model, capsys):
    editor.rename_object("dense_1", "other")
    editor.delete_weight("layers/dense", "1")
    editor.add_weights("layers/dense", {"extra": np.ones(2)})
    result = editor.compare(model)
    assert result == {"status": "error", "error_count": 4, "match_count": 3}
    printed = capsys.readouterr().out
    assert "'layers/other' is in the file, but not in the model" in printed
    assert "'layers/dense_1' is in the model, but not in the file" in printed
    assert "'layers/dense/1' is in the model, but not in the file" in printed
    assert "'layers/dense/extra' is in the file, but not in the model" in printed


def test_the_optimizer_counts_once_it_has_trained(tmp_path, model):
    model.compile("adam", "mse")
    model.fit(np.ones((2, 4)), np.ones((2, 1)), verbose=0)
    model.save_weights(tmp_path / "net.weights.h5")
    editor = KerasFileEditor(tmp_path / "net.weights.h5")
    assert editor.compare(model)["match_count"] == 6 + len(model.optimizer.variables)
    fresh = network()
    fresh.compile("adam", "mse")
    assert editor.compare(fresh)["match_count"] == 6
    assert editor.compare(network())["status"] == "success"


def test_a_renamed_object_takes_its_inside_along(editor, tmp_path, model):
    editor.rename_object("dense_1", "dense_2")
    editor.rename_object("sequential", "functional")
    editor.add_object("layers/dense_1", {"0": np.ones((1, 1)), "1": np.zeros(1)})
    editor.delete_object("layers/dense_1")
    editor.rename_object("layers/dense_2", "dense_1")
    editor.rename_object("functional", "sequential")
    check_equal(reloaded(editor, tmp_path), model.get_weights())


def test_a_layer_is_put_in_between(editor, tmp_path, model):
    first, *rest = network().layers
    longer = kerasish.Sequential([layers.Input((4,)), first, layers.Dense(3), *rest])
    kernel, bias = np.eye(3, dtype="float32"), np.zeros(3, "float32")
    editor.rename_object("dense_1", "dense_2")
    editor.add_object("layers/dense_1", {"0": kernel, "1": bias})
    old = model.get_weights()
    check_equal(reloaded(editor, tmp_path, longer), [*old[:2], kernel, bias, *old[2:]])


def test_weights_are_replaced(editor, tmp_path, model):
    bias = np.full(3, 7, "float32")
    editor.delete_weight("layers/dense", "1")
    editor.add_weights("layers/dense", {"1": bias})
    check_equal(reloaded(editor, tmp_path)[1:2], [bias])


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (lambda e: e.rename_object("dens", "x"), "Unknown object 'dens'"),
        (lambda e: e.rename_object("dense", "x"), "several objects called 'dense'"),
        (lambda e: e.rename_object("dense_1", "a/b"), "last part of a path"),
        (
            lambda e: e.rename_object("layers/dense", "dense_1"),
            "'layers/dense_1' already",
        ),
        (lambda e: e.delete_object("vars"), "Unknown object 'vars'"),
        (lambda e: e.delete_weight("dense_1", "7"), "expected: one of '0', '1'"),
        (lambda e: e.add_object("a/b", {}), "Unknown object 'a'"),
        (
            lambda e: e.add_object("layers/dense", {}),
            r"delete_object\('layers/dense'\)",
        ),
        (lambda e: e.add_object("layers/vars", {}), "cannot have this name"),
        (
            lambda e: e.add_weights("dense_1", {"2": "text"}),
            "got: +'2': values of dtype",
        ),
        (
            lambda e: e.add_weights("dense_1", {2: 1.0}),
            "got: +2: values of dtype float",
        ),
        (lambda e: e.save("x.h5"), "ends in .weights.h5"),
    ],
)
def test_refused(editor, edit, text):
    with pytest.raises(ValueError, match=text):
        edit(editor)


def test_weights_must_have_names(editor):
    with pytest.raises(TypeError, match="arrays by name"):
        editor.add_weights("dense_1", [np.ones(1)])


def test_other_files(tmp_path):
    with pytest.raises(FileFormatError, match=r"ends in \.weights\.h5 or \.keras"):
        KerasFileEditor(tmp_path / "net.h5")
    with pytest.raises(FileNotFoundError):
        KerasFileEditor(tmp_path / "none.weights.h5")
    (tmp_path / "text.weights.h5").write_text("text")
    with pytest.raises(FileFormatError, match=r"text\.weights\.h5"):
        KerasFileEditor(tmp_path / "text.weights.h5")
    (tmp_path / "text.keras").write_text("text")
    with pytest.raises(FileFormatError, match="damaged or cut short"):
        KerasFileEditor(tmp_path / "text.keras")


def in_itself(root):
    root["layers/a"] = root["layers"]


def outside(root):
    root["layers/a"] = h5py.ExternalLink("/etc/hostname", "/")


def huge(root):
    root.create_dataset("layers/vars/0", (1 << 40,), "f4", chunks=(1024,))


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (in_itself, "groups inside themselves"),
        (outside, "lead out of the file"),
        (huge, "what a file of this size can hold"),
    ],
)
def test_traps(tmp_path, spoil, text):
    path = tmp_path / "trap.weights.h5"
    with h5py.File(path, "w") as root:
        root.create_group("layers")
        spoil(root)
    with pytest.raises(FileFormatError, match=text):
        KerasFileEditor(path)
