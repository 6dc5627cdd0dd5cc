import io
import json

import h5py
import numpy as np
import pytest

from kerasish.errors import FileFormatError
from kerasish.saving.hdf5_safe import (
    dataset,
    member,
    names_attribute,
    open_hdf5,
    parse_json,
    read_array,
    subgroup,
    text_attribute,
)


@pytest.fixture
def root(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        yield file


def opened(path):
    with open_hdf5(path) as file:
        return sorted(file)


def test_opens_a_path_and_a_file_in_memory(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = 1.0
    assert opened(tmp_path / "a.h5") == ["x"]
    assert opened(io.BytesIO((tmp_path / "a.h5").read_bytes())) == ["x"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty"),
        (b"hello world", r"not an HDF5 file\.\n  got:      .*b'hello wo'"),
        (b"\x89HDF\r\n\x1a\n rubbish", "damaged or cut short"),
    ],
)
def test_a_file_that_is_no_hdf5_says_what_it_is(tmp_path, content, message):
    path = tmp_path / "a.h5"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=message):
        opened(path)


def test_a_truncated_file_is_said_to_be(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["x"] = np.ones(100)
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(FileFormatError, match="cut short"):
        opened(path)


def test_damaged_bytes_are_no_crash(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x/y", data=np.ones(100), compression="gzip")
        file["x"].attrs["names"] = np.array([b"a", b"b"])
    whole = path.read_bytes()
    outcomes = set()
    for start in range(8, len(whole) - 16, 37):
        path.write_bytes(whole[:start] + b"\xa5" * 16 + whole[start + 16 :])
        try:
            with open_hdf5(path) as file:
                found = dataset(file, "x/y")
                names_attribute(file["x"], "names") if "x" in file else None
                outcomes.add(None if found is None else read_array(found, (100,)).sum())
        except (FileFormatError, KeyError):
            outcomes.add("refused")
    assert "refused" in outcomes


def test_hard_links_are_followed_and_nothing_else(root, tmp_path):
    root["a/b"] = 1.0
    root["hard"] = root["a"]
    root["soft"] = h5py.SoftLink("/a")
    root["out"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/secret")
    assert member(root, "hard/b")[()] == 1.0
    assert member(root, "a/none/c") is None
    assert member(root, "a/b/c") is None
    for name in ("soft", "soft/b", "out", "out/x"):
        with pytest.raises(FileFormatError, match="is refused"):
            member(root, name)


def test_a_dataset_is_no_group_and_a_group_no_dataset(root):
    root["a/b"] = 1.0
    assert subgroup(root, "none") is None
    assert dataset(root, "none") is None
    with pytest.raises(FileFormatError, match="'a/b' is no group"):
        subgroup(root, "a/b")
    with pytest.raises(FileFormatError, match=r"refused.\n  got:      a group"):
        dataset(root, "a")


def external(root, folder):
    (folder / "raw").write_bytes(bytes(32))
    return root.create_dataset("x", (8,), "f4", external=[(str(folder / "raw"), 0, 32)])


def virtual(root, folder):
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource(str(folder / "b.h5"), "y", (4,))
    return root.create_virtual_dataset("x", layout)


def text(root, _):
    root["x"] = "text"


def compound(root, _):
    root["x"] = np.zeros(2, [("a", "f4"), ("b", "i4")])


def complex_numbers(root, _):
    root["x"] = np.zeros(2, "complex64")


def null(root, _):
    root["x"] = h5py.Empty("f4")


def large_chunks(root, _):
    size = 2**22
    root.create_dataset("x", (4,), "f4", maxshape=(size,), chunks=(size,))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (external, "lie in other files"),
        (virtual, "lie in other files"),
        (text, "dtype object"),
        (compound, "dtype"),
        (complex_numbers, "dtype complex64"),
        (null, "without values"),
        (large_chunks, "chunks of shape"),
    ],
)
def test_datasets_that_are_not_plain_numbers_are_refused(root, tmp_path, make, reason):
    make(root, tmp_path)
    with pytest.raises(FileFormatError, match=reason):
        dataset(root, "x")


def test_an_unknown_filter_is_refused(root):
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((4,))
    optional = h5py.h5z.FLAG_OPTIONAL
    properties.set_filter(32015, optional, ())  # a plugin's number
    space = h5py.h5s.create_simple((4,))
    h5py.h5d.create(root.id, b"x", h5py.h5t.IEEE_F32LE, space, properties)
    with pytest.raises(FileFormatError, match="packed by a filter"):
        dataset(root, "x")


@pytest.mark.parametrize("options", [{}, {"compression": "gzip", "shuffle": True}])
def test_an_array_is_read_as_stored(root, options):
    values = np.arange(12, dtype="float16").reshape(3, 4)
    root.create_dataset("x", data=values, **options)
    read = read_array(dataset(root, "x"), (3, 4))
    assert read.dtype == "float16"
    np.testing.assert_array_equal(read, values)


def test_the_shape_is_checked_before_anything_is_read(root):
    # 4 TB that were never written: reading them would take the memory.
    root.create_dataset("x", (10**6, 10**6), "f4", chunks=(100, 100))
    with pytest.raises(FileFormatError, match=r"got:      \(1000000, 1000000\)"):
        read_array(dataset(root, "x"), (2, 2))


def test_bfloat16_becomes_float32(root):
    values = np.array([1.5, -2.0, 0.15625], "float32")  # exact in bfloat16
    upper = (values.view("uint32") >> 16).astype("uint16")
    root.create_dataset("x", data=upper.view("V2"))
    root["x"].attrs["dtype"] = "bfloat16"
    read = read_array(dataset(root, "x"), (3,))
    assert read.dtype == "float32"
    np.testing.assert_array_equal(read, values)


@pytest.mark.parametrize(
    "value",
    ["naïve", "naïve".encode(), np.bytes_("naïve".encode()), np.array(["naïve"], "O")],
)
def test_text_is_decoded_from_whatever_form_it_has(root, value):
    if isinstance(value, np.ndarray):
        value = np.array(["naïve"], dtype=h5py.string_dtype())
    root.attrs["t"] = value
    assert text_attribute(root, "t") == "naïve"
    assert text_attribute(root, "none") is None


def test_text_that_is_not_utf8_is_refused(root):
    root.attrs["t"] = np.bytes_(b"\xff\xfe\xfa")
    with pytest.raises(FileFormatError, match="not text in UTF-8"):
        text_attribute(root, "t")


@pytest.mark.parametrize(
    "value",
    [["a", "b"], [b"a", b"b"], np.array([b"a", b"b"], "S1"), np.array(["a", "b"], "O")],
)
def test_names_are_decoded(root, value):
    if isinstance(value, np.ndarray) and value.dtype == object:
        value = value.astype(h5py.string_dtype())
    root.attrs["names"] = value
    assert names_attribute(root, "names") == ["a", "b"]


def test_names_in_parts_are_joined(root):
    root.attrs["names0"], root.attrs["names1"] = ["a", "b"], ["c"]
    root.attrs["empty"] = np.zeros(0)
    assert names_attribute(root, "names") == ["a", "b", "c"]
    assert names_attribute(root, "empty") == []
    assert names_attribute(root, "none") is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "'model_config' is not valid JSON"),
        ("9" * 5000, "not valid JSON"),
        ("[" * 300 + "]" * 300, "nested too deeply"),
        ("[" * 200_000, "nested too deeply|not valid JSON"),
        ('{"a":' * 300 + "1" + "}" * 300, "nested too deeply"),
    ],
)
def test_broken_or_hostile_json_is_refused(content, message):
    with pytest.raises(FileFormatError, match=message):
        parse_json(content, "model_config")


def test_json_is_parsed():
    value = {"a": [1, {"b": None}], "c": "x"}
    assert parse_json(json.dumps(value), "x") == value
