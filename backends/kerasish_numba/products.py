"""Matrix products as native calls: BLAS without NumPy between, in parts where large.

What `numpy.matmul` does for arrays that BLAS can take as they lie, decided once: which
function, which operand transposed. Other arrays stay NumPy's.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]

from kerasish.backend import dtypes
from kerasish.backend.contract import Array, Shape
from kerasish.backend.matrices import layout_of
from kerasish.backend.streams import Streams, shares
from kerasish_numba.compiled import compiled, text_digest
from kerasish_numba.fused import LoopCall, loop_of_sum
from kerasish_numba.native import intrinsic, types
from kerasish_numba.program import NativeCall, NativeSequence
from kerasish_numba.source import HEADER
from kerasish_numba.team import TEAM, Team
from kerasish_numpy.blas import blas_function
from kerasish_numpy.products import Product, part_of, widest
from kerasish_numpy.workers import WORKERS

_ROW_MAJOR, _PLAIN, _TRANSPOSED = 101, 111, 112  # CBLAS's enumerations
_LEAST_RATIO = 4  # terms of a sum to rows of the first matrix, for cutting the sum
_LARGE_FACTOR = 1 << 15  # elements of the second matrix; a smaller one is soon read
_LETTERS = {"float32": "s", "float64": "d"}

# The arguments of a routine after the order, a letter each: "e" enumeration, "i" whole
# number, from the words; "a", "b", "c" addresses; "1", "0" these numbers. The words of
# a call are the function's address, the arguments, how many products, then the
# addresses of both operands and the result of each.
_FORMS = {"gemm": "eeiii1aibi0ci", "gemv": "eii1aibi0ci"}


def _blas_call(scalar: Any, form: str) -> Any:
    """Return a function for compiled code that calls a routine of BLAS."""

    @intrinsic
    def blas(typing: Any, words: Any, a: Any, b: Any, c: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            word, enum = ir.IntType(64), ir.IntType(32)
            real = context.get_value_type(scalar)
            addresses = dict(zip("abc", arguments[1:], strict=True))
            taken = iter(range(len(form) + 1))

            def next_word() -> Any:
                place = ir.Constant(word, next(taken))
                return builder.load(builder.gep(arguments[0], [place]))

            def value(letter: str) -> Any:
                if letter in addresses:
                    return addresses[letter]
                if letter in "01":
                    return ir.Constant(real, float(letter))
                return (
                    builder.trunc(next_word(), enum) if letter == "e" else next_word()
                )

            function = next_word()
            values = [ir.Constant(enum, _ROW_MAJOR), *map(value, form)]
            target = ir.FunctionType(ir.VoidType(), [v.type for v in values])
            builder.call(builder.inttoptr(function, target.as_pointer()), values)
            return context.get_dummy_value()

        whole = types.int64
        return types.void(types.CPointer(whole), whole, whole, whole), generate

    return blas


BLAS = {
    (dtype, routine): _blas_call(getattr(types, dtype), form)
    for dtype in _LETTERS
    for routine, form in _FORMS.items()
}


@functools.cache
def _native(dtype: str, routine: str) -> int:
    """Return the address of the native function that calls a routine of BLAS."""
    count = 1 + sum(letter in "ei" for letter in _FORMS[routine])
    lines = [
        f"from {__name__} import BLAS  # {text_digest(__file__)}",
        "",
        f"blas = BLAS[{dtype!r}, {routine!r}]",
        "",
        "",
        "def native(address):",
        "    words = words_at(address)",
        f"    for i in range({count + 1}, {count + 1} + 3 * words[{count}], 3):",
        "        blas(words, words[i], words[i + 1], words[i + 2])",
    ]
    return compiled(HEADER + "\n".join(lines) + "\n")


class NativeProduct(Product):
    """The product of matrices, or of stacks of them, as a native call.

    A product with a large second matrix, most often of weights, is cut along what is
    summed over: then each core reads the rows that it also updates, and the parts of
    the sum, which are small, are added afterwards.

    Args:
        streams: Into how many parts to cut NumPy's call, and how to run them.
        team: Into how many parts to cut a native call.
    """

    def __init__(self, streams: Streams, team: Team | Streams) -> None:
        super().__init__(streams)
        self._team = team

    def scratch(self, out: Any, x1: Any, x2: Any) -> list[tuple[Shape, str]]:
        """Return the forms of the sums of all parts but the first."""
        number = self._summed_parts(out, x1, x2)
        return [(tuple(out.shape), dtypes.dtype_name(out.dtype))] * (number - 1)

    def __call__(
        self, out: Array, x1: Array, x2: Array, scratch: Sequence[Array] = ()
    ) -> None:
        """Write `x1 @ x2` into `out`."""
        super().bind(out, (x1, x2), {})()

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the native call, or NumPy's where BLAS cannot take the arrays."""
        x1, x2 = inputs
        sums = attributes.get("scratch", ())
        if sums and x2.flags.c_contiguous:
            cut = shares(x2.shape[0], len(sums) + 1)
            pieces = [(x1[:, share], x2[share]) for share in cut]
            targets = [out, *sums]
            calls = _native_call(
                [(y, *piece) for y, piece in zip(targets, pieces, strict=True)]
            )
            if calls is not None:
                return NativeSequence([calls, LoopCall(loop_of_sum(targets))])
        target, rows = _joined_rows(out, x1, x2)
        axis = widest(target)
        number = self._team.number(target.size * rows.shape[-1], target.shape[axis])
        cut = shares(target.shape[axis], number)
        native = _native_call([part_of(target, rows, x2, axis, share) for share in cut])
        return native or super().bind(out, inputs, {})

    def _summed_parts(self, out: Any, x1: Any, x2: Any) -> int:
        """Return into how many parts what is summed over is cut; 1 where it is not."""
        if not len(x1.shape) == len(x2.shape) == len(out.shape) == 2:
            return 1
        (m, k), n = x1.shape, x2.shape[1]
        if k < _LEAST_RATIO * m or k * n < _LARGE_FACTOR or 1 in (m, n):
            return 1
        return self._team.number(m * k * n, k)


