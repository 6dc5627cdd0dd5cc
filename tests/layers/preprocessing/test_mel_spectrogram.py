"""`MelSpectrogram` finds pitches, in bands of equal width in mel."""

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops
from kerasish.layers import MelSpectrogram

RATE = 8000


def tone(frequency, samples=2000):
    return np.sin(2 * np.pi * frequency * np.arange(samples) / RATE).astype("float32")


@pytest.mark.parametrize("frequency", [300, 1000, 2500])
def test_a_tone_is_loudest_in_its_band(frequency, backend):
    layer = MelSpectrogram(512, 256, sampling_rate=RATE, num_mel_bins=20, min_freq=0)
    found = ops.convert_to_numpy(layer(tone(frequency)))
    assert found.shape == (20, 8)
    ends = np.linspace(0, np.log1p(RATE / 2 / 700), 22)
    nearest = np.argmin(abs(ends[1:-1] - np.log1p(frequency / 700)))
    assert (found[:, 2:-2].argmax(axis=0) == nearest).all()


def test_twice_as_loud_is_six_decibels_more():
    layer = MelSpectrogram(256, 128, sampling_rate=RATE, top_db=200.0)
    once, twice = (ops.convert_to_numpy(layer(a * tone(440))) for a in (1, 2))
    loud = once > -40
    np.testing.assert_allclose(twice[loud] - once[loud], 20 * np.log10(2), atol=1e-3)


def test_the_range_of_decibels():
    layer = MelSpectrogram(256, 128, sampling_rate=RATE, top_db=30.0)
    found = ops.convert_to_numpy(layer(tone(440)))
    assert found.max() - found.min() == pytest.approx(30, abs=1e-4)


@pytest.mark.parametrize("dtype", ["int16", "float64"])
def test_other_dtypes(dtype):
    x = (100 * tone(440)).astype(dtype)
    layer = MelSpectrogram(256, 128, power_to_db=False)
    found = ops.convert_to_numpy(layer(x))
    assert found.dtype == np.float32
    expected = ops.convert_to_numpy(layer(x.astype("float32")))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_in_a_model_that_is_saved(tmp_path):
    inputs = layers.Input((None,))
    layer = MelSpectrogram(64, 32, num_mel_bins=5, window="hamming")
    model = kerasish.Model(inputs, layer(inputs))
    assert model.output_shape == (None, 5, None)
    x = np.stack([tone(440, 200), tone(900, 200)])
    model.save(tmp_path / "m.keras")
    again = kerasish.models.load_model(tmp_path / "m.keras")
    found = again.predict(x, verbose=0)
    np.testing.assert_array_equal(found, model.predict(x, verbose=0))
    np.testing.assert_allclose(found, ops.convert_to_numpy(layer(x)), atol=1e-4)


def test_a_window_longer_than_a_frame_is_refused():
    with pytest.raises(ValueError, match="sequence_length=100, fft_length=64"):
        MelSpectrogram(64, sequence_length=100)
