"""Short-time Fourier transforms: a signal cut into overlapping frames, and back.

Frames are the last axis but one. A frame is `fft_length` long; the window covers the
`sequence_length` elements in its middle. Frames are put together again by dividing
their sum by that of the squared windows (Griffin & Lim, "Signal Estimation from
Modified Short-Time Fourier Transform", 1984, eq. 6).
"""

from __future__ import annotations

import math
from typing import Any

from kerasish.backend import dtypes, floatx
from kerasish.errors import ShapeError, explain, unknown_name
from kerasish.ops.creation import arange, ones
from kerasish.ops.declare import convert
from kerasish.ops.elementwise import add, divide, greater, multiply, where
from kerasish.ops.fourier import Pair, as_pair, irfft, rfft
from kerasish.ops.shape import broadcast_to, cast, concatenate, pad, reshape, slice_to
from kerasish.ops.trigonometry import cos

# a + b cos(2 pi t / n)
_WINDOWS = {"hann": (0.5, -0.5), "hamming": (0.54, -0.46)}
_NOTHING = 1e-10  # a sum of squared windows below this is no window at all


def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Any:
    """Return the overlapping frames of the last axis.

    Args:
        x: Any shape, (..., n).
        sequence_length: Elements of a frame.
        sequence_stride: Elements from the start of a frame to the next one's.

    Returns:
        Shape (..., frames, sequence_length); what is left at the end is dropped.

    Example:
        >>> extract_sequences([1, 2, 3, 4, 5], 3, 2).tolist()
        [[1, 2, 3], [3, 4, 5]]
    """
    _require_positive("extract_sequences", sequence_length, sequence_stride)
    x = convert(x)
    *front, n = x.shape
    frames = max((n - sequence_length) // sequence_stride + 1, 0)
    if not frames:
        return reshape(_last(x, 0, 0), (*front, 0, sequence_length))
    # cut into pieces of one stride, a frame is a few pieces that follow each other
    pieces = math.ceil(sequence_length / sequence_stride)
    length = (frames + pieces - 1) * sequence_stride
    if length > n:
        x = pad(x, [(0, 0)] * len(front) + [(0, length - n)])
    cut = reshape(_last(x, 0, length), (*front, -1, sequence_stride))
    parts = [_rows(cut, i, i + frames) for i in range(pieces)]
    return _last(concatenate(parts, -1), 0, sequence_length)


def _overlap_add(x: Any, stride: int) -> Any:
    """Return the sum of frames, each laid a stride behind the one before."""
    *front, frames, length = x.shape
    pieces = math.ceil(length / stride)
    whole = [(0, 0)] * len(front)
    x = pad(x, [*whole, (0, 0), (0, pieces * stride - length)])
    total = None
    for i in range(pieces):
        piece = _last(x, i * stride, (i + 1) * stride)
        laid = pad(piece, [*whole, (i, pieces - 1 - i), (0, 0)])
        total = laid if total is None else add(total, laid)
    joined = reshape(total, (*front, (frames + pieces - 1) * stride))
    return _last(joined, 0, (frames - 1) * stride + length)


def _last(x: Any, start: int, stop: int) -> Any:
    whole = (slice(None),) * (len(x.shape) - 1)
    return slice_to(x, slices=(*whole, slice(start, stop)))


def _rows(x: Any, start: int, stop: int) -> Any:
    whole = (slice(None),) * (len(x.shape) - 2)
    return slice_to(x, slices=(*whole, slice(start, stop)))


def _require_positive(operation: str, *lengths: int) -> None:
    if min(lengths) < 1:
        raise ValueError(
            explain(
                f"{operation} needs a length and a stride of at least 1.",
                got=", ".join(map(str, lengths)),
            )
        )


def _require_frames(operation: str, length: int, stride: int, fft_length: int) -> None:
    _require_positive(operation, length, stride)
    if fft_length < length:
        raise ValueError(
            explain(
                f"{operation} transforms whole windows.",
                got=f"sequence_length={length}, fft_length={fft_length}",
                expected="fft_length at least sequence_length",
            )
        )


def _window(window: Any, length: int, fft_length: int, dtype: str) -> Any:
    """Return a window of `length` in the middle of `fft_length` elements.

    Raises:
        ShapeError: The window given has another length.
        ValueError: There is no window of that name.
    """
    if window is None:
        return ones((fft_length,), dtype)
    if isinstance(window, str):
        values = _named_window(window, length, dtype)
    else:
        values = convert(window, dtype)
    if tuple(values.shape) != (length,):
        raise ShapeError(
            explain(
                "A window must be as long as a sequence.",
                got=f"shape {tuple(values.shape)}",
                expected=f"shape ({length},)",
            )
        )
    before = (fft_length - length) // 2
    return pad(values, [(before, fft_length - length - before)])


def _named_window(name: str, length: int, dtype: str) -> Any:
    if name not in _WINDOWS:
        raise ValueError(unknown_name("window", name, _WINDOWS))
    level, wave = _WINDOWS[name]
    turns = multiply(arange(length, dtype=dtype), 2 * math.pi / length)
    return add(multiply(cos(turns), wave), level)


def stft(
    x: Any,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    window: Any = "hann",
    center: bool = True,
) -> Pair:
    """Return the Fourier transforms of the overlapping frames of a signal.

    Args:
        x: Real numbers, (..., n).
        sequence_length: Elements the window covers.
        sequence_stride: Elements from the start of a frame to the next one's.
        fft_length: Elements of a frame, at least `sequence_length`.
        window: "hann", "hamming", an array of `sequence_length` factors, or None to
            take whole frames as they are.
        center: Whether frame i is to have element i * stride in its middle: the signal
            is continued by its mirror image at both ends.

    Returns:
        (real, imaginary), each (..., frames, fft_length // 2 + 1).

    Raises:
        ShapeError: The window has another length than `sequence_length`.
        ValueError: A length does not fit, or the window is unknown.

    Example:
        >>> real, imaginary = stft([0.0] * 16, 4, 2, 8)
        >>> real.shape
        (9, 5)
    """
    _require_frames("stft", sequence_length, sequence_stride, fft_length)
    x = convert(x)
    if not dtypes.is_float(dtypes.dtype_name(x.dtype)):
        x = cast(x, floatx())
    factors = _window(window, sequence_length, fft_length, dtypes.dtype_name(x.dtype))
    if center:
        half = fft_length // 2
        x = pad(x, [(0, 0)] * (len(x.shape) - 1) + [(half, half)], mode="reflect")
    frames = extract_sequences(x, fft_length, sequence_stride)
    return rfft(multiply(frames, factors))


def istft(
    x: Any,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Any:
    """Return the signal of which these are the transforms of frames.

    Where no window reaches, the signal is 0. With `window=None` the result is, as in
    Keras, fft_length / sequence_stride times the signal: what frames without a window
    add up to.

    Args:
        x: (real, imaginary), each (..., frames, fft_length // 2 + 1).
        sequence_length: Elements the window covers.
        sequence_stride: Elements from the start of a frame to the next one's.
        fft_length: Elements of a frame, at least `sequence_length`.
        length: Elements of the result; all there are by default.
        window: As given to `stft`.
        center: As given to `stft`.

    Returns:
        Shape (..., length), or shorter where there are fewer elements.

    Raises:
        ShapeError: The window has another length than `sequence_length`.
        ValueError: A length does not fit, or the window is unknown.

    Example:
        >>> istft(stft([1.0] * 8, 4, 2, 4), 4, 2, 4).round(5).tolist()
        [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    _require_frames("istft", sequence_length, sequence_stride, fft_length)
    parts = as_pair("istft", x)
    frames = irfft(parts, fft_length)
    dtype = dtypes.dtype_name(frames.dtype)
    factors = _window(window, sequence_length, fft_length, dtype)
    total = _overlap_add(multiply(frames, factors), sequence_stride)
    num_frames = frames.shape[-2]
    squares = broadcast_to(multiply(factors, factors), (num_frames, fft_length))
    weight = _overlap_add(squares, sequence_stride)
    signal = divide(total, where(greater(weight, _NOTHING), weight, 1.0))
    if window is None:
        signal = multiply(signal, fft_length / sequence_stride)
    start = fft_length // 2 if center else 0
    stop = signal.shape[-1] - start if length is None else start + length
    return _last(signal, start, stop)
