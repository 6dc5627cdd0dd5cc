"""Seeds: where every random number of the process comes from.

Weights and shuffles are drawn on the host by NumPy's counter-based Philox, so they are
the same on every backend. Noise inside a step is hashed on the device from a key, which
a `SeedGenerator` supplies: its state is a variable, so a replayed step advances it. The
process-wide stream of seeds lives here and only here; `set_random_seed` restarts it.
Others rely on `draw_seed`, `host_generator` and `make_key`.
"""

from __future__ import annotations

import operator
import os
import random
import threading
from typing import Any, NamedTuple

import numpy as np

from kerasish import ops
from kerasish.errors import explain
from kerasish.graph.variable import Variable
from kerasish.saving.registry import Configurable, public

_WORD = 2**32
# Keeps the stream of seeds apart from a host generator that was given the same seed.
_STREAM = 1 << 64


class _Process(NamedTuple):
    """The stream of seeds of this process, and the seed it began with."""

    seed: int
    stream: np.random.Philox


_lock = threading.Lock()
_process: _Process | None = None  # made when it is needed: numpy.random takes 5 ms
_shared_generator: SeedGenerator | None = None


def _started(seed: int) -> _Process:
    """Return the streams of a process that begins with a seed."""
    return _Process(seed, np.random.Philox(key=_STREAM | seed))


def _running() -> _Process:
    """Return the streams of this process; the caller holds the lock."""
    global _process
    if _process is None:
        _process = _started(int.from_bytes(os.urandom(4), "little"))
    return _process


def check_seed(seed: Any) -> int:
    """Return `seed` as an int.

    Raises:
        ValueError: It is no integer, or lies outside [0, 2**32).
    """
    try:
        number = operator.index(seed)
    except TypeError:
        number = -1
    if 0 <= number < _WORD:
        return number
    raise ValueError(
        explain(
            "This is no seed.",
            got=f"{seed!r} of type {type(seed).__name__}",
            expected="an integer in [0, 2**32), or a SeedGenerator where one is taken",
        )
    )


def set_random_seed(seed: int) -> None:
    """Make the rest of the process reproducible.

    Restarts kerasish's own streams, Python's `random` and `numpy.random`.

    Args:
        seed: Integer in [0, 2**32).

    Raises:
        ValueError: `seed` is no such integer.

    Example:
        >>> set_random_seed(7)
        >>> first = draw_seed()
        >>> set_random_seed(7)
        >>> draw_seed() == first
        True
    """
    global _process
    seed = check_seed(seed)
    random.seed(seed)
    np.random.seed(seed)
    with _lock:
        _process = _started(seed)
        if _shared_generator is not None:
            # in place: compiled steps hold this very variable
            _shared_generator.state.assign(_first_state(seed))


def draw_seed() -> int:
    """Return the next seed of the process-wide stream, in [0, 2**31)."""
    with _lock:
        return int(_running().stream.random_raw()) >> 33


def host_generator(seed: int | SeedGenerator | None = None) -> np.random.Generator:
    """Return a NumPy generator for drawing on the host.

    Args:
        seed: An integer gives the same generator every time, a `SeedGenerator` its next
            one, None one of the process-wide stream.
    """
    if isinstance(seed, SeedGenerator):
        low, high = ops.convert_to_numpy(seed.next()).tolist()
        return np.random.Generator(np.random.Philox(key=low + _WORD * high))
    number = draw_seed() if seed is None else check_seed(seed)
    return np.random.Generator(np.random.Philox(key=number))


@public("keras.random")
class SeedGenerator(Configurable):
    """A source of keys for random operations: each draw gets another one.

    The state is a variable `[seed, counter]`. Read inside a traced step, it is an input
    and an output of the graph, so every replay draws anew.

    Args:
        seed: Integer in [0, 2**32); None draws one from the process-wide stream.
        name: Name of the generator.

    Attributes:
        state: Variable, uint32[2].

    Raises:
        ValueError: `seed` is no such integer.

    Example:
        >>> generator = SeedGenerator(3)
        >>> first, second = generator.next(), generator.next()
        >>> bool((first == second).all())
        False
    """

    def __init__(self, seed: int | None = None, name: str | None = None) -> None:
        self.name = name or "seed_generator"
        number = draw_seed() if seed is None else check_seed(seed)
        self.state = Variable(
            _first_state(number),
            dtype="uint32",
            trainable=False,
            name="seed_generator_state",
        )

    def next(self) -> Any:
        """Return a fresh key, uint32[2], and move the state on."""
        key = ops.add(self.state, _one_step())
        self.state.assign(key)
        return key


def make_key(seed: int | SeedGenerator | None) -> Any:
    """Return the key, uint32[2], of one random operation.

    Args:
        seed: An integer gives the same key every time, a `SeedGenerator` its next one,
            None the next one of a generator that all of the process shares.
    """
    if seed is None:
        return _shared().next()
    if isinstance(seed, SeedGenerator):
        return seed.next()
    return ops.convert_to_tensor(_first_state(check_seed(seed)), dtype="uint32")


def get_process_state() -> dict[str, Any]:
    """Return where all streams of random numbers of the process stand.

    Returns:
        JSON values and arrays: kerasish's own streams, Python's `random` and
        `numpy.random`.
    """
    with _lock:
        shared = None if _shared_generator is None else _shared_generator.state.numpy()
        seed, stream = _running()
        own = {"seed": seed, "stream": stream.state, "shared": shared}
    version, words, gauss = random.getstate()
    python = {"version": version, "words": np.array(words, np.uint32), "gauss": gauss}
    return {**own, "python": python, "numpy": np.random.get_state(legacy=False)}


def set_process_state(state: dict[str, Any]) -> None:
    """Set all streams of random numbers to where they stood.

    Args:
        state: What `get_process_state` returned.
    """
    global _process
    with _lock:
        _process = _started(check_seed(state["seed"]))
        _process.stream.state = state["stream"]
    if state["shared"] is not None:
        _shared().state.assign(state["shared"])
    python = state["python"]
    words = tuple(int(word) for word in python["words"])
    random.setstate((python["version"], words, python["gauss"]))
    np.random.set_state(state["numpy"])


def _shared() -> SeedGenerator:
    global _shared_generator
    with _lock:
        if _shared_generator is None:
            seed = _running().seed
            _shared_generator = SeedGenerator(seed, "shared_seed_generator")
        return _shared_generator


def _first_state(seed: int) -> np.ndarray:
    return np.array([seed, 0], dtype=np.uint32)


def _one_step() -> np.ndarray:
    return np.array([0, 1], dtype=np.uint32)
