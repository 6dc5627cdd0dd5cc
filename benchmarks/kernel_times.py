"""How long the launches of a training step take on a GPU, beside the step itself.

    KERASISH_BACKEND=cupy python benchmarks/kernel_times.py
    KERASISH_BACKEND=cupy python benchmarks/kernel_times.py --case lstm-b32 --each

A launch is captured many times over as a CUDA graph, and its time is the graph's by
their number: nothing of the host is in it. What `fit` takes above their sum is waiting.
"""

from __future__ import annotations

import argparse
import functools
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

# run as a file, Python looks beside it for modules; ours are found from above
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "backends"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import kerasish
from benchmarks.cases import CASES, Case
from benchmarks.peers.keras_style import build
from benchmarks.profile_step import time_fit
from kerasish.backend import get_backend
from kerasish.training.data import make_adapter

_REPEATS = 100
_ROUNDS = 5
Call = Callable[[], Any]


def kernel_times(case: Case, num_samples: int) -> tuple[float, list[tuple[str, float]]]:
    """Return the microseconds of a step of `fit`, and what is launched, in order.

    Args:
        case: The case.
        num_samples: Samples of the training set; at least one batch.
    """
    from kerasish_cupy.capture import can_be_captured, launches_of

    data = case.make_data(num_samples)
    model = build(kerasish, case)
    fit = time_fit(model, case, data)
    structure = make_adapter(data.x, data.one_hot, None, case.batch_size).structure
    executable = model._program("train", structure, case.batch_size).executable
    with executable.replay() as replay, get_backend().execution_scope():
        replay.run()
        launches = [c for c in launches_of(replay.calls) if can_be_captured(c)]
        return fit, [(name_of(call), time_of(call)) for call in launches]


def time_of(call: Call) -> float:
    """Return the microseconds that a launch takes on the device."""
    import cupy

    stream, found = cupy.cuda.get_current_stream(), []
    call()  # compiles it
    stream.begin_capture()
    for _ in range(_REPEATS):
        call()
    graph = stream.end_capture()
    for _ in range(_ROUNDS):
        start, end = cupy.cuda.Event(), cupy.cuda.Event()
        start.record(stream)
        graph.launch(stream)
        end.record(stream)
        end.synchronize()
        milliseconds = cupy.cuda.get_elapsed_time(start, end)
        found.append(milliseconds * 1e3 / _REPEATS)
    return statistics.median(found)


def name_of(call: Call) -> str:
    """Return what a launch is, in a word."""
    if hasattr(call, "body"):
        return call.body[0].name if len(call.body) == 1 else "fused"
    if hasattr(call, "head"):
        return "product"
    function = call.func if isinstance(call, functools.partial) else call
    name = getattr(function, "name", getattr(function, "__name__", str(function)))
    return name.removeprefix("kerasish_").rsplit("_", 1)[0]


def show(fit: float, times: list[tuple[str, float]], each: bool = False) -> str:
    """Return the times as text."""
    total = sum(time for _, time in times)
    lines = [
        f"{fit:9.1f} µs  a step of fit, everything included",
        f"{total:9.1f} µs  its {len(times)} launches, one after the other",
        f"{fit / total:9.2f}     the step by the launches",
        "",
        f"{'µs':>9}  {'launches':>8}  kind",
    ]
    kinds: dict[str, list[float]] = defaultdict(list)
    for name, time in times:
        kinds[name].append(time)
    for name, found in sorted(kinds.items(), key=lambda item: -sum(item[1])):
        lines.append(f"{sum(found):9.1f}  {len(found):8}  {name}")
    if each:
        lines += ["", "in order:", *(f"{time:9.2f}  {name}" for name, time in times)]
    return "\n".join(lines)


def main() -> None:
    """Print the times of one case."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--case", choices=CASES, default=next(iter(CASES)))
    parser.add_argument("--samples", type=int, help="as many as the case says")
    parser.add_argument("--each", action="store_true", help="list every launch too")
    given = parser.parse_args()
    case = CASES[given.case]
    if not get_backend().name.startswith("cupy"):
        parser.error("launches are of the CuPy backend: set KERASISH_BACKEND=cupy")
    print(f"{case.title}, on {get_backend().describe()}\n")
    num_samples = given.samples or case.num_samples
    print(show(*kernel_times(case, num_samples), given.each))


if __name__ == "__main__":
    main()
