"""Tests of `examples/workbench.py`: data at hand, figures, the command line."""

import sys

import numpy as np
import pytest
import workbench


@pytest.fixture
def empty_home(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path


def test_auto_takes_the_first_data_set_at_hand(empty_home, capsys):
    candidates = ["fashion", "mnist", "digits"]
    assert workbench.choose_data("auto", candidates) == "digits"
    assert "fashion is not on this machine; using digits" in capsys.readouterr().out

    (empty_home / "datasets").mkdir()
    (empty_home / "datasets" / "mnist.npz").touch()
    assert workbench.choose_data("auto", candidates) == "mnist"


def test_a_name_is_taken_at_its_word(empty_home):
    assert workbench.choose_data("mnist", ["mnist", "digits"]) == "mnist"


def test_images_are_scaled_and_cut():
    images = workbench.load_images("digits", limit=100)
    assert images.x_train.shape == (100, 8, 8)
    assert images.x_train.dtype == np.float32
    assert (images.x_train.min(), images.x_train.max()) == (0, 1)
    assert len(images.x_test) == len(images.y_test) == 360
    assert images.classes == list("0123456789")
    assert workbench.flatten(images.x_train).shape == (100, 64)


@pytest.mark.parametrize(
    ("module", "package"),
    [("matplotlib", "matplotlib"), ("sklearn.metrics", "scikit-learn")],
)
def test_a_missing_package_is_named_with_the_remedy(monkeypatch, module, package):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=f"needs {package}, which is not") as caught:
        workbench.require(module)
    assert 'pip install "kerasish[examples]"' in str(caught.value)
    assert ("--no-figure" in str(caught.value)) == (package == "matplotlib")


def test_a_lesson_without_matplotlib_ends_at_once(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr(sys, "argv", ["lesson.py"])
    parser = workbench.make_parser("A lesson.", "lesson.png")
    with pytest.raises(SystemExit, match="1"):
        workbench.run(lambda **_: pytest.fail("it ran"), parser)
    assert "This lesson needs matplotlib" in capsys.readouterr().err


def test_the_command_line_becomes_arguments(monkeypatch):
    calls = []
    parser = workbench.make_parser("A lesson.", "lesson.png")
    workbench.add_data_argument(parser, "mnist", "digits")
    line = ["lesson.py", "--quick", "--no-figure", "--seed", "3", "--data", "digits"]
    monkeypatch.setattr(sys, "argv", line)
    workbench.run(lambda **arguments: calls.append(arguments), parser)
    assert calls == [{"quick": True, "seed": 3, "output": None, "data": "digits"}]


def test_figures_go_to_a_folder_that_git_overlooks(monkeypatch, tmp_path):
    pytest.importorskip("matplotlib", reason="the examples extra is not installed")
    monkeypatch.chdir(tmp_path)
    parser = workbench.make_parser("A lesson.", "lesson.png")
    with workbench.figure(parser.get_default("output"), 2, 2) as figure:
        figure.subplots().plot([1, 2])
    assert (tmp_path / "figures" / "lesson.png").stat().st_size > 0
    assert (tmp_path / "figures" / ".gitignore").read_text() == "*\n"


def test_a_folder_of_the_users_is_left_alone(tmp_path):
    pytest.importorskip("matplotlib", reason="the examples extra is not installed")
    with workbench.figure(tmp_path / "mine" / "a.svg", 2, 2) as figure:
        figure.subplots().plot([1, 2])
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["a.svg"]


def test_drawing_leaves_matplotlib_as_it_was(tmp_path):
    matplotlib = pytest.importorskip("matplotlib", reason="needs the examples extra")
    before = {name: matplotlib.rcParams[name] for name in workbench.STYLE}
    with workbench.figure(tmp_path / "a.png", 2, 2):
        assert matplotlib.rcParams["font.size"] == workbench.STYLE["font.size"]
    assert before == {name: matplotlib.rcParams[name] for name in workbench.STYLE}
