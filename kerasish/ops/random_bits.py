"""Counter-based random bits: an integer hash that every backend computes alike.

Element i of a draw is a 32-bit mix of i and a two-word key, so a draw is a pure
function of its key: nothing is kept between draws, and equal keys give equal bits on
every backend. The key enters twice, before and after the first mixing; were it added to
the counter only, the next key's bits would be this key's, shifted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.ops.declare import Array, composed, convert
from kerasish.ops.elementwise import add, bitwise_xor, multiply, right_shift
from kerasish.ops.indexing import get_item
from kerasish.ops.shape import reshape

# multipliers of the "lowbias32" mixer found by C. Wellons' search for low bias
_FIRST, _SECOND = 0x7FEB352D, 0x846CA68B
_GOLDEN = 0x9E3779B9  # 2^32 divided by the golden ratio


def _word(value: int) -> np.ndarray:
    return np.asarray(value, np.uint32)


def mix32(x: Any) -> Any:
    """Return a bijective 32-bit hash of each element, uint32."""
    x = convert(x, "uint32")
    x = multiply(bitwise_xor(x, right_shift(x, _word(16))), _word(_FIRST))
    x = multiply(bitwise_xor(x, right_shift(x, _word(15))), _word(_SECOND))
    return bitwise_xor(x, right_shift(x, _word(16)))


def random_bits(key: Any, shape: Sequence[int]) -> Any:
    """Return uniformly distributed 32-bit words.

    Args:
        key: uint32, shape (2,): a seed and a counter.
        shape: Shape of the draw.

    Returns:
        uint32 of that shape, a function of the key alone.
    """
    return hashed_words(convert(key, "uint32"), shape=tuple(shape))


@composed
def hashed_words(key: Array, *, shape: tuple[int, ...]) -> Any:
    """Return the hash of each place and the key, uint32 of the shape."""
    seed, counter = get_item(key, 0), get_item(key, 1)
    first = mix32(bitwise_xor(seed, mix32(add(counter, _word(_GOLDEN)))))
    second = mix32(add(first, multiply(counter, _word(_FIRST))))
    # the counter of each element is a constant of the graph, computed once on the host
    places = np.arange(math.prod(shape), dtype=np.uint32) * np.uint32(_GOLDEN)
    mixed = mix32(add(places, first))
    return reshape(mix32(bitwise_xor(mixed, second)), shape)


hashed_words.no_gradient("the words are whole numbers")
