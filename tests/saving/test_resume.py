"""Trainings that were killed end, run again, bit by bit as one that was not."""

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).with_name("resumed_fit.py")
CASES = [
    ("epoch", "arrays"),
    ("epoch", "generator"),
    ("5", "dataset"),
    ("checkpoint", "arrays"),
    ("checkpoint", "dataset"),
]
TOTAL = 24  # batches of the whole training
EPOCH = 6


def places(name):
    """Return lists of places, some by chance; a later one counts from the restart."""
    draw = random.Random(name)
    late = draw.randrange(EPOCH + 1, TOTAL)
    return [str(late), f"{EPOCH + 3},{EPOCH + 2}", "-2"]


@pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL")
@pytest.mark.parametrize(("keep", "kind"), CASES)
def test_killed_and_run_again(tmp_path, keep, kind):
    kills = places(f"{keep} {kind}")
    for folder in ["none", *(f"k{name}" for name in kills)]:
        (tmp_path / folder).mkdir()
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        "OPENBLAS_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, SCRIPT, tmp_path, keep, kind, *kills],
        env=environment,
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stderr.decode()) == (0, "")
    with np.load(tmp_path / "whole.npz") as expected:
        for name in kills:
            same_results(tmp_path / f"{name}.npz", expected)


def same_results(path, expected):
    with np.load(path) as ours:
        assert ours.files == expected.files
        for name in expected.files:
            message = f"{path.name}: {name}"
            np.testing.assert_array_equal(ours[name], expected[name], err_msg=message)
