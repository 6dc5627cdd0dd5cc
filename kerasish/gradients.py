"""Gradients of plain functions: `kerasish.grad` and `kerasish.value_and_grad`.

The function is traced once per set of shapes, differentiated and compiled; later calls
replay. Inside another trace (a gradient of a gradient, a custom layer) it becomes part
of that trace.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from kerasish import ops
from kerasish.backend import dtypes, get_backend
from kerasish.errors import DTypeError, explain
from kerasish.graph import tree
from kerasish.graph.gradient import differentiate, gradient_graph, spec_of
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import Tensor
from kerasish.graph.trace import current_trace
from kerasish.graph.variable import Variable
from kerasish.ops.declare import constant_tensor


def value_and_grad(
    function: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    variables: Sequence[Variable] | None = None,
    has_aux: bool = False,
) -> Callable[..., Any]:
    """Return a function that computes a scalar function's value and its gradient.

    Numbers and arrays that `function` takes from its surroundings are read when it is
    traced: at the first call, and at the first of each set of shapes. What is to change
    between calls is an argument or a `Variable`.

    Args:
        function: Python over `kerasish.ops`, returning a scalar.
        argnums: The argument, or arguments, to differentiate by, by position.
        variables: Variables to differentiate by, in place of arguments.
        has_aux: Whether `function` returns a pair: the scalar, and anything made of
            tensors that is wanted beside it (predictions, say).

    Returns:
        A function of the same arguments that returns `(value, gradient)`, with
        `has_aux` `((value, aux), gradient)`; the gradient is a tuple if `argnums` is a
        sequence, a list if `variables` are given, and has the structure of its
        argument. What the value does not depend on has gradient 0.

    Raises:
        DTypeError: An argument to differentiate by holds whole numbers or bools.
        IndexError: There is no such argument.
        ShapeError: The function's result is not a scalar.

    Example:
        >>> value, slope = value_and_grad(lambda x: x * x)(3.0)
        >>> float(value), float(slope)
        (9.0, 6.0)
    """
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    compiled: dict[Hashable, Any] = {}

    @functools.wraps(function)
    def both(*arguments: Any) -> Any:
        tensors = tree.map_structure(ops.convert_to_tensor, list(arguments))
        if variables is None:
            _require_floats(tensors, numbers)
        traced = any(isinstance(t, Tensor) for t in tree.leaves(tensors))
        by = (numbers, variables, has_aux)
        if traced or current_trace() is not None:
            tensors = tree.map_structure(constant_tensor, tensors)
            value, found = differentiate(function, tensors, *by)
        else:
            value, found = _replayed(compiled, function, tensors, *by)
        single = variables is None and isinstance(argnums, int)
        return value, found[0] if single else _like_given(found, variables)

    return both


def grad(
    function: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    variables: Sequence[Variable] | None = None,
    has_aux: bool = False,
) -> Callable[..., Any]:
    """Return a function that computes a scalar function's gradient.

    Args:
        function: Python over `kerasish.ops`, returning a scalar.
        argnums: The argument, or arguments, to differentiate by, by position.
        variables: Variables to differentiate by, in place of arguments.
        has_aux: Whether `function` returns a pair of the scalar and more; then
            `(gradient, aux)` is returned.

    Example:
        >>> float(grad(grad(lambda x: x * x * x))(2.0))
        12.0
    """
    both = value_and_grad(function, argnums, variables, has_aux)

    @functools.wraps(function)
    def gradient(*arguments: Any) -> Any:
        value, found = both(*arguments)
        return (found, value[1]) if has_aux else found

    return gradient


def _like_given(found: list[Any], variables: Any) -> Any:
    return list(found) if variables is not None else tuple(found)


def _require_floats(tensors: list[Any], numbers: tuple[int, ...]) -> None:
    """Raise unless the arguments to differentiate by exist and can be varied."""
    for number in numbers:
        if not -len(tensors) <= number < len(tensors):
            raise IndexError(
                explain(
                    "There is no such argument to differentiate by.",
                    got=f"argnums={number} and {len(tensors)} arguments",
                    fix="give argnums, counted from 0, or variables=[...]",
                )
            )
        for tensor in tree.leaves(tensors[number]):
            if not dtypes.is_float(dtypes.dtype_name(tensor.dtype)):
                raise DTypeError(
                    explain(
                        "A gradient is taken at floating-point numbers.",
                        got=f"{tensor!r} as argument {number}",
                        expected="floats",
                        fix="write 3.0 for 3; for arrays ops.cast(x, 'float32')",
                    )
                )


def _replayed(
    compiled: dict[Hashable, Any],
    function: Callable[..., Any],
    arguments: list[Any],
    numbers: tuple[int, ...],
    variables: Sequence[Variable] | None,
    has_aux: bool,
) -> tuple[Any, Any]:
    flat = tree.flatten(arguments)
    backend = get_backend()
    forms = tuple((tuple(a.shape), str(a.dtype)) for a in flat)
    key = (backend.name, forms, repr(tree.map_structure(lambda _: 0, arguments)))
    if key not in compiled:
        specs = tree.map_structure(spec_of, arguments)
        graph = gradient_graph(function, specs, numbers, variables, has_aux)
        compiled[key] = compile_graph(graph, backend)
    value, found = compiled[key](*flat)
    return value, found
