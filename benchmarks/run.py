"""Measure kerasish against Keras, JAX, PyTorch and others, in one run.

    python benchmarks/run.py                      everything installed, an hour or so
    python benchmarks/run.py --only cnn-b128 lstm-b32 --peers kerasish-numpy keras-jax
    python benchmarks/run.py --quick              does it work? (numbers mean nothing)
    python benchmarks/run.py --device gpu         kerasish on CuPy, the others on CUDA

Every peer has a process of its own, which stays alive for a group of cases; they are
asked in turn, A B C A B C, so that what slows the machine down for a while slows all.
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
from benchmarks.cases import CASES, GROUPS, MEASURES, Case
from benchmarks.peers import PEERS, Peer
from benchmarks.processes import PATIENCE, Worker, WorkerError, running, time_import

# Thread pools spin for up to 0.2 s after their work: the next peer waits for that.
_FULL = {"samples": None, "rounds": 5, "settle": 0.3}
_QUICK = {"samples": 512, "rounds": 2, "settle": 0.0}
_RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
_IMPORT = "import"
_FILES = ("--json", "--plot", "--markdown")


@dataclass(frozen=True)
class Settings:
    """How to measure.

    Attributes:
        samples: Most samples of a training set; None: as many as a case says.
        rounds: How often everything is measured.
        settle: Seconds between one peer's turn and the next one's.
        device: "cpu" or "gpu".
        patience: Seconds to wait for an answer.
    """

    samples: int | None
    rounds: int
    settle: float
    device: str
    patience: float = PATIENCE


class Run:
    """One run: who takes part, and what was found.

    Args:
        names: Peers to measure; those that cannot run here are skipped.
        settings: How.
        file: Where the results are kept as JSON, after each case; None: nowhere.

    Attributes:
        results: As written by `--json`; `report.markdown` reads it.
    """

    def __init__(
        self, names: list[str], settings: Settings, file: Path | None = None
    ) -> None:
        self._settings, self._file = settings, file
        device = settings.device
        why_not = {name: peers.missing(PEERS[name], device) for name in names}
        self._peers = [PEERS[n] for n, reason in why_not.items() if reason is None]
        self.results: dict[str, Any] = {
            "date": datetime.date.today().isoformat(),
            "command": command(sys.argv[1:]),
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

    def measure(self, names: list[str]) -> None:
        """Measure all that is named: cases, groups of them, and the import."""
        if _IMPORT in names:
            self._measure_imports()
        for group, cases in GROUPS.items():
            chosen = [c for c in cases if group in names or c.name in names]
            if chosen:
                self._measure_group(group, chosen)
        self._keep()

    def _keep(self) -> None:
        self.results["load"][1] = machine.load()
        if self._file:
            text = json.dumps(self.results, indent=1)
            self._file.write_text(text, encoding="utf-8")

    def _fail(self, name: str, where: str, error: WorkerError) -> None:
        say(f"{where}: {error}")
        self.results["failed"][f"{PEERS[name].title} ({where})"] = str(error)

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
                    self._fail(name, _IMPORT, error)
                    del found[name]
        self.results["imports"] = {name: times[1:] for name, times in found.items()}

    def _measure_group(self, group: str, cases: list[Case]) -> None:
        with ExitStack() as stack:
            workers = {
                peer.name: stack.enter_context(
                    running(peer, self._settings.device, self._settings.patience)
                )
                for peer in self._peers
                if any(_questions(peer, case) for case in cases)
            }
            for case in cases:
                self._measure_case(group, case, workers)

    def _measure_case(self, group: str, case: Case, workers: dict[str, Worker]) -> None:
        """Measure one case; workers that fail are taken out of `workers`."""
        settings = self._settings
        rounds = Rounds(case, workers, settings.settle)
        say(f"{case.name}, making the models")
        rounds.ask(f"make {case.name} {case.limited(settings.samples)}")
        for number in range(1, settings.rounds + 1):
            say(f"{case.name}, round {number} of {settings.rounds}")
            for measure in case.measures:
                rounds.ask(measure)
        rounds.ask("memory")
        for name, error in rounds.errors:
            self._fail(name, case.name, error)
        if any(rounds.answers.values()):
            about = {"title": case.title, "group": group, "point": case.point}
            found = _collected(case, rounds.answers)
            self.results["cases"][case.name] = about | found
            self._keep()


def _questions(peer: Peer, case: Case) -> list[str]:
    return [measure for measure in case.measures if peer.can(case, measure)]


class Rounds:
    """Asks workers about a case in turn; who fails is left out from then on.

    Args:
        case: What is asked about.
        workers: Those to ask, by name; who fails is removed.
        settle: Seconds to wait before each question.

    Attributes:
        answers: Peer -> question -> its answers, one a round.
        errors: Who failed, and how.
    """

    def __init__(self, case: Case, workers: dict[str, Worker], settle: float) -> None:
        self._asked = {name: _questions(PEERS[name], case) for name in workers}
        self._workers = workers
        self._settle = settle
        self.answers: dict[str, dict[str, list[Any]]] = {
            name: {} for name, measures in self._asked.items() if measures
        }
        self.errors: list[tuple[str, WorkerError]] = []

    def ask(self, question: str) -> None:
        """Ask every worker that can answer it once."""
        for name in list(self.answers):
            if question in MEASURES and question not in self._asked[name]:
                continue
            time.sleep(self._settle)
            try:
                answer = self._workers[name].ask(question)
            except WorkerError as error:
                self.errors.append((name, error))
                del self._workers[name], self.answers[name]
                continue
            verb = question.split()[0]
            self.answers[name].setdefault(verb, []).append(answer)


def _collected(case: Case, answers: dict[str, dict[str, list[Any]]]) -> dict[str, Any]:
    """Return answers by what they tell, in seconds and bytes."""
    measures = {
        measure: {
            n: _seconds(measure, a[measure]) for n, a in answers.items() if measure in a
        }
        for measure in case.measures
    }
    return {
        "measures": {measure: found for measure, found in measures.items() if found},
        "first": {name: a["make"][-1]["first"] for name, a in answers.items()},
        "loss": {n: a["fit"][-1]["loss"] for n, a in answers.items() if "fit" in a},
        "memory": {name: a["memory"][-1]["bytes"] for name, a in answers.items()},
    }


def _seconds(measure: str, answers: list[dict[str, Any]]) -> list[float]:
    """Return the seconds of a step of training, else of the whole call."""
    per = "steps" if measure == "fit" else None
    return [answer["seconds"] / answer.get(per, 1) for answer in answers]


def command(arguments: list[str]) -> str:
    """Return the command of a run, without the files that it writes."""
    kept, is_file = [], False
    for argument in arguments:
        if argument.startswith("--"):
            is_file = argument.partition("=")[0] in _FILES
        if not is_file:
            kept.append(argument)
    return shlex.join(["python", "benchmarks/run.py", *kept])


def say(text: str) -> None:
    """Print progress where it does not mix with the report."""
    print(text, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = list(dict.fromkeys([_IMPORT, *GROUPS, *CASES]))
    groups = [_IMPORT, *GROUPS]
    parser.add_argument("--quick", action="store_true", help="little data, two rounds")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=names,
        metavar="CASE",
        help=f"any of: {', '.join(groups)}; or a point, as scale-width-64",
    )
    parser.add_argument(
        "--peers",
        nargs="+",
        choices=PEERS,
        metavar="PEER",
        help=f"any of: {', '.join(PEERS)}",
    )
    parser.add_argument("--rounds", type=int, help=f"{_FULL['rounds']} by default")
    parser.add_argument("--samples", type=int, help="at most so many to train on")
    parser.add_argument(
        "--patience", type=float, default=PATIENCE, help="seconds to wait for an answer"
    )
    parser.add_argument("--device", choices=peers.DEVICES, default="cpu")
    parser.add_argument("--json", type=Path, help="file for all measurements")
    parser.add_argument("--plot", type=Path, help="file for a picture (matplotlib)")
    parser.add_argument(
        "--markdown",
        type=Path,
        nargs="?",
        const=_RESULTS,
        help="file for the report, in place of the one before; what else the file "
        f"holds stays ({_RESULTS.name} by default)",
    )
    return parser.parse_args()


def _asked_on(device: str) -> list[str]:
    """Return what is measured on a device unless it is said."""
    groups = [g for g, cases in GROUPS.items() if cases[0].device in ("", device)]
    return [_IMPORT, *groups]


def _at_home(device: str) -> list[str]:
    """Return the peers that run on a device."""
    return [name for name, peer in PEERS.items() if device in peer.devices]


def _settings(given: argparse.Namespace) -> Settings:
    defaults = _QUICK if given.quick else _FULL
    return Settings(
        given.samples or defaults["samples"],
        given.rounds or defaults["rounds"],
        defaults["settle"],
        given.device,
        given.patience,
    )


def _write(results: dict[str, Any], given: argparse.Namespace) -> None:
    text = report.markdown(results)
    print(text)
    if given.markdown:
        file = given.markdown
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        file.write_text(report.inserted(text, before), encoding="utf-8")
    if given.plot:
        from benchmarks import plots

        plots.save(results, given.plot)


def main() -> int:
    """Measure, print the report and write the files; return the exit status."""
    given = _arguments()
    if machine.is_busy():
        say(f"The machine is busy (load {machine.load():.1f}): expect noise.")
    run = Run(given.peers or _at_home(given.device), _settings(given), given.json)
    run.measure(given.only or _asked_on(given.device))
    _write(run.results, given)
    return 1 if run.results["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
