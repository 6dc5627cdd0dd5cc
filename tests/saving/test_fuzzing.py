"""Some hundreds of damaged and hostile files; `fuzzing` makes and tries many more."""

import collections
import os
import signal

import numpy as np
import pytest

from kerasish.errors import FileFormatError
from tests.saving import fuzzing

SEED = 20260


@pytest.fixture(scope="module")
def files():
    """Return the files that cases are made from."""
    return fuzzing.good_files()


def test_whatever_the_file_it_is_a_model_or_one_error():
    """No crash, no hang, nothing else touched, bounded memory, the file is named."""
    outcomes = fuzzing.run(300, SEED, processes=1)
    failed = {n: o for n, o in outcomes.items() if o not in ("loaded", "refused")}
    assert failed == {}
    counts = collections.Counter(outcomes.values())
    assert counts["loaded"] > 30  # else cases are too wild to reach the inner parts
    assert counts["refused"] > 100


def test_a_case_is_told_by_two_numbers(files):
    """The seed and the number of a case make the same file again."""
    for number in range(20):
        assert fuzzing.case(1, number, files) == fuzzing.case(1, number, files)
    assert fuzzing.case(1, 0, files) != fuzzing.case(2, 0, files)


def test_cases_are_of_every_format(files):
    """Each format and each kind of damage has its share."""
    endings = collections.Counter(fuzzing.case(1, n, files)[1] for n in range(300))
    assert set(endings) == {".keras", ".h5", ".weights.h5", ".weights.json", ".json"}
    assert min(endings.values()) > 20


def test_bytes_are_damaged_in_every_way():
    """Files get shorter, longer, and other in place."""
    good = bytes(range(256)) * 8
    made = [
        fuzzing.damaged_bytes(np.random.default_rng(seed), good) for seed in range(60)
    ]
    lengths = {int(np.sign(len(bad) - len(good))) for bad in made}
    assert lengths == {-1, 0, 1}
    assert all(bad != good or len(bad) == len(good) for bad in made)


def test_the_watch_sees_files_and_imports(tmp_path):
    """What the outcomes rely on: whatever is touched outside the folder is told."""
    watch = fuzzing.Watch(tmp_path)
    watch.on = True
    open("/dev/null").close()
    (tmp_path / "own").write_text("")
    os.system("true")
    watch.on = False
    open("/dev/zero").close()
    assert [line.split()[:2] for line in watch.seen] == [
        ["open", "/dev/null"],
        ["os.system", "(b'true',)"],
    ]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (FileFormatError("Cannot load '{}'."), "refused"),
        (FileFormatError("Cannot load it."), "failure: the error does not name"),
        (FileFormatError("Cannot load '{}'. MemoryError"), "failure: Cannot load"),
        (ValueError("{}"), "failure: ValueError"),
        (MemoryError(), "failure: MemoryError"),
        (SystemExit(), "failure: SystemExit"),
    ],
)
def test_only_the_documented_error_is_one(monkeypatch, tmp_path, error, outcome):
    """Anything but an error of the file that names it counts as a failure."""
    path = tmp_path / "a.keras"
    error.args = tuple(text.format(path) for text in error.args)

    def load_model(_):
        raise error

    monkeypatch.setattr(fuzzing, "load_model", load_model)
    assert fuzzing.load(0, ".keras", path, []).startswith(outcome)


def test_a_worker_that_dies_or_hangs_is_a_failure(monkeypatch):
    """The death of a process is an outcome, and the next case has a new one."""
    worker = fuzzing.Worker(SEED)
    assert worker.run(1) in ("loaded", "refused")
    worker.process.kill()
    assert "died" in worker.run(2)
    assert worker.process is None
    assert worker.run(2) in ("loaded", "refused")
    monkeypatch.setattr(fuzzing, "SECONDS", 0.1)
    os.kill(worker.process.pid, signal.SIGSTOP)
    assert worker.run(3) == "failure: took too long"
    assert worker.process is None
