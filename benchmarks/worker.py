"""The process in which one peer trains one case: answers questions, a line each.

`run.py` starts it and writes the name of a measurement to its standard input; the
answer is one line of JSON on its standard output:

    fit       {"seconds": of one epoch, "steps": in it, "loss": its mean, or null}
    predict   {"seconds": median of a call on one sample, "calls": how many}
    memory    {"bytes": the most this process has held in memory}

It is ready, and says so with {"ready": true}, when a first epoch and some predictions
are behind it: compiling is not measured. It ends with its standard input.
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
from typing import Any, TextIO

import numpy as np

from benchmarks.cases import CASES, NUM_CLASSES, Data, make_data
from benchmarks.peers import DEVICES, FLOOR, PEERS
from benchmarks.resident import peak_bytes

_WARM_UP_CALLS = 5
_PREDICT_SECONDS = 0.3  # at least this long, for a median that means something
_PREDICT_CALLS = 5  # at least as many

Answer = dict[str, Any]


class Measured:
    """A peer's model with its data.

    Args:
        peer: Name of the peer.
        case: Name of the case.
        num_samples: Samples to train on.
        device: "cpu" or "gpu".
    """

    def __init__(self, peer: str, case: str, num_samples: int, device: str) -> None:
        data = make_data(num_samples)
        module = importlib.import_module(f"benchmarks.peers.{PEERS[peer].module}")
        self._sample = data.x[:1].copy()
        self._num_steps = CASES[case].num_steps(num_samples)
        self._model = module.make(CASES[case], data, device)
        self._is_floor = peer == FLOOR
        self._warm_up(data)

    def _warm_up(self, data: Data) -> None:
        self.fit()
        for _ in range(_WARM_UP_CALLS):
            output = self._model.predict(self._sample)
        if output.shape != (1, NUM_CLASSES) or not np.isfinite(output).all():
            raise ValueError(f"a prediction is wrong: {output!r}")

    def fit(self) -> Answer:
        """Time one epoch."""
        if self._is_floor:
            loss, seconds = None, self._model.time_epoch()
        else:
            start = time.perf_counter()
            loss = self._model.fit()
            seconds = time.perf_counter() - start
        return {"seconds": seconds, "steps": self._num_steps, "loss": loss}

    def predict(self) -> Answer:
        """Time calls on one sample; each brings its result to the host."""
        times: list[float] = []
        end = time.perf_counter() + _PREDICT_SECONDS
        while time.perf_counter() < end or len(times) < _PREDICT_CALLS:
            start = time.perf_counter()
            self._model.predict(self._sample)
            times.append(time.perf_counter() - start)
        return {"seconds": statistics.median(times), "calls": len(times)}

    def memory(self) -> Answer:
        """Return the most memory the process has held."""
        return {"bytes": peak_bytes()}


def serve(measured: Measured, questions: TextIO, answers: TextIO) -> None:
    """Answer questions until there are no more."""
    ask: dict[str, Callable[[], Answer]] = {
        "fit": measured.fit,
        "predict": measured.predict,
        "memory": measured.memory,
    }
    _write(answers, {"ready": True})
    for line in questions:
        _write(answers, ask[line.strip()]())


def _write(answers: TextIO, answer: Answer) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def take_stdout() -> TextIO:
    """Return the standard output, and send what others print there to stderr."""
    kept = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return kept


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", choices=PEERS, required=True)
    parser.add_argument("--case", choices=CASES, required=True)
    parser.add_argument("--samples", type=int, required=True)
    parser.add_argument("--device", choices=DEVICES, default="cpu")
    return parser.parse_args()


def main() -> None:
    """Make the model, then answer."""
    given = _arguments()
    with take_stdout() as answers, contextlib.suppress(BrokenPipeError):
        measured = Measured(given.peer, given.case, given.samples, given.device)
        serve(measured, sys.stdin, answers)


if __name__ == "__main__":
    main()
