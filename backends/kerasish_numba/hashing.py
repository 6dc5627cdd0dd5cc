"""Random words in one compiled pass: the kernel of `hashed_words`.

What is computed, and why, is said by the composition in `kerasish.ops.random_bits`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numba
from numpy import uint32

from kerasish.backend.contract import Array, BoundKernel
from kerasish.backend.streams import shares
from kerasish_numba.array_calls import array_call
from kerasish_numba.team import TEAM
from kerasish_numpy import hashing

_FIRST, _SECOND = uint32(hashing.FIRST), uint32(hashing.SECOND)
_GOLDEN = uint32(hashing.GOLDEN)
_FIFTEEN, _SIXTEEN = uint32(15), uint32(16)
_COST = 64  # a word, in multiplications of a product
_compiled = functools.partial(numba.njit, nogil=True, error_model="numpy")


@_compiled(inline="always")
def _mix(x: Any) -> Any:
    x = uint32(uint32(x ^ (x >> _SIXTEEN)) * _FIRST)
    x = uint32(uint32(x ^ (x >> _FIFTEEN)) * _SECOND)
    return uint32(x ^ (x >> _SIXTEEN))


@_compiled()
def hash_places(key: Any, out: Any, start: int) -> None:
    """Write the hash of each place, counted from `start`, and the key into `out`."""
    seed, counter = key[0], key[1]
    first = _mix(uint32(seed ^ _mix(uint32(counter + _GOLDEN))))
    second = _mix(uint32(first + uint32(counter * _FIRST)))
    for i in range(out.size):
        place = uint32(uint32(start + i) * _GOLDEN)
        word = _mix(uint32(place + first))
        out[i] = _mix(uint32(word ^ second))


class HashedWords(BoundKernel):
    """The words of all places of an array, in parts where it is large."""

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the call with its arrays filled in."""
        words = out.reshape(-1)
        cut = shares(words.size, TEAM.number(words.size * _COST, max(words.size, 1)))
        parts = [(inputs[0], words[share], share.start) for share in cut]
        return array_call(hash_places, parts)
