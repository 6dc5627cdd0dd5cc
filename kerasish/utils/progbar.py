"""The progress bar of `fit`, `evaluate` and `predict`: `keras.utils.Progbar`.

On a terminal or in a notebook, one line redrawn in place, in Keras's look and colours,
never wider than the terminal while it moves. Anywhere else (a file, a pipe, a log) one
plain line when it is done, and nothing before. `ProgbarLogger` relies on `in_place`,
`interval` and `label`; the rest of the interface is Keras's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from time import monotonic
from typing import Any

from kerasish.errors import explain
from kerasish.utils import io

_PLAIN, _BOLD, _GREEN, _WHITE = "", "1", "32", "37"
_NARROWEST_BAR = 5

Segment = tuple[str, str]  # colour code, text


class Progbar:
    """A progress bar with the last values of some metrics beside it.

    Args:
        target: Number of units to do; None if unknown.
        width: Width of the bar in characters.
        verbose: 0 shows nothing, 1 a bar that moves (where that can be drawn, else one
            line at the end), 2 one line at the end.
        interval: Least time between two drawings, in seconds.
        stateful_metrics: Names shown as they come; all others are averaged over time.
        stateless_metrics: Names averaged over time; all others are shown as they come.
            Only one of the two may be given.
        unit_name: What is counted.

    Attributes:
        in_place: Whether the bar moves, decided when it is made.
        label: Text put before a line that is not redrawn, such as "Epoch 1/5".

    Raises:
        ValueError: Both `stateful_metrics` and `stateless_metrics` are given.

    Example:
        >>> bar = Progbar(2)
        >>> for step in range(2):
        ...     bar.update(step + 1, [("loss", 0.5)])
        2/2 - 0s - ...s/step - loss: 0.5000
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError(
                explain(
                    "Progbar cannot take both lists of metrics.",
                    got="`stateful_metrics` and `stateless_metrics`",
                    expected="Only one of `stateful_metrics` or `stateless_metrics`",
                    fix="give the shorter list; the other metrics are the rest",
                )
            )
        self.target = None if target == -1 else target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self.stateful_metrics = _as_set(stateful_metrics)
        self.stateless_metrics = _as_set(stateless_metrics)
        self.in_place = verbose == 1 and io.can_redraw()
        self.label = ""
        self._seen_so_far = 0
        self._values: dict[str, tuple[Any, int]] = {}  # name -> sum, weight
        self._start = monotonic()
        self._time_after_first_step: float | None = None
        self._last_update = -math.inf
        self._prev_total_width = 0

    def update(
        self,
        current: int,
        values: Iterable[tuple[str, Any]] | None = None,
        finalize: bool | None = None,
    ) -> None:
        """Note the progress, and show it if it is time to.

        Args:
            current: Units done so far.
            values: Pairs of a metric's name and its value (a number, or an array, of
                which the mean is shown).
            finalize: Whether this is the last update, whose values are shown as they
                are; by default, whether `current` has reached `target`.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        now = monotonic()
        for name, value in values or ():
            self._note(name, value, max(current - self._seen_so_far, 1), finalize)
        self._seen_so_far = current
        if current == 1 and self._time_after_first_step is None:
            self._time_after_first_step = now
        if self.in_place and (finalize or now - self._last_update >= self.interval):
            self._redraw(current, now, finalize)
        elif finalize and not self.in_place and self.verbose:
            io.print_msg(self._summary(current, now))

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Note `n` more units done; `values` as for `update`."""
        self.update(self._seen_so_far + n, values)

    def _note(self, name: str, value: Any, weight: int, finalize: bool) -> None:
        if finalize or not self._is_averaged(name):
            self._values[name] = (value, 1)
            return
        total, total_weight = self._values.get(name, (0.0, 0))
        self._values[name] = (total + value * weight, total_weight + weight)

    def _is_averaged(self, name: str) -> bool:
        if self.stateless_metrics is not None:
            return name in self.stateless_metrics
        return name not in (self.stateful_metrics or ())

    def _redraw(self, current: int, now: float, finalize: bool) -> None:
        columns = None if finalize else io.terminal_columns()
        segments = self._segments(current, now, finalize, columns)
        total_width = _width(segments)
        rest = " " * (self._prev_total_width - total_width)  # of a longer line before
        io.write("\r" + _render(segments) + rest + ("\n" if finalize else ""))
        self._prev_total_width = total_width
        self._last_update = now

    def _segments(
        self, current: int, now: float, finalize: bool, columns: int | None
    ) -> list[Segment]:
        """Return the line's parts; for want of room the bar shrinks, the end is cut."""
        remaining = (self.target or 0) - current
        if finalize or not self.target:
            time = f"{now - self._start:.0f}s"
        else:
            time = _clock(remaining * self._seconds_per_unit(current, now))
        tail = f" {self._speed(current, now)}{self._metrics()}"
        if not self.target:
            return _clip(
                [(_PLAIN, f"{current:7d}/Unknown "), (_BOLD, time), (_PLAIN, tail)],
                columns,
            )
        count = f"{current:{len(str(self.target))}d}/{self.target}"
        width = self.width
        if columns is not None:
            others = len(count) + len(time) + len(tail) + 2
            width = min(width, max(columns - 1 - others, _NARROWEST_BAR))
        bar = _bar(current / self.target, width)
        line = [(_BOLD, count), (_PLAIN, " "), *bar, (_PLAIN, " "), (_BOLD, time)]
        return _clip([*line, (_PLAIN, tail)], columns)

    def _summary(self, current: int, now: float) -> str:
        """Return the line of a finished bar that does not move."""
        count = f"{current}/{self.target or 'Unknown'}"
        time = f"{now - self._start:.0f}s"
        parts = [self.label, count, time, self._speed(current, now)]
        return " - ".join(part for part in parts if part) + self._metrics()

    def _seconds_per_unit(self, current: int, now: float) -> float:
        """Return the mean time of a unit, without the first one, which warms up."""
        if current == 0:
            return 0.0
        if current > 1 and self._time_after_first_step is not None:
            return (now - self._time_after_first_step) / (current - 1)
        return (now - self._start) / current

    def _speed(self, current: int, now: float) -> str:
        seconds = self._seconds_per_unit(current, now)
        if seconds >= 1 or seconds == 0:
            return f"{seconds:.0f}s/{self.unit_name}"
        if seconds >= 1e-3:
            return f"{seconds * 1e3:.0f}ms/{self.unit_name}"
        return f"{seconds * 1e6:.0f}us/{self.unit_name}"

    def _metrics(self) -> str:
        return "".join(
            f" - {name}: {_number(total / max(weight, 1))}"
            for name, (total, weight) in self._values.items()
        )


