"""`KerasTensor`: a value in a model that is being put together, without data.

It has a shape (None where unknown), a dtype, and remembers the operation that gives it,
so that a model can be read off its outputs. Its operators and methods are installed by
`kerasish.ops`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

from kerasish.backend import dtypes, floatx, standardize_dtype
from kerasish.errors import explain

Dimensions = Sequence[int | None]


class KerasHistory(NamedTuple):
    """Which output of which call of which operation a tensor is."""

    operation: Any
    node_index: int
    tensor_index: int


class KerasTensor:
    """A symbolic value: shape and dtype.

    Args:
        shape: Shape; None where a length is unknown.
        dtype: Dtype name.
        sparse: Must be false: there are no sparse tensors here.
        ragged: Must be false: there are no ragged tensors here.
        record_history: Whether operations on it are remembered.
        name: Name.
    """

    __array_ufunc__: ClassVar[None] = None

    def __init__(
        self,
        shape: Dimensions,
        dtype: Any = "float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if sparse or ragged:
            raise ValueError(
                explain("Sparse and ragged tensors do not exist here.", fix="densify")
            )
        self.shape = tuple(shape)
        # made by an operation on Python numbers alone, a dtype may still be weak
        weak = isinstance(dtype, str) and dtypes.is_weak(dtype)
        self.dtype = (
            dtypes.strong(dtype, floatx()) if weak else standardize_dtype(dtype)
        )
        self.name = name or "keras_tensor"
        self.sparse = False
        self.ragged = False
        self.record_history = record_history
        self._keras_history: KerasHistory | None = None
        self._keras_mask: Any = None

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int | None:
        """Number of elements; None if a length is unknown."""
        if None in self.shape:
            return None
        return math.prod(self.shape)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"

    def __len__(self) -> int:
        if not self.shape or self.shape[0] is None:
            raise TypeError(self._no_value("`len()`"))
        return self.shape[0]

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise ValueError(self._no_value("a NumPy function"))

    def __bool__(self) -> bool:
        raise TypeError(self._no_value("`if`, `and`, `or`, `while` or `bool()`"))

    def __float__(self) -> float:
        raise TypeError(self._no_value("`float()`"))

    def __int__(self) -> int:
        raise TypeError(self._no_value("`int()`"))

    def _no_value(self, use: str) -> str:
        return explain(
            f"A KerasTensor has no value, so {use} cannot read it.",
            got=repr(self),
            expected="kerasish.ops or layers, which make further KerasTensors",
            fix="put other code into a layer's call(), or a keras.layers.Lambda",
        )


def is_keras_tensor(x: Any) -> bool:
    """Return whether a value is a `KerasTensor`."""
    return isinstance(x, KerasTensor)
