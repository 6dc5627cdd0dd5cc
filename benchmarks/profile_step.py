"""Where a training step's time goes: microseconds a call of the replay, by operation.

    python benchmarks/profile_step.py                      the first case
    python benchmarks/profile_step.py --case mlp512-sgd-b64 --calls

Calls are timed in their order within a step, batch after batch, so caches are as in
training. A call's time is its median over the steps, less what reading the clock takes.
"""

from __future__ import annotations

import argparse
import functools
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

# run as a file, Python looks beside it for modules; ours are found from above
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "backends"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import kerasish
from benchmarks.cases import CASES, Case
from benchmarks.peers.keras_style import build
from benchmarks.samples import Data
from kerasish.backend import get_backend
from kerasish.training.data import make_adapter

_WARM_UP_STEPS = 50
_US = 1e-3  # microseconds in a nanosecond


@dataclass(frozen=True)
class TimedCall:
    """One call of a replay.

    Attributes:
        kind: The operation; "assign" for what is copied into a variable at the end.
        text: The operation, its result's form, and the layer it comes from.
        microseconds: Its median time.
    """

    kind: str
    text: str
    microseconds: float


@dataclass(frozen=True)
class Profile:
    """A step's parts; times in microseconds.

    Attributes:
        calls: The replay's calls, in order.
        feed: Gathering the batch.
        replay: All calls, timed as one.
        fit: A step of a whole `fit`.
    """

    calls: list[TimedCall]
    feed: float
    replay: float
    fit: float


def profile(case: Case, data: Data, num_steps: int) -> Profile:
    """Return where the time of a case's training step goes.

    Args:
        case: The case.
        data: The training set; at least one batch.
        num_steps: Steps to take medians over.
    """
    model = build(kerasish, case)
    fit = time_fit(model, case, data)
    adapter = make_adapter(data.x, data.one_hot, None, case.batch_size, True)
    batches = _full_batches(adapter, case.batch_size)
    executable = model._program("train", adapter.structure, case.batch_size).executable
    with executable.replay() as replay, get_backend().execution_scope():
        feed, whole, calls = _time_parts(replay, batches, num_steps)
    return Profile(calls, feed, whole, fit)


def _full_batches(adapter: Any, size: int) -> Iterator[Any]:
    """Yield batches, epoch after epoch, without the smaller last ones."""
    rng = np.random.default_rng(0)
    while True:
        yield from (batch for batch in adapter.epoch(rng) if batch.size == size)


def time_fit(model: Any, case: Case, data: Data) -> float:
    """Return the microseconds a step of a second epoch takes."""
    for _ in range(2):
        start = time.perf_counter()
        model.fit(data.x, data.one_hot, batch_size=case.batch_size, verbose=0)
        seconds = time.perf_counter() - start
    return seconds * 1e6 / case.num_steps(len(data.x))


def _elapsed(call: Callable[[], Any]) -> int:
    """Return the nanoseconds of a call, the device's work and the clock included."""
    start = time.perf_counter_ns()
    call()
    get_backend().synchronize()
    return time.perf_counter_ns() - start


def _time_parts(
    replay: Any, batches: Iterator[Any], num_steps: int
) -> tuple[float, float, list[TimedCall]]:
    """Return medians of feeding and of a whole run, and the calls one by one."""
    feed, whole, clock = [], [], []
    calls: list[list[int]] = [[] for _ in replay.calls]
    for step in range(-_WARM_UP_STEPS, num_steps):
        batch = next(batches)
        times = _elapsed(functools.partial(replay.feed, batch)), _elapsed(replay.run)
        replay.feed(next(batches))
        each = [_elapsed(call) for call in replay.calls]
        if step < 0:
            continue
        feed.append(times[0])
        whole.append(times[1])
        clock.append(_elapsed(_nothing))
        for found, elapsed in zip(calls, each, strict=True):
            found.append(elapsed)
    least = statistics.median(clock)
    timed = [
        _timed(origin, max(statistics.median(found) - least, 0) * _US)
        for origin, found in zip(replay.origins, calls, strict=True)
    ]
    return statistics.median(feed) * _US, statistics.median(whole) * _US, timed


def _nothing() -> None:
    return


def _timed(origin: Any, microseconds: float) -> TimedCall:
    if origin is None:
        return TimedCall("assign", "a variable", microseconds)
    form = f"{origin.dtype}[{', '.join(map(str, origin.shape))}]"
    return TimedCall(origin.op.name, f"{form} {origin.scope}", microseconds)


def by_kind(calls: list[TimedCall]) -> list[tuple[str, int, float]]:
    """Return kind, number of calls and microseconds in all, the most costly first."""
    groups: dict[str, list[float]] = defaultdict(list)
    for call in calls:
        groups[call.kind].append(call.microseconds)
    found = [(kind, len(times), sum(times)) for kind, times in groups.items()]
    return sorted(found, key=lambda row: -row[2])


def show(found: Profile, with_calls: bool = False) -> str:
    """Return a profile as text."""
    total = sum(call.microseconds for call in found.calls)
    lines = [
        f"{found.fit:9.1f} µs  a step of fit, everything included",
        f"{found.feed:9.1f} µs  gathering the batch",
        f"{found.replay:9.1f} µs  the replay, {len(found.calls)} calls in one go",
        f"{found.fit - found.feed - found.replay:9.1f} µs  left for the loop around it",
        f"{total:9.1f} µs  its calls, timed one by one:",
        "",
        f"{'µs':>9}  {'share':>6}  {'calls':>5}  {'µs a call':>9}  kind",
    ]
    for kind, number, time_of_kind in by_kind(found.calls):
        share = time_of_kind / total if total else 0.0
        each = time_of_kind / number
        lines.append(
            f"{time_of_kind:9.1f}  {share:6.1%}  {number:5}  {each:9.2f}  {kind}"
        )
    if with_calls:
        lines += ["", "in order:"]
        lines += [f"{c.microseconds:9.2f}  {c.kind} {c.text}" for c in found.calls]
    return "\n".join(lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--case", choices=CASES, default=next(iter(CASES)))
    parser.add_argument("--steps", type=int, default=1000, help="for the medians")
    parser.add_argument("--samples", type=int, default=20_000)
    parser.add_argument("--calls", action="store_true", help="list every call too")
    return parser.parse_args()


def main() -> None:
    """Print a profile."""
    given = _arguments()
    case = CASES[given.case]
    print(f"{case.title}, on {get_backend().describe()}\n")
    print(show(profile(case, case.make_data(given.samples), given.steps), given.calls))


if __name__ == "__main__":
    main()
