"""Windows by name: symmetric, 1 in the middle, and known ones as NumPy has them."""

import numpy as np
import pytest

from kerasish.layers.preprocessing.audio_windows import WINDOWS, window_named

KNOWN = {
    "bartlett": np.bartlett,
    "blackman": np.blackman,
    "hamming": np.hamming,
    "hann": np.hanning,
    "boxcar": np.ones,
}


@pytest.mark.parametrize("length", [1, 2, 7, 8])
@pytest.mark.parametrize("name", KNOWN)
def test_equals_numpy_s(name, length):
    np.testing.assert_allclose(
        window_named(name, length), KNOWN[name](length), atol=1e-12
    )


@pytest.mark.parametrize("name", WINDOWS)
def test_is_symmetric_and_greatest_in_the_middle(name):
    factors = window_named(name, 9)
    np.testing.assert_allclose(factors, factors[::-1], atol=1e-12)
    assert factors[4] == pytest.approx(1, abs=1e-8)
    assert max(factors) == factors[4]


@pytest.mark.parametrize("name", WINDOWS)
def test_periodic_windows_are_longer_ones_without_the_end(name):
    assert window_named(name, 8, periodic=True) == window_named(name, 9)[:8]


def test_an_unknown_name_is_explained():
    with pytest.raises(ValueError, match=r"Unknown window 'hanning'(.|\n)*'hann'"):
        window_named("hanning", 8)
