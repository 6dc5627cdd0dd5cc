"""NumPy's calls as native ones, where they are copies, fills, sums or ufuncs.

Kernels that all backends share, such as those of convolution, are lists of calls of
NumPy's functions on views. A call that is told where to write is a loop like any other,
so that a whole convolution is part of a step's native program.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from kerasish.backend.streams import run_all
from kerasish_numba.expressions import has_expression
from kerasish_numba.fused import LoopCall, Operation, loop_of
from kerasish_numba.program import NativeCall, NativeSequence
from kerasish_numba.reductions import SUM

Call = Callable[[], Any]


def single_calls(call: Call) -> Sequence[Call]:
    """Return the calls that one consists of, native where they can be."""
    if isinstance(call, NativeSequence):
        return call.calls
    if not isinstance(call, functools.partial):
        return [call]
    if call.func is run_all:
        return [one for inner in call.args[0] for one in single_calls(inner)]
    return [_native(call) or call]


def native_calls(calls: Iterable[Call]) -> list[NativeCall] | None:
    """Return native calls that do the same; None if one of them has no such form."""
    result: list[NativeCall] = []
    for call in calls:
        for one in single_calls(call):
            if not isinstance(one, NativeCall):
                return None
            result.append(one)
    return result


def _native(call: functools.partial[Any]) -> NativeCall | None:
    """Return the loop of a call of NumPy; None if it is none, or has no form."""
    function, given, named = call.func, call.args, call.keywords
    if function is np.copyto and not named:
        return _loop("cast_to", given[0], given[1:])
    if isinstance(function, np.ufunc) and named.keys() == {"out"}:
        return _loop(function.__name__, named["out"], given)
    if function is np.sum and named.keys() == {"axis", "out"}:
        along = {"axis": (named["axis"],), "keepdims": False}
        bound = SUM.bind(named["out"], given, along)
        return bound if isinstance(bound, NativeCall) else None
    owner = getattr(function, "__self__", None)
    if isinstance(owner, np.ndarray) and function == owner.fill:
        return _loop("cast_to", owner, [np.array(given[0], owner.dtype)])
    return None


def _loop(name: str, out: Any, inputs: Sequence[Any]) -> NativeCall | None:
    if not all(isinstance(x, np.ndarray) for x in (out, *inputs)) or not out.size:
        return None
    dtypes = [x.dtype.name for x in (*inputs, out)]
    # NumPy brings operands to one dtype first, a loop does not
    if len(set(dtypes[:-1])) > 1 or not has_expression(name, dtypes):
        return None
    one = Operation(name, tuple(range(len(inputs))), dtypes[-1])
    return LoopCall(loop_of([one], out, inputs))
