"""Declaring operations with several results, such as a decomposition of a matrix.

Like a primitive, but the rule returns a list of specs, the kernel writes into a tuple
of arrays, and the gradient is given a tuple of cotangents. Called, the operation
returns a tuple. In a graph it is one node (see `kerasish.graph.pieces`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec

from kerasish.backend import dtypes, floatx, get_backend
from kerasish.backend.contract import Array
from kerasish.graph.pieces import block_of, carve, empty_pieces
from kerasish.graph.tensor import Spec, Tensor
from kerasish.ops.declare import (
    Op,
    cast_operand,
    constant_tensor,
    form_of,
    node,
    run_kernel,
)

P = ParamSpec("P")


class SeveralOp(Op[P]):
    """A primitive with several results; called, it returns them as a tuple.

    Attributes:
        gradient_rule: `rule(gs, ys, *inputs, **attributes)`: `gs` holds the cotangents
            of the results, None where nothing uses one; `ys` the results.
    """

    def __init__(self, function: Callable[P, list[Spec]], name: str) -> None:
        super().__init__(function, name, "primitive")
        self.is_several = True

    def pieces(self, operands: Sequence[Any], attributes: dict[str, Any]) -> list[Spec]:
        """Return the specs of the results on operands of these specs."""
        specs = [Spec(*form_of(o)) for o in operands]
        arguments = [specs] if self.takes_several else specs
        return [_firm(spec) for spec in self.function(*arguments, **attributes)]

    def infer(self, operands: Sequence[Any], attributes: dict[str, Any]) -> Spec:
        """Return the spec of the block that holds the results."""
        return block_of(self.pieces(operands, attributes))

    def _call_primitive(
        self, operands: list[Any], attributes: dict[str, Any]
    ) -> tuple[Any, ...]:
        specs = self.pieces(operands, attributes)
        compute = next((spec.compute for spec in specs if spec.compute), None)
        operands = [cast_operand(o, compute) for o in operands]
        if any(isinstance(o, Tensor) for o in operands):
            tensors = tuple(constant_tensor(o) for o in operands)
            block = node(self, tensors, attributes, block_of(specs))
            return tuple(carve(block, i) for i in range(len(specs)))
        return self._run(specs, operands, attributes)

    def _run(
        self, specs: list[Spec], arrays: list[Array], attributes: dict[str, Any]
    ) -> tuple[Array, ...]:
        outs = empty_pieces(get_backend(), specs)
        run_kernel(self.name, outs, tuple(specs), arrays, attributes)
        return outs


def _firm(spec: Spec) -> Spec:
    dtype = dtypes.strong(spec.dtype, floatx())
    compute = spec.compute and dtypes.strong(spec.compute, floatx())
    return Spec(spec.shape, dtype, compute)


def several(function: Callable[P, list[Spec]]) -> SeveralOp[P]:
    """Declare a primitive of several results: the body returns the list of their specs.

    A kernel is `kernel(outs, *inputs, **attributes)` with a tuple of arrays; its
    `scratch` rule, if it has one, is given the tuple of their specs for `out`.
    """
    return SeveralOp(function, function.__name__.rstrip("_"))
