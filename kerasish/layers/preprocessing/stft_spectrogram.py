"""The waves that a sound is made of over time, by a filter that may be trained."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from kerasish import ops
from kerasish.backend import epsilon
from kerasish.errors import ShapeError, explain, unknown_name
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.layer import Layer
from kerasish.layers.preprocessing.audio_windows import checked_window, window_named
from kerasish.ops import windows
from kerasish.saving.registry import public

_MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")
_SCALINGS = ("density", "spectrum")
_PADDINGS = ("valid", "same")


@public("keras.layers")
class STFTSpectrogram(Layer):
    """The short-time Fourier transform of each channel of a sound, as convolutions.

    Input: (batch, time, channels), or (batch, channels, time) with "channels_first".
    Output: (batch, frames, channels * bins), with the channels one after another, or
    with `expand_dims` (batch, frames, bins, channels); (batch, channels * bins, frames)
    or (batch, channels, frames, bins) with "channels_first". There are
    fft_length // 2 + 1 bins, twice as many in mode "stft".

    Args:
        mode: "log" (of the magnitude), "magnitude", "psd" (power, that of negative
            frequencies added), "real", "imag", "angle", or "stft" (real and imaginary
            parts one after another).
        frame_length: Elements of a frame.
        frame_step: Elements from one frame to the next; half a frame by default.
        fft_length: Elements of a transform, best a power of two; `frame_length` by
            default.
        window: Name of a window, `frame_length` factors, or None. See
            `kerasish.layers.preprocessing.audio_windows`.
        periodic: Whether a named window is one turn of a wave, not symmetric.
        scaling: "density" (divided by the root of the window's sum of squares),
            "spectrum" (by its sum), or None.
        padding: "valid" or "same".
        expand_dims: Whether frequencies get an axis of their own.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: A setting is not understood.

    Example:
        >>> import numpy as np
        >>> STFTSpectrogram(frame_length=16)(np.ones((2, 64, 1))).shape
        (2, 7, 9)
    """

    def __init__(
        self,
        mode: str = "log",
        frame_length: int = 256,
        frame_step: int | None = None,
        fft_length: int | None = None,
        window: Any = "hann",
        periodic: bool = False,
        scaling: str | None = "density",
        padding: str = "valid",
        expand_dims: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.mode = self._one_of("mode", mode, _MODES)
        self.frame_length = frame_length
        self.frame_step = frame_step
        self.fft_length = fft_length
        self._require_lengths()
        self.window = window
        if isinstance(window, str):
            checked_window(window)
        self.periodic = periodic
        if scaling is not None:
            self._one_of("scaling", scaling, _SCALINGS)
        self.scaling = scaling
        self.padding = self._one_of("padding", padding, _PADDINGS)
        self.expand_dims = expand_dims
        self.data_format = windows.checked_data_format(data_format, self._who())
        self.input_spec = InputSpec(ndim=3)

    def _one_of(self, name: str, value: Any, known: tuple[str, ...]) -> Any:
        if value not in known:
            raise ValueError(unknown_name(f"{name} of {self._who()}", value, known))
        return value

    def _require_lengths(self) -> None:
        length, step, fft = self.frame_length, self._step, self._fft_length
        if length < 1 or not 0 < step <= length or fft < length:
            raise ValueError(
                explain(
                    f"{self._who()} has lengths that do not fit.",
                    got=f"frame_length={length}, frame_step={step}, fft_length={fft}",
                    expected="1 <= frame_step <= frame_length <= fft_length",
                )
            )
        if fft & (fft - 1):
            warnings.warn(
                f"{self._who()}: fft_length is best a power of two; it is {fft}",
                stacklevel=3,
            )

    @property
    def _step(self) -> int:
        half = max(self.frame_length // 2, 1)
        return half if self.frame_step is None else self.frame_step

    @property
    def _fft_length(self) -> int:
        return self.frame_length if self.fft_length is None else self.fft_length

    # weights ------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make the filters that the mode needs: cosines, sines or both."""
        bins = self._fft_length // 2 + 1
        shape = (self.frame_length, 1, bins)
        if self.mode != "imag":
            self.real_kernel = self.add_weight(
                shape, self._waves(ops.cos), name="real_kernel"
            )
        if self.mode != "real":
            # e^(-i t) = cos t - i sin t
            self.imag_kernel = self.add_weight(
                shape,
                self._waves(lambda t: ops.negative(ops.sin(t))),
                name="imag_kernel",
            )

    def _waves(self, wave: Callable[[Any], Any]) -> Callable[..., Any]:
        """Return what makes a kernel (frame_length, 1, bins): waves in the window."""

        def kernel(shape: Any, dtype: Any = None) -> Any:
            length, _, bins = shape
            turns = ops.multiply(
                ops.expand_dims(ops.arange(length), 1), ops.arange(bins)
            )
            # whole turns are dropped, as the cosine of a large number is less exact
            angle = ops.multiply(
                ops.cast(ops.mod(turns, self._fft_length), "float64"),
                2 * math.pi / self._fft_length,
            )
            factors = ops.reshape(self._factors(), (length, 1))
            values = ops.multiply(wave(angle), factors)
            return ops.cast(ops.expand_dims(values, 1), dtype)

        return kernel

    def _factors(self) -> Any:
        """Return the window, scaled, float64."""
        if self.window is None:
            return ops.ones((self.frame_length,), "float64")
        given = self.window
        if isinstance(given, str):
            given = window_named(given, self.frame_length, self.periodic)
        factors = ops.convert_to_tensor(given, "float64")
        if tuple(factors.shape) != (self.frame_length,):
            raise ShapeError(
                explain(
                    f"{self._who()} needs a window as long as a frame.",
                    got=f"shape {tuple(factors.shape)}",
                    expected=f"shape ({self.frame_length},)",
                )
            )
        if self.scaling == "density":
            return ops.divide(factors, ops.sqrt(ops.sum(ops.square(factors))))
        if self.scaling == "spectrum":
            return ops.divide(factors, ops.sum(factors))
        return factors

    # computing ----------------------------------------------------------------------

    def call(self, inputs: Any) -> Any:
        """Return the spectrogram, in the layer's dtype."""
        inputs = ops.cast(inputs, self.compute_dtype)
        if self.data_format == "channels_last":
            inputs = ops.swapaxes(inputs, 1, 2)
        batch, channels, time = inputs.shape
        alone = ops.reshape(inputs, (batch * channels, time, 1))
        found = self._spectrum(alone)
        _, frames, bins = found.shape
        return self._arranged(ops.reshape(found, (batch, channels, frames, bins)))

    def _arranged(self, spectra: Any) -> Any:
        """Return (batch, channels, frames, bins) with the axes as they should be."""
        is_last = self.data_format == "channels_last"
        if self.expand_dims:
            return ops.transpose(spectra, (0, 2, 3, 1)) if is_last else spectra
        batch, channels, frames, bins = spectra.shape
        if is_last:
            joined = ops.transpose(spectra, (0, 2, 1, 3))
            return ops.reshape(joined, (batch, frames, channels * bins))
        joined = ops.transpose(spectra, (0, 1, 3, 2))
        return ops.reshape(joined, (batch, channels * bins, frames))

    def _spectrum(self, x: Any) -> Any:
        """Return what the mode asks for, of signals (n, time, 1)."""
        if self.mode == "real":
            return self._filtered(x, self.real_kernel)
        if self.mode == "imag":
            return self._filtered(x, self.imag_kernel)
        real = self._filtered(x, self.real_kernel)
        imaginary = self._filtered(x, self.imag_kernel)
        if self.mode == "stft":
            return ops.concatenate([real, imaginary], -1)
        if self.mode == "angle":
            return ops.arctan2(imaginary, real)
        power = ops.add(ops.square(real), ops.square(imaginary))
        if self.mode == "psd":
            return self._both_sides(power)
        magnitude = ops.sqrt(ops.maximum(power, epsilon()))
        if self.mode == "magnitude":
            return magnitude
        return ops.log(ops.maximum(magnitude, epsilon()))

    def _both_sides(self, power: Any) -> Any:
        """Return the power of all bins but the first and the last doubled."""
        twice = ops.multiply(power[..., 1:-1], 2.0)
        return ops.concatenate([power[..., :1], twice, power[..., -1:]], -1)

    def _filtered(self, x: Any, kernel: Any) -> Any:
        return ops.conv(
            x,
            kernel,
            strides=self._step,
            padding=self.padding,
            data_format="channels_last",
        )

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Return the spectrogram's shape."""
        is_last = self.data_format == "channels_last"
        batch, first, second = input_shape
        length, channels = (first, second) if is_last else (second, first)
        bins = self._fft_length // 2 + 1
        bins = 2 * bins if self.mode == "stft" else bins
        frames = self._num_frames(length)
        if self.expand_dims:
            tail = (frames, bins, channels) if is_last else (channels, frames, bins)
            return (batch, *tail)
        joined = None if channels is None else channels * bins
        return (batch, frames, joined) if is_last else (batch, joined, frames)

    def _num_frames(self, length: int | None) -> int | None:
        if length is None:
            return None
        first = self.frame_length if self.padding == "valid" else 1
        return (length - first) // self._step + 1
