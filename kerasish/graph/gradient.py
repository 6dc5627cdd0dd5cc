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
from kerasish.graph.pieces import CARVED, carve, pieces_of
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
    return cotangents([target], [cotangent], sources)


def cotangents(
    targets: Sequence[Tensor],
    arriving: Sequence[Any],
    sources: Sequence[Tensor],
    boundary: Sequence[Tensor] = (),
) -> list[Tensor | None]:
    """Return what flows back into each source when cotangents arrive at the targets.

    Args:
        targets: Float tensors.
        arriving: One cotangent per target, of its shape.
        sources: Float tensors.
        boundary: Tensors the walk does not go beyond.

    Returns:
        One tensor per source, of its shape and dtype; None where no target depends on
        it.
    """
    edge = set(boundary)
    order = ancestors(targets, lambda t: () if t in edge else _parents(t))
    walk = _Walk(_carriers([t for t in order if t not in edge], sources))
    for target, cotangent in zip(targets, arriving, strict=True):
        walk.arrive(target, cotangent)
    for tensor in reversed(order):
        if tensor in walk.carrying and tensor not in edge:
            with scope(tensor.scope):
                walk.flow_back(tensor)
    return [walk.flowing.get(source) for source in sources]


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
        may = tensor.op.is_several or dtypes.is_float(tensor.dtype)
        if may and any(parent in carrying for parent in _parents(tensor)):
            carrying.add(tensor)
    return carrying


class _Walk:
    """One walk back: what has arrived where so far.

    Attributes:
        carrying: Tensors through which a gradient reaches a source.
        flowing: The cotangent of each tensor reached.
        pieces: Of an operation with several results, the cotangent of each result that
            was reached, by its index.
    """

    def __init__(self, carrying: set[Tensor]) -> None:
        self.carrying = carrying
        self.flowing: dict[Tensor, Tensor] = {}
        self.pieces: dict[Tensor, dict[int, Tensor]] = {}

    def arrive(self, tensor: Tensor, cotangent: Any) -> None:
        """Add a cotangent to what has arrived at a tensor."""
        _add_to(self.flowing, tensor, fit_to(cotangent, tensor))

    def flow_back(self, tensor: Tensor) -> None:
        """Hand what has arrived at a tensor on to what it is made from."""
        if tensor.op.is_several:
            self._leave_block(tensor)
            return
        arrived = self.flowing.get(tensor)
        if arrived is None:
            return
        if tensor.op is CARVED:
            of_block = self.pieces.setdefault(tensor.inputs[0], {})
            _add_to(of_block, tensor.attributes["index"], arrived)
        elif _is_transparent(tensor):
            self._spread(_parents(tensor), (arrived,))
        elif tensor.inputs and tensor.op.gradient_rule is not None:
            rule: Callable[..., Any] = tensor.op.gradient_rule
            result = rule(arrived, tensor, *tensor.inputs, **tensor.attributes)
            self._spread(tensor.inputs, result)

    def _leave_block(self, block: Tensor) -> None:
        rule: Callable[..., Any] | None = block.op.gradient_rule
        arrived = self.pieces.get(block)
        if arrived is None or rule is None:
            return
        count = len(pieces_of(block))
        gs = tuple(arrived.get(i) for i in range(count))
        ys = tuple(carve(block, i) for i in range(count))
        attributes = dict(block.attributes)
        if block.op.is_control:
            attributes["wanted"] = tuple(t in self.carrying for t in block.inputs)
        self._spread(block.inputs, rule(gs, ys, *block.inputs, **attributes))

    def _spread(self, parents: Sequence[Tensor], result: Any) -> None:
        given = result if isinstance(result, tuple) else (result,)
        for parent, cotangent in zip(parents, given, strict=True):
            if cotangent is not None and parent in self.carrying:
                self.arrive(parent, cotangent)


def _add_to(sums: dict[Any, Tensor], key: Any, term: Tensor) -> None:
    sums[key] = operation("add")(sums[key], term) if key in sums else term


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


def differentiate(
    function: Callable[..., Any],
    arguments: Sequence[Any],
    argnums: Sequence[int],
    variables: Sequence[Any] | None = None,
    has_aux: bool = False,
) -> tuple[Any, Any]:
    """Return a function's value and gradients, as part of the trace around.

    Args:
        function: Python over `kerasish.ops` returning a scalar; with `has_aux`, a pair
            of a scalar and anything made of tensors.
        arguments: Structures of tensors.
        argnums: Positions of the arguments to differentiate by.
        variables: Variables to differentiate by, in place of arguments.
        has_aux: Whether the function returns more than the scalar.

    Returns:
        What the function returned, and a list of the gradient of each argument, in its
        structure: 0 where the value does not depend on it.
    """
    result = function(*arguments)
    value, more = result if has_aux else (result, None)
    value = _as_tensor(value)
    if variables is None:
        chosen: list[Any] = [arguments[i] for i in argnums]
    else:
        chosen = [operation("convert")(v) for v in variables]
    sources = tree.flatten(chosen)
    found = gradients(value, sources)
    zeros = operation("zeros_like_tensor")
    filled = [zeros(s) if g is None else g for s, g in zip(sources, found, strict=True)]
    whole = (value, tree.map_structure(_as_tensor, more)) if has_aux else value
    return whole, tree.pack(chosen, filled)


def _as_tensor(value: Any) -> Tensor:
    value = operation("convert")(value)
    if isinstance(value, Tensor):
        return value
    constant: Tensor = operation("constant_tensor")(value)
    return constant


def gradient_graph(
    function: Callable[..., Any],
    specs: Sequence[Any],
    argnums: Sequence[int],
    variables: Sequence[Any] | None = None,
    has_aux: bool = False,
) -> Graph:
    """Return a graph of what `differentiate` returns, for arguments of these specs."""
    return trace(
        lambda *arguments: differentiate(
            function, arguments, argnums, variables, has_aux
        ),
        specs,
    )


def spec_of(value: Any) -> Spec:
    """Return the shape and dtype of an array as a `Spec`."""
    return Spec(tuple(value.shape), dtypes.dtype_name(value.dtype))
