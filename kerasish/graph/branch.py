"""What is decided while a graph runs: one of several branches, and loops with a test.

The number, or truth value, that decides is read on the host: on a device the run waits
for it there. Branches and steps that are not taken cost nothing.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

from kerasish.backend.contract import Array, Backend
from kerasish.graph.binding import Pool, Program
from kerasish.graph.nested import ControlOp, Needs, Prepared, Run, number_reader
from kerasish.graph.tensor import Spec


class BranchOp(ControlOp):
    """`(index, captured...) -> results` of the branch of that index.

    Its attribute `branches` holds the bodies, whose inputs are the captured tensors.
    """

    def pieces(self, operands: Sequence[Any], attributes: dict[str, Any]) -> list[Spec]:
        """Return the forms of the results, which are those of any branch."""
        return [Spec(t.shape, t.dtype) for t in attributes["branches"][0].outputs]

    def scratch(self, attributes: dict[str, Any]) -> Needs:
        """Return one block, which the branches share."""
        plans = [_in_own_places(body).plan for body in attributes["branches"]]
        return [((max(plan.num_bytes for plan in plans),), "uint8")]

    def bind(
        self,
        backend: Backend,
        outs: tuple[Array, ...],
        inputs: Sequence[Array],
        attributes: dict[str, Any],
    ) -> Callable[[], Any]:
        """Return the call that runs the branch whose turn it is."""
        index, *captured = inputs
        targets = dict(enumerate(outs))
        programs = []
        for body in attributes["branches"]:
            pool = Pool(backend, attributes["scratch"][0])
            programs.append(_in_own_places(body).bind(pool, captured, targets))
        return functools.partial(_take, number_reader(backend, index), programs)

    def interpret(
        self,
        backend: Backend,
        outs: tuple[Array, ...],
        inputs: Sequence[Array],
        attributes: dict[str, Any],
        run: Run,
    ) -> None:
        """Fill `outs` by the branch whose turn it is."""
        index, *captured = inputs
        body = attributes["branches"][int(number_reader(backend, index)())]
        for out, result in zip(outs, run(body.graph, captured), strict=True):
            backend.copy(out, result)


def _in_own_places(body: Prepared) -> Any:
    return body.planned(range(len(body.outputs)))


def _take(read: Callable[[], Any], programs: list[Program]) -> None:
    programs[int(read())]()


class WhileOp(ControlOp):
    """`(captured..., variables...) -> variables` after the last step.

    Attributes of a node: `test` and `body`, both of the same inputs; `captured`, how
    many of them are the same in every step; `limit`, the most steps, or None.
    """

    def pieces(self, operands: Sequence[Any], attributes: dict[str, Any]) -> list[Spec]:
        """Return the forms of the variables."""
        return [Spec(t.shape, t.dtype) for t in attributes["body"].outputs]

    def scratch(self, attributes: dict[str, Any]) -> Needs:
        """Return the blocks of test and body, the test's result, and two buffers each.

        The second buffers come after all first ones.
        """
        test, body = attributes["test"], attributes["body"]
        blocks = [_in_own_places(b).plan.num_bytes for b in (test, body)]
        forms = [(t.shape, t.dtype) for t in body.outputs]
        needs: Needs = [((size,), "uint8") for size in blocks]
        return [*needs, ((), "bool"), *forms, *forms]

    def bind(
        self,
        backend: Backend,
        outs: tuple[Array, ...],
        inputs: Sequence[Array],
        attributes: dict[str, Any],
    ) -> Callable[[], Any]:
        """Return the call that runs steps until the test fails."""
        captured = inputs[: attributes["captured"]]
        pools = [Pool(backend, block) for block in attributes["scratch"][:2]]
        truth, *buffers = attributes["scratch"][2:]
        halves = buffers[: len(outs)], buffers[len(outs) :]
        tests, steps, ends = [], [], []
        for now, later in (halves, halves[::-1]):
            given = [*captured, *now]
            planned = _in_own_places(attributes["test"])
            tests.append(planned.bind(pools[0], given, {0: truth}))
            planned = _in_own_places(attributes["body"])
            steps.append(planned.bind(pools[1], given, dict(enumerate(later))))
            ends.append(_copies(backend, outs, now))
        start = _copies(backend, halves[0], inputs[attributes["captured"] :])
        turns = list(zip(tests, steps, ends, strict=True))
        read = number_reader(backend, truth)
        return functools.partial(_run_while, start, turns, read, attributes["limit"])

    def interpret(
        self,
        backend: Backend,
        outs: tuple[Array, ...],
        inputs: Sequence[Array],
        attributes: dict[str, Any],
        run: Run,
    ) -> None:
        """Fill `outs` step by step."""
        captured = list(inputs[: attributes["captured"]])
        values = list(inputs[attributes["captured"] :])
        for _ in _steps(attributes["limit"]):
            (truth,) = run(attributes["test"].graph, [*captured, *values])
            if not number_reader(backend, truth)():
                break
            values = run(attributes["body"].graph, [*captured, *values])
        for out, value in zip(outs, values, strict=True):
            backend.copy(out, value)


def _steps(limit: int | None) -> Any:
    return itertools.count() if limit is None else range(limit)


def _copies(
    backend: Backend, targets: Sequence[Array], sources: Sequence[Array]
) -> Program:
    program = Program(backend)
    for target, source in zip(targets, sources, strict=True):
        program.add(None, backend.bind("copy", target, (source,), {}))
    return program


def _run_while(
    start: Program,
    turns: list[tuple[Program, Program, Program]],
    read: Callable[[], Any],
    limit: int | None,
) -> None:
    """Run steps, from one half of the buffers to the other and back."""
    start()
    done = 0
    while done != limit:
        test, step, _ = turns[done % 2]
        test()
        if not read():
            break
        step()
        done += 1
    turns[done % 2][2]()


BRANCH = BranchOp("branch")
WHILE = WhileOp("while")
