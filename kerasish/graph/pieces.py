"""Operations with several results: one node, whose result is a block of bytes.

The block holds the results side by side, each at an aligned offset; every result that
is used is a `carved` node, which the planner resolves to a view of the block. So an
operation with several results is one step of the schedule, and no pass needs a notion
of tuples. The layout is relied on by the plan, the replay and the gradient walk.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from kerasish.backend import dtypes
from kerasish.backend.contract import Array, Backend, Shape
from kerasish.graph.memory import ALIGNMENT, aligned
from kerasish.graph.tensor import CompilerOp, Spec, Tensor


class Carved(CompilerOp):
    """The operation of a node that shows one result inside a block.

    Its attributes are `index` (which result), `offset` (bytes), `shape` and `dtype`.
    """

    name = "carved"
    is_view = (
        True  # and has no gradient rule: the walk hands the cotangent to the block
    )

    def infer(self, operands: Sequence[Any], attributes: dict[str, Any]) -> Spec:
        """Return the form of the result shown."""
        return Spec(attributes["shape"], attributes["dtype"])


CARVED = Carved()


def num_bytes(form: Any) -> int:
    """Return the bytes of the elements of what has a shape and a dtype name."""
    count: int = math.prod(form.shape)
    return count * dtypes.size_of(form.dtype)


def block_of(specs: Sequence[Spec]) -> Spec:
    """Return the form of the block that holds results of these forms."""
    total = sum(aligned(num_bytes(spec)) for spec in specs)
    return Spec((max(total, ALIGNMENT),), "uint8")  # every step has a place


def pieces_of(block: Tensor) -> list[Spec]:
    """Return the forms of the results in a block."""
    specs: list[Spec] = block.op.pieces(block.inputs, block.attributes)
    return specs


def carve(block: Tensor, index: int) -> Tensor:
    """Return the node that shows one result of a block."""
    specs = pieces_of(block)
    attributes = {
        "index": index,
        "offset": sum(aligned(num_bytes(spec)) for spec in specs[:index]),
        "shape": specs[index].shape,
        "dtype": specs[index].dtype,
    }
    form = specs[index]
    return Tensor(CARVED, (block,), attributes, form.shape, form.dtype, block.scope)


def empty_pieces(backend: Backend, specs: Sequence[Spec]) -> tuple[Array, ...]:
    """Return new arrays for results of these forms, each on its own."""
    return tuple(backend.empty(spec.shape, spec.dtype) for spec in specs)


def scratch_specs(kernel: Any, tensor: Tensor) -> list[tuple[Shape, str]]:
    """Return the scratch arrays a kernel declares for a node.

    A kernel of several results is given the tuple of their forms in the place of `out`.
    """
    rule: Callable[..., Sequence[tuple[Shape, str]]] | None
    rule = getattr(kernel, "scratch", None)
    if rule is None:
        return []
    out = tuple(pieces_of(tensor)) if tensor.op.is_several else tensor
    return list(rule(out, *tensor.inputs, **tensor.attributes))
