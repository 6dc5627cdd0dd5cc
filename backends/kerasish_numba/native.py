"""Compiled functions that call each other without Python between them.

A *native function* takes one argument: the address of an array of 64-bit words, in
which its lengths, steps and the addresses of its operands lie. So all of them are
called alike, and a list of calls is an array of numbers that one compiled loop, `run`,
goes through: some 5 ns a call, where Python takes 300 to 900.

A call may have several parts, which do not touch each other's results. They are shared
with *helpers*, threads that wait in `assist`. Whoever is free takes a part, the caller
too, so nobody waits for a thread that the machine is not running; and since the parts
are the same whoever computes them, so are the results. Each thread takes the part of
its own number if it can, so that what it wrote in one call is in its cache in the next:
an update of 55,050 weights takes 14 µs with its arrays there, and 36 after a product
that read the weights on the other core. A part is handed over in less than 1 µs,
because a helper looks for work in a loop for a while before it sleeps.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

import numba
from llvmlite import binding, ir  # type: ignore[import-untyped]
from numba import extending
from numba.core import types as numba_types

types: Any = numba_types  # untyped in part
WORD_BYTES = 8
_WORD = ir.IntType(64)

# Where things lie in a team's memory, in bytes; what is written often, apart.
_CLAIM = 0  # generation << 16 | a bit for each part that nobody has taken
_DONE = 64  # parts computed
_FUNCTION = 128
_ARGUMENTS = 136
_OWNER = 192  # 1 while a thread shares its parts
_ACTIVE = 256  # threads that run programs with parts
ASLEEP = 320  # of the first helper; the others follow
TEAM_STRIDE = 64
MOST_PARTS = 16
_PENDING = (1 << MOST_PARTS) - 1
_GENERATIONS = 0x7FFFFFFF

_PATIENCE = 2_000  # looks for work before a helper sleeps: 50 to 100 µs
_LONG_PATIENCE = 200_000  # while a program with parts is running


def intrinsic(function: Callable[..., Any]) -> Any:
    """Return what compiled code calls, of a function that returns form and generator.

    What it takes is said by the form, not by the function's own arguments.
    """
    made: Any = extending.intrinsic(function)
    return made


# pointers


def _pointer_to(scalar: Any) -> Any:
    """Return a function for compiled code that makes a pointer of an address."""

    @intrinsic
    def pointer(typing: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kind = context.get_value_type(signature.return_type)
            return builder.inttoptr(arguments[0], kind)

        return types.CPointer(scalar)(types.int64), generate

    return pointer


words_at = _pointer_to(types.int64)
uint8_at = _pointer_to(types.uint8)
bool_at = uint8_at  # a truth value is a byte in memory
uint32_at = _pointer_to(types.uint32)
int32_at = _pointer_to(types.int32)
int64_at = words_at
float32_at = _pointer_to(types.float32)
float64_at = _pointer_to(types.float64)


@intrinsic
def call(typing: Any, function: Any, words: Any) -> Any:
    """Call the native function at an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        form = ir.FunctionType(ir.VoidType(), [_WORD])
        builder.call(builder.inttoptr(arguments[0], form.as_pointer()), [arguments[1]])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


# atomic words: (address, ...) -> the word before


def _word(builder: Any, address: Any) -> Any:
    return builder.inttoptr(address, _WORD.as_pointer())


