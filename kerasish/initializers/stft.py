"""Kernels with which a convolution is a short-time Fourier transform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.errors import ShapeError, explain, unknown_name
from kerasish.initializers.base import DIRECTORY, Initializer, float_dtypes
from kerasish.initializers.constants import held_array, read_array
from kerasish.saving.registry import public

# Coefficients a_k of sum(a_k cos(2 pi k t / n)) (Harris, "On the Use of Windows for
# Harmonic Analysis", 1978; those of nuttall and flattop as in SciPy)
_COSINES = {
    "boxcar": (1.0,),
    "hann": (0.5, -0.5),
    "hamming": (0.54, -0.46),
    "blackman": (0.42, -0.5, 0.08),
    "nuttall": (0.3635819, -0.4891775, 0.1365995, -0.0106411),
    "blackmanharris": (0.35875, -0.48829, 0.14128, -0.01168),
    "flattop": (0.21557895, -0.41663158, 0.277263158, -0.083578947, 0.006947368),
}


@DIRECTORY.add("stft", "STFTInitializer")
@public("keras.initializers", "STFTInitializer")
class STFT(Initializer):
    """Windowed waves: entry (t, 0, f) is `w_t cos(2 pi t f / n)`, or minus the sine.

    Of a kernel (frame length, 1, bins), n = 2 (bins - 1) is the transform's length.

    Args:
        side: "real" for the cosines, "imag" for the sines.
        window: Name of the window w, its values, or None for none.
        scaling: What a window is divided by: "density" the root of its sum of squares,
            "spectrum" the sum of its sizes, None nothing.
        periodic: Whether the window is one period, rather than symmetric.

    Raises:
        ValueError: A name is unknown.

    Example:
        >>> STFT(window=None, scaling=None)((4, 1, 3))[:, 0].round(3) + 0.0
        array([[ 1.,  1.,  1.],
               [ 1.,  0., -1.],
               [ 1., -1.,  1.],
               [ 1.,  0., -1.]], dtype=float32)
    """

    def __init__(
        self,
        side: str = "real",
        window: Any = "hann",
        scaling: str | None = "density",
        periodic: bool = False,
    ) -> None:
        super().__init__()
        _require("side", side, ("real", "imag"))
        _require("scaling", scaling, ("density", "spectrum", None))
        if isinstance(window, str):
            _require("window", window, tuple(_COSINES))
        self.side = side
        self.window = read_array(window)
        self.scaling = scaling
        self.periodic = periodic

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """Return the kernel of `shape` (frame length, 1, bins); floating dtypes only.

        Raises:
            ShapeError: `shape` has not three axes, or the window another length.
        """
        result, _ = float_dtypes(self, dtype)
        length, bins = self._sizes(tuple(shape))
        turns = np.outer(np.arange(length), np.arange(bins)) / (2 * bins - 2)
        wave = np.cos if self.side == "real" else np.sin
        values = wave(-2 * np.pi * turns) * self._window(length)[:, None]
        return np.broadcast_to(values[:, None], tuple(shape)).astype(result)

    def _sizes(self, shape: tuple[int, ...]) -> tuple[int, int]:
        if len(shape) != 3 or shape[2] < 2:
            raise ShapeError(
                explain(
                    "STFT can only fill kernels of one spatial axis.",
                    got=f"shape {shape}",
                    expected="(frame length, 1, bins), with 2 bins or more",
                )
            )
        return shape[0], shape[2]

    def _window(self, length: int) -> np.ndarray:
        """Return the scaled window in float64."""
        if self.window is None:
            return np.ones(length)
        if isinstance(self.window, str):
            values = _named_window(self.window, length, self.periodic)
        else:
            values = np.asarray(self.window, np.float64)
        if values.shape != (length,):
            raise ShapeError(
                explain(
                    "STFT needs a window as long as a frame.",
                    got=f"a window of shape {values.shape}",
                    expected=f"shape ({length},)",
                )
            )
        if self.scaling == "density":
            values = values / np.sqrt((values**2).sum())
        elif self.scaling == "spectrum":
            values = values / np.abs(values).sum()
        return values

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, an array as files hold it."""
        return {**super().get_config(), "window": held_array(self.window)}


def _named_window(name: str, length: int, periodic: bool) -> np.ndarray:
    """Return a window of the cosine family."""
    if length == 1:
        return np.ones(1)
    period = length if periodic else length - 1
    angle = 2 * np.pi * np.arange(length) / period
    values = np.zeros(length)
    for k, a in enumerate(_COSINES[name]):
        values += a * np.cos(k * angle)
    return values


def _require(kind: str, name: Any, known: tuple[Any, ...]) -> None:
    if name not in known:
        what = f"{kind} of STFT"
        raise ValueError(unknown_name(what, name, [str(k) for k in known]))
