"""The nodes of a graph: symbolic tensors, one value each.

A `Tensor` is immutable once made: an operation, its inputs, its attributes, and the
shape and dtype of its one result. Shapes are concrete. Nodes are numbered as they are
made, so sorting by `number` is a topological order; every pass keeps that true. The
arithmetic operators are installed by `kerasish.ops`, which alone knows the operations.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any, ClassVar

from kerasish.backend.contract import Shape
from kerasish.errors import explain

_numbers = itertools.count()


class Spec:
    """Shape and dtype of a value, and the dtype its operands are to be cast to.

    Args:
        shape: Concrete shape.
        dtype: Dtype name.
        compute: Dtype every operand is cast to first; None leaves them alone.
    """

    __slots__ = ("compute", "dtype", "shape")

    def __init__(self, shape: Shape, dtype: str, compute: str | None = None) -> None:
        self.shape = tuple(shape)
        self.dtype = dtype
        self.compute = compute

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __repr__(self) -> str:
        return f"{self.dtype}[{', '.join(map(str, self.shape))}]"


class Tensor:
    """A value in a graph.

    Attributes:
        op: The operation that makes it (an `Op`, or one of the leaf kinds below).
        inputs: The tensors it is made from.
        attributes: Static arguments of the operation.
        shape: Concrete shape.
        dtype: Dtype name.
        expansion: For a composed operation, the same value made of simpler ones.
        scope: Path of the layer that made it, for messages and listings.
        number: Serial number; larger than those of its inputs.
    """

    __slots__ = (
        "__weakref__",
        "_keras_mask",
        "attributes",
        "dtype",
        "expansion",
        "inputs",
        "number",
        "op",
        "scope",
        "shape",
    )
    # NumPy must leave `array + tensor` to Tensor.__radd__
    __array_ufunc__: ClassVar[None] = None

    def __init__(
        self,
        op: Any,
        inputs: tuple[Tensor, ...],
        attributes: dict[str, Any],
        shape: Shape,
        dtype: str,
        scope: str = "",
        expansion: Tensor | None = None,
    ) -> None:
        self.op = op
        self.inputs = inputs
        self.attributes = attributes
        self.shape = shape
        self.dtype = dtype
        self.scope = scope
        self.expansion = expansion
        self._keras_mask: Tensor | None = None
        self.number = next(_numbers)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    def __repr__(self) -> str:
        shape = ", ".join(map(str, self.shape))
        return f"<Tensor {self.op.name} {self.dtype}[{shape}]>"

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a tensor of rank 0 has no length")
        return self.shape[0]

    def __bool__(self) -> bool:
        raise TypeError(_no_value(self, "`if`, `and`, `or`, `while` or `bool()`"))

    def __float__(self) -> float:
        raise TypeError(_no_value(self, "`float()`"))

    def __int__(self) -> int:
        raise TypeError(_no_value(self, "`int()`"))

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError(_no_value(self, "a NumPy function"))


def _no_value(tensor: Tensor, use: str) -> str:
    where = f" in '{tensor.scope}'" if tensor.scope else ""
    return explain(
        f"A symbolic tensor{where} has no value yet, so {use} cannot read it.",
        got=repr(tensor),
        expected="code that uses only kerasish.ops, which is traced once and replayed",
        fix="use ops.where or ops.maximum in place of a Python branch, kerasish.ops in "
        "place of NumPy, or compile(run_eagerly=True)",
    )


class CompilerOp:
    """An operation, or kind of leaf, that the compiler itself puts into graphs.

    Its attributes are those of `kerasish.ops.declare.Op`.
    """

    name: str
    is_primitive = True
    is_view = False
    is_elementwise = False
    is_several = False
    is_control = False
    takes_several = False
    kept_operands: tuple[int, ...] = ()
    gradient_rule: Callable[..., Any] | None = None


class Leaf(CompilerOp):
    """The kind of a tensor that no operation makes."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<{self.name}>"


INPUT = Leaf("input")
READ = Leaf("read")
CONSTANT = Leaf("constant")
LEAVES = (INPUT, READ, CONSTANT)