def _as_set(names: Iterable[str] | None) -> set[str] | None:
    return None if names is None else set(names)


def _number(value: Any) -> str:
    value = float(value.mean() if getattr(value, "ndim", 0) else value)
    return f"{value:.4f}" if abs(value) > 1e-3 else f"{value:.4e}"


def _clock(seconds: float) -> str:
    """Return a time to go as `3s`, `1:03` or `1:00:03`."""
    whole = int(seconds)
    if whole > 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    if whole >= 60:
        return f"{whole // 60}:{whole % 60:02d}"
    return f"{whole}s"


def _bar(fraction: float, width: int) -> list[Segment]:
    done, left = ("━", "━") if io.can_encode("━") else ("=", ".")
    num_done = min(int(width * fraction), width)
    return [(_GREEN, done * num_done), (_WHITE, left * (width - num_done))]


def _width(segments: list[Segment]) -> int:
    return sum(len(text) for _, text in segments)


def _clip(segments: list[Segment], columns: int | None) -> list[Segment]:
    """Return the segments cut to one column less than `columns`.

    A line that fills the last column wraps on some terminals, and a wrapped line cannot
    be redrawn from its start.
    """
    if columns is None:
        return segments
    room, clipped = columns - 1, []
    for code, text in segments:
        clipped.append((code, text[:room]))
        room = max(room - len(text), 0)
    return clipped


def _render(segments: list[Segment]) -> str:
    return "".join(
        f"\x1b[{code}m{text}\x1b[0m" if code and text else text
        for code, text in segments
    )
