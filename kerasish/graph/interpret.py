"""Running a graph operation by operation, looking at every result: `run_eagerly`.

The same lowered graph as the planned step's, each value in an array of its own. A
result that is not finite, where all operands were, stops the run with the layer's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.backend import dtypes
from kerasish.backend.contract import Array, Backend
from kerasish.errors import ShapeError, explain
from kerasish.graph.lender import Lender
from kerasish.graph.pieces import (
    CARVED,
    carve,
    empty_pieces,
    pieces_of,
    scratch_specs,
)
from kerasish.graph.tensor import CONSTANT, INPUT, READ, Tensor
from kerasish.graph.trace import Graph


class Interpreter(Lender):
    """A graph run step by step; stands in for `Executable` and its `Replay`.

    Attributes:
        inputs: Arrays to be filled before each run.
        outputs: The results of the last run.
    """

    def __init__(self, graph: Graph, backend: Backend) -> None:
        self._graph = graph
        self._backend = backend
        self.inputs = [backend.empty(t.shape, t.dtype) for t in graph.inputs]
        self.outputs: list[Array] = []

    def take(self) -> Interpreter:
        """Return one with inputs of its own, so that threads may share one."""
        return Interpreter(self._graph, self._backend)

    def give_back(self, replay: Interpreter) -> None:
        """Forget it: it is cheap to make."""

    def feed(self, batch: Any) -> Interpreter:
        """Fill the inputs from a batch; return itself.

        Raises:
            ValueError: An input is not finite.
        """
        for index, source in enumerate(batch.arrays()):
            _check_input(index, source)
            self._backend.upload(self.inputs[index], source)
        return self

    def run(self) -> None:
        """Compute the outputs and assign the variables.

        Raises:
            FloatingPointError: A result is not finite though all operands are.
        """
        values = dict(zip(self._graph.inputs, self.inputs, strict=True))
        for tensor in self._graph.nodes():
            if tensor.op is not INPUT:
                values[tensor] = self._value(tensor, values)
        fresh = {v: self._copy(values[t]) for v, t in self._graph.writes.items()}
        self.outputs = [self._kept(t, values[t]) for t in self._graph.outputs]
        for variable, array in fresh.items():
            self._backend.copy(variable.array, array)

    def _kept(self, tensor: Tensor, array: Array) -> Array:
        """Return an array that does not change with a variable."""
        return self._copy(array) if tensor.op is READ else array

    def _copy(self, array: Array) -> Array:
        made = self._backend.empty(tuple(array.shape), dtypes.dtype_name(array.dtype))
        self._backend.copy(made, array)
        return made

    def _value(self, tensor: Tensor, values: dict[Tensor, Array]) -> Array:
        if tensor.op is READ:
            return tensor.attributes["variable"].array
        if tensor.op is CONSTANT:
            return tensor.attributes["value"]
        if tensor.op is CARVED:
            return values[tensor.inputs[0]][tensor.attributes["index"]]
        operands = [values[t] for t in tensor.inputs]
        result = self._compute(tensor, operands)
        self._check(tensor, operands, result)
        return result

    def _compute(self, tensor: Tensor, operands: list[Array]) -> Any:
        backend = self._backend
        out = self._empty_results(tensor)
        if tensor.op.is_control:
            run = self._run_body
            tensor.op.interpret(backend, out, operands, tensor.attributes, run)
            return out
        kernel = backend.kernel(tensor.op.name)
        attributes = dict(tensor.attributes)
        needs = scratch_specs(kernel, tensor)
        if needs:
            attributes["scratch"] = tuple(backend.empty(*need) for need in needs)
        kernel(out, *operands, **attributes)
        return out

    def _run_body(self, graph: Graph, arrays: Sequence[Array]) -> list[Array]:
        inner = Interpreter(graph, self._backend)
        inner.inputs = list(arrays)
        inner.run()
        return inner.outputs

    def _empty_results(self, tensor: Tensor) -> Any:
        if tensor.op.is_several:
            return empty_pieces(self._backend, pieces_of(tensor))
        return self._backend.empty(tensor.shape, tensor.dtype)

    def _check(self, tensor: Tensor, operands: list[Array], result: Any) -> None:
        if tensor.op.is_several:
            for index, piece in enumerate(result):
                self._check(carve(tensor, index), operands, piece)
            return
        if tuple(result.shape) != tensor.shape:
            raise ShapeError(
                explain(
                    f"{tensor!r} in '{tensor.scope}' came out in another shape.",
                    got=tuple(result.shape),
                    expected=tensor.shape,
                )
            )
        if not dtypes.is_float(tensor.dtype) or self._is_finite(result):
            return
        if all(self._is_finite(operand) for operand in operands):
            sizes = [float(np.abs(self._host(o)).max(initial=0)) for o in operands]
            raise FloatingPointError(
                explain(
                    f"'{tensor.scope or 'the step'}' computed a value that is not "
                    "finite.",
                    got=f"{tensor!r} of operands up to {sizes} in size",
                    expected="finite numbers",
                    fix="check the data for extremes, lower the learning rate, or "
                    "clip the gradients",
                )
            )

    def _host(self, array: Array) -> np.ndarray:
        return self._backend.to_host(array)

    def _is_finite(self, array: Array) -> bool:
        return bool(np.isfinite(self._host(array)).all())


def _check_input(index: int, array: np.ndarray) -> None:
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return
    rows = ~np.isfinite(array).reshape(len(array), -1).all(axis=1)
    raise ValueError(
        explain(
            "The data holds values that are not finite.",
            got=f"{int(rows.sum())} of {len(array)} samples of a batch of array "
            f"{index} (x first, then y), the first of them sample {int(rows.argmax())}",
            expected="finite numbers",
            fix="clean the data, for example with numpy.nan_to_num",
        )
    )
