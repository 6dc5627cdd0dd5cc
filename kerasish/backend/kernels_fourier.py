"""Kernels of the discrete Fourier transforms, by `xp.fft`.

`fourier_kernels(xp)` returns the table for `numpy`, `cupy` or a look-alike. Complex
numbers are pairs of real arrays outside; inside, one complex array is allocated. No
transform is scaled: both directions are plain sums.
"""

from __future__ import annotations

from typing import Any

from kerasish.backend.contract import Array, Kernel, Shape
from kerasish.backend.kernels_linalg import unless_empty

Arrays = tuple[Array, ...]


def fourier_kernels(xp: Any) -> dict[str, Kernel]:
    """Return the table of transforms, written for the array module `xp`."""

    def joined(real: Array, imaginary: Array) -> Array:
        return xp.add(real, xp.multiply(imaginary, 1j))

    def parted(outs: Arrays, z: Array) -> None:
        xp.copyto(outs[0], xp.real(z), casting="unsafe")
        xp.copyto(outs[1], xp.imag(z), casting="unsafe")

    def fourier_of(
        outs: Arrays, real: Array, imaginary: Array, *, axes: Shape, inverse: bool
    ) -> None:
        z = joined(real, imaginary)
        if inverse:
            parted(outs, xp.fft.ifftn(z, axes=axes, norm="forward"))
        else:
            parted(outs, xp.fft.fftn(z, axes=axes))

    def real_fourier_of(outs: Arrays, x: Array) -> None:
        parted(outs, xp.fft.rfft(x))

    def hermitian_fourier_of(
        out: Array, real: Array, imaginary: Array, *, length: int
    ) -> None:
        x = xp.fft.irfft(joined(real, imaginary), n=length, norm="forward")
        xp.copyto(out, x, casting="unsafe")

    table: dict[str, Kernel] = {
        "fourier_of": fourier_of,
        "real_fourier_of": real_fourier_of,
        "hermitian_fourier_of": hermitian_fourier_of,
    }
    return {name: unless_empty(kernel) for name, kernel in table.items()}
