"""Random words in one call: the kernel of `hashed_words`.

The composition in `kerasish.ops.random_bits` says what is computed, and why. Here the
key is mixed in Python integers, which for two words is ten times quicker than array
operations on scalars, and the places in two buffers that stay in cache.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from kerasish.backend.contract import Array, Shape, scratch

FIRST, SECOND, GOLDEN = 0x7FEB352D, 0x846CA68B, 0x9E3779B9
_MASK = 0xFFFFFFFF
_FIRST_WORD, _SECOND_WORD = np.uint32(FIRST), np.uint32(SECOND)
_FIFTEEN, _SIXTEEN = np.uint32(15), np.uint32(16)


@functools.lru_cache(maxsize=64)
def _places(size: int) -> np.ndarray:
    return np.arange(size, dtype=np.uint32) * np.uint32(GOLDEN)


def _mix(x: int) -> int:
    x = ((x ^ (x >> 16)) * FIRST) & _MASK
    x = ((x ^ (x >> 15)) * SECOND) & _MASK
    return x ^ (x >> 16)


def _mix_array(x: Array, spare: Array) -> None:
    np.right_shift(x, _SIXTEEN, out=spare)
    np.bitwise_xor(x, spare, out=x)
    np.multiply(x, _FIRST_WORD, out=x)
    np.right_shift(x, _FIFTEEN, out=spare)
    np.bitwise_xor(x, spare, out=x)
    np.multiply(x, _SECOND_WORD, out=x)
    np.right_shift(x, _SIXTEEN, out=spare)
    np.bitwise_xor(x, spare, out=x)


@scratch(lambda out, key, *, shape: [((math.prod(shape),), "uint32")])
def hashed_words(
    out: Array, key: Array, *, shape: Shape, scratch: tuple[Array, ...]
) -> None:
    """Write the hash of each place and the key into `out`."""
    seed, counter = int(key[0]), int(key[1])
    first = _mix(seed ^ _mix((counter + GOLDEN) & _MASK))
    second = _mix((first + counter * FIRST) & _MASK)
    flat = out.reshape(-1)
    np.add(_places(flat.size), np.uint32(first), out=flat)
    _mix_array(flat, scratch[0])
    np.bitwise_xor(flat, np.uint32(second), out=flat)
    _mix_array(flat, scratch[0])
