"""The public names agree with Keras's: signatures, and the share that is here."""

import importlib.util
import os
from pathlib import Path

import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
pytest.importorskip("keras", reason="the parity extra is not installed")

SCRIPT = Path(__file__).parents[2] / "docs" / "coverage.py"
spec = importlib.util.spec_from_file_location("coverage_script", SCRIPT)
script = importlib.util.module_from_spec(spec)
import sys

sys.modules["coverage_script"] = script
spec.loader.exec_module(script)

pytestmark = pytest.mark.parity
FOUND = {one.module: one for one in script.compare()}
NEARLY_ALL = (
    "activations callbacks constraints initializers losses metrics models optimizers "
    "optimizers.schedules random regularizers"
).split()


@pytest.mark.parametrize("module", sorted(FOUND))
def test_signatures_are_kerass(module):
    assert FOUND[module].differing == []


@pytest.mark.parametrize("module", NEARLY_ALL)
def test_nearly_all_names_are_here(module):
    coverage = FOUND[module]
    if module == "callbacks":  # of 16 names, one is of JAX
        assert coverage.missing + coverage.left_out == ["OrbaxCheckpoint"]
    else:
        assert coverage.share >= 0.95, coverage.missing


@pytest.mark.parametrize("module", ["layers", "ops"])
def test_most_layers_and_operations_are_here(module):
    assert FOUND[module].share >= 0.9, FOUND[module].missing


def test_what_is_left_out_says_so():
    left_out = {one.module: one.left_out for one in FOUND.values() if one.left_out}
    assert "OrbaxCheckpoint" in left_out["callbacks"]
    assert "TFSMLayer" in left_out["layers"]


def test_the_page_is_up_to_date():
    assert script.PAGE.read_text(encoding="utf-8") == script.page(list(FOUND.values()))
