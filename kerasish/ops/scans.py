"""Scans and maps: a function run over the slices of sequences, and partial results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish.backend import get_backend
from kerasish.errors import ShapeError, explain
from kerasish.graph import tree
from kerasish.graph.gradient import spec_of
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import Tensor
from kerasish.graph.trace import trace
from kerasish.ops import loops
from kerasish.ops.declare import constant_tensor, convert
from kerasish.ops.indexing import get_item
from kerasish.ops.shape import concatenate, flip, reshape, slice_to, stack
from kerasish.ops.structures import (
    array,
    carried,
    is_traced,
    outputs,
    packed,
    require_same_structure,
)


def scan(
    f: Callable[[Any, Any], Any],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: bool | int = 1,
) -> tuple[Any, Any]:
    """Run a step over the slices of sequences, handing a carry from step to step.

    Args:
        f: `(carry, x) -> (carry, y)`; the carry keeps its structure, shapes and dtypes.
        init: The carry before the first step: any structure of tensors.
        xs: Tensors whose first axis is stepped along, in any structure; None for a
            loop without inputs.
        length: Number of steps; needed without `xs`.
        reverse: Whether to go from the last slice to the first. Result i always
            belongs to slice i.
        unroll: True, or at least the number of steps, writes all steps into the graph
            one after the other, so that memory is planned for all of them at once.
            Other numbers change nothing here: a step costs no more than its operations.

    Returns:
        The last carry, and the results of all steps stacked along a new first axis.

    Raises:
        ShapeError: The sequences differ in length, or the carry changes its shape.
        DTypeError: The carry changes its dtype.
        ValueError: There is nothing to tell the number of steps.

    Example:
        >>> total, sums = scan(lambda c, x: (c + x, c + x), 0, convert([1, 2, 3]))
        >>> int(total), [int(s) for s in sums]
        (6, [1, 3, 6])
    """
    if not isinstance(unroll, bool) and (not isinstance(unroll, int) or unroll < 1):
        raise ValueError(
            explain(
                "`unroll` of scan is a truth value or a number of steps.",
                got=repr(unroll),
                expected="True, False, or a whole number from 1 on",
            )
        )
    xs = tree.map_structure(_sequence, xs)
    steps = _length(xs, length)
    unrolled = unroll is True or (unroll is not False and 1 < steps <= unroll)
    return scan_steps("scan", f, init, xs, steps, reverse, unrolled)


def _sequence(x: Any) -> Any:
    if x is None:
        return None
    x = convert(x)
    if not x.shape:
        raise ShapeError(
            explain(
                "A scan goes along the first axis of its sequences.",
                got="a tensor of rank 0",
                fix="give the numbers a first axis, or the step count as `length`",
            )
        )
    return x


def _length(xs: Any, length: int | None) -> int:
    lengths = {x.shape[0] for x in tree.leaves(xs) if x is not None}
    lengths |= set() if length is None else {int(length)}
    if len(lengths) == 1:
        return int(lengths.pop())
    if not lengths:
        raise ValueError(
            explain(
                "A scan without sequences does not know how many steps to take.",
                got="neither `xs` nor `length`",
                fix="give length=...",
            )
        )
    raise ShapeError(
        explain(
            "A scan's sequences, and `length` where it is given, differ in length.",
            got=f"lengths {sorted(lengths)}",
            expected="one length",
        )
    )


def scan_steps(
    what: str,
    f: Callable[[Any, Any], Any],
    init: Any,
    xs: Any,
    length: int,
    reverse: bool = False,
    unrolled: bool = False,
) -> tuple[Any, Any]:
    """Scan as `scan` does, the number of steps being known.

    Args:
        what: What messages call it.
        f: `(carry, x) -> (carry, y)`.
        init: The carry before the first step.
        xs: Sequences.
        length: Number of steps.
        reverse: Whether to go from the last slice to the first.
        unrolled: Whether to write out all steps in the graph.
    """
    if not is_traced(init, xs):
        if length == 0:
            return _scan_nothing(what, f, init, xs)
        return _scan_in_python(f, tree.map_structure(array, init), xs, length, reverse)
    if unrolled and length:
        return _scan_in_python(f, init, xs, length, reverse)
    return _traced_scan(what, f, init, xs, length, reverse)


def _scan_nothing(what: str, f: Any, init: Any, xs: Any) -> tuple[Any, Any]:
    """Scan over no slices: only tracing tells the form of the results."""
    given = [tree.map_structure(array, init), xs]
    specs = tree.map_structure(lambda x: None if x is None else spec_of(x), given)
    graph = trace(lambda init, xs: _traced_scan(what, f, init, xs, 0, False), specs)
    flat = [x for x in tree.leaves(given) if x is not None]
    result: tuple[Any, Any] = compile_graph(graph, get_backend())(*flat)
    return result


def _scan_in_python(
    f: Any, carry: Any, xs: Any, length: int, reverse: bool
) -> tuple[Any, Any]:
    results: list[Any] = []
    for i in range(length)[:: -1 if reverse else 1]:
        carry, y = f(carry, tree.map_structure(lambda x, i=i: _slice(x, i), xs))
        results.append(y)
    results = results[::-1] if reverse else results
    carry = tree.map_structure(array, carry)
    return carry, tree.map_structure(_stacked, results[0], *results[1:])


def _slice(x: Any, i: int) -> Any:
    return None if x is None else get_item(x, i)


def _stacked(*ys: Any) -> Any:
    return None if ys[0] is None else stack(ys)


def _tracedscan_steps(
    what: str, f: Any, init: Any, xs: Any, length: int, reverse: bool
) -> tuple[Any, Any]:
    sequences = [constant_tensor(x) for x in tree.leaves(xs) if x is not None]
    structure: list[Any] = []

    def step(
        carries: list[Tensor], slices: list[Tensor]
    ) -> tuple[list[Tensor], list[Tensor]]:
        carry, y = f(packed(init, carries), packed(xs, slices))
        require_same_structure(f"The step of {what}", init, carry)
        structure[:] = [y]
        return outputs(carry), outputs(y)

    initial, weak = carried(init)
    finals, stacks = loops.loop(
        *(step, initial, sequences, length, reverse), weak=weak, what=what
    )
    return packed(init, finals), packed(structure[0], stacks)


def _traced_scan(
    what: str, f: Any, init: Any, xs: Any, length: int, reverse: bool
) -> tuple[Any, Any]:
    sequences = [constant_tensor(x) for x in tree.leaves(xs) if x is not None]
    structure: list[Any] = []

    def step(
        carries: list[Tensor], slices: list[Tensor]
    ) -> tuple[list[Tensor], list[Tensor]]:
        carry, y = f(packed(init, carries), packed(xs, slices))
        require_same_structure(f"The step of {what}", init, carry)
        structure[:] = [y]
        return outputs(carry), outputs(y)

    initial, weak = carried(init)
    finals, stacks = loops.loop(
        *(step, initial, sequences, length, reverse), weak=weak, what=what
    )
    return packed(init, finals), packed(structure[0], stacks)


def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """Return `f` of every slice along the first axis, stacked.

    Args:
        f: A function of one slice, in the structure of `xs`; may return a structure.
        xs: A tensor or a structure of tensors with one first length.

    Example:
        >>> [int(x) for x in map(lambda x: x * x, convert([1, 2, 3]))]
        [1, 4, 9]
    """

    def step(carry: Any, x: Any) -> Any:
        return carry, f(x)

    xs = tree.map_structure(_sequence, xs)
    return scan_steps("map", step, (), xs, _length(xs, None))[1]


def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """Return `function` of every slice along the first axis, stacked.

    The same as `map`: slices are computed one after the other. Operations on whole
    tensors are faster where the function can be written so.

    Args:
        function: A function of one slice, in the structure of `elements`.
        elements: A tensor, or a structure of tensors with one first length.
    """
    return map(function, elements)


def associative_scan(
    f: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0
) -> Any:
    """Return all partial results of an associative function along an axis.

    Pairs are combined first, then their results, so about 2 log2(n) operations on
    whole tensors are made in place of n on slices.

    Args:
        f: `(a, b) -> c` on slices of any number along the axis, elementwise along it;
            associative, as addition is.
        elems: A tensor or a structure of tensors.
        reverse: Whether to start at the end.
        axis: The axis to go along.

    References:
        Blelloch, "Prefix Sums and Their Applications", 1990.

    Example:
        >>> sums = associative_scan(lambda a, b: a + b, convert([1, 2, 3]))
        >>> [int(x) for x in sums]
        [1, 3, 6]
    """
    flat = [convert(x) for x in tree.leaves(elems)]
    axis = axis % len(flat[0].shape)
    lengths = {x.shape[axis] for x in flat}
    if len(lengths) != 1:
        raise ShapeError(
            explain(
                "The elements of an associative_scan differ in length.",
                got=f"lengths {sorted(lengths)} along axis {axis}",
                expected="one length",
            )
        )

    def combine(a: list[Any], b: list[Any]) -> list[Any]:
        a, b = (b, a) if reverse else (a, b)
        return tree.flatten(f(tree.pack(elems, a), tree.pack(elems, b)))

    flat = [flip(x, axis) for x in flat] if reverse else flat
    results = _prefixes(combine, flat, axis)
    results = [flip(x, axis) for x in results] if reverse else results
    return tree.pack(elems, results)


def _prefixes(
    combine: Callable[[list[Any], list[Any]], list[Any]], flat: list[Any], axis: int
) -> list[Any]:
    length = flat[0].shape[axis]
    if length < 2:
        return flat
    even = [_every_other(x, axis, 0) for x in flat]
    odd = [_every_other(x, axis, 1) for x in flat]
    paired = combine([_cut(x, axis, 0, length // 2) for x in even], odd)
    # those that end at an odd place: the results of pairs, and all before them
    at_odd = _prefixes(combine, paired, axis)
    before = [_cut(x, axis, 0, (length - 1) // 2) for x in at_odd]
    at_even = [_cut(x, axis, 0, 1) for x in even]
    if length > 2:
        later = combine(before, [_cut(x, axis, 1, None) for x in even])
        at_even = [
            concatenate([first, rest], axis)
            for first, rest in zip(at_even, later, strict=True)
        ]
    return [_interleaved(a, b, axis) for a, b in zip(at_even, at_odd, strict=True)]


def _every_other(x: Any, axis: int, start: int) -> Any:
    return slice_to(x, slices=(slice(None),) * axis + (slice(start, None, 2),))


def _cut(x: Any, axis: int, start: int, stop: int | None) -> Any:
    return slice_to(x, slices=(slice(None),) * axis + (slice(start, stop),))


def _interleaved(even: Any, odd: Any, axis: int) -> Any:
    pairs = odd.shape[axis]
    shape = [*odd.shape]
    shape[axis] = 2 * pairs
    both = reshape(stack([_cut(even, axis, 0, pairs), odd], axis + 1), shape)
    if even.shape[axis] == pairs:
        return both
    return concatenate([both, _cut(even, axis, pairs, None)], axis)
