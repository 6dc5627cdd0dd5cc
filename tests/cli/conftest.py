"""Files to look into, and a way to run the command line inside the test's process."""

import io
import json
import warnings
import zipfile
from typing import NamedTuple

import h5py
import numpy as np
import pytest

from kerasish import layers, models
from kerasish.cli.main import main
from tests.saving.conftest import golden  # noqa: F401 - a fixture


class Finished(NamedTuple):
    """What a command returned and wrote."""

    status: int
    out: str
    err: str


@pytest.fixture
def kerasish(capsys):
    """Return a function that runs the command line."""

    def run(*arguments):
        with warnings.catch_warnings():
            warnings.simplefilter("default")  # as outside of tests
            try:
                status = main([str(argument) for argument in arguments])
            except SystemExit as left:
                status = left.code
        return Finished(status, *capsys.readouterr())

    return run


@pytest.fixture
def trained():
    """Return a small model that has taken one step."""
    model = models.Sequential(
        [
            layers.Input((3,), name="row"),
            layers.Dense(4, activation="relu", name="hidden"),
            layers.BatchNormalization(name="norm"),
            layers.Dense(2, name="scores"),
        ],
        name="small",
    )
    model.compile("adam", "mse", metrics=["mae"])
    x = np.arange(12, dtype="float32").reshape(4, 3)
    model.fit(x, np.ones((4, 2), "float32"), verbose=0)
    return model


@pytest.fixture
def saved(trained, tmp_path):
    """Return the path of the small model in an archive."""
    path = tmp_path / "small.keras"
    trained.save(path)
    return path


def rewritten(path, target, config=None, weights=None):
    """Write an archive anew, its config or its weights edited in place."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    if config is not None:
        held = json.loads(parts["config.json"])
        config(held)
        parts["config.json"] = json.dumps(held).encode()
    if weights is not None:
        buffer = io.BytesIO(parts["model.weights.h5"])
        with h5py.File(buffer, "r+") as root:
            weights(root)
        parts["model.weights.h5"] = buffer.getvalue()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target


def hostile_config(config):
    """Add layers of code and of an unknown class to a config, and an unknown loss."""
    entry = {"module": "keras.layers", "registered_name": None}
    code = {"class_name": "__lambda__", "config": {"code": "4wE=", "defaults": None}}
    lambda_layer = {"name": "evil\x1b[31m", "function": code}
    mine = {"name": "mine", "units": 3}
    config["config"]["layers"] += [
        {**entry, "class_name": "Lambda", "config": lambda_layer},
        {
            "module": "their.layers",
            "class_name": "Theirs",
            "registered_name": "their>Theirs",
            "config": mine,
        },
    ]
    config["compile_config"]["loss"] = {
        "module": "os",
        "class_name": "function",
        "config": "system",
        "registered_name": "system",
    }
