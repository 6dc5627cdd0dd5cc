"""Compiled loops against the compositions they replace."""

import functools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("numba", reason="needs the numba extra")

import numba

from kerasish.backend import load_backend
from kerasish.errors import BackendError
from kerasish.graph.fuse import Instruction
from kerasish_numba import compiled, float_math, fused
from kerasish_numba.expressions import TYPES, expression, has_expression
from kerasish_numba.source import Lane, loop_source

RNG = np.random.default_rng(11)
NUMPY = load_backend("numpy")
UNARY = (
    "absolute sign negative square reciprocal sqrt floor ceil exp expm1 log log1p tanh "
    "erf isnan isfinite logical_not"
).split()
BINARY = (
    "add subtract multiply divide maximum minimum power equal not_equal less "
    "less_equal greater greater_equal logical_and logical_or logical_xor bitwise_and "
    "bitwise_or bitwise_xor"
).split()
TRUTHS = ("equal", "less", "greater", "logical", "isnan", "isfinite", "not_equal")


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    """Compile into a folder of the tests' own."""
    patch = pytest.MonkeyPatch()
    patch.setenv(compiled.CACHE_VARIABLE, str(tmp_path_factory.mktemp("cache")))
    compiled.cache_folder.cache_clear()
    yield
    patch.undo()
    compiled.cache_folder.cache_clear()


def result_dtype(operation, dtype):
    return "bool" if operation.startswith(TRUTHS) else dtype


@functools.cache
def operations(dtype):
    """Return the operations on a dtype, with their numbers of operands."""
    found = [(name, 1) for name in UNARY] + [(name, 2) for name in BINARY]
    return [
        (name, count)
        for name, count in found
        if has_expression(name, [dtype] * count + [result_dtype(name, dtype)])
    ]


def values(dtype, size):
    if dtype == "bool":
        return RNG.integers(0, 2, size).astype(bool)
    if "int" in dtype:
        edges = np.array([0, 1, -1, np.iinfo(dtype).max, np.iinfo(dtype).min])
        return np.resize(np.concatenate([edges, RNG.integers(-9, 9, 40)]), size).astype(
            dtype
        )
    edges = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-20, 80.0])
    drawn = RNG.normal(size=60) * 3
    return np.resize(np.concatenate([edges, drawn]), size).astype(dtype)


def reference(operation, inputs, dtype):
    out = np.empty(inputs[0].shape, dtype)
    with np.errstate(all="ignore"):
        NUMPY.kernels[operation](out, *inputs)
    return out


@pytest.mark.parametrize("dtype", TYPES)
def test_every_expression_is_numpys_operation(dtype):
    names = operations(dtype)
    assert names
    lines = ["def native(x, y, outs, truths):", "    for i in range(x.size):"]
    lines.append("        a = x[i]; b = y[i]")
    for row, (name, count) in enumerate(names):
        result = result_dtype(name, dtype)
        target = "truths" if result == "bool" else "outs"
        text = expression(name, [("a", dtype), ("b", dtype)][:count], result)
        lines.append(f"        {target}[{row}, i] = {text}")
    source = loop_source([Instruction("add", (0, 0), "float32")], LANES, 1)
    header = source.split("def native")[0]
    made = numba.njit(error_model="numpy")(
        compiled._loaded(header + "\n".join(lines), Path(), is_passing=True)
    )
    x, y = values(dtype, 211), values(dtype, 199)[::-1].repeat(2)[:211].copy()
    outs = np.empty((len(names), x.size), dtype)
    truths = np.empty((len(names), x.size), bool)
    made(x, y, outs, truths)
    for row, (name, count) in enumerate(names):
        result = result_dtype(name, dtype)
        expected = reference(name, [x, y][:count], result)
        found = (truths if result == "bool" else outs)[row]
        np.testing.assert_allclose(found, expected, rtol=4e-7, err_msg=name)


@pytest.mark.parametrize("function", ["exp", "expm1", "log", "log1p", "tanh", "erf"])
def test_functions_of_float32_are_accurate(function):
    single = getattr(float_math, f"{function}_single")

    @numba.njit(error_model="numpy")
    def run(x, out):
        for i in range(x.size):
            out[i] = single(x[i])

    ranges = {"exp": (-87, 88), "expm1": (-30, 88), "log": (1e-37, 1e37)}
    low, high = ranges.get(function, (-0.99, 20))
    x = np.concatenate([RNG.uniform(low, high, 20000), RNG.normal(size=20000) * 0.01])
    x = np.abs(x) if function == "log" else x
    x = x.astype("float32")
    out = np.empty_like(x)
    run(x, out)
    exact = reference(function, [x.astype("float64")], "float64")
    np.testing.assert_allclose(out, exact, rtol=4e-7)


