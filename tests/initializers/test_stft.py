import json

import numpy as np
import pytest

from kerasish import initializers
from kerasish.errors import DTypeError, ShapeError

HANN = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(8) / 7)


def test_the_kernel_is_a_fourier_transform(rng):
    frame = rng.normal(size=8)
    real, imag = (
        initializers.STFT(side, window=None, scaling=None)((8, 1, 5), "float64")
        for side in ("real", "imag")
    )
    expected = np.fft.rfft(frame)
    np.testing.assert_allclose(frame @ real[:, 0], expected.real, atol=1e-12)
    np.testing.assert_allclose(frame @ imag[:, 0], expected.imag, atol=1e-12)


@pytest.mark.parametrize(
    ("scaling", "divisor"),
    [(None, 1.0), ("density", np.sqrt((HANN**2).sum())), ("spectrum", HANN.sum())],
)
def test_windows_are_scaled(scaling, divisor):
    kernel = initializers.STFT(scaling=scaling)((8, 1, 5), "float64")
    np.testing.assert_allclose(kernel[:, 0, 0], HANN / divisor, atol=1e-12)
    given = initializers.STFT(window=HANN, scaling=scaling)((8, 1, 5), "float64")
    np.testing.assert_allclose(given, kernel, atol=1e-12)


def test_a_periodic_window_is_the_start_of_a_longer_symmetric_one():
    for name in ("hann", "hamming", "blackman", "nuttall", "blackmanharris", "flattop"):
        periodic, symmetric = (
            initializers.STFT("real", name, None, p)((n, 1, 2))
            for p, n in ((True, 8), (False, 9))
        )
        np.testing.assert_allclose(periodic[:, 0, 0], symmetric[:8, 0, 0], atol=1e-6)


def test_config_round_trip():
    made = initializers.STFT("imag", np.array([1.0, 2.0]), "spectrum", True)
    config = json.loads(json.dumps(initializers.serialize(made)))
    again = initializers.deserialize(config)
    np.testing.assert_array_equal(again((2, 1, 3)), made((2, 1, 3)))
    assert initializers.STFT().get_config() == {
        "side": "real",
        "window": "hann",
        "scaling": "density",
        "periodic": False,
    }


def test_all_names_mean_it():
    assert initializers.stft is initializers.STFTInitializer is initializers.STFT
    assert type(initializers.get("stft")) is initializers.STFT


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"side": "reel"}, r"Unknown side of STFT 'reel'(.|\n)*'real'"),
        ({"window": "han"}, "did you mean 'hann'"),
        ({"scaling": "densety"}, "did you mean 'density'"),
    ],
)
def test_unknown_names(arguments, text):
    with pytest.raises(ValueError, match=text):
        initializers.STFT(**arguments)


def test_shapes_and_dtypes_that_do_not_fit():
    with pytest.raises(ShapeError, match=r"one spatial axis(.|\n)*\(8, 5\)"):
        initializers.STFT()((8, 5))
    with pytest.raises(ShapeError, match="a window as long as a frame"):
        initializers.STFT(window=[1.0, 1.0])((8, 1, 5))
    with pytest.raises(DTypeError, match="STFT cannot draw"):
        initializers.STFT()((8, 1, 5), "int32")
