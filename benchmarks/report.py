"""From measurements to tables: medians, spread, ratios.

A measurement is a list, a number a round, and all peers were measured in every round.
So ratios are taken round by round, and the median of those is reported: what slows a
whole round down cancels out. The spread is the least and the largest.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from benchmarks.peers import FLOOR

Results = dict[str, Any]
Rounds = dict[str, list[float]]
BEGIN, END = "<!-- run.py writes from here -->", "<!-- to here -->"
_KERAS = "keras-"
_KERASISH = "kerasish-"
_MIB = 2**20
_NONE = "–"
_MEASURES = {
    "fit": "a training step",
    "evaluate": "evaluate on the training set",
    "predict-1": "predict 1 sample",
    "predict-32": "predict 32 samples",
    "predict-10000": "predict 10,000 samples",
}
_EXPLANATION = """\
Times are medians over the rounds, with the least and the largest in brackets. "× Keras"
is how many times as long as the fastest backend of Keras it took, "× floor" how many
times as long as the bare matrix products, one gathering of the batch and one pass over
the weights and moments; both are medians of the ratios round by round. "First" is the
time from nothing to the end of a first step, compiling included (Numba's machine code
is kept between runs). What exactly is measured is said in [README.md](README.md)."""


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


def fastest_keras(rounds: Rounds) -> str | None:
    """Return the backend of Keras with the least median, None if none was measured."""
    names = [name for name in by_median(rounds) if name.startswith(_KERAS)]
    return names[0] if names else None


def by_median(rounds: Rounds) -> list[str]:
    """Return the peers, the fastest first."""
    return sorted(rounds, key=lambda name: statistics.median(rounds[name]))


def curves(results: Results) -> dict[str, list[Results]]:
    """Return the cases that are points of curves, by group."""
    found: dict[str, list[Results]] = {}
    for case in results["cases"].values():
        if case["point"]:
            found.setdefault(case["group"], []).append(case)
    return found


def markdown(results: Results) -> str:
    """Return a whole report."""
    parts = ["# Results", _origin(results), _EXPLANATION]
    parts += ["## Machine", _machine(results), "## In short", _summary(results)]
    for case in results["cases"].values():
        if not case["point"]:
            parts += [f"## {case['title']}", *_case(results, case)]
    for group, cases in curves(results).items():
        axis = group.partition("-")[2]
        parts += [f"## Scaling: {axis}", _curve(results, axis, cases)]
    if results["imports"]:
        parts += ["## Import", _imports(results)]
    notes = {**results["skipped"], **results["failed"]}
    if notes:
        lines = [f"- {name}: {why.splitlines()[-1]}" for name, why in notes.items()]
        parts += ["## Not measured", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def inserted(report: str, before: str) -> str:
    """Return a file's text with a report in it, in place of the one before.

    Args:
        report: What to put between the marks.
        before: The text; the report goes to its end if it has no marks.
    """
    head, begin, rest = before.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        head, tail = before and f"{before.rstrip()}\n\n", "\n"
    return f"{head}{BEGIN}\n\n{report.rstrip()}\n\n{END}{tail}"


def _origin(results: Results) -> str:
    settings = results["settings"]
    most = settings["samples"]
    samples = "as many as a case has" if most is None else f"{most:,} at most"
    return (
        f"Written by `{results['command']}` on {results['date']}. "
        f"Samples: {samples}; rounds: {settings['rounds']}; "
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


def _summary(results: Results) -> str:
    """Return a row for each thing measured: kerasish beside Keras and the floor."""
    mine = [name for name in results["peers"] if name.startswith(_KERASISH)]
    titles = [name.removeprefix(_KERASISH) for name in mine]
    header = ["", "fastest Keras"]
    header += [f"{title} {unit}" for title in titles for unit in ("× Keras", "× floor")]
    rows = [
        [f"{name}, {_MEASURES[measure]}", *_compared(results, rounds, mine)]
        for name, case in results["cases"].items()
        for measure, rounds in case["measures"].items()
    ]
    if results["imports"]:
        rows.append(["import", *_compared(results, results["imports"], mine)])
    return table(header, rows)


def _compared(results: Results, rounds: Rounds, names: Sequence[str]) -> list[str]:
    fastest = fastest_keras(rounds)
    cells = [results["peers"][fastest]["title"] if fastest else _NONE]
    for name in names:
        cells += [_middle(rounds, name, fastest), _middle(rounds, name, FLOOR)]
    return cells


def _middle(rounds: Rounds, name: str, reference: str | None) -> str:
    if reference not in rounds or name not in rounds:
        return _NONE
    return times(statistics.median(ratios(rounds[name], rounds[reference])))


def _case(results: Results, case: Results) -> list[str]:
    measures = dict(case["measures"])
    shown = [_training(results, case, measures.pop("fit"))] if "fit" in measures else []
    for measure, rounds in measures.items():
        header = [_MEASURES[measure], "µs", "× Keras", "× floor"]
        rows = [_timed(results, name, rounds) for name in by_median(rounds)]
        if not shown:  # nothing was trained: the first call is here
            header += ["first, s", "peak MiB"]
            rows = [
                [*row, *_once(case, name)]
                for row, name in zip(rows, by_median(rounds), strict=True)
            ]
        shown.append(table(header, rows))
    return shown


def _training(results: Results, case: Results, rounds: Rounds) -> str:
    header = [_MEASURES["fit"], "µs", "× Keras", "× floor"]
    header += ["first, s", "peak MiB", "loss"]
    rows = [
        [
            *_timed(results, name, rounds),
            *_once(case, name),
            _number(case["loss"].get(name), "{:.3f}"),
        ]
        for name in by_median(rounds)
    ]
    return table(header, rows)


def _once(case: Results, name: str) -> list[str]:
    """Return what is measured once a process: the first step, and the memory."""
    size = case["memory"].get(name)
    mebibytes = None if size is None else size / _MIB
    return [_number(case["first"].get(name), "{:.2f}"), _number(mebibytes, "{:,.0f}")]


def _curve(results: Results, axis: str, cases: Sequence[Results]) -> str:
    """Return a row a point, a column a peer: a step's time, and its ratio to Keras."""
    names = [
        name
        for name in results["peers"]
        if any(name in case["measures"]["fit"] for case in cases)
    ]
    titles = [results["peers"][name]["title"] for name in names]
    rows = [[f"{case['point']:,}", *_points(case, names)] for case in cases]
    return table([f"{axis}: µs a step (× Keras)", *titles], rows)


def _points(case: Results, names: Sequence[str]) -> list[str]:
    rounds = case["measures"]["fit"]
    fastest = fastest_keras(rounds)
    return [
        f"{microseconds(statistics.median(rounds[name]))} "
        f"({_middle(rounds, name, fastest)})"
        if name in rounds
        else _NONE
        for name in names
    ]


def _imports(results: Results) -> str:
    found = results["imports"]
    rows = [
        [
            results["peers"][name]["title"],
            with_spread(found[name], milliseconds),
            _ratio_to(fastest_keras(found), name, found),
        ]
        for name in by_median(found)
    ]
    return table(["import", "ms", "× Keras"], rows)


def _timed(results: Results, name: str, rounds: Rounds) -> list[str]:
    return [
        results["peers"][name]["title"],
        with_spread(rounds[name], microseconds),
        _ratio_to(fastest_keras(rounds), name, rounds),
        _ratio_to(FLOOR, name, rounds),
    ]


def _ratio_to(reference: str | None, name: str, rounds: Rounds) -> str:
    if reference not in rounds:
        return _NONE
    return with_spread(ratios(rounds[name], rounds[reference]), times)


def _number(value: float | None, form: str) -> str:
    return _NONE if value is None else form.format(value)
