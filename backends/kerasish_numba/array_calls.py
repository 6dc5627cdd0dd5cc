"""Native calls of compiled functions that take arrays.

A function over contiguous arrays and whole numbers, decorated by `numba.njit`, gets a
native function around it, whose words are each array's address and shape, then the
numbers.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish.backend.contract import Array
from kerasish_numba.compiled import compiled, text_digest
from kerasish_numba.program import NativeCall
from kerasish_numba.source import HEADER


def array_call(
    function: Callable[..., None], parts: Sequence[Sequence[Any]]
) -> NativeCall:
    """Return the call of a compiled function, in parts.

    Args:
        function: By `numba.njit`, at the top of its module.
        parts: The arguments of each part: arrays, contiguous and of as many axes in
            each, then whole numbers.
    """
    split = [_split(part) for part in parts]
    forms = tuple((array.dtype.name, array.ndim) for array in split[0][0])
    native = native_around(function, forms, len(split[0][1]))
    words = [
        [*(word for x in arrays for word in (x.ctypes.data, *x.shape)), *numbers]
        for arrays, numbers in split
    ]
    touched = [array for arrays, _ in split for array in arrays]
    return NativeCall(native, words, touched, ())  # any of them may be written


def _split(arguments: Sequence[Any]) -> tuple[list[Array], list[int]]:
    arrays = [x for x in arguments if isinstance(x, np.ndarray)]
    return arrays, [int(x) for x in arguments[len(arrays) :]]


@functools.cache
def native_around(
    function: Callable[..., None], forms: tuple[tuple[str, int], ...], num_numbers: int
) -> int:
    """Return the address of the native function around one that takes arrays.

    Args:
        function: By `numba.njit`, at the top of its module.
        forms: Dtype name and number of axes of each array.
        num_numbers: How many numbers follow the arrays.
    """
    module, name = function.__module__, function.__name__
    digest = text_digest(sys.modules[module].__file__ or "")
    arguments, at = [], 0
    for dtype, num_axes in forms:
        lengths = [f"words[{at + 1 + axis}]" for axis in range(num_axes)]
        shape = f"({', '.join(lengths)},)"
        arguments.append(f"carray({dtype}_at(words[{at}]), {shape})")
        at += 1 + num_axes
    arguments += [f"words[{at + i}]" for i in range(num_numbers)]
    lines = [
        f"from numba import carray  # {digest}",
        f"from {module} import {name} as function",
        "",
        "",
        "def native(address):",
        "    words = words_at(address)",
        f"    function({', '.join(arguments)})",
    ]
    return compiled(HEADER + "\n".join(lines) + "\n")
