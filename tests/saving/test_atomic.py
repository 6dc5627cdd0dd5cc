import errno
import io
import os
import signal
import subprocess
import sys
import textwrap
import threading

import pytest

from kerasish.saving import atomic
from kerasish.saving.atomic import atomic_write

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals and limits")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def run(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_file_appears_whole_and_alone(tmp_path):
    path = tmp_path / "a.bin"
    with atomic_write(path) as file:
        file.write(b"12345")
        file.seek(0)
        file.write(b"x")
        assert not path.exists()
    assert path.read_bytes() == b"x2345"
    assert names(tmp_path) == ["a.bin"]


def test_an_error_inside_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def write():
        with atomic_write(path) as file:
            file.write(b"new")
            raise KeyError("half way")

    with pytest.raises(KeyError, match="half way"):
        write()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


@posix
def test_a_killed_save_leaves_the_old_file_and_its_rest_is_cleared(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    code = """
        import os, signal, sys
        from kerasish.saving.atomic import atomic_write
        with atomic_write(sys.argv[1]) as file:
            file.write(b"half")
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)
    """
    for _ in range(3):
        assert run(code, path).returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
    assert len(names(tmp_path)) == 2  # the rest of the last one only
    with atomic_write(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["a.bin"]


def test_the_file_of_a_save_still_running_is_not_cleared(tmp_path):
    path = tmp_path / "a.bin"
    with atomic_write(path) as first:
        first.write(b"first")
        with atomic_write(path) as second:
            second.write(b"second")
        assert path.read_bytes() == b"second"
    assert path.read_bytes() == b"first"
    assert names(tmp_path) == ["a.bin"]


@posix
def test_the_file_of_another_living_process_is_not_cleared(tmp_path):
    target = tmp_path.resolve() / "a.bin"
    other = tmp_path / f"{atomic._prefix(target)}{os.getppid()}-1.tmp"
    other.write_bytes(b"")
    with atomic_write(target) as file:
        file.write(b"mine")
    assert names(tmp_path) == sorted([other.name, "a.bin"])


@posix
def test_a_full_disk_is_reported_and_the_old_file_stays(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    code = """
        import resource, signal, sys
        import h5py, numpy
        from kerasish.saving.atomic import atomic_write
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        try:
            with atomic_write(sys.argv[1]) as file, h5py.File(file, "w") as root:
                for name in "abc":
                    root[name] = numpy.ones(10_000, "float32")
        except OSError as error:
            print(type(error).__name__, error.errno, error)
    """
    done = run(code, path)
    assert done.returncode == 0, done.stderr
    assert "OSError 27 [Errno 27] Cannot write" in done.stdout
    assert "a.bin'" in done.stdout
    assert "File too large" in done.stdout
    assert "a file that was there before is unchanged" in done.stdout
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(atomic.os, "replace", refuse)
    with (
        pytest.raises(PermissionError, match=r"Cannot write '.*a\.bin'[^$]*denied"),
        atomic_write(tmp_path / "a.bin") as file,
    ):
        file.write(b"new")
    assert names(tmp_path) == []


def test_a_missing_folder_is_named(tmp_path):
    with (
        pytest.raises(FileNotFoundError, match=r"the folder '.*none' does not exist"),
        atomic_write(tmp_path / "none" / "a.bin"),
    ):
        pass


def test_a_folder_under_the_name_is_refused(tmp_path):
    with pytest.raises(IsADirectoryError, match="a folder of that name"):  # noqa: SIM117
        with atomic_write(tmp_path):
            pass


@posix
def test_a_link_and_the_mode_are_kept(tmp_path):
    path, link = tmp_path / "a.bin", tmp_path / "link.bin"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    with atomic_write(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_long_name_is_no_obstacle(tmp_path):
    path = tmp_path / ("n" * 240)
    with atomic_write(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"


def test_why_a_file_could_not_be_written_is_not_lost(tmp_path, monkeypatch):
    """HDF5 raises something else when the disk is full: the reason is told."""

    class Full(io.FileIO):
        def write(self, content):
            raise OSError(errno.ENOSPC, "No space left on device")

    class FullTarget(atomic._Target, Full):
        pass

    def write():
        with atomic_write(tmp_path / "a.bin") as file:
            try:
                file.write(bytes(10**6))
            except OSError as error:
                raise RuntimeError("cannot close the file") from error

    monkeypatch.setattr(atomic, "_Target", FullTarget)
    with pytest.raises(OSError, match=r"Cannot write[^$]*No space left") as error:
        write()
    assert error.value.errno == errno.ENOSPC
    assert names(tmp_path) == []


@pytest.mark.parametrize("links", [True, False])
def test_a_second_name_takes_the_place_of_a_file(tmp_path, monkeypatch, links):
    source, target = tmp_path / "new", tmp_path / "old"
    source.write_bytes(b"new")
    target.write_bytes(b"old")
    if not links:

        def refuse(*_):
            raise PermissionError(errno.EPERM, "no links here")

        monkeypatch.setattr(atomic.os, "link", refuse)
    atomic.atomic_link(source, target)
    assert target.read_bytes() == source.read_bytes() == b"new"
    assert names(tmp_path) == ["new", "old"]


@posix
def test_one_after_the_other(tmp_path):
    """Who holds a folder keeps others out, until it ends or is killed."""
    code = """
        import os, sys
        from kerasish.saving.atomic import one_at_a_time
        with one_at_a_time(sys.argv[1]):
            print("held", flush=True)
            sys.stdin.read()
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout.readline() == b"held\n"
        entered = threading.Event()

        def enter():
            with atomic.one_at_a_time(tmp_path):
                entered.set()

        waiting = threading.Thread(target=enter)
        waiting.start()
        assert not entered.wait(0.1)
        other.kill()
        assert entered.wait(30)
        waiting.join()
    assert names(tmp_path) == []


def test_a_folder_that_is_not_there_is_not_held(tmp_path):
    with atomic.one_at_a_time(tmp_path / "none"):
        pass
