"""WAV files and sampling rates."""

import wave

import numpy as np
import pytest

from kerasish.errors import FileFormatError
from kerasish.utils.wav import read_wav, resample

SOUND = np.array([[0.0, 0.5], [-1.0, 0.25], [0.75, -0.5]])


def write(path, frames, width, channels=2, rate=100):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(frames)
    return str(path)


def encode(sound, width):
    """Return a sound's values as whole numbers of `width` bytes, lowest first."""
    if width == 1:
        return (sound * 128 + 128).astype("u1").tobytes()
    numbers = (sound * 2.0 ** (8 * width - 1)).astype("<i8").ravel()
    return b"".join(int(n).to_bytes(width, "little", signed=True) for n in numbers)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_widths(tmp_path, width):
    sound, rate = read_wav(write(tmp_path / "a.wav", encode(SOUND, width), width))
    assert (sound.dtype, rate) == (np.float32, 100)
    np.testing.assert_array_equal(sound, SOUND)


@pytest.mark.parametrize("content", [b"", b"RIFFxxxxWAVE", b"no sound at all"])
def test_no_wav_file(tmp_path, content):
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(FileFormatError, match="cannot be read as WAV") as error:
        read_wav(str(tmp_path / "a.wav"))
    assert "expected: a WAV file of whole numbers (PCM)" in str(error.value)


def test_a_cut_file_gives_what_is_there(tmp_path):
    path = tmp_path / "a.wav"
    write(path, encode(SOUND, 2), 2)
    path.write_bytes(path.read_bytes()[:-3])
    np.testing.assert_array_equal(read_wav(str(path))[0], SOUND[:2])


@pytest.mark.parametrize("new_rate", [500, 1000, 1100, 3000])
def test_a_tone_stays_the_tone(new_rate):
    def tone(rate):
        times = np.arange(rate) / rate  # one second
        waves = [np.sin(2 * np.pi * 40 * times), np.cos(2 * np.pi * 90 * times)]
        return np.stack(waves, axis=1).astype("float32")

    sound = resample(tone(1000), 1000, new_rate)
    assert (sound.dtype, sound.shape) == (np.float32, (new_rate, 2))
    inner = slice(new_rate // 10, -new_rate // 10)  # the ends lack neighbours
    np.testing.assert_allclose(sound[inner], tone(new_rate)[inner], atol=3e-3)


def test_what_the_new_rate_cannot_hold_is_gone():
    times = np.arange(1000) / 1000
    high = np.sin(2 * np.pi * 400 * times)[:, np.newaxis].astype("float32")
    assert np.abs(resample(high, 1000, 500)[50:-50]).max() < 1e-3


def test_same_rate_and_silence():
    sound = SOUND.astype("float32")
    assert resample(sound, 100, 100) is sound
    assert resample(sound[:0], 100, 50).shape == (0, 2)
