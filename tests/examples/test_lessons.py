"""What holds for every lesson and task: help, arguments, a place in the README."""

import importlib
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
LESSONS = [
    "perceptron",
    "neuron",
    "two_neurons",
    "mnist",
    "is_it_zero",
    "ten_classes",
    "minibatch_momentum",
    "digits_forward",
    "fashion",
]
TASKS = [
    "mnist_cnn",
    "multi_output",
    "autoencoder",
    "vae",
    "siamese",
    "structured_data",
    "timeseries",
    "text_folders",
    "brackets_lstm",
    "sorting_transformer",
]


def run(*arguments, folder):
    paths = [str(ROOT), str(ROOT / "backends")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(
        command,
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", [*LESSONS, *TASKS])
def test_help_is_the_text_at_the_top(name, tmp_path):
    ended = run(EXAMPLES / f"{name}.py", "--help", folder=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert inspect.getdoc(importlib.import_module(name)) in ended.stdout
    lesson = ["--quick", "--seed", "--output", "--no-figure"]
    for option in lesson if name in LESSONS else ["--seed", "--epochs"]:
        assert option in ended.stdout
    assert not list(tmp_path.iterdir())


def test_runs_as_a_script_from_any_folder(tmp_path):
    pytest.importorskip("matplotlib", reason="the examples extra is not installed")
    ended = run("-W", "error", EXAMPLES / "neuron.py", folder=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "0.9990889488055994" in ended.stdout
    assert (tmp_path / "figures" / "neuron.png").exists()


@pytest.mark.parametrize("name", [*LESSONS, *TASKS])
def test_main_takes_what_the_command_line_has(name):
    parameters = inspect.signature(importlib.import_module(name).main).parameters
    first = ["quick", "seed", "output"] if name in LESSONS else ["seed", "epochs"]
    assert list(parameters)[: len(first)] == first
    assert all(p.default is not p.empty for p in parameters.values())


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_read_at_one_go(name):
    text = (EXAMPLES / f"{name}.py").read_text()
    assert len(text.splitlines()) < 100
    assert "workbench" not in text


@pytest.mark.parametrize("name", [*LESSONS, *TASKS])
def test_uses_the_public_names_only(name):
    text = (EXAMPLES / f"{name}.py").read_text()
    assert "import kerasish as keras" in text
    modules = [line.split()[1] for line in text.splitlines() if "from keras" in line]
    public = {"kerasish", "kerasish.layers", "kerasish.models", "kerasish.utils"}
    assert set(modules) <= public


def test_the_readme_lists_every_script():
    text = (EXAMPLES / "README.md").read_text()
    scripts = {path.name for path in EXAMPLES.glob("*.py")} - {"workbench.py"}
    assert scripts == {f"{name}.py" for name in [*LESSONS, *TASKS, "quickstart"]}
    for script in scripts:
        assert f"[{script}]({script})" in text
