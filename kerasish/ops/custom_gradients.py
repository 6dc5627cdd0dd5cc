"""Gradients of one's own, and derivatives along a direction.

`custom_gradient_of` hands results on unchanged; when a gradient arrives it asks the
user's function in place of the operations the results were made by. The simplifier
drops it once gradients have been taken.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from kerasish.backend import dtypes, get_backend
from kerasish.errors import ShapeError, explain
from kerasish.graph import tree
from kerasish.graph.gradient import cotangents, spec_of
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import Spec, Tensor
from kerasish.graph.trace import trace
from kerasish.ops.declare import Arrays, constant_tensor, convert, zeros_like_tensor
from kerasish.ops.several import several
from kerasish.ops.shape import copy
from kerasish.ops.structures import is_traced


@several
def custom_gradient_of(
    xs: Arrays, *, count: int, rule: Callable[..., Any]
) -> list[Spec]:
    """Return the first `count` operands; the others are what they were made from."""
    return [Spec(x.shape, x.dtype) for x in xs[:count]]


@custom_gradient_of.gradient
def _(
    gs: Sequence[Tensor | None],
    ys: Sequence[Tensor],
    *xs: Tensor,
    count: int,
    rule: Callable[..., Any],
) -> tuple[Any, ...]:
    filled = [
        zeros_like_tensor(y) if g is None else g for g, y in zip(gs, ys, strict=True)
    ]
    return (*(None for _ in range(count)), *rule(filled, xs[count:]))


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function a gradient of one's own.

    Args:
        f: `f(*args) -> (result, grad_fn)`. `grad_fn(upstream)` gets the cotangent of
            the result, in its structure, and returns that of each argument: one
            alone, or a tuple of them; None stands for zeros. What `f` takes from its
            surroundings gets no gradient through it.

    Returns:
        A function that returns the result.

    Example:
        >>> from kerasish.gradients import grad
        >>> @custom_gradient
        ... def twice(x):
        ...     return 2 * x, lambda upstream: 10 * upstream
        >>> float(twice(1.0)), float(grad(twice)(1.0))
        (2.0, 10.0)
    """

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if not is_traced(args, kwargs):
            return f(*args, **kwargs)[0]
        args = tree.map_structure(_tensor, args)
        result, grad_fn = f(*args, **kwargs)
        flat = [constant_tensor(convert(leaf)) for leaf in tree.leaves(result)]
        given = [t for t in tree.leaves(args) if t is not None]

        def rule(gs: list[Tensor], _: Sequence[Tensor]) -> tuple[Any, ...]:
            return _cotangents_of(grad_fn(tree.pack(result, gs)), args)

        made = custom_gradient_of([*flat, *given], count=len(flat), rule=rule)
        return tree.pack(result, list(made))

    return wrapped


def _tensor(x: Any) -> Any:
    return None if x is None else constant_tensor(convert(x))


def _cotangents_of(returned: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what a user's gradient gave, one cotangent per tensor of the arguments.

    Raises:
        ValueError: It gave more or fewer than there are arguments.
    """
    given = tuple(returned) if isinstance(returned, (list, tuple)) else (returned,)
    if len(given) != len(args):
        raise ValueError(
            explain(
                "A custom gradient must return one cotangent per argument.",
                got=f"{len(given)} for {len(args)} arguments",
                fix="return a tuple, with None for arguments that have no gradient",
            )
        )
    flat: list[Any] = []
    for cotangent, argument in zip(given, args, strict=True):
        leaves = [t for t in tree.leaves(argument) if t is not None]
        flat += [None] * len(leaves) if cotangent is None else tree.flatten(cotangent)
    return tuple(flat)


def jvp(
    fun: Callable[..., Any],
    primals: Sequence[Any],
    tangents: Sequence[Any],
    has_aux: bool = False,
) -> tuple[Any, ...]:
    """Return a function's value, and its derivative along a direction.

    The derivative is had by differentiating backwards twice: what flows back is linear
    in what flows in, and the gradient of that is the derivative forwards.

    Args:
        fun: A function of the primals.
        primals: Its arguments: floating-point tensors, or structures of them.
        tangents: The direction, in the same structure and shapes.
        has_aux: Whether `fun` returns `(result, aux)`, of which `aux` is handed on.

    Returns:
        `(result, derivative)`, or `(result, derivative, aux)`.

    Raises:
        ShapeError: A tangent is not of its primal's shape.
        TypeError: Primals and tangents are no sequences.

    References:
        Townsend, "A new trick for calculating Jacobian vector products", 2017.

    Example:
        >>> value, slope = jvp(lambda x: x * x, (3.0,), (1.0,))
        >>> float(value), float(slope)
        (9.0, 6.0)
    """
    _require_pairs(primals, tangents)
    points = tree.map_structure(convert, list(primals))
    along = tree.map_structure(convert, list(tangents))
    for x, t in zip(tree.leaves(points), tree.leaves(along), strict=True):
        if tuple(x.shape) != tuple(t.shape):
            raise ShapeError(
                explain(
                    "A tangent must have the shape of its primal.",
                    got=f"{tuple(t.shape)}",
                    expected=f"{tuple(x.shape)}",
                )
            )
    push = functools.partial(_pushed_forward, fun, has_aux)
    if is_traced(points, along):
        return push(
            tree.map_structure(constant_tensor, points),
            tree.map_structure(constant_tensor, along),
        )
    graph = trace(push, tree.map_structure(spec_of, [points, along]))
    result: tuple[Any, ...] = compile_graph(graph, get_backend())(
        *tree.leaves([points, along])
    )
    return result


def _require_pairs(primals: Any, tangents: Any) -> None:
    if isinstance(primals, (list, tuple)) and isinstance(tangents, (list, tuple)):
        return
    raise TypeError(
        explain(
            "jvp takes sequences: one primal, and one tangent, per argument.",
            got=f"{type(primals).__name__} and {type(tangents).__name__}",
            fix="write jvp(fun, (x,), (t,))",
        )
    )


def _pushed_forward(
    fun: Callable[..., Any], has_aux: bool, primals: Any, tangents: Any
) -> tuple[Any, ...]:
    returned = fun(*primals)
    result, aux = returned if has_aux else (returned, None)
    flat = [constant_tensor(convert(y)) for y in tree.leaves(result)]
    # a node of its own for each, to be told from all other zeros
    weights = [copy(zeros_like_tensor(y)) for y in flat]
    sources = tree.flatten(primals)
    moved = [
        (y, w) for y, w in zip(flat, weights, strict=True) if dtypes.is_float(y.dtype)
    ]
    back = cotangents([y for y, _ in moved], [w for _, w in moved], sources)
    pairs = [
        (g, t)
        for g, t in zip(back, tree.leaves(tangents), strict=True)
        if g is not None
    ]
    pushed = cotangents([g for g, _ in pairs], [t for _, t in pairs], weights)
    filled = [
        zeros_like_tensor(y) if d is None else d
        for y, d in zip(flat, pushed, strict=True)
    ]
    derivative = tree.pack(result, filled)
    packed = tree.pack(result, flat)
    return (packed, derivative, aux) if has_aux else (packed, derivative)
