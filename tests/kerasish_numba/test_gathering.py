"""Rows gathered by the team against NumPy's."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="needs the numba extra")

from kerasish.backend import load_backend
from kerasish_numba import gathering

NUMBA = load_backend("numba")


def forced(monkeypatch, parts):
    monkeypatch.setattr(gathering.TEAM, "number", lambda work, most: min(parts, most))
    monkeypatch.setattr(gathering, "LEAST_WORK", 0)


@pytest.mark.parametrize("parts", [1, 2, 3])
@pytest.mark.parametrize(
    ("source", "out"),
    [
        ("float32", "float32"),
        ("float64", "float32"),
        ("uint8", "float32"),
        ("bool", "int32"),
        ("int64", "int32"),
        ("float32", "float64"),
        ("float16", "float32"),
    ],
)
@pytest.mark.parametrize("shape", [(9,), (9, 4), (9, 2, 3), (9, 300)])
def test_rows_are_numpys(source, out, shape, parts, monkeypatch, rng):
    forced(monkeypatch, parts)
    data = rng.uniform(0, 100, size=shape).astype(source)
    rows = np.array([3, 8, 3, 0, 5])
    batch = np.empty((5, *shape[1:]), out)
    NUMBA.take_rows(batch, data, rows)
    np.testing.assert_array_equal(batch, data[rows].astype(out))


def test_rows_of_a_part_of_an_array(monkeypatch, rng):
    forced(monkeypatch, 2)
    data = rng.normal(size=(9, 8)).astype("float32")[:, ::2]
    batch = np.empty((2, 4), "float32")
    NUMBA.take_rows(batch, data, np.array([1, 4]))
    np.testing.assert_array_equal(batch, data[[1, 4]])


def test_data_that_cannot_be_written_to(monkeypatch, rng):
    forced(monkeypatch, 2)
    data = rng.normal(size=(9, 4)).astype("float32")
    data.flags.writeable = False
    batch = np.empty((2, 4), "float32")
    assert gathering.take_rows(batch, data, np.array([1, 4]))
    np.testing.assert_array_equal(batch, data[[1, 4]])


def test_little_is_left_to_numpy(rng):
    data = rng.normal(size=(9, 4)).astype("float32")
    assert not gathering.take_rows(np.empty((2, 4), "float32"), data, np.array([1, 4]))


def test_a_call_is_kept_for_its_arrays_alone(monkeypatch, rng):
    forced(monkeypatch, 2)
    batch = np.empty((2, 4), "float32")
    for _ in range(3 * gathering._MOST_KEPT):
        data = rng.normal(size=(9, 4)).astype("float32")
        NUMBA.take_rows(batch, data, np.array([1, 4]))
        np.testing.assert_array_equal(batch, data[[1, 4]])
        NUMBA.take_rows(batch, data, np.array([5, 0]))
        np.testing.assert_array_equal(batch, data[[5, 0]])
    assert len(gathering._kept) <= gathering._MOST_KEPT
    assert sum(kept.source() is not None for kept in gathering._kept.values()) <= 1
