"""Measure kerasish against Keras, JAX, PyTorch and scikit-learn, in one run.

    python benchmarks/run.py                 everything installed, some minutes
    python benchmarks/run.py --quick         does it work? (the numbers mean nothing)
    python benchmarks/run.py --device gpu    kerasish on CuPy, the others on CUDA

Every peer has a process of its own, which stays alive for a case; they are asked in
turn, A B C A B C, so that what slows the machine down for a while slows all of them.
"""

from __future__ import annotations

import argparse
import datetime
import json
import shlex
import sys
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

# run as a file, Python looks beside it for modules; ours are found from above
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import machine, peers, report
from benchmarks.cases import CASES, Case
from benchmarks.peers import PEERS, Peer
from benchmarks.processes import Worker, WorkerError, running, time_import

# Thread pools spin for up to 0.2 s after their work: the next peer waits for that.
_FULL = {"samples": 60_000, "rounds": 7, "settle": 0.3}
_QUICK = {"samples": 2_000, "rounds": 2, "settle": 0.0}


@dataclass(frozen=True)
class Settings:
    """How to measure.

    Attributes:
        samples: Samples of the training set.
        rounds: How often everything is measured.
        settle: Seconds between one peer's turn and the next one's.
        device: "cpu" or "gpu".
    """

    samples: int
    rounds: int
    settle: float
    device: str


class Run:
    """One run: who takes part, and what was found.

    Args:
        names: Peers to measure; those that cannot run here are skipped.
        settings: How.

    Attributes:
        results: As written by `--json`; `report.markdown` reads it.
    """

    def __init__(self, names: list[str], settings: Settings) -> None:
        self._settings = settings
        device = settings.device
        why_not = {name: peers.missing(PEERS[name], device) for name in names}
        self._peers = [PEERS[n] for n, reason in why_not.items() if reason is None]
        self.results: dict[str, Any] = {
            "date": datetime.date.today().isoformat(),
            "command": shlex.join(["python", "benchmarks/run.py", *sys.argv[1:]]),
            "settings": asdict(settings),
            "machine": machine.describe(device),
            "load": [machine.load(), None],
            "peers": {
                peer.name: {
                    "title": peer.title,
                    "versions": peers.versions(peer, device),
                }
                for peer in self._peers
            },
            "skipped": {n: reason for n, reason in why_not.items() if reason},
            "failed": {},
            "cases": {},
            "imports": {},
        }

    def measure(self, cases: list[Case]) -> None:
        """Measure all there is to measure."""
        self._measure_imports()
        for case in cases:
            self._measure_case(case)
        self.results["load"][1] = machine.load()

    def _fail(self, peer: Peer, where: str, error: WorkerError) -> None:
        say(f"{where}: {error}")
        self.results["failed"][f"{peer.title} ({where})"] = str(error)

    def _measure_imports(self) -> None:
        device = self._settings.device
        found: dict[str, list[float]] = {p.name: [] for p in self._peers if p.statement}
        # the first round brings the files into memory; it is not counted
        for number in range(self._settings.rounds + 1):
            say(f"import, round {number} of {self._settings.rounds}")
            for name in list(found):
                try:
                    found[name].append(time_import(PEERS[name], device))
                except WorkerError as error:
                    self._fail(PEERS[name], "import", error)
                    del found[name]
        self.results["imports"] = {name: times[1:] for name, times in found.items()}

    def _measure_case(self, case: Case) -> None:
        with ExitStack() as stack:
            rounds = Rounds(self._start_workers(case, stack), self._settings.settle)
            for number in range(1, self._settings.rounds + 1):
                say(f"{case.name}, round {number} of {self._settings.rounds}")
                rounds.ask("fit")
                rounds.ask("predict")
            rounds.ask("memory")
        for peer, error in rounds.errors:
            self._fail(peer, case.name, error)
        if rounds.answers:
            found = _collected(rounds.answers)
            self.results["cases"][case.name] = {"title": case.title, **found}

    def _start_workers(self, case: Case, stack: ExitStack) -> dict[str, Worker]:
        """Start the peers one after the other; their first epochs do not overlap."""
        workers, settings = {}, self._settings
        for peer in self._peers:
            say(f"{case.name}, starting {peer.title}")
            worker = stack.enter_context(
                running(peer, case.name, settings.samples, settings.device)
            )
            try:
                worker.wait_until_ready()
            except WorkerError as error:
                self._fail(peer, case.name, error)
                continue
            workers[peer.name] = worker
        return workers


class Rounds:
    """Asks workers in turn; who fails is left out from then on.

    Args:
        workers: Those to ask, by name.
        settle: Seconds to wait before each question.

    Attributes:
        answers: Peer -> question -> its answers, one a round.
        errors: Who failed, and how.
    """

    def __init__(self, workers: dict[str, Worker], settle: float) -> None:
        self._workers = workers
        self._settle = settle
        self.answers: dict[str, dict[str, list[Any]]] = {name: {} for name in workers}
        self.errors: list[tuple[Peer, WorkerError]] = []

    def ask(self, question: str) -> None:
        """Ask every worker once."""
        for name, worker in list(self._workers.items()):
            time.sleep(self._settle)
            try:
                answer = worker.ask(question)
            except WorkerError as error:
                self.errors.append((PEERS[name], error))
                del self._workers[name], self.answers[name]
                continue
            self.answers[name].setdefault(question, []).append(answer)


def _collected(answers: dict[str, dict[str, list[Any]]]) -> dict[str, Any]:
    """Return answers by what they tell, in seconds and bytes."""
    fit = {
        name: [answer["seconds"] / answer["steps"] for answer in asked["fit"]]
        for name, asked in answers.items()
    }
    predict = {
        name: [answer["seconds"] for answer in asked["predict"]]
        for name, asked in answers.items()
    }
    return {
        "fit": fit,
        "predict": predict,
        "loss": {name: asked["fit"][-1]["loss"] for name, asked in answers.items()},
        "memory": {
            name: asked["memory"][-1]["bytes"] for name, asked in answers.items()
        },
    }


def say(text: str) -> None:
    """Print progress where it does not mix with the report."""
    print(text, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="little data, two rounds")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--rounds", type=int, help=f"{_FULL['rounds']} by default")
    parser.add_argument("--samples", type=int, help=f"{_FULL['samples']:,} by default")
    parser.add_argument("--device", choices=peers.DEVICES, default="cpu")
    parser.add_argument("--json", type=Path, help="file for all measurements")
    parser.add_argument("--markdown", type=Path, help="file for the report")
    return parser.parse_args()


def main() -> int:
    """Measure, print the report and write the files; return the exit status."""
    given = _arguments()
    defaults = _QUICK if given.quick else _FULL
    settings = Settings(
        given.samples or defaults["samples"],
        given.rounds or defaults["rounds"],
        defaults["settle"],
        given.device,
    )
    if machine.is_busy():
        say(f"The machine is busy (load {machine.load():.1f}): expect noise.")
    run = Run(given.peers, settings)
    run.measure([CASES[name] for name in given.cases])
    text = report.markdown(run.results)
    print(text)
    if given.json:
        given.json.write_text(json.dumps(run.results, indent=1), encoding="utf-8")
    if given.markdown:
        given.markdown.write_text(text, encoding="utf-8")
    return 1 if run.results["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
