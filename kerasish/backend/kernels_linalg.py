"""Kernels of the matrix decompositions, for every array module with NumPy's interface.

`linalg_kernels(xp)` returns the table for `numpy`, `cupy` or a look-alike. The work is
that of `xp.linalg` (LAPACK, cuSOLVER), which returns new arrays: these kernels allocate
their results and copy them. All take stacks of matrices. On NumPy a matrix that cannot
be decomposed raises `LinAlgError`, a `ValueError`; on a GPU the result is not finite.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from kerasish.backend.contract import Array, Kernel

Arrays = tuple[Array, ...]


def linalg_kernels(xp: Any) -> dict[str, Kernel]:
    """Return the table of decompositions, written for the array module `xp`."""

    def write(out: Array, result: Array) -> None:
        xp.copyto(out, result, casting="unsafe")

    def write_all(outs: Arrays, results: Any) -> None:
        for out, result in zip(outs, results, strict=True):
            write(out, result)

    def symmetric(x: Array) -> Array:
        # both triangles count: `xp.linalg` would read one of them only
        return xp.multiply(xp.add(x, xp.swapaxes(x, -1, -2)), 0.5)

    def cholesky_of(out: Array, x: Array) -> None:
        write(out, xp.linalg.cholesky(symmetric(x)))

    def solve_of(out: Array, a: Array, b: Array) -> None:
        write(out, xp.linalg.solve(a, b))

    def singular_values(out: Array, x: Array) -> None:
        write(out, xp.linalg.svd(x, compute_uv=False))

    def complement_of(out: Array, x: Array) -> None:
        q, _ = xp.linalg.qr(x, mode="complete")
        write(out, q[..., x.shape[-1] :])

    def eigh_of(outs: Arrays, x: Array) -> None:
        write_all(outs, xp.linalg.eigh(symmetric(x)))

    def eig_of(outs: Arrays, x: Array) -> None:
        if hasattr(xp.linalg, "eig"):
            found = xp.linalg.eig(x)
        else:  # CuPy before version 14 has none: the host computes
            found = [xp.asarray(z) for z in np.linalg.eig(xp.asnumpy(x))]
        write_all(outs, [part(z) for z in found for part in (xp.real, xp.imag)])

    def qr_of(outs: Arrays, x: Array) -> None:
        write_all(outs, xp.linalg.qr(x, mode="reduced"))

    def svd_of(outs: Arrays, x: Array) -> None:
        write_all(outs, xp.linalg.svd(x, full_matrices=False))

    def slogdet_of(outs: Arrays, x: Array) -> None:
        write_all(outs, xp.linalg.slogdet(x))

    table: dict[str, Kernel] = {
        "cholesky_of": cholesky_of,
        "solve_of": solve_of,
        "singular_values": singular_values,
        "complement_of": complement_of,
        "eigh_of": eigh_of,
        "eig_of": eig_of,
        "qr_of": qr_of,
        "svd_of": svd_of,
        "slogdet_of": slogdet_of,
        "lu_of": _lu_kernel(xp),
    }
    return {name: unless_empty(kernel) for name, kernel in table.items()}


def unless_empty(kernel: Kernel) -> Kernel:
    """Return a kernel that does nothing for (first) results without elements.

    Of empty arrays some libraries make an error.
    """

    @functools.wraps(kernel)
    def guarded(out: Any, *inputs: Array, **attributes: Any) -> None:
        first = out[0] if isinstance(out, tuple) else out
        if first.size:
            kernel(out, *inputs, **attributes)

    return guarded


def _lu_kernel(xp: Any) -> Kernel:
    """Return Gaussian elimination with row exchanges, one column of a stack a time."""

    def exchange(a: Array, column: int, pivot: Array) -> None:
        row = xp.take_along_axis(a, pivot[:, None, None], axis=1)[:, 0]
        places = xp.arange(a.shape[1])[None, :, None]
        here = xp.equal(places, pivot[:, None, None])
        xp.copyto(a, xp.copy(a[:, column : column + 1]), where=here)
        xp.copyto(a[:, column], row)

    def eliminate(a: Array, column: int) -> None:
        pivot = a[:, column, column][:, None]
        # as LAPACK: a column of zeros is left as it is
        divisor = xp.where(xp.equal(pivot, 0), 1, pivot)
        below = a[:, column + 1 :, column]
        xp.divide(below, divisor, out=below, casting="same_kind")
        rest = a[:, column + 1 :, column + 1 :]
        above = a[:, column, column + 1 :]
        update = xp.multiply(below[:, :, None], above[:, None, :])
        xp.subtract(rest, update, out=rest)

    def lu_of(outs: Arrays, x: Array) -> None:
        factors, pivots, order = outs
        rows, columns = x.shape[-2:]
        count = math.prod(x.shape[:-2])
        a = xp.empty((count, rows, columns), x.dtype)
        xp.copyto(a, x.reshape((count, rows, columns)))
        places = xp.empty((count, min(rows, columns)), "int64")
        origin = xp.empty((count, rows, 1), "int64")
        xp.copyto(origin, xp.arange(rows)[:, None])
        for column in range(min(rows, columns)):
            sizes = xp.absolute(a[:, column:, column])
            pivot = xp.add(xp.argmax(sizes, axis=1), column)
            xp.copyto(places[:, column], pivot)
            exchange(a, column, pivot)
            exchange(origin, column, pivot)
            eliminate(a, column)
        xp.copyto(factors, a.reshape(factors.shape), casting="unsafe")
        xp.copyto(pivots, places.reshape(pivots.shape), casting="unsafe")
        xp.copyto(order, origin.reshape(order.shape), casting="unsafe")

    return lu_of
