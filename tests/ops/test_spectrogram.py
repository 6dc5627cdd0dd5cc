"""Frames and short-time Fourier transforms: there and back, gradients, messages."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import ShapeError
from tests.ops.slope import assert_slope

RNG = np.random.default_rng(12)
X = RNG.normal(size=(2, 24))


@pytest.mark.parametrize("window", ["hann", "hamming", np.linspace(0.5, 1, 6)])
@pytest.mark.parametrize("fft_length", [6, 8, 9])
def test_there_and_back(backend, window, fft_length):
    x = X.astype("float32")
    if not isinstance(window, str):
        window = window.astype("float32")
    parts = ops.stft(x, 6, 2, fft_length, window=window)
    again = ops.istft(parts, 6, 2, fft_length, length=24, window=window)
    found = ops.convert_to_numpy(again)
    np.testing.assert_allclose(found, x[:, : found.shape[1]], atol=1e-5)


def test_where_no_window_reaches_the_signal_is_zero():
    parts = ops.stft(X, 4, 5, 8, center=False)
    signal = ops.istft(parts, 4, 5, 8, center=False)
    assert signal[:, 0].tolist() == [0, 0]
    assert np.isfinite(signal).all()


def test_a_short_signal_has_no_frames():
    assert ops.extract_sequences(X, 25, 1).shape == (2, 0, 25)


@pytest.mark.parametrize(("length", "stride"), [(4, 2), (5, 3), (3, 7), (24, 1)])
def test_gradient_of_frames(length, stride):
    assert_slope(
        lambda x: ops.sum(ops.sin(ops.extract_sequences(x, length, stride))), X
    )


def test_gradient_there_and_back():
    def function(x, window):
        real, imaginary = ops.stft(x, 5, 2, 6, window=window)
        signal = ops.istft((ops.sin(real), imaginary), 5, 2, 6, window=window)
        return ops.sum(ops.sin(signal))

    assert_slope(function, X, np.linspace(0.5, 1, 5))


def test_messages():
    with pytest.raises(ValueError, match="Unknown window 'han'"):
        ops.stft(X, 4, 2, 8, window="han")
    with pytest.raises(ShapeError, match="as long as a sequence"):
        ops.stft(X, 4, 2, 8, window=[1.0, 1.0])
    with pytest.raises(ValueError, match="sequence_length=9, fft_length=8"):
        ops.stft(X, 9, 2, 8)
    with pytest.raises(ValueError, match="at least 1"):
        ops.extract_sequences(X, 4, 0)
