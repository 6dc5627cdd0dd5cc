"""Sums over the steps of a loop that are had after it, from stacks of its values.

The gradient of what a loop reads in every step is a sum over its steps. Where a step's
share is a product, such as a weight's gradient, adding it up step by step costs a
product and a sum each; instead the factors are stacked, and one product after the loop
does both (backpropagation through time as in Werbos 1990, with the sum over time inside
the product). What else is linear in the values of a step is moved behind the loop too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from kerasish.graph.tensor import Tensor
from kerasish.ops.elementwise import add, multiply
from kerasish.ops.indexing import scatter_add
from kerasish.ops.products import matmul_of
from kerasish.ops.reduction import reduce_sum
from kerasish.ops.shape import reshape, transpose

_MOST_REDUCED = 1024  # of a value that is summed in each step: else its stack is large
Stacks = dict[Tensor, Tensor]  # of a value in one step -> its values in all steps


class Total:
    """A sum over all steps, had from stacks of values of the steps.

    Attributes:
        factors: The values whose stacks are needed.
    """

    def __init__(
        self, factors: Sequence[Tensor], compute: Callable[[Stacks], Any]
    ) -> None:
        self.factors = list(factors)
        self._compute = compute

    def __call__(self, stacks: Stacks) -> Tensor:
        """Return the sum."""
        total: Tensor = self._compute(stacks)
        return total

    def then(self, operation: Callable[[Any], Any]) -> Total:
        """Return the sum with an operation applied that could as well come before."""
        return Total(self.factors, lambda stacks: operation(self(stacks)))


def total_over_steps(
    tensor: Tensor, changing: Collection[Tensor], length: int
) -> Total | None:
    """Return the sum of a value over all steps of a loop, computed after the loop.

    Args:
        tensor: The value in one step.
        changing: Tensors that differ from step to step.
        length: Number of steps.

    Returns:
        The sum, or None where it is better added up in the loop.
    """
    if tensor not in changing:
        return Total((), lambda stacks: multiply(tensor, length))
    rule = _TOTALS.get(tensor.op.name)
    return rule(tensor, changing, length) if rule else None


def _total_of_sum(tensor: Tensor, changing: Any, length: int) -> Total | None:
    if any(t.shape != tensor.shape for t in tensor.inputs):
        return None
    first, second = (total_over_steps(t, changing, length) for t in tensor.inputs)
    if first is None or second is None:
        return None
    return Total(
        [*first.factors, *second.factors],
        lambda stacks: add(first(stacks), second(stacks)),
    )


def _total_moved(tensor: Tensor, changing: Any, length: int) -> Total | None:
    inner = total_over_steps(tensor.inputs[0], changing, length)
    return inner and inner.then(lambda x: tensor.op(x, **tensor.attributes))


def _total_reduced(tensor: Tensor, changing: Any, length: int) -> Total | None:
    (x,) = tensor.inputs
    if x.size > _MOST_REDUCED * tensor.size:
        return None
    axes = (0, *(axis + 1 for axis in tensor.attributes["axis"]))

    def compute(stacks: Stacks) -> Any:
        summed = reduce_sum(stacks[x], axis=axes, keepdims=False)
        return reshape(summed, tensor.shape)

    return Total([x], compute)


def _total_product(tensor: Tensor, changing: Any, length: int) -> Total | None:
    """Sum of x' g over steps: one product of all rows of all steps."""
    left, g = tensor.inputs
    turned = left.op.name == "transpose_to" and left.attributes["axes"] == (1, 0)
    if not turned or g.ndim != 2 or left not in changing or g not in changing:
        return None
    (x,) = left.inputs

    def compute(stacks: Stacks) -> Any:
        rows = [reshape(stacks[t], (length * t.shape[0], t.shape[1])) for t in (x, g)]
        return matmul_of(transpose(rows[0]), rows[1])

    return Total([x, g], compute)


def _total_scattered(tensor: Tensor, changing: Any, length: int) -> Total:
    return Total(
        tensor.inputs,
        lambda stacks: scatter_add(
            *(stacks[t] for t in tensor.inputs), shape=tensor.attributes["shape"]
        ),
    )


_TOTALS: dict[str, Callable[..., Total | None]] = {
    "add": _total_of_sum,
    "cast_to": _total_moved,
    "reshape_to": _total_moved,
    "transpose_to": _total_moved,
    "reduce_sum": _total_reduced,
    "matmul_of": _total_product,
    "scatter_add": _total_scattered,
}
