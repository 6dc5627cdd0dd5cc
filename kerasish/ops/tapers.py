"""Windows that fade a signal in and out; made on the host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasish.backend import floatx, get_backend
from kerasish.backend.contract import Array
from kerasish.errors import explain
from kerasish.graph.tensor import Tensor
from kerasish.ops.declare import convert

Window = Callable[[int], NDArray[np.float64]]


def bartlett(x: Any) -> Array:
    """Return a triangle of x elements that is 0 at both ends.

    Args:
        x: Number of elements; below 1, the window has none.

    Returns:
        Shape (x,), `floatx()`.

    Example:
        >>> bartlett(5).tolist()
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    return _window("bartlett", np.bartlett, x)


def blackman(x: Any) -> Array:
    """Return 0.42 - 0.5 cos t + 0.08 cos 2t for x values of t from 0 to 2 pi."""
    return _window("blackman", np.blackman, x)


def hamming(x: Any) -> Array:
    """Return 0.54 - 0.46 cos t for x values of t from 0 to 2 pi."""
    return _window("hamming", np.hamming, x)


def hanning(x: Any) -> Array:
    """Return 0.5 - 0.5 cos t for x values of t from 0 to 2 pi."""
    return _window("hanning", np.hanning, x)


def kaiser(x: Any, beta: Any) -> Array:
    """Return I0(beta sqrt(1 - t^2)) / I0(beta) for x values of t from -1 to 1.

    Args:
        x: Number of elements; below 1, the window has none.
        beta: How narrow the window is; 0 gives ones.

    Returns:
        Shape (x,), `floatx()`.

    References:
        Kaiser & Schafer, "On the Use of the I0-sinh Window for Spectrum Analysis",
        1980.
    """
    narrowness = _known("kaiser", beta)
    return _window("kaiser", lambda count: np.kaiser(count, narrowness), x)


def _window(name: str, make: Window, x: Any) -> Array:
    count = int(_known(name, x))
    return get_backend().from_host(np.asarray(make(count)).astype(floatx()))


def _known(name: str, x: Any) -> float:
    """Return the one number that x holds.

    Raises:
        ValueError: It is symbolic, or not one number.
    """
    x = convert(x)
    if isinstance(x, Tensor) or tuple(x.shape) != ():
        raise ValueError(
            explain(
                f"{name} makes a window whose form must be known at once.",
                got=repr(x) if isinstance(x, Tensor) else f"shape {tuple(x.shape)}",
                expected="one number",
                fix="use a Python number, or a length from ops.shape",
            )
        )
    return float(get_backend().to_host(x).item())
