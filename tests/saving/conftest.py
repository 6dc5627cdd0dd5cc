"""Files that real Keras wrote, and small models to save."""

import gzip
from pathlib import Path

import numpy as np
import pytest

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def golden(tmp_path):
    """Return a function that unpacks a golden file and returns its path."""

    def unpack(name):
        path = tmp_path / name
        path.write_bytes(gzip.decompress((GOLDEN / f"{name}.gz").read_bytes()))
        return path

    return unpack


@pytest.fixture
def expected():
    """Return a function that loads the arrays belonging to "keras2" or "keras3"."""
    return lambda tag: np.load(GOLDEN / f"expected_{tag}.npz")
