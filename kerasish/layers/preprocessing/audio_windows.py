"""Windows that fade the frames of a sound in and out, by name.

Each is a function of the distance from the middle, in elements, and of the number of
elements. All are symmetric; a periodic one is that of one element more, the last left
out. Formulas: Harris, "On the Use of Windows for Harmonic Analysis with the Discrete
Fourier Transform", 1978.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from kerasish.errors import unknown_name

Window = Callable[[float, int], float]


def _cosines(*shares: float) -> Window:
    """Return a sum of cosines of 0, 1, 2... half turns from the middle to an end."""

    def window(distance: float, length: int) -> float:
        angle = math.pi * _share(distance, length)
        return sum(a * math.cos(k * angle) for k, a in enumerate(shares))

    return window


def _share(distance: float, length: int) -> float:
    """Return how far out an element is: 0 in the middle, 1 at the ends."""
    return 2 * distance / max(length - 1, 1)


def _bartlett(distance: float, length: int) -> float:
    return 1 - _share(distance, length)


def _triangle(distance: float, length: int) -> float:
    return 1 - 2 * distance / (length + length % 2)


def _tukey(distance: float, length: int) -> float:
    beyond = max(_share(distance, length) - 0.5, 0.0)
    return 0.5 + 0.5 * math.cos(2 * math.pi * beyond)


def _parzen(distance: float, length: int) -> float:
    x = 2 * distance / length
    return 1 - 6 * x**2 * (1 - x) if x <= 0.5 else 2 * (1 - x) ** 3


def _bohman(distance: float, length: int) -> float:
    x = _share(distance, length)
    return (1 - x) * math.cos(math.pi * x) + math.sin(math.pi * x) / math.pi


def _bartlett_hann(distance: float, length: int) -> float:
    x = _share(distance, length)
    return 0.62 - 0.24 * x + 0.38 * math.cos(math.pi * x)


def _cosine(distance: float, length: int) -> float:
    return math.cos(math.pi * distance / length)


def _lanczos(distance: float, length: int) -> float:
    x = math.pi * _share(distance, length)
    return math.sin(x) / x if x else 1.0


def _exponential(distance: float, length: int) -> float:
    return math.exp(-distance)


WINDOWS: dict[str, Window] = {
    "bartlett": _bartlett,
    "barthann": _bartlett_hann,
    "blackman": _cosines(0.42, 0.5, 0.08),
    "blackmanharris": _cosines(0.35875, 0.48829, 0.14128, 0.01168),
    "bohman": _bohman,
    "boxcar": _cosines(1.0),
    "cosine": _cosine,
    "exponential": _exponential,
    "flattop": _cosines(0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368),
    "hamming": _cosines(0.54, 0.46),
    "hann": _cosines(0.5, 0.5),
    "lanczos": _lanczos,
    "nuttall": _cosines(0.3635819, 0.4891775, 0.1365995, 0.0106411),
    "parzen": _parzen,
    "rectangular": _cosines(1.0),
    "triang": _triangle,
    "tukey": _tukey,
}


def window_named(name: str, length: int, periodic: bool = False) -> list[float]:
    """Return the factors of a window.

    Args:
        name: A key of `WINDOWS`.
        length: How many elements.
        periodic: Whether the window is one turn of a wave: the element after the last
            would be the first again.

    Raises:
        ValueError: There is no window of that name.

    Example:
        >>> [round(factor, 3) for factor in window_named("hann", 5)]
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    window = checked_window(name)
    whole = length + 1 if periodic else length
    middle = (whole - 1) / 2
    return [window(abs(i - middle), whole) for i in range(length)]


def checked_window(name: str) -> Window:
    """Return a window's function.

    Raises:
        ValueError: There is no window of that name.
    """
    if name not in WINDOWS:
        raise ValueError(unknown_name("window", name, WINDOWS))
    return WINDOWS[name]