LANES = Lane("float32", 1, True), Lane("float32", 1, False, 1)
BODY = (
    Instruction("multiply", (0, 1), "float32"),
    Instruction("add", (3, 2), "float32"),
    Instruction("tanh", (4,), "float32"),
)


def composed(a, b, c):
    return np.tanh(a * b + c)


def floats(*shape):
    return RNG.normal(size=shape).astype("float32")


LAYOUTS = {
    "flat": lambda: (floats(6, 5), floats(6, 5), floats(6, 5)),
    "row and number": lambda: (floats(6, 5), floats(5), floats()),
    "column": lambda: (floats(6, 5), floats(6, 1), floats(1, 5)),
    "transposed": lambda: (floats(5, 6).T, floats(6, 5), floats(6, 5)),
    "strided": lambda: (floats(6, 10)[:, ::2], floats(12, 5)[::2], floats(6, 5)),
    "reversed": lambda: (floats(6, 5)[::-1], floats(6, 5)[:, ::-1], floats(5)[::-1]),
    "four axes": lambda: (floats(2, 3, 4, 5), floats(3, 1, 5), floats(2, 1, 1, 1)),
    "numbers": lambda: (floats(), floats(), floats()),
    "empty": lambda: (floats(0, 5), floats(5), floats()),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_group_computes_what_its_operations_do(layout):
    inputs = LAYOUTS[layout]()
    expected = np.asarray(composed(*inputs))
    out = np.empty(expected.shape, "float32")
    call = fused.FusedKernel().bind(out, inputs, {"body": BODY})
    for _ in range(2):
        call()
        np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_result_may_lie_on_an_operand(place):
    inputs = [floats(40, 7) for _ in range(3)]
    expected = composed(*inputs)
    fused.FusedKernel()(inputs[place], *inputs, body=BODY)
    np.testing.assert_allclose(inputs[place], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(1000,), (17, 9), (1, 1003)])
def test_large_groups_run_on_threads(shape, monkeypatch):
    monkeypatch.setattr(fused.TEAM, "number", lambda work, most: min(3, most))
    inputs = floats(*shape), floats(shape[-1]), floats()
    out = np.empty(shape, "float32")
    fused.FusedKernel()(out, *inputs, body=BODY)
    np.testing.assert_allclose(out, composed(*inputs), rtol=1e-5, atol=1e-6)


def test_read_only_operands_and_other_dtypes():
    body = (
        Instruction("greater", (0, 1), "bool"),
        Instruction("cast_to", (2,), "float32"),
        Instruction("multiply", (3, 1), "float32"),
    )
    x, limit = floats(30), np.broadcast_to(np.float32(0.25), (30,))
    out = np.empty(30, "float32")
    fused.FusedKernel()(out, x, limit, body=body)
    np.testing.assert_array_equal(out, (x > 0.25) * np.float32(0.25))


def test_equal_loops_have_equal_text():
    reads = [Lane("float32", kind, True) for kind in (1, 0, 1)]
    lanes = (*reads, Lane("float32", 1, False, 5))
    assert loop_source(BODY, lanes, 2) == loop_source(list(BODY), list(lanes), 2)
    assert loop_source(BODY, lanes, 2) != loop_source(BODY, lanes, 1)


_SECOND = """
import numpy as np
from kerasish.backend import load_backend
from kerasish.graph.fuse import Instruction
from kerasish_numba import compiled, source
load_backend("numba")
body = (Instruction("add", (0, 0), "float32"),)
lanes = source.Lane("float32", 1, True), source.Lane("float32", 1, False, 1)
compiled.compiled(source.loop_source(body, lanes, 1))
print(compiled._KEPT[-1].cache_hits)
"""


def test_the_second_process_does_not_compile(tmp_path):
    found = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", _SECOND],
            env={
                "PYTHONPATH": ":".join(sys.path),
                compiled.CACHE_VARIABLE: str(tmp_path),
            },
            capture_output=True,
            text=True,
            check=True,
        )
        found.append(done.stdout.split())
    assert found == [["0"], ["1"]]


def test_without_a_folder_every_process_compiles(monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv(compiled.CACHE_VARIABLE, str(blocked))
    compiled.cache_folder.cache_clear()
    try:
        assert compiled.cache_folder() is None
        body = (Instruction("subtract", (0, 0), "float64"),)
        out = np.ones(3)
        fused.FusedKernel()(out, np.full(3, 2.0), body=body)
        np.testing.assert_array_equal(out, 0)
    finally:
        compiled.cache_folder.cache_clear()


def test_a_missing_numba_is_said(monkeypatch):
    import kerasish_numba

    monkeypatch.setitem(sys.modules, "kerasish_numba.backend", None)
    with pytest.raises(BackendError, match=r'pip install "kerasish\[numba\]"'):
        kerasish_numba.make()
