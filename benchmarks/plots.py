"""A picture of a run: every case's ratio to the fastest Keras, and the curves.

Needs Matplotlib, which the `bench` extra brings. Nothing else imports this module.
"""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks import report
from benchmarks.peers import PEERS

_WIDTH = 12.0
_ROW = 0.32  # inches for a row of the ratios
_CURVE = 3.5  # inches for the curves
_COLORS = dict(zip(PEERS, matplotlib.color_sequences["tab20"], strict=False))


def save(results: report.Results, file: Path) -> None:
    """Write the picture; the file's ending says which kind.

    Args:
        results: What `run.py` found.
        file: Where to.
    """
    rows, curves = _rows(results), report.curves(results)
    heights = [max(2.0, 1 + _ROW * len(rows)), *([_CURVE] if curves else [])]
    figure = Figure(figsize=(_WIDTH, sum(heights)), layout="constrained")
    parts = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)
    _draw_ratios(parts[0, 0].subplots(), rows, results)
    if curves:
        axes = parts[1, 0].subplots(1, len(curves), squeeze=False)[0]
        for place, (group, cases) in zip(axes, curves.items(), strict=True):
            _draw_curve(place, group.partition("-")[2], cases)
    figure.savefig(file)


def _rows(results: report.Results) -> list[tuple[str, dict[str, float]]]:
    """Return a label and the peers' median ratios for each thing measured."""
    found = {
        f"{name}, {measure}": rounds
        for name, case in results["cases"].items()
        if not case["point"]
        for measure, rounds in case["measures"].items()
    }
    if results["imports"]:
        found["import"] = results["imports"]
    return [(label, _compared(rounds)) for label, rounds in found.items()]


def _compared(rounds: report.Rounds) -> dict[str, float]:
    """Return the ratio to the fastest Keras, or where there is none to the fastest."""
    reference = rounds[report.fastest_keras(rounds) or report.by_median(rounds)[0]]
    return {
        name: statistics.median(report.ratios(values, reference))
        for name, values in rounds.items()
    }


def _draw_ratios(axes: Axes, rows: list[Any], results: report.Results) -> None:
    for name, about in results["peers"].items():
        points = [(r[name], place) for place, (_, r) in enumerate(rows) if name in r]
        if points:
            x, y = zip(*points, strict=True)
            axes.scatter(x, y, label=about["title"], color=_COLORS[name], zorder=3)
    axes.set_xscale("log")
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_yticks(range(len(rows)), [label for label, _ in rows])
    axes.invert_yaxis()
    axes.grid(alpha=0.3)
    axes.set_xlabel("time, as a multiple of the fastest Keras backend's (median)")
    if rows:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _draw_curve(axes: Axes, title: str, cases: list[report.Results]) -> None:
    names = dict.fromkeys(n for case in cases for n in case["measures"]["fit"])
    for name in names:
        measured = [case for case in cases if name in case["measures"]["fit"]]
        x = [case["point"] for case in measured]
        y = [statistics.median(case["measures"]["fit"][name]) for case in measured]
        microseconds = [seconds * 1e6 for seconds in y]
        axes.plot(x, microseconds, "o-", label=name, color=_COLORS[name])
    axes.set(title=title, xscale="log", yscale="log", ylabel="µs a step")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="x-small")
