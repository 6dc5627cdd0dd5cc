"""How strong which pitch is at which time in a sound, on the scale of hearing."""

from __future__ import annotations

import math
from typing import Any

from kerasish import ops
from kerasish.errors import explain
from kerasish.layers.layer import Layer
from kerasish.saving.registry import public


@public("keras.layers")
class MelSpectrogram(Layer):
    """The power of a sound in bands of equal width in mel, over time.

    Input: shape (..., time); output: (..., num_mel_bins, frames), with a frame every
    `sequence_stride` elements.

    Args:
        fft_length: Elements of a frame.
        sequence_stride: Elements from one frame to the next.
        sequence_length: Elements of a frame that the window covers; `fft_length` by
            default.
        window: "hann", "hamming", an array of `sequence_length` factors, or None.
        sampling_rate: Elements a second.
        num_mel_bins: How many bands.
        min_freq: Lower end of the lowest band, in hertz.
        max_freq: Upper end of the highest; half the sampling rate by default.
        power_to_db: Whether to return decibels.
        top_db: What lies more decibels than this below the largest value of the batch
            is raised to there.
        mag_exp: Power to which magnitudes are raised: 2 for the power, 1 for the
            amplitude.
        min_power: Power below which nothing is told apart, before decibels.
        ref_power: Power of 0 decibels.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: The window is longer than the frame.

    References:
        Davis & Mermelstein, "Comparison of Parametric Representations for Monosyllabic
        Word Recognition in Continuously Spoken Sentences", 1980.

    Example:
        >>> import numpy as np
        >>> MelSpectrogram(fft_length=64, sequence_stride=32)(np.ones((2, 320))).shape
        (2, 128, 11)
    """

    def __init__(
        self,
        fft_length: int = 2048,
        sequence_stride: int = 512,
        sequence_length: int | None = None,
        window: Any = "hann",
        sampling_rate: int = 16000,
        num_mel_bins: int = 128,
        min_freq: float = 20.0,
        max_freq: float | None = None,
        power_to_db: bool = True,
        top_db: float = 80.0,
        mag_exp: float = 2.0,
        min_power: float = 1e-10,
        ref_power: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.fft_length = fft_length
        self.sequence_stride = sequence_stride
        self.sequence_length = sequence_length or fft_length
        self._require_lengths()
        self.window = window
        self.sampling_rate = sampling_rate
        self.num_mel_bins = num_mel_bins
        self.min_freq = min_freq
        self.max_freq = max_freq or int(sampling_rate / 2)
        self.power_to_db = power_to_db
        self.top_db = top_db
        self.mag_exp = mag_exp
        self.min_power = min_power
        self.ref_power = ref_power

    def _require_lengths(self) -> None:
        if self.sequence_length <= self.fft_length:
            return
        raise ValueError(
            explain(
                f"{self._who()} has a window longer than a frame.",
                got=f"sequence_length={self.sequence_length}, "
                f"fft_length={self.fft_length}",
                expected="sequence_length of at most fft_length",
            )
        )

    def call(self, inputs: Any) -> Any:
        """Return the spectrogram, in the layer's dtype."""
        inputs = ops.cast(inputs, self.compute_dtype)
        real, imaginary = ops.stft(
            inputs,
            self.sequence_length,
            self.sequence_stride,
            self.fft_length,
            window=self.window,
        )
        power = ops.add(ops.square(real), ops.square(imaginary))
        if self.mag_exp != 2:
            power = ops.power(power, self.mag_exp / 2)
        bands = ops.matmul(power, ops.cast(self._bands(), self.compute_dtype))
        if self.power_to_db:
            bands = self._decibels(bands)
        return ops.cast(ops.swapaxes(bands, -1, -2), self.compute_dtype)

    def _decibels(self, power: Any) -> Any:
        zero = 10 * math.log10(max(self.min_power, self.ref_power))
        above = ops.log10(ops.maximum(power, self.min_power))
        level = ops.subtract(ops.multiply(above, 10.0), zero)
        return ops.maximum(level, ops.subtract(ops.max(level), self.top_db))

    def _bands(self) -> Any:
        """Return how much each frequency counts in each band: triangles in mel.

        Shape (fft_length // 2 + 1, num_mel_bins), float64.
        """
        frequencies = ops.linspace(
            0.0, self.sampling_rate / 2, self.fft_length // 2 + 1, dtype="float64"
        )
        # the constant signal has no pitch
        pitches = ops.expand_dims(_mel(frequencies[1:]), 1)
        low, high = _mel_of(self.min_freq), _mel_of(self.max_freq)
        width = (high - low) / (self.num_mel_bins + 1)
        peaks = ops.linspace(low, high, self.num_mel_bins + 2, dtype="float64")[1:-1]
        apart = ops.divide(ops.absolute(ops.subtract(pitches, peaks)), width)
        triangles = ops.maximum(ops.subtract(1.0, apart), 0.0)
        return ops.pad(triangles, [(1, 0), (0, 0)])

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Return (..., num_mel_bins, frames)."""
        *front, length = input_shape
        frames = None
        if length is not None:
            around = length + self.fft_length // 2 * 2
            frames = (around - self.fft_length) // self.sequence_stride + 1
        return (*front, self.num_mel_bins, frames)


def _mel(frequencies: Any) -> Any:
    """Return pitches in mel: 1127 ln(1 + f / 700)."""
    return ops.multiply(ops.log1p(ops.divide(frequencies, 700.0)), 1127.0)


def _mel_of(frequency: float) -> float:
    return 1127.0 * math.log1p(frequency / 700.0)
