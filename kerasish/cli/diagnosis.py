"""`kerasish doctor`: which backends work on this machine, each put to a test."""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import os
import platform
import sys
from typing import Any

import numpy as np

from kerasish import layers, models
from kerasish.backend import (
    available_backends,
    backend_scope,
    get_backend,
    load_backend,
)
from kerasish.backend.choice import ENVIRONMENT_VARIABLE
from kerasish.cli.command import new_command
from kerasish.cli.output import one_line, show, show_json
from kerasish.errors import BackendError
from kerasish.random.seed import set_random_seed

_HELP = "say which backends work on this machine, and put each to a test"
_EXAMPLES = """
Each backend that can be loaded trains a small model, and the weights are compared
with those that NumPy computes operation by operation. For what cannot be loaded, it
says why and what to do. The exit status is 0 if the backend in force works and none
computes anything else, otherwise 1.

examples:
  kerasish doctor
  KERASISH_BACKEND=cupy kerasish doctor
  kerasish doctor --json
"""
_PACKAGES = ("numpy", "h5py", "threadpoolctl", "numba", "cupy")
_CUPY = ("cupy-cuda13x", "cupy-cuda12x", "cupy")  # whichever is installed
_STEPS = 8
_TOLERANCE = 1e-4


def add(commands: Any) -> None:
    """Enter the subcommand and its arguments."""
    parser = new_command(commands, "doctor", _HELP, _EXAMPLES, run)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print what was found and return the exit status."""
    report = examine()
    if arguments.json:
        show_json(report)
    else:
        show("\n".join(_lines(report)))
    states = {one["name"]: one["state"] for one in report["backends"]}
    works = states.get(report["in_force"]) == "ok"
    return 0 if works and "wrong" not in states.values() else 1


def examine() -> dict[str, Any]:
    """Return versions, and of each backend its state.

    Returns:
        A dict of `kerasish`, `python`, `system`, `packages` (versions, None where one
        is not installed), `in_force` (the backend's name), `chosen_by`, and `backends`:
        of each its `name`, its `state` ("ok", "missing" or "wrong"), and what there is
        to `say`.
    """
    chosen = os.environ.get(ENVIRONMENT_VARIABLE)
    in_force = chosen
    with contextlib.suppress(BackendError, ValueError):
        in_force = get_backend().name
    return {
        "kerasish": sys.modules["kerasish"].__version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "in_force": in_force,
        "chosen_by": ENVIRONMENT_VARIABLE if chosen else "default",
        "backends": [_examined(name) for name in available_backends()],
    }


def _version(package: str) -> str | None:
    for name in _CUPY if package == "cupy" else (package,):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return None


def _examined(name: str) -> dict[str, str]:
    """Return the state of a backend."""
    try:
        backend = load_backend(name)
    except (BackendError, ImportError) as error:
        return {"name": name, "state": "missing", "say": one_line(error)}
    try:
        wrong = _difference(name)
    except Exception as error:  # whatever a broken driver or library raises
        wrong = f"training failed: {type(error).__name__}: {one_line(error)}"
    if wrong:
        return {"name": name, "state": "wrong", "say": wrong}
    said = f"{_STEPS} training steps agree with NumPy, operation by operation"
    device = backend.describe()
    return {
        "name": name,
        "state": "ok",
        "say": said if device == name else f"{said}; {device}",
    }


def _difference(name: str) -> str:
    """Return in what a backend's training differs from the reference, if it does."""
    found, expected = _trained(name, eagerly=False), _trained("numpy", eagerly=True)
    worst = max(
        float(np.max(np.abs(ours - plain)))
        for ours, plain in zip(found, expected, strict=True)
    )
    if worst <= _TOLERANCE:
        return ""
    return f"weights are {worst:.2g} off after {_STEPS} training steps"


def _trained(name: str, eagerly: bool) -> list[np.ndarray]:
    """Return the weights of a small model after some steps."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(16 * _STEPS, 20)), rng.integers(0, 4, 16 * _STEPS)
    set_random_seed(0)
    with backend_scope(name):
        stack = [layers.Dense(32, activation="gelu"), layers.Dropout(0.25)]
        stack += [layers.LayerNormalization(), layers.Dense(4, activation="softmax")]
        model = models.Sequential([layers.Input((20,)), *stack])
        model.compile("adam", "sparse_categorical_crossentropy", run_eagerly=eagerly)
        model.fit(x, y, batch_size=16, verbose=0)
        weights: list[np.ndarray] = model.get_weights()
    return weights


def _lines(report: dict[str, Any]) -> list[str]:
    """Return a report as text."""
    packages = (
        f"{name} {version}" if version else f"{name} not installed"
        for name, version in report["packages"].items()
    )
    lines = [
        f"kerasish {report['kerasish']}, Python {report['python']}, {report['system']}",
        ", ".join(packages),
        "",
    ]
    for one in report["backends"]:
        lines.append(f"{one['state']:<8} {one['name']:<8} {one['say']}")
    by = report["chosen_by"]
    why = (
        f"by {by}" if by == ENVIRONMENT_VARIABLE else f"{ENVIRONMENT_VARIABLE} not set"
    )
    return [*lines, "", f"in force: {report['in_force']} ({why})"]