@intrinsic
def _load(typing: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load_atomic(_word(builder, arguments[0]), "seq_cst", WORD_BYTES)

    return types.int64(types.int64), generate


@intrinsic
def _store(typing: Any, address: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        where = _word(builder, arguments[0])
        builder.store_atomic(arguments[1], where, "seq_cst", WORD_BYTES)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


@intrinsic
def _add(typing: Any, address: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        where = _word(builder, arguments[0])
        return builder.atomic_rmw("add", where, arguments[1], "seq_cst")

    return types.int64(types.int64, types.int64), generate


@intrinsic
def _swap(typing: Any, address: Any, expected: Any, value: Any) -> Any:
    """Return whether the word was as expected; then it is the value now."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        where = _word(builder, arguments[0])
        pair = builder.cmpxchg(where, *arguments[1:], "seq_cst", "seq_cst")
        return builder.extract_value(pair, 1)

    return types.boolean(types.int64, types.int64, types.int64), generate


binding.initialize_native_asmparser()  # Numba itself does without
_PAUSES = {"x86_64": "pause", "AMD64": "pause", "aarch64": "yield", "arm64": "yield"}
_PAUSE = _PAUSES.get(platform.machine(), "")


@intrinsic
def _pause(typing: Any) -> Any:
    """Tell the processor that this thread is waiting in a loop."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        form = ir.FunctionType(ir.VoidType(), [])
        builder.asm(form, _PAUSE, "", [], side_effect=True)
        return context.get_dummy_value()

    return types.void(), generate


# programs and teams


def compiled_here(signature: str) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator that compiles now, or takes machine code from the disk.

    Where no folder for it can be written, every process compiles.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        settings: Any = {"error_model": "numpy", "nogil": True}
        try:
            return numba.njit(signature, cache=True, **settings)(function)
        except RuntimeError:
            return numba.njit(signature, **settings)(function)

    return decorate


@compiled_here("boolean(int64, int64)")
def _take(team: int, own: int) -> bool:
    """Compute parts while there are any; return whether there was one.

    Args:
        team: Address of the team's memory.
        own: Number of the part this thread takes if it can.
    """
    found = False
    while True:
        claim = _load(team + _CLAIM)
        if claim & _PENDING == 0:
            return found
        part = own
        if claim >> part & 1 == 0:
            part = 0
            while claim >> part & 1 == 0:
                part += 1
        if _swap(team + _CLAIM, claim, claim & ~(1 << part)):
            arguments = words_at(_load(team + _ARGUMENTS))
            call(_load(team + _FUNCTION), arguments[part])
            _add(team + _DONE, 1)
            found = True


@compiled_here("void(int64, int64, int64, int64)")
def share(team: int, function: int, arguments: int, parts: int) -> None:
    """Compute parts together with the helpers; alone where another thread has them."""
    if not _swap(team + _OWNER, 0, 1):
        for part in range(parts):
            call(function, words_at(arguments)[part])
        return
    _store(team + _DONE, 0)
    _store(team + _FUNCTION, function)
    _store(team + _ARGUMENTS, arguments)
    generation = ((_load(team + _CLAIM) >> MOST_PARTS) + 1) & _GENERATIONS
    _store(team + _CLAIM, generation << MOST_PARTS | ((1 << parts) - 1))
    _take(team, 0)
    while _load(team + _DONE) < parts:
        _pause()
    _store(team + _OWNER, 0)


@compiled_here("void(int64, int64, int64)")
def assist(team: int, own: int, sleeps: int) -> None:
    """Compute parts until there have been none for a while.

    Args:
        team: Address of the team's memory.
        own: Number of the part this helper takes if it can.
        sleeps: Address of the helper's word there, set to 1 before returning.
    """
    looks = 0
    while looks < _PATIENCE or (looks < _LONG_PATIENCE and _load(team + _ACTIVE) > 0):
        looks = 0 if _take(team, own) else looks + 1
        _pause()
    _store(sleeps, 1)


@compiled_here("void(int64, int64, int64)")
def run(program: int, count: int, team: int) -> None:
    """Make calls in order.

    Args:
        program: Address of three words for each call: the native function, the address
            of the addresses of its arguments, and the number of its parts, of which
            there are `MOST_PARTS` at most.
        count: Number of calls.
        team: Address of the memory of the team that computes parts; 0 for none.
    """
    words = words_at(program)
    if team:
        _add(team + _ACTIVE, 1)
    for i in range(0, 3 * count, 3):
        if words[i + 2] == 1:
            call(words[i], words_at(words[i + 1])[0])
        elif team:
            share(team, words[i], words[i + 1], words[i + 2])
        else:
            for part in range(words[i + 2]):
                call(words[i], words_at(words[i + 1])[part])
    if team:
        _add(team + _ACTIVE, -1)
