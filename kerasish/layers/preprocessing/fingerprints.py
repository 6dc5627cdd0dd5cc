"""Hashes of text that are the same everywhere: FarmHash's Fingerprint64 and SipHash.

Keras sorts text into bins by these two, so a model that was trained on such bins needs
these very numbers. Host code, on bytes; a token takes a few microseconds, so callers
hash each distinct token once.

References:
    G. Pike, "FarmHash", 2014 (the 64-bit fingerprint, which is `farmhashna::Hash64`).
    Aumasson & Bernstein, "SipHash: a fast short-input PRF", INDOCRYPT 2012.
"""

from __future__ import annotations

from collections.abc import Sequence

_MASK = 2**64 - 1
_K0 = 0xC3A5C85C97CB3127
_K1 = 0xB492B66FBE98F273
_K2 = 0x9AE16A3B2F90404F
# combines two fingerprints to one
_PAIR = 0xC6A4A7935BD1E995


def fingerprint64(text: bytes) -> int:
    """Return FarmHash's fingerprint of a string of bytes, in [0, 2**64).

    Args:
        text: Any bytes; text is hashed as UTF-8.

    Example:
        >>> fingerprint64(b"") == 0x9AE16A3B2F90404F
        True
    """
    length = len(text)
    if length <= 16:
        return _up_to_16(text, length)
    if length <= 32:
        return _up_to_32(text, length)
    if length <= 64:
        return _up_to_64(text, length)
    return _longer(text, length)


def join_fingerprints(first: int, second: int) -> int:
    """Return one fingerprint, in [0, 2**64), of two in this order."""
    mixed = first ^ _PAIR
    mixed ^= (_shift_mix(second * _PAIR & _MASK) * _PAIR) & _MASK
    mixed = mixed * _PAIR & _MASK
    mixed = _shift_mix(mixed) * _PAIR & _MASK
    return _shift_mix(mixed)


def siphash(text: bytes, key: Sequence[int]) -> int:
    """Return SipHash-2-4 of a string of bytes, in [0, 2**64).

    Args:
        text: Any bytes.
        key: Two integers of 64 bits.
    """
    k0, k1 = key[0] & _MASK, key[1] & _MASK
    state = [
        k0 ^ 0x736F6D6570736575,
        k1 ^ 0x646F72616E646F6D,
        k0 ^ 0x6C7967656E657261,
        k1 ^ 0x7465646279746573,
    ]
    whole = len(text) - len(text) % 8
    last = int.from_bytes(text[whole:], "little") | (len(text) & 0xFF) << 56
    words = [_word(text, start) for start in range(0, whole, 8)]
    for word in [*words, last]:
        state[3] ^= word
        _rounds(state, 2)
        state[0] ^= word
    state[2] ^= 0xFF
    _rounds(state, 4)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _rounds(state: list[int], count: int) -> None:
    a, b, c, d = state
    for _ in range(count):
        a = (a + b) & _MASK
        b = _left(b, 13) ^ a
        a = _left(a, 32)
        c = (c + d) & _MASK
        d = _left(d, 16) ^ c
        a = (a + d) & _MASK
        d = _left(d, 21) ^ a
        c = (c + b) & _MASK
        b = _left(b, 17) ^ c
        c = _left(c, 32)
    state[:] = a, b, c, d


def _left(x: int, bits: int) -> int:
    return (x << bits | x >> (64 - bits)) & _MASK


def _right(x: int, bits: int) -> int:
    x &= _MASK
    return (x >> bits | x << (64 - bits)) & _MASK


def _shift_mix(x: int) -> int:
    return x ^ x >> 47


def _word(text: bytes, start: int, size: int = 8) -> int:
    return int.from_bytes(text[start : start + size], "little")


def _mix_pair(u: int, v: int, factor: int) -> int:
    a = _shift_mix(((u ^ v) & _MASK) * factor & _MASK)
    b = _shift_mix(((v ^ a) & _MASK) * factor & _MASK)
    return b * factor & _MASK