def _joined_rows(out: Array, x1: Array, x2: Array) -> tuple[Array, Array]:
    """Make one matrix of a stack where all are multiplied by the same one."""
    one_factor = x1.ndim > 2 and x2.ndim == 2
    if one_factor and x1.flags.c_contiguous and out.flags.c_contiguous:
        return out.reshape(-1, out.shape[-1]), x1.reshape(-1, x1.shape[-1])
    return out, x1


def _native_call(products: Sequence[Sequence[Array]]) -> NativeCall | None:
    """Return the call whose parts are products; None if BLAS cannot take one of them.

    Args:
        products: Result and operands of each.
    """
    parts, name, dtype = [], "", products[0][0].dtype.name
    for out, x1, x2 in products:
        usable = dtype in _LETTERS and x1.dtype == x2.dtype == out.dtype and out.size
        if not usable or min(x1.ndim, x2.ndim) < 2 or not x1.shape[-1]:
            return None
        described = _described(out, x1, x2)
        if described is None:
            return None
        name, words = described
        found = blas_function(f"cblas_{_LETTERS[dtype]}{name}")
        if found is None or found[1] is not ctypes.c_int64:
            return None
        parts.append([ctypes.cast(found[0], ctypes.c_void_p).value or 0, *words])
    longest = max(map(len, parts))  # a part of a stack may have a product more
    padded = [[*part, *[0] * (longest - len(part))] for part in parts]
    written, first, second = zip(*products, strict=True)
    return NativeCall(_native(dtype, name), padded, written, (*first, *second))


def _described(out: Array, x1: Array, x2: Array) -> tuple[str, list[int]] | None:
    """Return "gemm" or "gemv", and the words after the function's address."""
    layouts = [layout_of(x) for x in (x1, x2, out)]
    known = [layout for layout in layouts if layout is not None]
    if len(known) < 3 or known[2].transposed:
        return None
    (first, a), (second, b), (_, c) = known
    (m, k), n = x1.shape[-2:], x2.shape[-1]
    enums = (_PLAIN, _TRANSPOSED)
    if m == 1:  # the second matrix, transposed, by a vector
        sizes = (n, k) if second else (k, n)
        along = x1.strides[-1] // x1.itemsize if k > 1 else 1
        head = [enums[not second], *sizes, b, along, 1]
        order = x2, x1
    elif n == 1:
        sizes = (k, m) if first else (m, k)
        along = x2.strides[-2] // x2.itemsize if k > 1 else 1
        head = [enums[first], *sizes, a, along, c]
        order = x1, x2
    else:
        head = [enums[first], enums[second], m, n, k, a, b, c]
        order = x1, x2
    addresses = _addresses(out, *order)
    name = "gemv" if 1 in (m, n) else "gemm"
    return name, [*head, len(addresses) // 3, *addresses]


def _addresses(out: Array, *operands: Array) -> list[int]:
    """Return the addresses of operands and result of each product of a stack."""
    stack = out.shape[:-2]
    found = []
    for x in (*operands, out):
        shown = np.broadcast_to(x, (*stack, *x.shape[-2:]))
        offsets = np.zeros(stack, np.int64)
        for axis, stride in enumerate(shown.strides[:-2]):
            steps = stride * np.arange(stack[axis])
            offsets += steps.reshape(-1, *[1] * (len(stack) - axis - 1))
        found.append(x.ctypes.data + offsets.reshape(-1))
    return [int(address) for address in np.stack(found, axis=1).reshape(-1)]


PRODUCT = NativeProduct(WORKERS, TEAM)
PART = NativeProduct(Streams(), Streams())  # of what is cut already
