"""How long does a model file take to load? Beside what h5py needs to read its arrays.

    python benchmarks/loading.py                     a `.keras` of 100 MB, nine rounds
    python benchmarks/loading.py --megabytes 10 --rounds 3
    KERAS_BACKEND=jax python benchmarks/loading.py --keras

Each round reads the same model in every way, one after another; the file is in the
system's cache. "h5py, the weights alone" reads a file that holds nothing but the
weights, and checks nothing. "h5py, from the archive" takes them out of the `.keras`
first, as one must, which checks the archive's checksum. kerasish reads the archive,
checks its checksum, and makes the model.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import io
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import h5py

# run as a file, Python looks beside it for modules; ours are found from above
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "backends"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import kerasish
from benchmarks.report import milliseconds, ratios, table, times, with_spread

_WEIGHTS = "model.weights.h5"
_NUM_LAYERS = 6
_ALONE, _FROM_ARCHIVE = "h5py, the weights alone", "h5py, from the archive"

Reader = Callable[[], Any]


def make_files(folder: Path, megabytes: float) -> tuple[Path, Path]:
    """Save a model as `.keras`, and its weights as a file of their own.

    Args:
        folder: Where to.
        megabytes: Size of the weights, in millions of bytes.

    Returns:
        The two files.
    """
    units = round((megabytes * 1e6 / 4 / _NUM_LAYERS) ** 0.5)
    layers = [kerasish.layers.Dense(units) for _ in range(_NUM_LAYERS)]
    model = kerasish.Sequential([kerasish.layers.Input((units,)), *layers])
    whole, weights = folder / "model.keras", folder / _WEIGHTS
    model.save(whole)
    with zipfile.ZipFile(whole) as archive:
        weights.write_bytes(archive.read(_WEIGHTS))
    return whole, weights


def read_arrays(file: Path | BinaryIO) -> list[Any]:
    """Return all arrays of an HDF5 file."""
    arrays: list[Any] = []

    def keep(_: str, found: Any) -> None:
        if isinstance(found, h5py.Dataset):
            arrays.append(found[()])

    with h5py.File(file, "r") as root:
        root.visititems(keep)
    return arrays


def read_archived(file: Path) -> list[Any]:
    """Return all arrays of the weights in an archive."""
    with zipfile.ZipFile(file) as archive:
        return read_arrays(io.BytesIO(archive.read(_WEIGHTS)))


def readers(whole: Path, weights: Path, with_keras: bool) -> dict[str, Reader]:
    """Return the ways to read a model, by name.

    Args:
        whole: The `.keras` file.
        weights: The weights in it, as a file.
        with_keras: Whether Keras is one of them.
    """
    ways: dict[str, Reader] = {
        _ALONE: lambda: read_arrays(weights),
        _FROM_ARCHIVE: lambda: read_archived(whole),
        "kerasish": lambda: kerasish.saving.load_model(whole),
    }
    if with_keras:
        keras = importlib.import_module("keras")
        ways[f"Keras {keras.__version__}"] = lambda: keras.saving.load_model(whole)
    return ways


def measure(ways: dict[str, Reader], num_rounds: int) -> dict[str, list[float]]:
    """Return the seconds of every way to read, round by round.

    Args:
        ways: The readers by name; each is called once before it counts.
        num_rounds: How often each is measured.
    """
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(num_rounds + 1):
        for name, read in ways.items():
            gc.collect()
            start = time.perf_counter()
            result = read()
            seconds = time.perf_counter() - start
            del result
            if number:
                taken[name].append(seconds)
    return taken


def show(taken: dict[str, list[float]]) -> str:
    """Return the times as a table of Markdown, the fastest first."""
    header = ("loading", "ms", "× weights alone", "× from the archive")
    names = sorted(taken, key=lambda name: statistics.median(taken[name]))
    return table(header, [_row(name, taken) for name in names])


def _row(name: str, taken: dict[str, list[float]]) -> Sequence[str]:
    compared = [ratios(taken[name], taken[other]) for other in (_ALONE, _FROM_ARCHIVE)]
    spread = with_spread(taken[name], milliseconds)
    return (name, spread, *(with_spread(values, times) for values in compared))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megabytes", type=float, default=100.0)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--keras", action="store_true", help="measure Keras too")
    return parser.parse_args()


def main() -> None:
    """Print a table."""
    given = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        files = make_files(Path(folder), given.megabytes)
        print(f"{files[0].stat().st_size / 1e6:.1f} MB, {given.rounds} rounds\n")
        print(show(measure(readers(*files, given.keras), given.rounds)))


if __name__ == "__main__":
    main()
