"""Does memory grow? Resident memory while models are made, and while they predict.

    python benchmarks/memory.py                    three parts, a process each
    python benchmarks/memory.py --part cycles      only one of them
    KERAS_BACKEND=jax python benchmarks/memory.py --package keras

cycles: a model is built, compiled, fitted and dropped, 200 times. predict: one model
predicts one sample, 10,000 times. script: the most memory that a script of the usual
kind needs, which scales images of MNIST's size and trains on them.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

# run as a file, Python looks beside it for modules; ours are found from above
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "backends"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.cases import CASES, NUM_CLASSES, make_data
from benchmarks.peers.keras_style import build
from benchmarks.resident import peak_bytes, resident_bytes

_MIB = 2**20
_FULL = {"cycles": 200, "predict": 10_000, "script": 60_000}
_QUICK = {"cycles": 10, "predict": 100, "script": 1_000}
_NUM_READINGS = 10


def watch(action: Callable[[], Any], num_repeats: int) -> str:
    """Repeat an action; print, now and then, what is held; return the verdict.

    Models are freed by Python's collector of reference cycles, so the memory goes up
    and down: its highest values count. What is lost for good shows in the number of
    objects that are left when the collector has run.

    Args:
        action: What is repeated.
        num_repeats: How often; a multiple of ten.

    Returns:
        The two halves compared.
    """
    held, objects = [], []
    for part in range(1, _NUM_READINGS + 1):
        for _ in range(num_repeats // _NUM_READINGS):
            action()
        held.append(resident_bytes())
        gc.collect()
        objects.append(len(gc.get_objects()))
        repeats = part * num_repeats // _NUM_READINGS
        print(f"{repeats:9,}  {_mib(held[-1])}  {objects[-1]:,} objects", flush=True)
    middle = _NUM_READINGS // 2
    return (
        f"{_mib(max(held[:middle]))} at most in the first half, "
        f"{_mib(max(held[middle:]))} in the second, "
        f"{objects[-1] - objects[middle - 1]:+,} objects"
    )


def _mib(size: int) -> str:
    return f"{size / _MIB:.1f} MiB"


def cycles(keras: Any, num_repeats: int) -> str:
    """Build, compile, fit and drop a model again and again."""
    case = CASES["mlp64-adam-b32"]
    data = make_data(10 * case.batch_size)
    targets = data.one_hot

    def cycle() -> None:
        model = build(keras, case)
        model.fit(data.x, targets, batch_size=case.batch_size, verbose=0)

    return watch(cycle, num_repeats)


def predict(keras: Any, num_repeats: int) -> str:
    """Predict one sample again and again."""
    sample = make_data(1).x
    model = build(keras, CASES["mlp64-adam-b32"])
    return watch(lambda: model.predict(sample, verbose=0), num_repeats)


def script(keras: Any, num_samples: int) -> str:
    """Scale images, train for an epoch, predict: as short scripts do."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (num_samples, 28, 28), dtype=np.uint8)
    labels = rng.integers(0, NUM_CLASSES, num_samples)
    images = (images / 255 - 0.5).reshape(-1, 784)  # float64, as NumPy divides
    targets = keras.utils.to_categorical(labels)
    held = resident_bytes()
    data_peak = peak_bytes()
    model = build(keras, CASES["mlp64-adam-b32"])
    model.fit(images, targets, epochs=1, batch_size=32, verbose=0)
    model.predict(images[:5], verbose=0)
    return (
        f"{_mib(peak_bytes())} at most; before there was a model it held {_mib(held)}, "
        f"at most {_mib(data_peak)}"
    )


PARTS = {"cycles": cycles, "predict": predict, "script": script}


def _run_in_a_process(part: str, given: argparse.Namespace) -> int:
    command = [sys.executable, __file__, "--part", part, "--package", given.package]
    quick = ["--quick"] if given.quick else []
    return subprocess.run([*command, *quick], check=False).returncode


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=PARTS, help="run only this one")
    parser.add_argument("--package", choices=["kerasish", "keras"], default="kerasish")
    parser.add_argument("--quick", action="store_true", help="few repeats, little data")
    return parser.parse_args()


def main() -> int:
    """Run one part, or all of them one after the other; return the exit status."""
    given = _arguments()
    if given.part is None:
        return max([_run_in_a_process(part, given) for part in PARTS])
    amount = (_QUICK if given.quick else _FULL)[given.part]
    keras = importlib.import_module(given.package)
    heading = PARTS[given.part].__doc__.splitlines()[0]
    print(f"{given.package}, {given.part}, {amount:,}: {heading}", flush=True)
    print(f"{given.part}: {PARTS[given.part](keras, amount)}\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
