"""The error function's relatives far out and at their ends, on every backend."""

import math

import numpy as np
import pytest

from kerasish import ops


def test_erfc_is_exact_where_erf_is_one(backend):
    x = np.array([3.0, 5.0, 8.0], "float32")
    found = ops.convert_to_numpy(ops.erfc(x))
    np.testing.assert_allclose(found, [math.erfc(v) for v in x], rtol=1e-5)


def test_erfinv_at_and_beyond_its_ends(backend):
    found = ops.convert_to_numpy(ops.erfinv(np.array([-1, 0, 1, 1.5], "float32")))
    np.testing.assert_array_equal(found, [-np.inf, 0, np.inf, np.nan])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_there_and_back(backend, dtype):
    x = np.linspace(-0.9, 0.9, 19).astype(dtype)
    again = ops.convert_to_numpy(ops.erf(ops.erfinv(x)))
    assert again.dtype == dtype
    np.testing.assert_allclose(again, x, atol=4 * float(np.finfo(dtype).eps))
