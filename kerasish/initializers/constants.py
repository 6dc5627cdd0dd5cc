"""Initializers that draw nothing: zeros, ones, a constant, the identity matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.backend import standardize_dtype
from kerasish.errors import ShapeError, explain
from kerasish.initializers.base import DIRECTORY, Initializer, host_dtype
from kerasish.saving.registry import public

_ARRAY_MARK = "__numpy__"  # how Keras's files write an array inside a config


@DIRECTORY.add("zero")
class Zeros(Initializer):
    """All zeros.

    Example:
        >>> Zeros()((2, 2))
        array([[0., 0.],
               [0., 0.]], dtype=float32)
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """Return zeros of `shape`; any dtype."""
        return np.zeros(shape, host_dtype(dtype))


@DIRECTORY.add("one")
class Ones(Initializer):
    """All ones.

    Example:
        >>> Ones()((2,), dtype="int32")
        array([1, 1], dtype=int32)
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """Return ones of `shape`; any dtype."""
        return np.ones(shape, host_dtype(dtype))


@DIRECTORY.add()
class Constant(Initializer):
    """One value everywhere, or an array broadcast to the weight.

    Args:
        value: Number, nested list or array whose shape broadcasts to the weight's.

    Example:
        >>> Constant([1, 2])((2, 2))
        array([[1., 2.],
               [1., 2.]], dtype=float32)
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = read_array(value)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """Return `value` broadcast to `shape`; any dtype.

        Raises:
            ShapeError: `value` does not broadcast to `shape`.
        """
        value = np.asarray(self.value, dtype=host_dtype(dtype))
        shape = tuple(shape)
        try:
            return np.array(np.broadcast_to(value, shape))
        except ValueError:
            raise ShapeError(
                explain(
                    "Constant cannot fill this weight.",
                    got=f"a weight of shape {shape} and a value of shape {value.shape}",
                    expected="a value that broadcasts to the weight's shape",
                )
            ) from None

    def get_config(self) -> dict[str, Any]:
        """Return `{"value": ...}`, an array in the form Keras's files hold."""
        return {"value": held_array(self.value)}


@DIRECTORY.add("IdentityInitializer")
@public("keras.initializers", "IdentityInitializer")  # as older files call it
class Identity(Initializer):
    """`gain` on the diagonal of a matrix, zero elsewhere.

    Its config holds `gain`, which Keras 3.15 accepts but leaves out of its own.

    Args:
        gain: Value on the diagonal.

    Example:
        >>> Identity(2.0)((2, 3))
        array([[2., 0., 0.],
               [0., 2., 0.]], dtype=float32)
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """Return the matrix of `shape` (rows, columns); any dtype.

        Raises:
            ShapeError: `shape` has not two axes.
        """
        if len(shape) != 2:
            raise ShapeError(
                explain(
                    "Identity can only fill matrices.",
                    got=f"shape {tuple(shape)}",
                    expected="two axes",
                    fix="use Orthogonal for kernels with more axes",
                )
            )
        matrix = np.zeros(shape, host_dtype(dtype))
        np.fill_diagonal(matrix, self.gain)
        return matrix


def held_array(value: Any) -> Any:
    """Return a value as files hold it in a config: an array is marked as one."""
    if not isinstance(value, np.ndarray):
        return value
    held = {"value": value.tolist(), "dtype": value.dtype.name}
    return {"class_name": _ARRAY_MARK, "config": held}


def read_array(value: Any) -> Any:
    """Return a value out of a config, an array as one."""
    if not isinstance(value, dict) or value.get("class_name") != _ARRAY_MARK:
        return value
    held = value["config"]
    return np.array(held["value"], dtype=standardize_dtype(held["dtype"]))
