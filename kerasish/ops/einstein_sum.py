"""Einstein summation, as transposes, reshapes and one matrix product per pair.

Two operands are contracted by one batched product: labels of both that are kept are its
batch, labels of both that are not kept its inner axis, all others its rows and columns.
Axes that lie side by side are merged before anything is transposed, and the operands
change places where that spares transposing the result: `EinsumDense` and attention copy
nothing but what their subscripts force. More than two operands are contracted in the
order `numpy.einsum_path` finds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.backend import dtypes, floatx
from kerasish.errors import unknown_name
from kerasish.ops import reduction, rules
from kerasish.ops.declare import convert
from kerasish.ops.diagonals import diagonal
from kerasish.ops.elementwise import multiply, not_equal
from kerasish.ops.products import matmul_of
from kerasish.ops.shape import cast, reshape, squeeze, transpose
from kerasish.ops.subscripts import Labels, read

Term = tuple[Any, Labels]  # a tensor and the labels of its axes, each once


def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Any:
    """Return the sum of products that the subscripts describe.

    Args:
        subscripts: As NumPy's: a letter for each axis of each operand, "->", and a
            letter for each axis of the result; an ellipsis stands for all other axes.
            A letter that is not in the result is summed over; one that stands twice in
            an operand takes its diagonal. Without "->" the result has the letters that
            occur once, in alphabetical order.
        *operands: Tensors, one per term of the subscripts.
        **kwargs: `optimize`, how the order of more than two operands is found: as
            `numpy.einsum_path`'s; "greedy" by default, False for left to right.

    Raises:
        ValueError: The subscripts cannot be read, or not for so many operands.
        ShapeError: An operand does not fit its term.

    Example:
        >>> einsum("ij,j->i", [[1, 2], [3, 4]], [1, 10]).tolist()
        [21, 43]
    """
    optimize = kwargs.pop("optimize", "greedy")
    for name in kwargs:
        raise TypeError(unknown_name("argument of einsum", name, ["optimize"]))
    tensors = [convert(x) for x in operands]
    labels, result, _ = read(subscripts, [tuple(x.shape) for x in tensors])
    dtype = dtypes.strong(rules.promoted(*tensors), floatx())
    # truth values are counted, and sums of int8 leave its range at once
    compute = "int32" if dtype in ("bool", "int8") else dtype
    terms = [
        _without_repeats(cast(x, compute), own)
        for x, own in zip(tensors, labels, strict=True)
    ]
    for step in _steps(subscripts, tensors, optimize):
        chosen = [terms.pop(i) for i in sorted(step, reverse=True)][::-1]
        kept = {*result, *(name for _, own in terms for name in own)}
        terms.append(_chained(chosen, kept, result))
    x, own = _summed(*terms[0], set(result))
    x = transpose(x, [own.index(name) for name in result])
    return not_equal(x, 0) if dtype == "bool" else x


def _steps(subscripts: str, tensors: Sequence[Any], optimize: Any) -> Any:
    """Return which terms each step takes; what it makes of them becomes the last."""
    if len(tensors) < 3 or optimize is False:
        return [tuple(range(len(tensors)))]
    # arrays of these shapes that take no memory
    forms = [np.broadcast_to(np.float32(0), tuple(x.shape)) for x in tensors]
    return np.einsum_path(subscripts, *forms, optimize=optimize)[0][1:]


def _without_repeats(x: Any, labels: Labels) -> Term:
    """Return the diagonals along axes of the same label."""
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            first = labels.index(label)
            second = labels.index(label, first + 1)
            x = diagonal(x, 0, first, second)
            rest = [n for i, n in enumerate(labels) if i not in (first, second)]
            labels = (*rest, label)
    return x, labels


def _chained(terms: Sequence[Term], kept: set[str], result: Labels) -> Term:
    """Return the terms contracted from left to right, but for the labels kept."""
    made = terms[0]
    for i, term in enumerate(terms[1:], start=2):
        later = {name for _, labels in terms[i:] for name in labels}
        made = _contracted(made, term, kept | later, result)
    return made


def _summed(x: Any, labels: Labels, kept: set[str]) -> Term:
    """Return a term summed over the labels that nobody needs."""
    gone = [i for i, name in enumerate(labels) if name not in kept]
    if gone:
        # a sum of small whole numbers is wider than they are
        x = cast(reduction.sum(x, gone), dtypes.dtype_name(x.dtype))
    return x, tuple(name for name in labels if name in kept)


def _narrowed(term: Term, other: Term) -> Term:
    """Return a term without axes of length 1 that broadcast to the other term's."""
    x, labels = term
    there = _lengths(other)
    gone = [i for i, n in enumerate(labels) if x.shape[i] == 1 and there.get(n, 1) != 1]
    rest = tuple(name for i, name in enumerate(labels) if i not in gone)
    return (squeeze(x, gone) if gone else x), rest