def _up_to_16(text: bytes, length: int) -> int:
    factor = _K2 + 2 * length
    if length >= 8:
        a, b = _word(text, 0) + _K2, _word(text, length - 8)
        c = _right(b, 37) * factor + a
        d = (_right(a, 25) + b) * factor
        return _mix_pair(c, d, factor)
    if length >= 4:
        first = length + (_word(text, 0, 4) << 3)
        return _mix_pair(first, _word(text, length - 4, 4), factor)
    if length > 0:
        y = text[0] + (text[length // 2] << 8)
        z = length + (text[-1] << 2)
        return _shift_mix((y * _K2 ^ z * _K0) & _MASK) * _K2 & _MASK
    return _K2


def _ends(text: bytes, length: int) -> tuple[int, int, int, int]:
    """Return what the first and the last 16 bytes give, and the factor."""
    factor = _K2 + 2 * length
    a = _word(text, 0)
    b = _word(text, 8)
    c = _word(text, length - 8) * factor & _MASK
    return a, b, c, factor


def _up_to_32(text: bytes, length: int) -> int:
    a, b, c, factor = _ends(text, length)
    a = a * _K1 & _MASK
    d = _word(text, length - 16) * _K2
    first = _right(a + b, 43) + _right(c, 30) + d
    return _mix_pair(first, a + _right(b + _K2, 18) + c, factor)


def _up_to_64(text: bytes, length: int) -> int:
    a, b, c, factor = _ends(text, length)
    a = a * _K2 & _MASK
    d = _word(text, length - 16) * _K2
    y = (_right(a + b, 43) + _right(c, 30) + d) & _MASK
    z = _mix_pair(y, a + _right(b + _K2, 18) + c, factor)
    e = _word(text, 16) * factor & _MASK
    f = _word(text, 24)
    g = (y + _word(text, length - 32)) * factor & _MASK
    h = (z + _word(text, length - 24)) * factor & _MASK
    first = _right(e + f, 43) + _right(g, 30) + h
    return _mix_pair(first, e + _right(f + a, 18) + g, factor)


def _weak(text: bytes, start: int, a: int, b: int) -> tuple[int, int]:
    """Return 128 bits of 32 bytes and two seeds."""
    w, x, y, z = (_word(text, start + 8 * i) for i in range(4))
    a = a + w & _MASK
    b = _right(b + a + z, 21)
    c = a
    a = a + x + y & _MASK
    b += _right(a, 44)
    return a + z & _MASK, b + c & _MASK


def _longer(text: bytes, length: int) -> int:
    y = (81 * _K1 + 113) & _MASK
    z = _shift_mix((y * _K2 + 113) & _MASK) * _K2 & _MASK
    x = (81 * _K2 + _word(text, 0)) & _MASK
    v, w = (0, 0), (0, 0)
    end = (length - 1) // 64 * 64
    for start in range(0, end, 64):
        x, y, z, v, w = _block(text, start, (x, y, z, v, w), _K1, 1)
    factor = _K1 + ((z & 0xFF) << 1)
    rest = (length - 1) & 63
    w = (w[0] + rest & _MASK, w[1])
    v = (v[0] + w[0] & _MASK, v[1])
    w = (w[0] + v[0] & _MASK, w[1])
    # the last 64 bytes overlap the block before
    x, y, z, v, w = _block(text, end + rest - 63, (x, y, z, v, w), factor, 9)
    low = _mix_pair(v[0], w[0], factor) + _shift_mix(y) * _K0 + z
    return _mix_pair(low, _mix_pair(v[1], w[1], factor) + x, factor)


_State = tuple[int, int, int, tuple[int, int], tuple[int, int]]


def _block(text: bytes, start: int, state: _State, factor: int, weight: int) -> _State:
    """Return the state after 64 more bytes."""
    x, y, z, v, w = state
    x = _right(x + y + v[0] + _word(text, start + 8), 37) * factor & _MASK
    y = _right(y + v[1] + _word(text, start + 48), 42) * factor & _MASK
    x = (x ^ w[1] * weight) & _MASK
    y = (y + v[0] * weight + _word(text, start + 40)) & _MASK
    z = _right(z + w[0], 33) * factor & _MASK
    v = _weak(text, start, v[1] * factor & _MASK, x + w[0] & _MASK)
    w = _weak(text, start + 32, z + w[1] & _MASK, y + _word(text, start + 16) & _MASK)
    return z, y, x, v, w
