"""The generated source, as text and as what it computes.

Each elementwise operation is compiled as C++ for every dtype and compared with NumPy's
kernel: exactly where the operation is exact, and to a few units in the last place where
the C library's function and NumPy's own differ.
"""

import ctypes

import numpy as np
import pytest

from kerasish.errors import DTypeError
from kerasish_cupy.expressions import TEMPLATES
from kerasish_cupy.fused_source import Step, fused_source
from tests.cupy.samples import (
    CASTS,
    assert_close,
    cases,
    cast_operand,
    reference,
    result_dtype,
    sample_operands,
    single_source,
    source_of,
)

# NumPy has no such function for bool, and `kerasish` gives it none
NOT_FOR_BOOL = set(TEMPLATES["int"]) - set(TEMPLATES["bool"])


def call(function, operands, dtype: str) -> np.ndarray:
    out = np.empty(operands[0].shape, dtype)
    pointers = [ctypes.c_void_p(x.ctypes.data) for x in (*operands, out)]
    function(ctypes.c_ssize_t(out.size), *pointers)
    return out


def run(cpp, source, operands, dtype: str) -> np.ndarray:
    return call(cpp.function(source), operands, dtype)


@pytest.fixture(scope="module")
def compiled(cpp):
    """Every operation for every dtype, and every cast: one library, by kernel name."""
    rng = np.random.default_rng(0)
    sources = [source_of(n, sample_operands(n, d, rng)) for n, d in cases()]
    sources += [single_source("cast_to", [a], b) for a, b in CASTS]
    return cpp.functions(list(dict.fromkeys(sources)))


@pytest.mark.parametrize(("name", "dtype"), cases())
def test_an_operation_computes_what_numpy_computes(compiled, rng, name, dtype):
    operands = sample_operands(name, dtype, rng)
    result = result_dtype(name, operands)
    got = call(compiled[source_of(name, operands).name], operands, result)
    # 4 units in the last place: what the two libraries promise, 2 each; of the Bessel
    # functions, NumPy's kernel promises 1e-14
    roundings = 50 if name in ("i0", "i1") else 4
    assert_close(name, got, reference(name, operands, result), roundings)


@pytest.mark.parametrize(("dtype", "target"), CASTS)
def test_a_cast_computes_what_numpy_computes(compiled, rng, dtype, target):
    values = cast_operand(dtype, target, rng)
    source = single_source("cast_to", [dtype], target)
    got = call(compiled[source.name], [values], target)
    expected = reference("cast_to", [values], target, dtype=target)
    np.testing.assert_array_equal(got, expected)


def test_a_body_is_one_statement_an_operation():
    body = (
        Step("multiply", (0, 1), "float32"),
        Step("add", (3, 2), "float32"),
        Step("greater", (4, 0), "bool"),
        Step("select", (5, 4, 2), "float32"),
    )
    source = fused_source(body, ("float32",) * 3)
    assert source.in_params == "float32 x0, float32 x1, float32 x2"
    assert source.out_params == "float32 y"
    assert source.preamble == ""
    assert source.operation.splitlines() == [
        "const float v3 = x0 * x1;",
        "const float v4 = v3 + x2;",
        "const bool v5 = v4 > x0;",
        "const float v6 = v5 ? v4 : x2;",
        "y = v6;",
    ]


def test_a_body_computes_its_operations_in_turn(cpp, rng):
    body = (
        Step("subtract", (0, 1), "float32"),
        Step("square", (2,), "float32"),
        Step("tanh", (3,), "float32"),
        Step("cast_to", (4,), "float16"),
        Step("less", (4, 1), "bool"),
        Step("select", (6, 0, 4), "float32"),
    )
    source = fused_source(body, ("float32", "float32"))
    x0, x1 = rng.normal(size=(2, 50)).astype("float32")
    squared = np.tanh((x0 - x1) ** 2)
    expected = np.where(squared < x1, x0, squared)
    got = run(cpp, source, [x0, x1], "float32")
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_half_precision_is_rounded_after_every_operation(cpp, rng):
    body = (Step("add", (0, 1), "float16"), Step("subtract", (2, 1), "float16"))
    source = fused_source(body, ("float16", "float16"))
    assert source.operation.splitlines() == [
        "const float16 v2 = (float)x0 + (float)x1;",
        "const float16 v3 = (float)v2 - (float)x1;",
        "y = v3;",
    ]
    x0 = rng.normal(size=50).astype("float16")
    x1 = np.full(50, 1000, "float16")
    got = run(cpp, source, [x0, x1], "float16")
    np.testing.assert_array_equal(got, (x0 + x1) - x1)
    assert not np.array_equal(got, x0)