def _contracted(first: Term, second: Term, kept: set[str], result: Labels) -> Term:
    """Return the product of two terms, summed over what they share and nobody needs."""
    first, second = _narrowed(first, second), _narrowed(second, first)
    first = _summed(*first, kept | set(second[1]))
    second = _summed(*second, kept | set(first[1]))
    shared = [name for name in first[1] if name in second[1]]
    batch = sorted((n for n in shared if n in kept), key=_rank_in(result))
    inner = {name for name in shared if name not in kept}
    alone = [name for name in (*first[1], *second[1]) if name not in shared]
    if not inner or (batch and not alone):
        order = sorted({*first[1], *second[1]}, key=_rank_in(result))
        product = multiply(_aligned(first, order), _aligned(second, order))
        return _summed(product, tuple(order), kept)
    rank = _rank_in(result)
    if alone and min(alone, key=rank) in second[1]:
        first, second = second, first
    return _matrix_product(first, second, batch, inner)


def _rank_in(result: Labels) -> Any:
    """Return a sorting key: the labels of the result in its order, others after."""
    places = {name: (0, i, name) for i, name in enumerate(result)}
    return lambda name: places.get(name, (1, 0, name))


def _aligned(term: Term, order: Sequence[str]) -> Any:
    """Return a term's tensor with an axis for each label of an order, some of one."""
    x, labels = term
    whole = (*labels, *(name for name in order if name not in labels))
    x = reshape(x, (*x.shape, *[1] * (len(whole) - len(labels))))
    return transpose(x, [whole.index(name) for name in order])


def _matrix_product(
    first: Term, second: Term, batch: Sequence[str], inner: set[str]
) -> Term:
    """Return the sum over the inner labels: one product, batched."""
    rows, columns = (
        tuple(name for name in labels if name not in inner and name not in batch)
        for _, labels in (first, second)
    )
    # the larger operand decides in which order: the other one may have to be copied
    larger = max(first, second, key=lambda term: math.prod(term[0].shape))
    summed = tuple(name for name in larger[1] if name in inner)
    stack = [(name,) for name in batch]
    product = matmul_of(
        _grouped(first, [*stack, rows, summed]),
        _grouped(second, [*stack, summed, columns]),
    )
    labels = (*batch, *rows, *columns)
    lengths = _lengths(first) | _lengths(second)
    return reshape(product, [lengths[name] for name in labels]), labels


def _lengths(term: Term) -> dict[str, int]:
    x, labels = term
    return dict(zip(labels, x.shape, strict=True))


def _grouped(term: Term, groups: Sequence[Labels]) -> Any:
    """Return a term's tensor with one axis for each group of labels."""
    x, labels = term
    lengths = _lengths(term)
    sizes = [math.prod(lengths[name] for name in group) for group in groups]
    places = [labels.index(group[0]) if group else len(labels) for group in groups]
    order = sorted(range(len(groups)), key=lambda i: places[i])
    if tuple(name for i in order for name in groups[i]) == labels:
        # each group lies together: merging it first moves nothing
        merged = reshape(x, [sizes[i] for i in order])
        return transpose(merged, [order.index(i) for i in range(len(groups))])
    moved = transpose(x, [labels.index(name) for group in groups for name in group])
    return reshape(moved, sizes)
