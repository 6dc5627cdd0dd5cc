"""Discrete Fourier transforms of complex numbers given as pairs (real, imaginary).

The primitives are plain sums, unscaled: the forward and the backward one are then each
other's adjoint, which is all a gradient needs.
"""

from __future__ import annotations

from typing import Any

from kerasish.backend.contract import Shape
from kerasish.errors import ShapeError, explain
from kerasish.graph.tensor import Spec
from kerasish.ops.creation import arange, zeros_like
from kerasish.ops.declare import Array, convert, primitive
from kerasish.ops.elementwise import equal, multiply, where
from kerasish.ops.matrices import form_of
from kerasish.ops.several import several
from kerasish.ops.shape import pad, slice_to

Pair = tuple[Any, Any]


@several
def fourier_of(
    real: Array, imaginary: Array, *, axes: Shape, inverse: bool
) -> list[Spec]:
    """Return the parts of sum_t z_t exp(-+ 2 pi i k t / n) over axes, unscaled."""
    form = form_of(real.shape, real, imaginary)
    return [form, form]


@fourier_of.gradient
def _(
    gs: Any, ys: Any, real: Any, imaginary: Any, *, axes: Shape, inverse: bool
) -> Any:
    parts = (zeros_like(y) if g is None else g for g, y in zip(gs, ys, strict=True))
    return fourier_of(*parts, axes=axes, inverse=not inverse)


