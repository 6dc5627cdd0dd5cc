"""The process in which one peer is measured: answers questions, a line each.

`run.py` starts it and writes questions to its standard input; the answer is one line of
JSON on its standard output. `make CASE SAMPLES` comes first, and for each other case:

    make CASE SAMPLES   {"first": seconds from nothing to the end of a first step}
    fit                 {"seconds": of one epoch, "steps": in it, "loss": its mean}
    evaluate            {"seconds": on the training set, "steps": in it, "loss": ...}
    predict-N           {"seconds": median of a call on N samples, "calls": how many}
    memory              {"bytes": the most this process has held in memory}

What is asked for the first time is done once more, untimed, beforehand: compiling is in
"first" alone. A loss is null where there is none. The process ends with its input.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any, TextIO

import numpy as np

from benchmarks.cases import CASES, Case
from benchmarks.peers import DEVICES, FLOOR, PEERS
from benchmarks.resident import peak_bytes

_WARM_UP_CALLS = 3
_PREDICT_SECONDS = 0.3  # at least this long, for a median that means something
_PREDICT_CALLS = 3  # at least as many

Answer = dict[str, Any]


class Measured:
    """A peer's model of a case, with its data.

    Args:
        module: The peer's module.
        case: What is measured.
        num_samples: Samples to train on.
        device: "cpu" or "gpu".
    """

    def __init__(
        self, module: ModuleType, case: Case, num_samples: int, device: str
    ) -> None:
        self._case = case
        self._data = case.make_data(num_samples)
        self._num_steps = case.num_steps(num_samples)
        self._asked: set[str] = set()
        start = time.perf_counter()
        self._model = module.make(case, self._data, device)
        self._take_a_step()
        self.first = time.perf_counter() - start

    def _take_a_step(self) -> None:
        if self._case.is_trained and hasattr(self._model, "fit"):
            self._model.fit(min(self._case.batch_size, len(self._data.x)))
        else:
            self._checked(self._model.predict(self._data.x[:1]))

    def _checked(self, output: np.ndarray) -> None:
        if (
            output.shape[1:] != (self._case.num_classes,)
            or not np.isfinite(output).all()
        ):
            raise ValueError(f"a prediction is wrong: {output!r}")

    def ask(self, measure: str) -> Answer:
        """Time what is named, after having done it once if it is new."""
        if measure.startswith("predict-"):
            return self._predict(measure)
        run = getattr(self._model, measure)
        if measure not in self._asked:
            self._asked.add(measure)
            run()
        start = time.perf_counter()
        loss = run()
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "steps": self._num_steps, "loss": loss}

    def _predict(self, measure: str) -> Answer:
        x = self._samples(int(measure.removeprefix("predict-")))
        if measure not in self._asked:
            self._asked.add(measure)
            for _ in range(_WARM_UP_CALLS):
                self._checked(self._model.predict(x))
        times: list[float] = []
        end = time.perf_counter() + _PREDICT_SECONDS
        while time.perf_counter() < end or len(times) < _PREDICT_CALLS:
            start = time.perf_counter()
            self._model.predict(x)
            times.append(time.perf_counter() - start)
        return {"seconds": statistics.median(times), "calls": len(times)}

    def _samples(self, number: int) -> np.ndarray:
        """Return so many samples, again from the first where there are too few."""
        rows = np.arange(number) % len(self._data.x)
        return self._data.x[rows]


class MeasuredFloor:
    """The floor of a case: it times itself, and takes no first step."""

    def __init__(
        self, module: ModuleType, case: Case, num_samples: int, device: str
    ) -> None:
        self._num_steps = case.num_steps(num_samples)
        self._floor = module.make(case, case.make_data(num_samples), device)
        self.first = None

    def ask(self, measure: str) -> Answer:
        """Return the seconds of the bare products."""
        seconds = self._floor.seconds(measure)
        return {"seconds": seconds, "steps": self._num_steps, "loss": None}


class Server:
    """Answers questions about one case after the other.

    Args:
        peer: Name of the peer.
        device: "cpu" or "gpu".
    """

    def __init__(self, peer: str, device: str) -> None:
        self._module = importlib.import_module(f"benchmarks.peers.{PEERS[peer].module}")
        self._kind = MeasuredFloor if peer == FLOOR else Measured
        self._device = device
        self._measured: Any = None

    def answer(self, question: str) -> Answer:
        """Return the answer to one line."""
        verb, *rest = question.split()
        if verb == "memory":
            return {"bytes": peak_bytes()}
        if verb != "make":
            return self._measured.ask(verb)
        name, num_samples = rest
        self._measured = None  # the case before is not kept beside this one
        self._measured = self._kind(
            self._module, CASES[name], int(num_samples), self._device
        )
        return {"first": self._measured.first}


def serve(answer: Callable[[str], Answer], questions: TextIO, answers: TextIO) -> None:
    """Answer questions until there are no more."""
    for line in questions:
        answers.write(json.dumps(answer(line)) + "\n")
        answers.flush()


def take_stdout() -> TextIO:
    """Return the standard output, and send what others print there to stderr."""
    kept = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return kept


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", choices=PEERS, required=True)
    parser.add_argument("--device", choices=DEVICES, default="cpu")
    return parser.parse_args()


def main() -> None:
    """Import the peer, then answer."""
    given = _arguments()
    with take_stdout() as answers, contextlib.suppress(BrokenPipeError):
        serve(Server(given.peer, given.device).answer, sys.stdin, answers)


if __name__ == "__main__":
    main()
