"""The text of the indexing kernels; what they compute is tested with the table."""

import pytest

from kerasish_cupy.indexing_source import (
    gather_source,
    keys_source,
    scatter_source,
)


def test_the_gathering_kernel_as_text():
    source = gather_source("float32", "uint8", "int32")
    assert source.in_params == (
        "raw float32 x, raw uint8 indices, int32 count, int32 width, int32 length"
    )
    assert source.out_params == "float32 y"
    assert source.operation.splitlines() == [
        "const int column = (int)i % width;",
        "const int row = (int)i / width;",
        "long long index = (long long)indices[row % count];",
        "if (index < 0) index += length;",
        "if (index < 0 || index >= length) {",
        '  y = nanf("");',
        "} else {",
        "  y = x[((row / count) * length + (int)index) * width + column];",
        "}",
    ]


@pytest.mark.parametrize(
    ("dtype", "missing"),
    [
        ("float16", '(float16)nanf("")'),
        ("float64", 'nan("")'),
        ("int32", "0"),
        ("bool", "0"),
    ],
)
def test_what_is_missing_shows(dtype, missing):
    assert f"y = {missing};" in gather_source(dtype, "int32", "int64").operation


@pytest.mark.parametrize(
    ("dtype", "total"),
    [
        ("float16", "float sum = 0;"),
        ("float32", "float sum = 0;"),
        ("bool", "bool sum = 0;"),
        ("uint64", "unsigned long long sum = 0;"),
    ],
)
def test_sums_are_kept_in_a_type_that_holds_them(dtype, total):
    assert total in scatter_source(dtype, "int32").operation


def test_names_tell_the_kernels_apart():
    sources = [
        gather_source("float32", "int32", "int32"),
        gather_source("float32", "int32", "int64"),
        gather_source("int32", "int32", "int32"),
        keys_source("int32", "int32"),
        keys_source("uint8", "int32"),
        scatter_source("float32", "int32"),
    ]
    assert len({source.name for source in sources}) == len(sources)
    assert all(source.name.isidentifier() for source in sources)
