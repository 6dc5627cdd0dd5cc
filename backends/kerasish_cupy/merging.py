"""Launches over the same elements, as one: an optimizer's sweep, a layer's gradients.

Two launches that follow each other become one where each array of one is, element by
element, an array of the other, or apart from all that the other writes. What the first
writes and the second reads is handed over in a register.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from kerasish.backend.contract import Array, Instruction
from kerasish_cupy.fused_source import Step, raw_inputs
from kerasish_cupy.launch import ElementwiseLaunch

_MOST_ARRAYS = 16  # a kernel with more pointers gains nothing


def merge_launches(calls: Sequence[Any]) -> list[Any]:
    """Return calls that do the same, neighbouring launches as one where that may be."""
    result: list[Any] = []
    for call in calls:
        merged = None
        if result and all(isinstance(c, ElementwiseLaunch) for c in (result[-1], call)):
            merged = _merged(result[-1], call)
        if merged is None:
            result.append(call)
        else:
            result[-1] = merged
    return result


def _merged(
    first: ElementwiseLaunch, second: ElementwiseLaunch
) -> ElementwiseLaunch | None:
    """Return one launch for two; None if they must stay two."""
    if first.shape != second.shape or not _are_apart(first, second):
        return None
    if _reads_key_of(first, second) or _reads_key_of(second, first):
        return None  # a key is read as a whole, what else lies there by the element
    written = {_place(out) for out, _ in first.outs}
    fresh = (x for x in second.inputs if _place(x) not in written)
    unique = {_place(x): x for x in (*first.inputs, *fresh)}
    inputs = tuple(unique.values())
    value_of = {place: i for i, place in enumerate(unique)}
    operands = [value_of[_place(x)] for x in first.inputs]
    body, outs = _shifted(first, operands, len(inputs))
    value_of |= {_place(out): value for out, value in outs}
    operands = [value_of[_place(x)] for x in second.inputs]
    more, last = _shifted(second, operands, len(inputs) + len(body))
    replaced = {_place(out) for out, _ in last}
    outs = [*(pair for pair in outs if _place(pair[0]) not in replaced), *last]
    if len(inputs) + len(outs) > _MOST_ARRAYS:
        return None
    return ElementwiseLaunch((*body, *more), inputs, outs)


def _reads_key_of(one: ElementwiseLaunch, other: ElementwiseLaunch) -> bool:
    """Whether what one takes element by element is a key of the other."""
    keys = [{_place(x.inputs[i]) for i in raw_inputs(x.body)} for x in (one, other)]
    return bool(keys[1] & ({_place(x) for x in one.arrays} - keys[0]))


def _shifted(
    launch: ElementwiseLaunch, operands: Sequence[int], begin: int
) -> tuple[list[Instruction], list[tuple[Array, int]]]:
    """Return a launch's body and results with other numbers for its values.

    Args:
        launch: The launch.
        operands: Numbers for its inputs.
        begin: Number for the result of its first operation.
    """
    number = [*operands, *range(begin, begin + len(launch.body))]
    body: list[Instruction] = [
        Step(one.name, tuple(number[i] for i in one.operands), one.dtype)
        for one in launch.body
    ]
    return body, [(out, number[value]) for out, value in launch.outs]


def _are_apart(first: ElementwiseLaunch, second: ElementwiseLaunch) -> bool:
    """Whether arrays that one writes are arrays of the other, or nowhere near them."""
    pairs = [(out, x) for out, _ in first.outs for x in second.arrays]
    pairs += [(out, x) for out, _ in second.outs for x in first.inputs]
    return all(_place(a) == _place(b) or _is_apart(a, b) for a, b in pairs)


def _place(x: Array) -> Hashable:
    """Return what is equal for arrays of the very same elements."""
    return x.data.ptr, tuple(x.shape), tuple(x.strides), str(x.dtype)


def _is_apart(a: Array, b: Array) -> bool:
    (a_first, a_last), (b_first, b_last) = _bounds(a), _bounds(b)
    return a_last <= b_first or b_last <= a_first


def _bounds(x: Array) -> tuple[int, int]:
    """Return the first address of an array, and the one after its last."""
    first = last = x.data.ptr
    for length, stride in zip(x.shape, x.strides, strict=True):
        reach = (length - 1) * stride
        first, last = first + min(reach, 0), last + max(reach, 0)
    return first, last + x.itemsize
