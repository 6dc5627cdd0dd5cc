"""Reverse-mode differentiation of a graph, written in operations.

One walk from the target back to the sources, each operation's rule turning the
cotangent of its result into cotangents of its inputs (Griewank & Walther, "Evaluating
Derivatives", 2008, ch. 3). The rules build ordinary nodes, so a gradient can be
planned, replayed and differentiated again. A composed operation without a rule is
differentiated through its composition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kerasish.backend import dtypes
from kerasish.errors import ShapeError, explain
from kerasish.graph import tree
from kerasish.graph.registry import operation
from kerasish.graph.tensor import Spec, Tensor
from kerasish.graph.trace import Graph, ancestors, scope, trace


def gradients(
    target: Tensor, sources: Sequence[Tensor], cotangent: Any = None
) -> list[Tensor | None]:
    """Return the gradient of `target` with respect to each source.

    Args:
        target: A scalar, unless `cotangent` is given.
        sources: Float tensors.
        cotangent: What flows back into `target`, of its shape; 1 by default.

    Returns:
        One tensor per source, of its shape and dtype; None where the target does not
        depend on it.

    Raises:
        ShapeError: The target is no scalar and no cotangent is given.
    """
    if cotangent is None:
        if target.shape != ():
            raise ShapeError(
                explain(
                    "Only a scalar has a gradient.",
                    got=repr(target),
                    fix="reduce it, for example with ops.sum or ops.mean",
                )
            )
        cotangent = operation("constant_tensor")(operation("convert")(1, target.dtype))
    order = ancestors([target], _parents)
    carrying = _carriers(order, sources)
    flowing: dict[Tensor, Tensor] = {target: cotangent}
    for tensor in reversed(order):
        arrived = flowing.get(tensor)
        if arrived is None or tensor not in carrying:
            continue
        with scope(tensor.scope):
            _flow_back(tensor, arrived, carrying, flowing)
    return [flowing.get(source) for source in sources]


def _parents(tensor: Tensor) -> tuple[Tensor, ...]:
    if _is_transparent(tensor):
        return (tensor.expansion,)  # type: ignore[return-value]
    return tensor.inputs


def _is_transparent(tensor: Tensor) -> bool:
    return tensor.expansion is not None and tensor.op.gradient_rule is None


def _carriers(order: list[Tensor], sources: Sequence[Tensor]) -> set[Tensor]:
    """Return the tensors through which a gradient reaches a source."""
    carrying = set(sources)
    for tensor in order:
        if dtypes.is_float(tensor.dtype) and any(
            parent in carrying for parent in _parents(tensor)
        ):
            carrying.add(tensor)
    return carrying


def _flow_back(
    tensor: Tensor,
    arrived: Tensor,
    carrying: set[Tensor],
    flowing: dict[Tensor, Tensor],
) -> None:
    parents = _parents(tensor)
    if _is_transparent(tensor):
        cotangents: Sequence[Any] = (arrived,)
    elif not parents or tensor.op.gradient_rule is None:
        return  # a leaf, or an operation declared to have no gradient
    else:
        rule: Callable[..., Any] = tensor.op.gradient_rule
        result = rule(arrived, tensor, *parents, **tensor.attributes)
        cotangents = result if isinstance(result, tuple) else (result,)
    for parent, cotangent in zip(parents, cotangents, strict=True):
        if cotangent is None or parent not in carrying:
            continue
        cotangent = fit_to(cotangent, parent)
        if parent in flowing:
            cotangent = operation("add")(flowing[parent], cotangent)
        flowing[parent] = cotangent


def fit_to(cotangent: Any, like: Tensor) -> Tensor:
    """Return a cotangent summed over broadcast axes and cast, to its tensor's form."""
    if cotangent.dtype != like.dtype:
        cotangent = operation("cast_to")(cotangent, dtype=like.dtype)
    if cotangent.shape == like.shape:
        return cotangent  # type: ignore[no-any-return]
    ndim = len(cotangent.shape)
    if _broadcasts(like.shape, cotangent.shape):
        padded = (1,) * (ndim - len(like.shape)) + like.shape
        axes = tuple(
            i for i in range(ndim) if padded[i] == 1 and cotangent.shape[i] != 1
        )
        summed = cotangent
        if axes:
            summed = operation("reduce_sum")(cotangent, axis=axes, keepdims=True)
        if summed.shape == like.shape:
            return summed  # type: ignore[no-any-return]
        return operation("reshape_to")(summed, newshape=like.shape)  # type: ignore[no-any-return]
    # a rule may return less than the full shape, such as a scalar: spread it
    return operation("broadcast")(cotangent, shape=like.shape)  # type: ignore[no-any-return]


def _broadcasts(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    if len(small) > len(large):
        return False
    tail = large[len(large) - len(small) :]
    return all(a in (1, b) for a, b in zip(small, tail, strict=True))


def gradient_graph(
    function: Callable[..., Any],
    specs: Sequence[Any],
    argnums: Sequence[int],
    variables: Sequence[Any] | None = None,
) -> Graph:
    """Return a graph of a scalar function's value and its gradients.

    Args:
        function: Python over `kerasish.ops` returning a scalar.
        specs: Specs of its arguments, as `trace` takes them.
        argnums: Positions of the arguments to differentiate by.
        variables: Variables to differentiate by, in place of arguments.

    Returns:
        A graph whose result is `(value, [gradient of each argnum, in its structure])`.
    """

    def both(*arguments: Any) -> Any:
        value = operation("convert")(function(*arguments))
        if not isinstance(value, Tensor):
            value = operation("constant_tensor")(value)
        if variables is None:
            chosen: list[Any] = [arguments[i] for i in argnums]
        else:
            chosen = [operation("convert")(v) for v in variables]
        sources = tree.flatten(chosen)
        found = gradients(value, sources)
        zeros = operation("zeros_like_tensor")
        filled = [
            zeros(s) if g is None else g for s, g in zip(sources, found, strict=True)
        ]
        return value, tree.pack(chosen, filled)

    return trace(both, specs)


def spec_of(value: Any) -> Spec:
    """Return the shape and dtype of an array as a `Spec`."""
    return Spec(tuple(value.shape), dtypes.dtype_name(value.dtype))
