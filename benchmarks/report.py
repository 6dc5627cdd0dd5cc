"""From measurements to tables: medians, spread, ratios.

A measurement is a list, a number a round, and all peers were measured in every round.
So ratios are taken round by round, and the median of those is reported: what slows a
whole round down cancels out. The spread is the least and the largest.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from benchmarks.peers import FLOOR, REFERENCE

Results = dict[str, Any]
Rounds = dict[str, list[float]]
_MIB = 2**20
_NONE = "–"

_EXPLANATION = """\
Times are medians over the rounds, with the least and the largest in brackets. "×
kerasish" is how many times as long as kerasish it took, "× floor" how many times as
long as the bare matrix products and one pass over the weights and moments; both are
medians of the ratios round by round. What exactly is measured is said in
[README.md](README.md)."""


def ratios(values: Sequence[float], reference: Sequence[float]) -> list[float]:
    """Return `values / reference`, round by round."""
    return [a / b for a, b in zip(values, reference, strict=True)]


def with_spread(values: Sequence[float], show: Callable[[float], str]) -> str:
    """Return the median, and the least and largest value in brackets."""
    middle = show(statistics.median(values))
    return f"{middle} ({show(min(values))}–{show(max(values))})"


def microseconds(seconds: float) -> str:
    """Return a time in microseconds, to three digits or to the whole."""
    value = seconds * 1e6
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def milliseconds(seconds: float) -> str:
    """Return a time in whole milliseconds."""
    return f"{seconds * 1e3:,.0f}"


def times(ratio: float) -> str:
    """Return a ratio, to two decimals."""
    return f"{ratio:.2f}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a markdown table; the first column is text, the others are numbers."""
    marks = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, marks, *rows])


def markdown(results: Results) -> str:
    """Return a whole report."""
    parts = [
        "# Results",
        _origin(results),
        _EXPLANATION,
        "## Machine",
        _machine(results),
    ]
    for case in results["cases"].values():
        parts += [f"## {case['title']}", *_case(results, case)]
    if results["imports"]:
        parts += ["## Import", _imports(results)]
    notes = {**results["skipped"], **results["failed"]}
    if notes:
        lines = [f"- {name}: {why.splitlines()[-1]}" for name, why in notes.items()]
        parts += ["## Not measured", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def _origin(results: Results) -> str:
    settings = results["settings"]
    return (
        f"Written by `{results['command']}` on {results['date']}. "
        f"Samples: {settings['samples']:,}; rounds: {settings['rounds']}; "
        f"device: {settings['device'].upper()}."
    )


def _machine(results: Results) -> str:
    lines = dict(results["machine"])
    before, after = results["load"]
    if before is not None:
        lines["Load"] = f"{before:.2f} before, {after:.2f} after (the run's own)"
    for peer in results["peers"].values():
        for name, version in peer["versions"].items():
            lines.setdefault(name, version)
    return table(["", ""], lines.items()).replace("---:", "---")


def _case(results: Results, case: Results) -> list[str]:
    fit, predict = case["fit"], case["predict"]
    steps = [
        [
            *_timed(results, name, fit, microseconds),
            _ratio_to(FLOOR, name, fit),
            _mebibytes(case["memory"].get(name)),
            _loss(case["loss"].get(name)),
        ]
        for name in _by_median(fit)
    ]
    calls = [
        _timed(results, name, predict, microseconds) for name in _by_median(predict)
    ]
    header = ["training", "µs a step", "× kerasish", "× floor", "peak MiB", "loss"]
    return [
        table(header, steps),
        table(["one prediction", "µs a call", "× kerasish"], calls),
    ]


def _imports(results: Results) -> str:
    found = results["imports"]
    rows = [_timed(results, name, found, milliseconds) for name in _by_median(found)]
    return table(["import", "ms", "× kerasish"], rows)


def _by_median(rounds: Rounds) -> list[str]:
    return sorted(rounds, key=lambda name: statistics.median(rounds[name]))


def _timed(
    results: Results, name: str, rounds: Rounds, show: Callable[[float], str]
) -> list[str]:
    title = results["peers"][name]["title"]
    time = with_spread(rounds[name], show)
    return [title, time, _ratio_to(REFERENCE, name, rounds)]


def _ratio_to(reference: str, name: str, rounds: Rounds) -> str:
    if reference not in rounds:
        return _NONE
    return with_spread(ratios(rounds[name], rounds[reference]), times)


def _mebibytes(size: int | None) -> str:
    return _NONE if size is None else f"{size / _MIB:,.0f}"


def _loss(value: float | None) -> str:
    return _NONE if value is None else f"{value:.3f}"