@pytest.mark.parametrize(
    ("name", "dtype", "text"),
    [
        ("reciprocal", "float32", "const float v1 = 1.0f / x0;"),
        ("reciprocal", "float64", "const double v1 = 1.0 / x0;"),
        ("exp", "float32", "const float v1 = expf(x0);"),
        ("exp", "float64", "const double v1 = exp(x0);"),
        ("exp", "float16", "const float16 v1 = expf((float)x0);"),
        ("erf", "float32", "const float v1 = erff(x0);"),
        (
            "negative",
            "int8",
            "const signed char v1 = (signed char)(0u - (unsigned int)x0);",
        ),
        ("absolute", "uint8", "const unsigned char v1 = x0;"),
        ("logical_not", "bool", "const bool v1 = !x0;"),
    ],
)
def test_an_operation_stays_in_its_dtype(name, dtype, text):
    assert single_source(name, [dtype], dtype).operation == f"{text}\ny = v1;"


@pytest.mark.parametrize(
    ("source", "target", "text"),
    [
        ("float32", "bool", "x0 != 0"),
        ("float32", "uint8", "(unsigned char)(long long)x0"),
        ("float32", "int32", "(int)x0"),
        ("int64", "float16", "(float16)(float)x0"),
        ("float64", "float16", "(float16)x0"),
        ("float16", "float64", "(double)(float)x0"),
        ("float16", "float16", "x0"),
        ("bool", "float32", "(float)x0"),
    ],
)
def test_a_cast_is_written(source, target, text):
    first = single_source("cast_to", [source], target).operation.splitlines()[0]
    assert first.endswith(f" v1 = {text};")


@pytest.mark.parametrize("helper", ["mod_float", "floor_divide_whole", "shift_right"])
def test_helpers_come_only_with_those_who_call_them(helper):
    name, dtype = {
        "mod_float": ("mod", "float32"),
        "floor_divide_whole": ("floor_divide", "int32"),
        "shift_right": ("right_shift", "uint32"),
    }[helper]
    source = single_source(name, [dtype] * 2, dtype)
    assert source.preamble.count("__device__") == 1
    assert f" {helper}(" in source.preamble
    assert single_source("add", [dtype] * 2, dtype).preamble == ""


def test_the_name_tells_bodies_apart():
    add = single_source("add", ["float32"] * 2, "float32")
    wide = single_source("add", ["float64"] * 2, "float64")
    again = single_source("add", ["float32"] * 2, "float32")
    fused = fused_source((Step("add", (0, 1), "float32"),) * 2, ("float32",) * 2)
    assert add.name == again.name
    assert len({add.name, wide.name, fused.name}) == 3
    assert add.name.startswith("kerasish_add_")
    assert fused.name.startswith("kerasish_fused_")
    assert all(s.name.isidentifier() for s in (add, wide, fused))


@pytest.mark.parametrize("name", sorted(NOT_FOR_BOOL))
def test_what_numpy_refuses_for_truth_values_is_refused(name):
    with pytest.raises(DTypeError) as caught:
        single_source(name, ["bool"] * 2, "bool")
    assert f"'{name}' does not exist" in str(caught.value)
    assert "got:      bool" in str(caught.value)
    assert "fix:      cast the operands first" in str(caught.value)


@pytest.mark.parametrize("dtype", ["int32", "uint8"])
def test_functions_of_real_numbers_are_refused_for_whole_ones(dtype):
    with pytest.raises(DTypeError, match="expected: float"):
        single_source("exp", [dtype], dtype)


def test_a_negative_exponent_gives_the_whole_part(cpp):
    base = np.array([0, 1, -1, -1, 2, -3], "int32")
    exponent = np.array([-1, -5, -3, -4, -1, -2], "int32")
    source = single_source("power", ["int32"] * 2, "int32")
    got = run(cpp, source, [base, exponent], "int32")
    np.testing.assert_array_equal(got, [0, 1, -1, 1, 0, 0])


def test_random_words_take_their_key_whole_and_bring_their_mixer():
    body = (
        Step("hashed_words", (0,), "uint32"),
        Step("greater_equal", (2, 1), "bool"),
    )
    source = fused_source(body, ("uint32", "uint32"))
    assert source.in_params == "raw uint32 x0, uint32 x1"
    assert "hashed_word(x0[0], x0[1], (unsigned int)i)" in source.operation
    assert source.preamble.startswith("__device__ unsigned int mix32(")
