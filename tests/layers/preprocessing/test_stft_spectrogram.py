"""`STFTSpectrogram` equals transforms of the frames; its filters can be trained."""

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops
from kerasish.layers import STFTSpectrogram

FRAMES = {"frame_length": 8, "frame_step": 4, "fft_length": 16}


def transforms(x):
    """Return NumPy's transforms of the frames of (batch, time), in a Hann window."""
    starts = range(0, x.shape[1] - 8 + 1, 4)
    frames = np.stack([x[:, i : i + 8] for i in starts], 1)
    return np.fft.rfft(frames * np.hanning(8), 16)


FORMULAS = {
    "real": lambda z: z.real,
    "imag": lambda z: z.imag,
    "magnitude": lambda z: np.sqrt(np.maximum(abs(z) ** 2, 1e-7)),
    "log": lambda z: np.log(np.sqrt(np.maximum(abs(z) ** 2, 1e-7))),
    "psd": lambda z: abs(z) ** 2 * np.array([1] + [2] * 7 + [1]),
    "stft": lambda z: np.concatenate([z.real, z.imag], -1),
}


@pytest.mark.parametrize("mode", FORMULAS)
def test_modes(mode, rng, backend):
    x = rng.normal(size=(2, 30)).astype("float32")
    layer = STFTSpectrogram(mode, **FRAMES, scaling=None)
    found = ops.convert_to_numpy(layer(x[..., None]))
    np.testing.assert_allclose(found, FORMULAS[mode](transforms(x)), atol=2e-5)


def test_angles(rng):
    x = rng.normal(size=(2, 30)).astype("float32")
    layer = STFTSpectrogram("angle", **FRAMES)
    turned = ops.convert_to_numpy(layer(x[..., None])) - np.angle(transforms(x))
    np.testing.assert_allclose(np.cos(turned), 1, atol=1e-5)


def test_scaling_of_a_window(rng):
    x = rng.normal(size=(1, 30, 1)).astype("float32")
    window = np.hanning(8)
    plain, density, spectrum = (
        ops.convert_to_numpy(STFTSpectrogram("real", **FRAMES, scaling=scaling)(x))
        for scaling in (None, "density", "spectrum")
    )
    root = np.sqrt((window**2).sum())
    np.testing.assert_allclose(density, plain / root, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(spectrum, plain / window.sum(), rtol=1e-4, atol=1e-6)


def test_filters_are_weights_that_learn(rng):
    model = kerasish.Sequential(
        [
            layers.Input((30, 1)),
            STFTSpectrogram("magnitude", **FRAMES),
            layers.GlobalAveragePooling1D(),
            layers.Dense(1),
        ]
    )
    model.compile("adam", "mse")
    x = rng.normal(size=(8, 30, 1)).astype("float32")
    before = model.layers[0].get_weights()
    model.fit(x, np.ones((8, 1)), epochs=1, verbose=0)
    assert [w.shape for w in before] == [(8, 1, 9), (8, 1, 9)]
    for one, other in zip(before, model.layers[0].get_weights(), strict=True):
        assert not np.allclose(one, other)


REFUSED = [
    ({"mode": "logs"}, "mode of STFTSpectrogram"),
    ({"scaling": "dense"}, "scaling of STFTSpectrogram"),
    ({"padding": "causal"}, "padding of STFTSpectrogram"),
    ({"window": "hanning"}, "Unknown window"),
    ({"frame_step": 300}, "frame_step=300"),
    ({"frame_length": 0}, "frame_length=0"),
    ({"fft_length": 128}, "fft_length=128"),
]


@pytest.mark.parametrize(("settings", "message"), REFUSED, ids=str)
def test_settings_that_do_not_fit(settings, message):
    with pytest.raises(ValueError, match=message):
        STFTSpectrogram(**settings)


def test_a_window_of_another_length():
    layer = STFTSpectrogram(frame_length=8, window=[1.0] * 5)
    with pytest.raises(kerasish.errors.ShapeError, match=r"expected: shape \(8,\)"):
        layer.build((None, 30, 1))


def test_transforms_that_are_slow_are_warned_of():
    with pytest.warns(UserWarning, match="power of two; it is 12"):
        STFTSpectrogram(frame_length=12)
