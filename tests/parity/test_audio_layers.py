"""Layers of sound equal Keras's: numbers over their settings, shapes, refusals."""

import itertools
import os

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", reason="the parity extra is not installed")

import kerasish
from kerasish.layers.preprocessing.audio_windows import WINDOWS

pytestmark = pytest.mark.parity

FRAMES = {"frame_length": 16, "frame_step": 6, "fft_length": 32}
MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")
FORMS = [
    {"mode": mode, "expand_dims": own, "data_format": data_format}
    for mode, own, data_format in itertools.product(
        MODES, (False, True), ("channels_last", "channels_first")
    )
]
SETTINGS = [
    {"mode": "real"},
    {"mode": "psd", "scaling": "spectrum"},
    {"mode": "psd", "scaling": None},
    {"mode": "magnitude", "padding": "same"},
    {"mode": "stft", "window": None},
    {"mode": "stft", "window": [float(i) for i in range(16)], "fft_length": 16},
    {"mode": "real", "frame_step": None, "fft_length": None},
]
PIECES = {"fft_length": 64, "sequence_stride": 32, "num_mel_bins": 10}
MEL = [
    {},
    {"power_to_db": False},
    {"power_to_db": False, "mag_exp": 1.0},
    {"top_db": 5.0, "ref_power": 3.0, "min_power": 1e-3},
    {"min_freq": 300.0, "max_freq": 3000.0, "sequence_length": 40},
    {"sampling_rate": 11025, "window": "hamming", "sequence_stride": 20},
    {"fft_length": 63, "window": None},
]


def close(found, expected):
    """Assert equality up to float32 sums in another order."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    scale = max(abs(expected).max(), 1.0)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * scale)


def both(name, settings):
    return [getattr(m.layers, name)(**settings) for m in (keras, kerasish)]


@pytest.mark.parametrize("settings", FORMS, ids=str)
def test_modes_and_forms_of_transforms(settings, rng):
    x = rng.normal(size=(2, 40, 3)).astype("float32")
    if settings["data_format"] == "channels_first":
        x = np.swapaxes(x, 1, 2)
    theirs, ours = both("STFTSpectrogram", {**FRAMES, **settings})
    expected = np.asarray(theirs(x))
    found = np.asarray(ours(x))
    if settings["mode"] == "angle":  # near the negative half axis, the sign is chance
        found = expected + (found - expected + np.pi) % (2 * np.pi) - np.pi
    if settings["mode"] == "log":  # of numbers near zero
        found, expected = np.exp(found), np.exp(expected)
    close(found, expected)
    lengths = [(2, *x.shape[1:]), (None, *(n if n == 3 else None for n in x.shape[1:]))]
    for shape in lengths:
        assert ours.compute_output_shape(shape) == theirs.compute_output_shape(shape)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_settings_of_transforms(settings, rng):
    x = rng.normal(size=(2, 41, 1)).astype("float32")
    theirs, ours = both("STFTSpectrogram", {**FRAMES, **settings})
    close(ours(x), theirs(x))
    assert ours.compute_output_shape(x.shape) == theirs.compute_output_shape(x.shape)


@pytest.mark.parametrize("length", [7, 16])
@pytest.mark.parametrize("window", sorted(WINDOWS))
def test_windows(window, length):
    for periodic in (False, True):
        settings = {"mode": "real", "window": window, "periodic": periodic}
        theirs, ours = both(
            "STFTSpectrogram", {**settings, "frame_length": length, "fft_length": 16}
        )
        for layer in (theirs, ours):
            layer.build((None, 32, 1))
        for mine, his in zip(ours.weights, theirs.weights, strict=True):
            assert mine.path.split("/")[1:] == his.path.split("/")[1:]
            np.testing.assert_allclose(mine.numpy(), his.numpy(), atol=3e-6)


@pytest.mark.parametrize("settings", MEL, ids=str)
def test_mel_spectrograms(settings, rng):
    x = rng.normal(size=(2, 301)).astype("float32")
    theirs, ours = both("MelSpectrogram", {**PIECES, **settings})
    close(ours(x), theirs(x))
    close(ours(x[0]), theirs(x[0]))
    for shape in ((2, 301), (301,), (None, None)):
        expected = tuple(theirs.compute_output_shape(shape))
        assert ours.compute_output_shape(shape) == expected
    theirs_config, ours_config = theirs.get_config(), ours.get_config()
    for config in (theirs_config, ours_config):
        del config["name"], config["dtype"]
    assert ours_config == theirs_config


REFUSED = {
    "mode": ("STFTSpectrogram", {"mode": "logs"}),
    "scaling": ("STFTSpectrogram", {"scaling": "dense"}),
    "padding": ("STFTSpectrogram", {"padding": "causal"}),
    "window": ("STFTSpectrogram", {"window": "hanning"}),
    "frame_step": ("STFTSpectrogram", {"frame_step": 300}),
    "fft_length": ("STFTSpectrogram", {"fft_length": 128}),
    "sequence_length": ("MelSpectrogram", {"sequence_length": 4096}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_both_refuse(case):
    name, settings = REFUSED[case]
    for module in (keras, kerasish):
        with pytest.raises(ValueError, match=r"."):
            getattr(module.layers, name)(**settings)
