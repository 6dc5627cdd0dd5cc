"""Sound files: reading WAV, and changing the sampling rate."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from kerasish.errors import FileFormatError, explain

Sound = NDArray[np.float32]

_EIGHT_BITS = np.float32(1 / 128)
# Zero crossings of the sinc on each side: more is sharper, and slower.
_RADIUS = 16


def read_wav(path: str) -> tuple[Sound, int]:
    """Return the sound in a WAV file of 8, 16, 24 or 32 bit whole numbers.

    Args:
        path: The file.

    Returns:
        float32 array of shape `(length, channels)` in [-1, 1), and the sampling rate
        in Hz.

    Raises:
        FileFormatError: It is no such file.
    """
    import wave

    try:
        with wave.open(path, "rb") as file:
            frames = file.readframes(file.getnframes())
            width, channels = file.getsampwidth(), file.getnchannels()
            rate = file.getframerate()
    except (wave.Error, EOFError) as error:
        raise FileFormatError(
            explain(
                f"{path} cannot be read as WAV.",
                got=str(error) or "a file that ends too early",
                expected="a WAV file of whole numbers (PCM)",
            )
        ) from error
    usable = len(frames) // (width * channels) * (width * channels)
    values = _to_float(frames[:usable], width)
    return values.reshape(-1, channels), rate


def _to_float(frames: bytes, width: int) -> Sound:
    """Return whole numbers, lowest byte first, as fractions of the largest."""
    if width == 1:  # the only unsigned ones
        return (np.frombuffer(frames, "u1").astype("float32") - 128) * _EIGHT_BITS
    if width == 3:  # made 32 bits by a zero byte below
        wide = np.zeros((len(frames) // 3, 4), "u1")
        wide[:, 1:] = np.frombuffer(frames, "u1").reshape(-1, 3)
        frames, width = wide.tobytes(), 4
    values = np.frombuffer(frames, f"<i{width}")
    return (values / 2.0 ** (8 * width - 1)).astype("float32")


def resample(sound: Sound, rate: int, new_rate: int) -> Sound:
    """Return a sound at another sampling rate.

    Every new value is a mean of old ones, weighted by a sinc under a Hann window; what
    the new rate cannot hold is filtered out.

    Args:
        sound: Array of shape `(length, channels)`.
        rate: Its rate in Hz.
        new_rate: The rate wanted, in Hz.

    Returns:
        Array of shape `(ceil(length * new_rate / rate), channels)`.

    References:
        J. O. Smith, "Digital Audio Resampling", 2002,
        ccrma.stanford.edu/~jos/resample.
    """
    if rate == new_rate or not len(sound):
        return sound
    cutoff = min(1.0, new_rate / rate)  # of the old rate's half
    reach = math.ceil(_RADIUS / cutoff)
    times = np.arange(math.ceil(len(sound) * new_rate / rate)) * (rate / new_rate)
    nearby = np.floor(times).astype(np.intp)[:, np.newaxis] + np.arange(
        1 - reach, reach + 1
    )
    distance = (times[:, np.newaxis] - nearby) * cutoff
    window = np.cos(np.clip(distance / _RADIUS, -1, 1) * (np.pi / 2)) ** 2
    weights = np.sinc(distance) * window * cutoff
    inside = (nearby >= 0) & (nearby < len(sound))
    values = sound[np.clip(nearby, 0, len(sound) - 1)]
    result: Sound = np.einsum("tn,tnc->tc", weights * inside, values)
    return result.astype("float32")
