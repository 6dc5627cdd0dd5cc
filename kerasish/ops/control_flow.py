"""Control flow with Keras's names and structures: branches, loops, maps.

On arrays these run as plain Python. Inside a trace a branch or loop becomes one node
that holds its body (see `kerasish.ops.loops`): the graph keeps its size whatever the
number of steps, and only the branch taken is computed. Variables may be read and
assigned inside; gradients flow through all of it but loops with a test.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kerasish.graph import tree
from kerasish.graph.tensor import Tensor
from kerasish.graph.trace import as_output
from kerasish.ops import loops
from kerasish.ops.creation import arange
from kerasish.ops.elementwise import less, maximum, minimum
from kerasish.ops.scans import scan_steps
from kerasish.ops.shape import cast
from kerasish.ops.structures import (
    array,
    carried,
    is_traced,
    number,
    outputs,
    packed,
    require_same_structure,
    scalar,
)


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """Return `true_fn()` where `pred` holds, else `false_fn()`.

    Inside a trace only the branch taken is computed, when the step runs; the decision
    is read on the host. A variable that one branch assigns keeps its
    value in the other.

    Args:
        pred: A truth value: Python's, or a tensor of rank 0.
        true_fn: Called without arguments; returns any structure of tensors.
        false_fn: The same; inside a trace of the same structure, shapes and dtypes.

    Returns:
        What the branch returned.

    Raises:
        ShapeError: `pred` is not of rank 0.
        DTypeError: The branches return results of different shapes or dtypes.

    Example:
        >>> float(cond(3 > 2, lambda: 1.0, lambda: 0.0))
        1.0
    """
    decision = scalar("pred", pred)
    if not isinstance(decision, Tensor):
        return (true_fn if number(decision) else false_fn)()
    index = cast(cast(decision, "bool"), "int32")
    return _branch(index, [false_fn, true_fn])


def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """Return `branches[index](*operands)`; an index outside counts as the nearest.

    Args:
        index: A whole number: Python's, or a tensor of rank 0.
        branches: Functions of the operands; inside a trace all return the same
            structure, shapes and dtypes.
        *operands: Tensors, or structures of them.

    Raises:
        ShapeError: `index` is not of rank 0.
        DTypeError: The branches return results of different shapes or dtypes.
    """
    choice = scalar("index", index)
    last = len(branches) - 1
    if not isinstance(choice, Tensor):
        return branches[min(max(int(number(choice)), 0), last)](*operands)
    choice = minimum(maximum(cast(choice, "int32"), 0), last)
    return _branch(choice, [_with(branch, operands) for branch in branches])


def _with(function: Callable[..., Any], operands: Any) -> Callable[[], Any]:
    return lambda: function(*operands)


def _branch(index: Tensor, functions: Sequence[Callable[[], Any]]) -> Any:
    structures: list[Any] = []

    def traced(function: Callable[[], Any]) -> list[Tensor]:
        result = function()
        structures.append(result)
        return outputs(result)

    flat = loops.branch(index, [_with(traced, (f,)) for f in functions])
    for other in structures[1:]:
        require_same_structure("The branches", structures[0], other)
    return packed(structures[0], flat)


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    maximum_iterations: int | None = None,
) -> Any:
    """Repeat `loop_vars = body(*loop_vars)` while `cond(*loop_vars)` holds.

    Inside a trace the test is read on the host before every step. No gradient flows
    through; `scan`, and `fori_loop` with Python numbers as bounds, let it.

    Args:
        cond: Returns a truth value of rank 0.
        body: Returns the new variables, of the same structure, shapes and dtypes.
        loop_vars: A list or tuple, whose items become arguments; or one value.
        maximum_iterations: The most steps; as many as it takes by default.

    Returns:
        The variables at the end, in their structure.

    Example:
        >>> total = while_loop(lambda i, s: i < 4, lambda i, s: (i + 1, s + i), (0, 0))
        >>> [int(x) for x in total]
        [4, 6]
    """
    several = isinstance(loop_vars, (list, tuple))
    variables = loop_vars if several else (loop_vars,)

    def step(values: Any) -> Any:
        made = body(*values)
        made = (type(values)(made) if several else (made,)) if made is not None else ()
        require_same_structure("`body` of while_loop", variables, made)
        return made

    def test(values: Any) -> Any:
        return scalar("cond(...)", cond(*values))

    run = _traced_while if is_traced(variables) else _eager_while
    result = run(test, step, variables, maximum_iterations)
    return result if several else result[0]


def _eager_while(test: Any, step: Any, variables: Any, limit: int | None) -> Any:
    values, done = tree.map_structure(array, variables), 0
    while done != limit and number(test(values)):
        values = tree.map_structure(array, step(values))
        done += 1
    return values


def _traced_while(test: Any, step: Any, variables: Any, limit: int | None) -> Any:
    def flat_test(flat: list[Tensor]) -> Tensor:
        truth: Tensor = cast(as_output(test(packed(variables, flat))), "bool")
        return truth

    def flat_step(flat: list[Tensor]) -> list[Tensor]:
        return outputs(step(packed(variables, flat)))

    initial, weak = carried(variables)
    flat = loops.loop_while(flat_test, flat_step, initial, limit, weak)
    return packed(variables, flat)


def fori_loop(
    lower: Any, upper: Any, body_fun: Callable[[Any, Any], Any], init_val: Any
) -> Any:
    """Repeat `value = body_fun(i, value)` for i = lower, ..., upper - 1.

    Args:
        lower: The first index. Gradients flow if both bounds are known beforehand.
        upper: One more than the last index.
        body_fun: Returns the new value, of the same structure, shapes and dtypes.
        init_val: Any structure of tensors.

    Returns:
        The value after the last step.

    Example:
        >>> int(fori_loop(0, 5, lambda i, total: total + i, 0))
        10
    """
    bounds = [scalar(n, b) for n, b in (("lower", lower), ("upper", upper))]
    if any(isinstance(b, Tensor) for b in bounds):
        return _counted_while(bounds[0], bounds[1], body_fun, init_val)
    first, last = (int(number(b)) for b in bounds)
    indices = arange(first, max(first, last), dtype="int32")

    def step(value: Any, i: Any) -> Any:
        return body_fun(i, value), None

    return scan_steps("fori_loop", step, init_val, indices, len(indices))[0]


def _counted_while(lower: Any, upper: Any, body_fun: Any, init_val: Any) -> Any:
    def test(i: Any, value: Any) -> Any:
        return less(i, upper)

    def step(i: Any, value: Any) -> Any:
        return i + 1, body_fun(i, value)

    return while_loop(test, step, (cast(lower, "int32"), init_val))[1]
