"""A save that is killed, has no room or has a rival leaves a whole model; `faults`."""

import contextlib
import errno
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kerasish.callbacks import ModelCheckpoint
from kerasish.saving import atomic, sharded_weights
from tests.saving import faults

SAVED = ["keras", "h5", "weights.h5", "weights.json"]
SMALL = (8, 16, 4)
posix = pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL")


@pytest.fixture(scope="module")
def two():
    """Return two small models by name."""
    return {"A": faults.made(1, SMALL), "B": faults.made(2, SMALL)}


@pytest.fixture
def path(tmp_path):
    """Return a name in an empty folder, of a kind of file."""
    return lambda kind: str(tmp_path / faults.NAMES[kind])


def save(kind, model, path):
    if kind == "weights.json":
        model.save_weights(path, max_shard_size=600 / 2**30)
    else:
        faults.save(kind, model, path)


def found(kind, path, two):
    known = {name: faults.values(model) for name, model in two.items()}
    if not kind.startswith("weights"):
        return faults.outcome(kind, path, known)
    model = faults.made(3, SMALL)
    model.load_weights(path)
    return faults.told_apart(faults.values(model), known)


@posix
def test_a_killed_save_and_two_rivals_leave_whole_models(tmp_path):
    report = tmp_path / "report.json"
    options = ["--points", "8", "--reads", "8", "--seed", "5", "--json", str(report)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.saving.faults", *options],
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    counts = json.loads(report.read_text())
    assert len(counts) == 9
    # else nothing was killed while it saved
    assert sum(count.get("rests", 0) for count in counts.values()) > 5


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("writes", range(30))
def test_shards_are_whole_after_every_step(tmp_path, monkeypatch, two, writes):
    """Whatever rename is the last one, the list names a whole set."""
    path = str(tmp_path / "m.weights.json")
    save("weights.json", two["A"], path)
    names = sorted(os.listdir(tmp_path))
    left = [writes]
    replace, unlink = os.replace, sharded_weights.Path.unlink

    def counted(work):
        def step(*arguments, **options):
            if not left[0]:
                raise Killed
            left[0] -= 1
            return work(*arguments, **options)

        return step

    with monkeypatch.context() as patched:
        patched.setattr(atomic.os, "replace", counted(replace))
        patched.setattr(sharded_weights.Path, "unlink", counted(unlink))
        try:
            save("weights.json", two["B"], path)
        except Killed:
            assert found("weights.json", path, two) in ("A", "B")
        else:
            assert found("weights.json", path, two) == "B"
    save("weights.json", two["A"], path)
    assert found("weights.json", path, two) == "A"
    assert sorted(os.listdir(tmp_path)) == names


def test_fewer_shards_leave_none_behind(tmp_path, two):
    path = tmp_path / "m.weights.json"
    other = tmp_path / "m_1_00000.weights.h5"
    other.write_bytes(b"of another model")
    save("weights.json", two["A"], str(path))
    assert len(os.listdir(tmp_path)) > 3
    two["B"].save_weights(path, max_shard_size=1)
    names = ["m.weights.json", "m_00000.weights.h5", other.name]
    assert sorted(os.listdir(tmp_path)) == names
    assert found("weights.json", str(path), two) == "B"


def test_shards_where_there_are_no_links(path, two, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EPERM, "no links here")

    monkeypatch.setattr(atomic.os, "link", refuse)
    name = path("weights.json")
    save("weights.json", two["A"], name)
    save("weights.json", two["B"], name)
    assert found("weights.json", name, two) == "B"


def test_shards_replaced_while_they_are_opened(path, two, monkeypatch):
    """Whoever reads meanwhile gets one save's files, not some of each."""
    name = path("weights.json")
    save("weights.json", two["A"], name)
    opened, real = [], sharded_weights.open_hdf5

    def open_and_save(file):
        opened.append(file)
        if len(opened) == 2:
            save("weights.json", two["B"], name)
        return real(file)

    monkeypatch.setattr(sharded_weights, "open_hdf5", open_and_save)
    assert found("weights.json", name, two) == "B"


@pytest.fixture
def full_disk(monkeypatch):
    """Return a context in which a disk is full after some bytes."""
    left = [0]

    class Disk(io.FileIO):
        def write(self, content):
            left[0] -= memoryview(content).nbytes
            if left[0] < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(content)

    class Target(atomic._Target, Disk):
        pass

    @contextlib.contextmanager
    def full(room):
        left[0] = room
        with monkeypatch.context() as patched:
            patched.setattr(atomic, "_Target", Target)
            yield

    return full


@pytest.mark.parametrize("room", [0, 2000])
@pytest.mark.parametrize("kind", SAVED)
def test_a_full_disk(kind, room, path, two, full_disk):
    name = path(kind)
    save(kind, two["A"], name)
    before = sorted(os.listdir(os.path.dirname(name)))
    expected = pytest.raises(OSError, match=r"Cannot write '.*m[_.]")
    with full_disk(room), expected as error:
        save(kind, two["B"], name)
    assert error.value.errno == errno.ENOSPC
    assert "got:      No space left on device" in str(error.value)
    assert "a file that was there before is unchanged" in str(error.value)
    assert sorted(os.listdir(os.path.dirname(name))) == before
    assert found(kind, name, two) == "A"


@pytest.mark.parametrize("kind", SAVED)
def test_a_folder_that_cannot_be_written(kind, path, two, monkeypatch):
    name = path(kind)
    save(kind, two["A"], name)

    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(atomic._Target, "__init__", refuse)
        with pytest.raises(PermissionError, match=r"Cannot write '.*m[_.]") as error:
            save(kind, two["B"], name)
    assert "got:      Permission denied" in str(error.value)
    assert found(kind, name, two) == "A"


def test_a_checkpoint_on_a_full_disk(path, two, full_disk):
    name = path("keras")
    save("keras", two["A"], name)
    model, checkpoint = faults.made(2, SMALL), ModelCheckpoint(name)
    x, y = np.ones((2, 8), "float32"), np.ones((2, 4), "float32")
    expected = pytest.raises(OSError, match=r"Cannot write '.*m\.keras'")
    with full_disk(2000), expected:
        model.fit(x, y, verbose=0, callbacks=[checkpoint])
    assert found("keras", name, two) == "A"
