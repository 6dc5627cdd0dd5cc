"""Building loops and branches in a graph from Python functions.

A function is traced as a `Body`; what it captures (tensors of the outer trace, values
of variables) becomes inputs of the node, and what it assigns to variables becomes part
of what the loop carries, or of what the branch returns. Values that do not change from
step to step are computed before the loop. Structures are flat here; the public
functions in `kerasish.ops.control_flow` know Keras's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from kerasish.errors import DTypeError, ShapeError, explain
from kerasish.graph.body import (
    Body,
    BodyTrace,
    captured,
    dependents,
    open_body,
    placeholder,
    within,
)
from kerasish.graph.branch import BRANCH, WHILE
from kerasish.graph.loop import LOOP, Settings
from kerasish.graph.tensor import LEAVES, Spec, Tensor
from kerasish.graph.trace import open_trace
from kerasish.graph.variable import Variable
from kerasish.ops.shape import cast

Tensors = list[Tensor]


class _Traced(NamedTuple):
    """What tracing one step gave.

    Attributes:
        entering: What stands for the carries on entry; variables come last.
        leaving: The carries on exit.
        initial: The carries before the first step.
        written: The variables among the carries, in order.
        inner: The trace.
    """

    entering: Tensors
    leaving: Tensors
    initial: Tensors
    written: list[Variable]
    inner: BodyTrace


def loop(
    step: Callable[[Tensors, Tensors], tuple[Tensors, Tensors]],
    initial: Sequence[Tensor],
    sequences: Sequence[Tensor],
    length: int,
    reverse: bool = False,
    weak: Sequence[bool] = (),
    what: str = "the loop",
) -> tuple[Tensors, Tensors]:
    """Add a loop of a known number of steps to the graph.

    Args:
        step: `(carries, slices) -> (carries, results)`, traced once.
        initial: The carries before the first step.
        sequences: Tensors of `length` slices along the first axis.
        length: Number of steps.
        reverse: Whether the last slices come first.
        weak: Which carries were Python numbers: they take the dtype a step gives back.
        what: What messages call it.

    Returns:
        The carries after the last step, and the results of all steps, stacked.
    """
    slices = [placeholder(Spec(t.shape[1:], t.dtype)) for t in sequences]
    results: Tensors = []

    def one(carries: Tensors) -> Tensors:
        leaving, results[:] = step(carries, slices)
        return leaving

    traced = _trace_step(one, initial, weak, what)
    finals, stacks = add_loop(
        Step(traced.entering, slices, traced.leaving, results),
        traced.initial,
        sequences,
        Settings(None, length, reverse, 0, 0),
    )
    return _write(traced, finals, len(initial)), stacks


class Step(NamedTuple):
    """One step of a loop, cut out of the graph.

    Attributes:
        entering: What stands for the carries on entry.
        slices: What stands for the slices of the sequences.
        leaving: The carries on exit.
        results: What is to be stacked.
    """

    entering: Tensors
    slices: Tensors
    leaving: Tensors
    results: Tensors


def add_loop(
    step: Step,
    initial: Sequence[Tensor],
    sequences: Sequence[Tensor],
    settings: Settings,
    fixed: Mapping[Tensor, Tensor] | None = None,
) -> tuple[Tensors, Tensors]:
    """Add a loop's node; return the last carries, and the results stacked.

    Carries that a step hands on as they came are no carries: they are captured.

    Args:
        step: One step.
        initial: The carries before the first step.
        sequences: What the slices are of.
        settings: Length and direction; the rest is found here.
        fixed: What stands in the step for a tensor that no step changes -> that tensor.
    """
    fixed = fixed or {}
    pairs = list(zip(step.entering, step.leaving, strict=True))
    carried = [j for j, (before, after) in enumerate(pairs) if before is not after]
    kept = [j for j in range(len(pairs)) if j not in carried]
    outputs = [*(step.leaving[j] for j in carried), *step.results]
    if not outputs:
        return list(initial), []
    outer = _captured_by(outputs, [*step.entering, *step.slices, *fixed])
    same, changing = ([step.entering[j] for j in js] for js in (kept, carried))
    made = LOOP(
        *(*outer, *fixed.values()),
        *(initial[j] for j in (*kept, *carried)),
        *sequences,
        **settings._replace(
            body=Body((*outer, *fixed, *same, *changing, *step.slices), outputs),
            captured=len(outer) + len(fixed) + len(same),
            carries=len(carried),
        )._asdict(),
    )
    finals = list(initial)
    for j, final in zip(carried, made, strict=False):
        finals[j] = final
    return finals, list(made[len(carried) :])


def _trace_step(
    step: Callable[[Tensors], Tensors],
    initial: Sequence[Tensor],
    weak: Sequence[bool],
    what: str,
) -> _Traced:
    """Trace one step, variables that it assigns becoming carries.

    It is traced again where only the first time tells how.
    """
    whole: set[Any] = set()
    while True:
        entering = [placeholder(t) for t in initial]
        with open_body(whole) as inner:
            leaving = step(entering)
            split = inner.split_arenas()
        firm = _in_dtypes_of(leaving, initial, weak)
        if not split and firm == list(initial):
            break
        whole, initial, weak = whole | split, firm, ()
    require_carried_forms(what, initial, leaving)
    written = list(inner.writes)
    before = [inner.outer.read(variable) for variable in written]
    for variable, value in zip(written, before, strict=True):
        entering.append(inner.reads.get(variable, placeholder(value)))
        leaving.append(inner.writes[variable])
    return _Traced(entering, leaving, [*initial, *before], written, inner)


def _in_dtypes_of(
    leaving: Sequence[Tensor], initial: Sequence[Tensor], weak: Sequence[bool]
) -> Tensors:
    """Return the initial carries, those that are weak in the dtypes they leave in."""
    firm = list(initial)
    for j, is_weak in enumerate(weak):
        if is_weak and leaving[j].dtype != firm[j].dtype:
            firm[j] = cast(firm[j], leaving[j].dtype)
    return firm


def _captured_by(outputs: Sequence[Tensor], given: Sequence[Tensor]) -> Tensors:
    """Return what the steps of a loop read besides what is given to them."""
    inside = dependents(within(outputs, given), given)
    return captured(outputs, given, inside.__contains__)


def _write(traced: _Traced, finals: Tensors, count: int) -> Tensors:
    """Assign to the variables what a loop left; return the other carries."""
    for variable, final in zip(traced.written, finals[count:], strict=True):
        traced.inner.outer.write(variable, final)
    return finals[:count]


def loop_while(
    test: Callable[[Tensors], Tensor],
    step: Callable[[Tensors], Tensors],
    initial: Sequence[Tensor],
    limit: int | None,
    weak: Sequence[bool] = (),
) -> Tensors:
    """Add a loop that runs while a test holds; return the variables at its end."""
    truths: Tensors = []

    def one(variables: Tensors) -> Tensors:
        truths[:] = [test(variables)]
        return step(variables)

    traced = _trace_step(one, initial, weak, "while_loop")
    outer = _captured_by([*truths, *traced.leaving], traced.entering)
    inputs = (*outer, *traced.entering)
    made = WHILE(
        *(*outer, *traced.initial),
        test=Body(inputs, truths),
        body=Body(inputs, traced.leaving),
        captured=len(outer),
        limit=limit,
    )
    return _write(traced, list(made), len(initial))


def branch(index: Tensor, functions: Sequence[Callable[[], Tensors]]) -> Tensors:
    """Add a node that runs the function of an index, and only that.

    Args:
        index: An int32 scalar that numbers one of the functions.
        functions: Each returns its results.

    Returns:
        The results.

    Raises:
        DTypeError: The functions return results of different shapes or dtypes.
    """
    start = placeholder(Spec((), "int32")).number
    traces, results = [], []
    for function in functions:
        with open_body() as inner:
            results.append(function())
        traces.append(inner)
    written = _written_by_any(traces)
    for inner, flat in zip(traces, results, strict=True):
        with open_trace(inner):
            flat.extend(inner.read(variable) for variable in written)
    _require_equal_forms(results)
    if not results[0]:
        return []
    inside = made_since(start, traces[0].outer)
    outer = captured([t for flat in results for t in flat], (), inside)
    bodies = tuple(Body(outer, flat) for flat in results)
    made = list(BRANCH(index, *outer, branches=bodies))
    count = len(made) - len(written)
    for variable, value in zip(written, made[count:], strict=True):
        traces[0].outer.write(variable, value)
    return made[:count]


def _written_by_any(traces: Sequence[BodyTrace]) -> list[Variable]:
    """Return what some branch assigns; of an arena that one assigns, that alone."""
    found = dict.fromkeys(v for inner in traces for v in inner.writes)
    return [v for v in found if v.home is None or v.home.flat not in found]


def made_since(start: int, outer: Any) -> Callable[[Tensor], bool]:
    """Return whether a tensor was made in a branch traced since a number was drawn."""

    def inside(tensor: Tensor) -> bool:
        read = tensor in outer.reads.values()  # an alias made for the trace around
        return tensor.number > start and tensor.op not in LEAVES and not read

    return inside


def _require_equal_forms(results: Sequence[Tensors]) -> None:
    first, *others = ([repr(Spec(t.shape, t.dtype)) for t in flat] for flat in results)
    for other in others:
        if other != first:
            raise DTypeError(
                explain(
                    "The branches return tensors of different forms.",
                    got=f"{_listed(first)} and {_listed(other)}",
                    expected="the same shapes and dtypes from every branch",
                    fix="cast or reshape the results inside the branches",
                )
            )


def require_carried_forms(
    what: str, before: Sequence[Tensor], after: Sequence[Tensor]
) -> None:
    """Raise unless a step leaves its carries in the forms they had.

    Raises:
        ShapeError: A shape has changed.
        DTypeError: A dtype has changed.
    """
    for kind, name in ((ShapeError, "shape"), (DTypeError, "dtype")):
        forms = [[getattr(t, name) for t in side] for side in (before, after)]
        if forms[0] != forms[1]:
            raise kind(
                explain(
                    f"A step of {what} changes the {name} of what it carries.",
                    got=_listed(forms[1]),
                    expected=_listed(forms[0]),
                    fix="return values of the forms that came in",
                )
            )


def _listed(forms: Sequence[Any]) -> str:
    return ", ".join(map(str, forms)) or "nothing"
