"""A look-alike of cuBLAS, for the look-alike of CuPy: plain loops over host memory."""

import ctypes

import numpy as np

from tests.cupy.lookalike import FakeStream


def columns(address: int, kind: int, leading: int, rows: int, count: int):
    """Return a matrix that lies column by column in memory."""
    dtype = np.dtype(CUBLAS_TYPES[kind])
    size = dtype.itemsize * (leading * (count - 1) + rows)
    memory = (ctypes.c_byte * size).from_address(address)
    strides = (dtype.itemsize, leading * dtype.itemsize)
    return np.ndarray((rows, count), dtype, memory, 0, strides)


CUBLAS_TYPES = {0: "float32", 1: "float64", 2: "float16"}


class FakeCublas:
    """libcublas, in plain loops over host memory.

    Attributes:
        asked: Names of the functions called, in order.
        computed: What the products were computed in, as cuBLAS's numbers.
        status: What functions return.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.computed: list[int] = []
        self.status = 0

    def cublasCreate_v2(self, handle) -> int:
        handle._obj.value = 7
        return self._done("create")

    def cublasSetStream_v2(self, handle, stream) -> int:
        assert handle.value == 7
        return self._done("stream")

    def cublasSetWorkspace_v2(self, handle, space, size) -> int:
        assert size % 256 == 0
        return self._done("workspace")

    def cublasGemmStridedBatchedEx(self, handle, *rest) -> int:
        def work():
            form, alpha, (a, b, beta, c), tail = self._split(rest, matrix=4)
            for i in range(tail[0]):
                places = [
                    (at + i * step * np.dtype(CUBLAS_TYPES[kind]).itemsize, kind, width)
                    for at, kind, width, step in (a, b, c)
                ]
                self._product(form, alpha, beta, places, tail)

        return self._ask("strided", work)

    def cublasGemmBatchedEx(self, handle, *rest) -> int:
        def work():
            form, alpha, (a, b, beta, c), tail = self._split(rest, matrix=3)
            for i in range(tail[0]):
                places = [
                    (ctypes.c_int64.from_address(at + 8 * i).value, kind, width)
                    for at, kind, width in (a, b, c)
                ]
                self._product(form, alpha, beta, places, tail)

        return self._ask("batched", work)

    @staticmethod
    def _split(rest, matrix: int):
        """Return the operations and lengths, factors, matrices and the rest."""
        form, (alpha, *values) = rest[:5], rest[5:]
        a, b = values[:matrix], values[matrix : 2 * matrix]
        beta, c = values[2 * matrix], values[2 * matrix + 1 : 3 * matrix + 1]
        return form, alpha, (a, b, beta, c), values[3 * matrix + 1 :]

    def _product(self, form, alpha, beta, places, tail) -> None:
        first_turned, second_turned, m, n, k = form
        _, compute, algorithm = tail
        assert (alpha._obj.value, beta._obj.value, algorithm) == (1, 0, -1)
        a, b, c = places
        first = columns(*a, *((k, m) if first_turned else (m, k)))
        second = columns(*b, *((n, k) if second_turned else (k, n)))
        first = first.T if first_turned else first
        second = second.T if second_turned else second
        with np.errstate(all="ignore"):
            columns(*c, m, n)[...] = first.astype(float) @ second.astype(float)
        self.computed.append(compute)

    def _ask(self, name: str, work) -> int:
        FakeStream.take(work)
        return self._done(name)

    def _done(self, name: str) -> int:
        self.asked.append(name)
        return self.status
