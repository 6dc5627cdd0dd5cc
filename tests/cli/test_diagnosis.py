"""`doctor`: which backends work, and what is said of those that do not."""

import json

import numpy as np
import pytest

from kerasish.backend import load_backend
from kerasish.backend.contract import Backend
from kerasish.cli import diagnosis
from kerasish.errors import BackendError


@pytest.fixture
def only(monkeypatch):
    """Let some backends be all there are."""

    def choose(*names):
        monkeypatch.setattr(diagnosis, "available_backends", lambda: list(names))

    return choose


@pytest.mark.usefixtures("on_numpy")
def test_a_backend_that_works(kerasish, only):
    only("numpy")
    finished = kerasish("doctor")
    assert finished.status == 0
    head, packages, _, line, _, last = finished.out.splitlines()
    assert head.startswith("kerasish ")
    assert f"numpy {np.__version__}" in packages
    assert line.startswith("ok       numpy    8 training steps agree with NumPy")
    assert last.startswith("in force: numpy")


def test_as_json(kerasish, only):
    only("numpy", "strict")
    report = json.loads(kerasish("doctor", "--json").out)
    assert [one["state"] for one in report["backends"]] == ["ok", "ok"]
    assert report["packages"]["h5py"]
    assert set(report) >= {"kerasish", "python", "system", "in_force", "chosen_by"}


@pytest.mark.usefixtures("on_numpy")
def test_one_that_is_missing_says_how_to_mend_it(kerasish, only, monkeypatch):
    only("numpy", "far")

    def load(name):
        if name == "far":
            raise BackendError("No device.\n  fix:      buy one")
        return load_backend(name)

    monkeypatch.setattr(diagnosis, "load_backend", load)
    finished = kerasish("doctor")
    assert finished.status == 0  # it is not the one in force
    assert "missing  far      No device. (fix: buy one)" in finished.out


def test_one_that_computes_something_else(kerasish, only, monkeypatch):
    only("numpy")
    plain = diagnosis._trained

    def off(name, eagerly):
        return [w + (not eagerly) for w in plain(name, eagerly)]

    monkeypatch.setattr(diagnosis, "_trained", off)
    finished = kerasish("doctor")
    assert finished.status == 1
    assert "wrong    numpy    weights are 1 off after 8 training steps" in finished.out


def test_one_whose_training_fails(kerasish, only, monkeypatch):
    only("numpy")

    def fail(name, eagerly):
        raise RuntimeError("cudaErrorLaunchFailure")

    monkeypatch.setattr(diagnosis, "_trained", fail)
    finished = kerasish("doctor")
    assert finished.status == 1
    assert "training failed: RuntimeError: cudaErrorLaunchFailure" in finished.out


def test_the_device_is_named_if_there_is_one(monkeypatch, only, kerasish):
    only("numpy")
    monkeypatch.setattr(Backend, "describe", lambda self: "numpy: a fine machine")
    assert "operation by operation; numpy: a fine machine" in kerasish("doctor").out


def test_a_package_that_is_not_installed():
    assert diagnosis._version("no-such-package") is None
