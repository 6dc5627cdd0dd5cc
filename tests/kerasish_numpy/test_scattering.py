"""Sums of rows by place, sorted and in turn."""

import numpy as np
import pytest

from kerasish_numpy.scattering import scatter_add


def sums(indices, x, length):
    out = np.full((length, *x.shape[1:]), 7, x.dtype)
    scratch = np.empty_like(x), np.empty_like(x)
    scatter_add(out, indices, x, shape=out.shape, scratch=scratch)
    return out


@pytest.mark.parametrize("length", [1, 5, 600, 5000])
@pytest.mark.parametrize("count", [3, 600])  # in turn, and sorted
def test_rows_are_summed_by_place(rng, length, count):
    indices = rng.integers(-length, length, count).astype("int32")
    x = rng.normal(size=(count, 16))
    expected = np.zeros((length, 16))
    np.add.at(expected, indices, x)
    np.testing.assert_allclose(sums(indices, x, length), expected, rtol=1e-12)


@pytest.mark.parametrize("count", [3, 600])
@pytest.mark.parametrize("wrong", [9, -10])
def test_a_place_that_does_not_exist(count, wrong):
    indices = np.zeros(count, "int32")
    indices[1] = wrong
    with pytest.raises(IndexError, match=f"{wrong}|{wrong + 9}"):
        sums(indices, np.ones((count, 16)), 9)
