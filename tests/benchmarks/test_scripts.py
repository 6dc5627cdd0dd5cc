"""The scripts run, at reduced size; what they measure is not looked at."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.cases import CASES, make_data
from benchmarks.loading import make_files, read_arrays, readers
from benchmarks.processes import PATIENCE
from benchmarks.profile_step import TimedCall, by_kind, profile, show
from benchmarks.run import command

FOLDER = Path(__file__).parents[2] / "benchmarks"


def run(script, *arguments):
    return subprocess.run(
        [sys.executable, "-W", "error", FOLDER / script, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_run_measures_and_reports(tmp_path):
    found, report = tmp_path / "found.json", tmp_path / "RESULTS.md"
    report.write_text("# Before\n", encoding="utf-8")
    finished = run(
        "run.py",
        *("--quick", "--samples", "320", "--rounds", "2"),
        *("--only", "mlp512-sgd-b64", "scale-batch-8", "scale-batch-32"),
        *("--peers", "kerasish-numpy", "floor"),
        *("--json", found, "--markdown", report),
    )
    assert finished.returncode == 0, finished.stderr
    text = report.read_text(encoding="utf-8")
    assert text.startswith("# Before\n\n")
    assert finished.stdout.strip() in text
    results = json.loads(found.read_text(encoding="utf-8"))
    assert results["settings"] == {
        "samples": 320,
        "rounds": 2,
        "settle": 0.0,
        "device": "cpu",
        "patience": PATIENCE,
    }
    assert results["failed"] == results["skipped"] == results["imports"] == {}
    cases = results["cases"]
    assert list(cases) == ["mlp512-sgd-b64", "scale-batch-8", "scale-batch-32"]
    for name, case in cases.items():
        assert list(case["measures"]) == list(CASES[name].measures)
        for rounds in case["measures"].values():
            lengths = {peer: len(times) for peer, times in rounds.items()}
            assert lengths == {"kerasish-numpy": 2, "floor": 2}
        assert case["first"]["kerasish-numpy"] > 0
        assert case["first"]["floor"] is None


def test_the_import_is_measured_by_its_name(tmp_path):
    found = tmp_path / "found.json"
    arguments = ("--only", "import", "--peers", "kerasish-numpy", "--json", found)
    finished = run("run.py", "--quick", *arguments)
    assert finished.returncode == 0, finished.stderr
    results = json.loads(found.read_text(encoding="utf-8"))
    assert [len(times) for times in results["imports"].values()] == [2]
    assert results["cases"] == {}


def test_the_command_in_a_report_names_no_files():
    given = [
        "--json",
        "a.json",
        "--only",
        "import",
        "--markdown",
        "--plot=b",
        "--quick",
    ]
    shown = "python benchmarks/run.py --only import --quick"
    assert command(given) == shown


def test_a_peer_that_cannot_run_is_skipped_and_named():
    finished = run("run.py", "--device", "gpu", "--peers", "sklearn")
    assert finished.returncode == 0, finished.stderr
    assert "- sklearn: does not run on a GPU" in finished.stdout


@pytest.mark.parametrize("option", ["--only", "--peers"])
def test_a_name_that_is_not_known_is_refused(option):
    finished = run("run.py", option, "nothing-of-the-kind")
    assert finished.returncode == 2
    assert "invalid choice: 'nothing-of-the-kind'" in finished.stderr


@pytest.mark.parametrize("part", ["cycles", "predict", "script"])
def test_memory_watches(part):
    finished = run("memory.py", "--quick", "--part", part)
    assert finished.returncode == 0, finished.stderr
    assert f"\n{part}: " in finished.stdout
    assert "at most" in finished.stdout


def test_profile_counts_every_call():
    found = profile(CASES["mlp64-adam-b32"], make_data(64), num_steps=3)
    kinds = {kind: number for kind, number, _ in by_kind(found.calls)}
    # three layers: each forward and to its kernel, two to their inputs
    assert kinds["matmul_of"] == 8
    assert sum(kinds.values()) == len(found.calls)
    text = show(found, with_calls=True)
    assert text.count("matmul_of") == 1 + 8


def test_profile_puts_the_most_costly_kind_first():
    calls = [TimedCall("add", "", 1.0), TimedCall("exp", "", 1.5)]
    assert by_kind([*calls, calls[0]]) == [("add", 2, 2.0), ("exp", 1, 1.5)]


def test_loading_compares_the_ways_to_read(tmp_path):
    whole, weights = make_files(tmp_path, 0.5)
    ways = readers(whole, weights, with_keras=False)
    arrays = read_arrays(weights)
    assert sum(array.nbytes for array in arrays) == pytest.approx(0.5e6, rel=0.05)
    for name in ("h5py, the weights alone", "h5py, from the archive"):
        for mine, theirs in zip(ways[name](), arrays, strict=True):
            np.testing.assert_array_equal(mine, theirs)
    model = ways["kerasish"]()
    np.testing.assert_array_equal(model.weights[0].numpy(), arrays[0])
    finished = run("loading.py", "--megabytes", "0.1", "--rounds", "2")
    assert finished.returncode == 0, finished.stderr
    assert "0.1 MB, 2 rounds" in finished.stdout
    assert finished.stdout.count("(1.00–1.00)") == 2
    for name in ways:
        assert f"| {name} |" in finished.stdout
