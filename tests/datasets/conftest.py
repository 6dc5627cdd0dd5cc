"""A cache folder with made-up files that pass for the published ones."""

import pytest

from kerasish.utils.files import hash_file


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The cache folder, empty."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    return tmp_path / "datasets"


@pytest.fixture
def accept(monkeypatch):
    """Make a data set's module take a made-up file for the published one."""

    def accept(module, file, name="FILE_HASH"):
        monkeypatch.setattr(module, name, hash_file(file))

    return accept
