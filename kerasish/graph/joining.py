"""A simplification of gradients: sums of parts set into zeros are the parts joined.

The gradient of a slice is its cotangent in a field of zeros. Where a tensor was split
(as the gates of a recurrent layer are), these fields are added up; if together they
cover it, one concatenation does the same, without the zeros.
"""

from __future__ import annotations

from kerasish.graph.registry import operation
from kerasish.graph.tensor import Tensor

_MOST_PARTS = 64


def joined_parts(first: Tensor, second: Tensor) -> Tensor | None:
    """Return the sum of two tensors as a concatenation, or None if it is none."""
    parts = _parts([first, second])
    if parts is None or first.shape != second.shape:
        return None
    axis = _axis(parts[0])
    if axis is None or any(_axis(part) != axis for part in parts):
        return None
    ends = sorted((_range(part, axis), i) for i, part in enumerate(parts))
    at = 0
    for (start, stop), _ in ends:
        if start != at:
            return None
        at = stop
    if at != first.shape[axis]:
        return None
    made: Tensor = operation("concat")([parts[i].inputs[0] for _, i in ends], axis=axis)
    return made


def _parts(summands: list[Tensor]) -> list[Tensor] | None:
    """Return the fields that are added up, or None if there is anything else."""
    found: list[Tensor] = []
    while summands:
        tensor = summands.pop()
        if tensor.op.name == "add" and tensor.inputs[0].shape == tensor.inputs[1].shape:
            summands += tensor.inputs
        elif tensor.op.name == "place" and tensor.attributes["value"] == 0:
            found.append(tensor)
        else:
            return None
        if len(summands) + len(found) > _MOST_PARTS:
            return None
    return found


def _axis(part: Tensor) -> int | None:
    """Return the one axis along which a part is shorter than its field."""
    inner = part.inputs[0].shape
    short = [i for i, n in enumerate(part.shape) if inner[i] != n]
    steps = [part.attributes["slices"][i].step for i in short]
    return short[0] if len(short) == 1 and steps[0] in (None, 1) else None


def _range(part: Tensor, axis: int) -> tuple[int, int]:
    start, stop, _ = part.attributes["slices"][axis].indices(part.shape[axis])
    return start, stop
