"""Complex arrays in Keras are pairs (real, imaginary) here: the numbers are equal."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np
import pytest

from kerasish import ops

keras = pytest.importorskip("keras", reason="the parity extra is not installed")

RNG = np.random.default_rng(32)
X = RNG.normal(size=(3, 3)).astype("float32")


def test_polar():
    theirs = np.asarray(keras.ops.polar(np.abs(X), X))
    real, imaginary = ops.polar(np.abs(X), X)
    np.testing.assert_allclose(real, theirs.real, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(imaginary, theirs.imag, rtol=1e-5, atol=1e-6)


def test_eigenvalues():
    theirs = np.sort_complex(np.asarray(keras.ops.eig(X)[0]))
    (real, imaginary), _ = ops.eig(X)
    ours = np.sort_complex(real + 1j * imaginary)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
