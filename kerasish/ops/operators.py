"""Python's operators and NumPy-like methods of symbolic tensors and variables.

They are entered here, from the operations themselves, so that `kerasish.graph` needs
not know them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kerasish.graph.tensor import Tensor
from kerasish.graph.variable import Variable
from kerasish.ops import elementwise, indexing, products, shape
from kerasish.ops.declare import convert

_BINARY: dict[str, Callable[..., Any]] = {
    "add": elementwise.add,
    "sub": elementwise.subtract,
    "mul": elementwise.multiply,
    "truediv": elementwise.divide,
    "floordiv": elementwise.floor_divide,
    "mod": elementwise.mod,
    "pow": elementwise.power,
    "matmul": products.matmul,
    "and": elementwise.logical_and,
    "or": elementwise.logical_or,
    "xor": elementwise.logical_xor,
}
_COMPARE = {
    "lt": elementwise.less,
    "le": elementwise.less_equal,
    "gt": elementwise.greater,
    "ge": elementwise.greater_equal,
}
_UNARY = {
    "neg": elementwise.negative,
    "abs": elementwise.absolute,
    "invert": elementwise.logical_not,
}


def _forward(op: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, other: op(self, other)


def _reflected(op: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, other: op(other, self)


def _alone(op: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self: op(self)


def _item(self: Any, key: Any) -> Any:
    return indexing.get_item(convert(self), key)


def _rows(self: Any) -> Iterator[Any]:
    if not self.shape:
        raise TypeError("a tensor of rank 0 cannot be iterated over")
    return (_item(self, i) for i in range(self.shape[0]))


def install_on(owner: Any, adapt: Callable[..., Any] = lambda op: op) -> None:
    """Give a class Python's arithmetic operators, each operation adapted first."""
    for name, op in _BINARY.items():
        setattr(owner, f"__{name}__", _forward(adapt(op)))
        setattr(owner, f"__r{name}__", _reflected(adapt(op)))
    for name, op in _COMPARE.items():
        setattr(owner, f"__{name}__", _forward(adapt(op)))
    for name, op in _UNARY.items():
        setattr(owner, f"__{name}__", _alone(adapt(op)))


def install() -> None:
    """Give `Tensor` and `Variable` their operators."""
    owners: tuple[Any, ...] = (Tensor, Variable)
    for owner in owners:
        install_on(owner)
        owner.__getitem__ = _item
        owner.__iter__ = _rows
    Tensor.T = property(lambda self: shape.transpose(self))  # type: ignore[attr-defined]
    Tensor.reshape = lambda self, *to: shape.reshape(  # type: ignore[attr-defined]
        self, to[0] if len(to) == 1 else to
    )
    Tensor.astype = shape.cast  # type: ignore[attr-defined]


install()
