import numpy as np
import pytest

from kerasish.training.data_frames import frame_to_array
from kerasish.training.data_sources import as_source, gather_into

pandas = pytest.importorskip("pandas", reason="pandas (extra: test) is not installed")
polars = pytest.importorskip("polars", reason="polars (extra: test) is not installed")

PACKAGES = [pandas, polars]


@pytest.mark.parametrize("package", PACKAGES)
def test_frame_and_series(package):
    frame = package.DataFrame({"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0]})
    expected = [[1, 4], [2, 5], [3, 6]]
    assert frame_to_array(frame, "x").tolist() == expected
    assert frame_to_array(frame["a"], "y").tolist() == [[1], [2], [3]]
    buffer = np.empty((2, 2), "float32")
    gather_into(as_source(frame, "x"), np.array([2, 0]), buffer)
    assert buffer.tolist() == [[3, 6], [1, 4]]


@pytest.mark.parametrize("package", PACKAGES)
def test_dtypes(package):
    integers = package.DataFrame({"a": [1, 2], "b": [3, 4]})
    assert frame_to_array(integers, "x").dtype.kind == "i"
    mixed = package.DataFrame({"a": [1, 2], "b": [0.5, 1.5]})
    assert frame_to_array(mixed, "x").tolist() == [[1, 0.5], [2, 1.5]]
    flags = package.DataFrame({"a": [1, 2], "b": [True, False]})
    assert frame_to_array(flags, "x").astype(float).tolist() == [[1, 1], [2, 0]]
    assert frame_to_array(flags["b"], "y").dtype == bool


def test_missing_values_become_nan():
    frames = [
        pandas.DataFrame({"a": pandas.array([1, None], dtype="Int64"), "b": [1.0, 2]}),
        polars.DataFrame({"a": [1, None], "b": [1.0, 2.0]}),
    ]
    for frame in frames:
        values = frame_to_array(frame, "x").astype(float)
        np.testing.assert_array_equal(values, [[1, 1], [np.nan, 2]])
    flags = [
        pandas.Series(pandas.array([True, None], dtype="boolean")),
        polars.Series([True, None]),
    ]
    for series in flags:
        values = frame_to_array(series, "y")
        np.testing.assert_array_equal(values, [[1], [np.nan]])


@pytest.mark.parametrize(
    ("frame", "got"),
    [
        (pandas.DataFrame({"a": [1], "city": ["x"]}), "'city' (str"),
        (pandas.DataFrame({"a": [1], "when": pandas.to_datetime(["2024"])}), "'when'"),
        (pandas.DataFrame({"kind": pandas.Categorical(["x"])}), "'kind' (category)"),
        (polars.DataFrame({"a": [1], "city": ["x"]}), "'city' (String)"),
        (polars.DataFrame({"a": [[1, 2]]}), "'a' (List"),
        (pandas.Series(["x"], name="city"), "'city'"),
        (polars.Series(["x"]), "'values' (String)"),
    ],
)
def test_columns_that_are_not_numbers_are_named(frame, got):
    with pytest.raises(TypeError, match="x has columns that are not") as error:
        as_source(frame, "x")
    # pandas 2 calls text columns "object", pandas 3 "str"
    message = str(error.value).replace("(object)", "(str)")
    assert f"got:      {got}" in message
    assert "fix:      leave them out, or encode them" in message