@several
def real_fourier_of(x: Array) -> list[Spec]:
    """Return the parts of the transform along the last axis, up to half the length."""
    form = form_of((*x.shape[:-1], x.shape[-1] // 2 + 1), x)
    return [form, form]


@real_fourier_of.gradient
def _(gs: Any, ys: Any, x: Any) -> Any:
    length = x.shape[-1]
    parts = (zeros_like(y) if g is None else g for g, y in zip(gs, ys, strict=True))
    # the mirrored half, which `hermitian_fourier_of` adds, is not in the result
    share = _of_middle(ys[0], length, 0.5)
    real, imaginary = (multiply(g, share) for g in parts)
    return hermitian_fourier_of(real, imaginary, length=length)


@primitive
def hermitian_fourier_of(real: Array, imaginary: Array, *, length: int) -> Spec:
    """Return the real numbers whose transform this is, times their number.

    The imaginary parts of the first and, if the length is even, the last count for
    nothing.
    """
    return form_of((*real.shape[:-1], length), real, imaginary)


@hermitian_fourier_of.gradient
def _(g: Any, y: Any, real: Any, imaginary: Any, *, length: int) -> Any:
    g_real, g_imaginary = real_fourier_of(g)
    share = _of_middle(g_real, length, 2.0)
    return multiply(g_real, share), multiply(g_imaginary, share)


def _of_middle(x: Any, length: int, factor: float) -> Any:
    """Return `factor` for each frequency that stands for two, 1 for the others."""
    places = arange(x.shape[-1])
    single = equal(multiply(places, 2), length) if length else equal(places, 0)
    alone = where(equal(places, 0), True, single)
    return where(alone, convert(1, x.dtype), convert(factor, x.dtype))


def as_pair(operation: str, x: Any) -> Pair:
    """Return the parts of complex numbers.

    Raises:
        ShapeError: There are not two, or their shapes differ.
    """
    parts = [convert(part) for part in x] if isinstance(x, (tuple, list)) else []
    shapes = [tuple(part.shape) for part in parts]
    if len(parts) != 2 or shapes[0] != shapes[1]:
        raise ShapeError(
            explain(
                f"{operation} works on pairs of real and imaginary parts.",
                got=f"shapes {shapes}" if parts else type(x).__name__,
                expected="a tuple of two tensors of one shape",
                fix="of real numbers x, give (x, ops.zeros_like(x))",
            )
        )
    return parts[0], parts[1]


def _transform(operation: str, x: Any, num_axes: int, inverse: bool) -> Pair:
    real, imaginary = as_pair(operation, x)
    ndim = len(real.shape)
    if ndim < num_axes:
        raise ShapeError(
            explain(
                f"{operation} transforms the last axes.",
                got=f"shape {tuple(real.shape)}",
                expected=f"at least {num_axes} axes",
            )
        )
    axes = tuple(range(ndim - num_axes, ndim))
    real, imaginary = fourier_of(real, imaginary, axes=axes, inverse=inverse)
    return real, imaginary


def fft(x: Any) -> Pair:
    """Return the Fourier transform along the last axis.

    Args:
        x: (real, imaginary), two tensors of one shape.

    Returns:
        (real, imaginary) of that shape.

    Example:
        >>> real, _ = fft(([1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]))
        >>> real.tolist()
        [4.0, 0.0, 0.0, 0.0]
    """
    return _transform("fft", x, 1, False)


def fft2(x: Any) -> Pair:
    """Return the Fourier transform along the last two axes.

    Args:
        x: (real, imaginary), two tensors of one shape.

    Returns:
        (real, imaginary) of that shape.

    Example:
        >>> real, _ = fft2(([[1.0, 1.0]], [[0.0, 0.0]]))
        >>> real.tolist()
        [[2.0, 0.0]]
    """
    return _transform("fft2", x, 2, False)


def ifft2(x: Any) -> Pair:
    """Return the numbers whose transform along the last two axes this is.

    Args:
        x: (real, imaginary), two tensors of one shape.

    Returns:
        (real, imaginary) of that shape.

    Example:
        >>> real, _ = ifft2(([[2.0, 0.0]], [[0.0, 0.0]]))
        >>> real.tolist()
        [[1.0, 1.0]]
    """
    real, imaginary = _transform("ifft2", x, 2, True)
    scale = 1.0 / max(real.shape[-1] * real.shape[-2], 1)
    return multiply(real, scale), multiply(imaginary, scale)


def _of_length(x: Any, length: int) -> Any:
    """Return x with its last axis cut, or filled up with zeros, to a length."""
    last = x.shape[-1]
    if last < length:
        return pad(x, [(0, 0)] * (len(x.shape) - 1) + [(0, length - last)])
    if last > length:
        whole = (slice(None),) * (len(x.shape) - 1)
        return slice_to(x, slices=(*whole, slice(length)))
    return x


def rfft(x: Any, fft_length: int | None = None) -> Pair:
    """Return the Fourier transform of real numbers along the last axis.

    Args:
        x: Real numbers, (..., n).
        fft_length: Length to which x is cut or filled up with zeros; n by default.

    Returns:
        (real, imaginary), each (..., fft_length // 2 + 1): the other half mirrors it.

    Example:
        >>> rfft([1.0, 2.0, 3.0, 4.0])[0].tolist()
        [10.0, -2.0, -2.0]
    """
    x = convert(x)
    x = x if fft_length is None else _of_length(x, _length("rfft", fft_length))
    real, imaginary = real_fourier_of(x)
    return real, imaginary


def irfft(x: Any, fft_length: int | None = None) -> Any:
    """Return the real numbers whose transform along the last axis this is.

    Args:
        x: (real, imaginary), each (..., n).
        fft_length: Length of the result; 2 (n - 1) by default. The transform is cut or
            filled up with zeros to `fft_length // 2 + 1` elements.

    Returns:
        Shape (..., fft_length).

    Example:
        >>> irfft(([10.0, -2.0, -2.0], [0.0, 2.0, 0.0])).tolist()
        [1.0, 2.0, 3.0, 4.0]
    """
    real, imaginary = as_pair("irfft", x)
    length = fft_length
    if length is None:
        length = 2 * (real.shape[-1] - 1)
    length = _length("irfft", length)
    half = length // 2 + 1
    real, imaginary = _of_length(real, half), _of_length(imaginary, half)
    summed = hermitian_fourier_of(real, imaginary, length=length)
    return multiply(summed, 1.0 / length)


def _length(operation: str, length: int) -> int:
    if length < 1:
        raise ValueError(
            explain(
                f"{operation} needs a length of at least 1.", got=f"length {length}"
            )
        )
    return int(length)
