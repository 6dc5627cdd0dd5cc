"""A training that was killed ends, run again, bit by bit as one that was not."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).with_name("resumed_fit.py")
PLACES = [("epoch", "arrays"), ("2", "arrays"), ("epoch", "generator")]
TOTAL = 24  # batches of the whole training


def run(folder, results, save_freq, kind, after):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    arguments = [folder, results, save_freq, kind, after]
    command = [sys.executable, SCRIPT, *arguments]
    done = subprocess.run(
        [str(part) for part in command],
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr.decode()


@pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL")
@pytest.mark.parametrize(("save_freq", "kind"), PLACES)
def test_killed_and_run_again(tmp_path, save_freq, kind):
    whole, resumed = tmp_path / "whole.npz", tmp_path / "resumed.npz"
    assert run(tmp_path / "none", whole, save_freq, kind, 0) == (0, "")
    after = random.Random(f"{save_freq} {kind}").randrange(7, TOTAL)
    folder = tmp_path / "backup"
    assert run(folder, resumed, save_freq, kind, after)[0] == -signal.SIGKILL
    assert (folder / "latest.weights.h5").exists()
    assert run(folder, resumed, save_freq, kind, 0) == (0, "")
    with np.load(whole) as expected, np.load(resumed) as ours:
        assert ours.files == expected.files
        for name in expected.files:
            np.testing.assert_array_equal(ours[name], expected[name], err_msg=name)
