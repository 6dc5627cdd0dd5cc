import warnings

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasish.backend import floatx, set_floatx
from kerasish.training.data_sources import (
    LazySource,
    StridedSource,
    as_source,
    check_finite,
    device_dtype,
    gather_into,
)

ROWS = np.arange(60, dtype="float32").reshape(20, 3)
SELECTIONS = [
    slice(0, 5),
    slice(15, 20),
    np.array([3, 1, 2]),
    np.array([7, 8, 9]),
    np.array([19, 0, 19, 4]),
    np.array([5]),
]


class Watched:
    """An array on disk that counts the rows read from it."""

    def __init__(self, array, dtype=True):
        self.array = array
        self.shape = array.shape
        self.read = 0
        if dtype:
            self.dtype = array.dtype

    def __getitem__(self, selection):
        if not isinstance(selection, slice):
            assert np.all(np.diff(selection) > 0)  # as HDF5 demands
        rows = self.array[selection]
        self.read += len(rows)
        return rows


@pytest.fixture
def h5_rows(tmp_path):
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        file["x"] = ROWS
        yield file["x"]


def every_kind(tmp_path, h5_rows):
    memmap = np.memmap(tmp_path / "rows.bin", "float32", "w+", shape=ROWS.shape)
    memmap[:] = ROWS
    wide = np.empty((20, 6), "float32")
    wide[:, ::2] = ROWS
    return {
        "array": ROWS,
        "float64": ROWS.astype("float64"),
        "float16": ROWS.astype("float16"),
        "big-endian": ROWS.astype(">f4"),
        "column-major": np.asfortranarray(ROWS),
        "strided": wide[:, ::2],
        "memmap": memmap,
        "h5py": h5_rows,
        "rows of another": LazySource(np.concatenate([ROWS * 0, ROWS]), 20, 40),
        "unknown": Watched(ROWS),
        "unknown, without dtype": Watched(ROWS, dtype=False),
    }


def test_every_kind_gathers_the_same(tmp_path, h5_rows):
    for kind, data in every_kind(tmp_path, h5_rows).items():
        source = as_source(data, "x")
        assert source.shape == (20, 3), kind
        for selection in SELECTIONS:
            expected = ROWS[selection]
            for buffer in (np.empty(expected.shape, "float32"), expected * 0.0):
                gather_into(source, selection, buffer)
                np.testing.assert_array_equal(buffer, expected, err_msg=kind)
            np.testing.assert_array_equal(source[selection], expected, err_msg=kind)
        taken = np.take(source, np.array([2, 0]), axis=0)
        np.testing.assert_array_equal(taken, ROWS[[2, 0]], err_msg=kind)


@given(st.lists(st.integers(0, 19), min_size=1), st.sampled_from([0, 5]))
def test_lazy_rows_in_any_order(indices, start):
    data = np.arange(20 + start)
    source = LazySource(Watched(data), start)
    np.testing.assert_array_equal(source[np.array(indices)], data[start:][indices])
    buffer = np.empty(len(indices), "float32")
    np.take(source, np.array(indices), axis=0, out=buffer)
    np.testing.assert_array_equal(buffer, data[start:][indices])


def test_only_the_rows_asked_for_are_read():
    watched = Watched(ROWS)
    source = as_source(watched, "x")
    gather_into(source, np.array([9, 2, 2]), np.empty((3, 3), "float32"))
    assert watched.read == 2
    part = source.rows(5, 9)
    assert watched.read == 2
    assert len(part) == 4
    np.testing.assert_array_equal(part[slice(1, 99)], ROWS[6:9])
    assert watched.read == 5


def test_arrays_are_not_copied(tmp_path):
    for array in (ROWS, ROWS[3:], ROWS.astype("float64")):
        assert as_source(array, "x") is array
    memmap = np.memmap(tmp_path / "rows.bin", "float32", "w+", shape=ROWS.shape)
    assert np.shares_memory(as_source(memmap, "x"), memmap)
    columns = np.asfortranarray(ROWS)
    source = as_source(columns, "x")
    assert isinstance(source, StridedSource)
    assert source.data is columns


def test_buffer_keeps_its_dtype_and_its_place():
    pixels = np.arange(12, dtype="uint8").reshape(4, 3)
    whole = np.zeros((10, 3), "uint8")
    gather_into(pixels, np.array([3, 0]), whole[2:4])
    assert whole[2:4].tolist() == [[9, 10, 11], [0, 1, 2]]
    assert not whole[:2].any()
    assert not whole[4:].any()
    columns = np.zeros((3, 2), "uint8").T  # not contiguous
    gather_into(pixels, np.array([1, 2]), columns)
    assert columns.tolist() == [[3, 4, 5], [6, 7, 8]]


@pytest.mark.parametrize(
    ("host", "device"),
    [
        ("float64", "float32"),
        ("float16", "float32"),
        (">f8", "float32"),
        ("int64", "int32"),
        ("uint64", "uint32"),
        ("int16", "int16"),
        ("uint8", "uint8"),
        ("bool", "bool"),
    ],
)
def test_device_dtype(host, device):
    assert device_dtype(np.dtype(host), "x") == device


def test_device_dtype_follows_floatx():
    before = floatx()
    set_floatx("float16")
    try:
        assert device_dtype(np.dtype("float64"), "x") == "float16"
    finally:
        set_floatx(before)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.array(["a", "b"]), "turn text into integers"),
        (np.array([b"a"]), "turn text into integers"),
        (np.array([[1], None], dtype=object), "pad_sequences"),
        (np.array(["2024-01-01"], "datetime64[D]"), "turn dates into numbers"),
        (np.array([1], "timedelta64[D]"), "turn durations into numbers"),
        (np.array([1j]), "real and imaginary part"),
        (np.zeros(1, [("a", "f4")]), "astype"),
    ],
)
def test_dtypes_that_are_refused(array, words):
    with pytest.raises(TypeError, match=r"x cannot|x has a dtype") as error:
        as_source(array, "x")
    assert f"got:      {array.dtype}" in str(error.value)
    assert words in str(error.value)


@pytest.mark.parametrize("leaf", [1.5, np.float32(2), np.array(3)])
def test_no_batch_axis(leaf):
    with pytest.raises((ValueError, TypeError), match=r"no batch axis|cannot be read"):
        as_source(leaf, "x")


@pytest.mark.parametrize("leaf", [None, object(), "text", {1, 2}])
def test_what_is_no_data(leaf):
    with pytest.raises(TypeError, match=r"y\[1\] cannot be read as data") as error:
        as_source(leaf, "y[1]")
    assert "expected: an array" in str(error.value)


def test_masked_values_are_not_read_as_numbers():
    masked = np.ma.masked_array([1.0, 2.0], mask=[False, True])
    with pytest.raises(ValueError, match=r"(?s)1 masked values.*filled"):
        as_source(masked, "x")
    assert as_source(np.ma.masked_array([1.0]), "x").tolist() == [1.0]


def test_tensors_of_other_libraries():
    class Torchlike:
        def detach(self):
            return self

        def cpu(self):
            return self

        def numpy(self):
            return ROWS

    class Cupylike:
        device = "gpu"

        def get(self):
            return ROWS

        def __array__(self, dtype=None, copy=None):
            raise TypeError("implicit conversion")

    class Arraylike:
        def __array__(self, dtype=None, copy=None):
            return ROWS

    class Dlpacklike:
        def __dlpack__(self, **options):
            return ROWS.__dlpack__(**options)

        def __dlpack_device__(self):
            return ROWS.__dlpack_device__()

    for tensor in (Torchlike(), Cupylike(), Arraylike(), Dlpacklike()):
        np.testing.assert_array_equal(as_source(tensor, "x"), ROWS)


def test_sparse_matrices_are_made_dense_batch_by_batch():
    sparse = pytest.importorskip("scipy.sparse", reason="SciPy is not installed")
    for make in (sparse.csr_matrix, sparse.coo_matrix, sparse.csc_array):
        source = as_source(make(ROWS), "x")
        assert isinstance(source, LazySource)
        buffer = np.empty((2, 3), "float32")
        gather_into(source, np.array([4, 1]), buffer)
        np.testing.assert_array_equal(buffer, ROWS[[4, 1]])


class TestCheckFinite:
    def test_fine(self, h5_rows):
        for data in (ROWS, h5_rows, np.arange(3), [1.0]):
            check_finite(data, "x")

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_names_the_sample(self, bad):
        rows = np.zeros((9000, 2))
        rows[8500, 1] = rows[8900, 0] = bad
        with pytest.raises(ValueError, match="not finite") as error:
            check_finite(rows, "x['age']")
        assert f"got:      {bad} in sample 8500 (1 such values there)" in str(
            error.value
        )
        assert "x['age'] holds values" in str(error.value)


def test_gathering_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gather_into(ROWS.astype("float64"), slice(0, 2), np.empty((2, 3), "float32"))
