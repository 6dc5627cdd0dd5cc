"""Operands for every elementwise operation, and what NumPy's kernels make of them."""

import itertools

import numpy as np

from kerasish.backend import dtypes, load_backend
from kerasish.graph.registry import operation
from kerasish.graph.tensor import Spec
from kerasish_cupy.expressions import OPERATIONS, TEMPLATES, kind_of
from kerasish_cupy.fused_source import Step, fused_source

# ranges in which all values are fit for the function
DOMAINS = {
    "arccos": (-1, 1),
    "arccosh": (1, 50),
    "arcsin": (-1, 1),
    "arctanh": (-0.99, 0.99),
    "cosh": (-9, 9),
    "erfinv": (-0.99, 0.99),
    "exp": (-9, 9),
    "exp2": (-9, 9),
    "expm1": (-9, 9),
    "log": (0.01, 50),
    "log10": (0.01, 50),
    "log1p": (-0.9, 50),
    "log2": (0.01, 50),
    "sinh": (-9, 9),
    "sqrt": (0, 50),
    "tan": (-1.5, 1.5),
}
EXACT = {"divide", "reciprocal", "sqrt", "floor", "ceil", "rint", "trunc"}
EXACT |= set(TEMPLATES["int"]) - {"power"}
CASTS = list(itertools.product(dtypes.ALL, dtypes.ALL))
SPECIALS = (0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan)


def samples(name: str, dtype: str, rng, size: int = 200) -> np.ndarray:
    """Return values in the operation's domain, with the special ones among them."""
    if dtype == "bool":
        return rng.integers(0, 2, size).astype(bool)
    if dtypes.is_float(dtype):
        low, high = DOMAINS.get(name, (-20, 20))
        values = rng.uniform(low, high, size).astype(dtype)
        values[: len(SPECIALS)] = SPECIALS
        return values
    small = rng.integers(max(np.iinfo(dtype).min, -9), 10, size).astype(dtype)
    small[:5] = special_values(dtype)
    return small


def special_values(dtype: str) -> tuple:
    if dtypes.is_float(dtype):
        return SPECIALS
    if dtype == "bool":
        return (False, True)
    limits = np.iinfo(dtype)
    return (limits.min, limits.max, 0, 1, -1 if limits.min else 2)


def sample_operands(name: str, dtype: str, rng) -> list[np.ndarray]:
    count = len(operation(name).signature.parameters)
    operands = [samples(name, dtype, rng) for _ in range(count)]
    if name == "select":
        operands[0] = rng.integers(0, 2, operands[0].shape).astype(bool)
    if count == 2:
        special = special_values(dtype)
        grid = np.array(list(itertools.product(special, special)), dtype)
        operands = [np.concatenate([x, grid[:, i]]) for i, x in enumerate(operands)]
    if name == "power" and not dtypes.is_float(dtype):
        operands[1] = np.abs(operands[1].astype("int64") % 5).astype(dtype)
    if name.endswith("shift"):
        bits = np.arange(len(operands[1])) % (8 * np.dtype(dtype).itemsize + 3)
        operands[1] = bits.astype(dtype)
    return operands


def cases() -> list[tuple[str, str]]:
    """Return every operation with every dtype it exists for."""
    return [
        (name, dtype)
        for name in OPERATIONS
        for dtype in dtypes.ALL
        if name in TEMPLATES[kind_of(dtype)]
    ]


def result_dtype(name: str, operands: list[np.ndarray]) -> str:
    specs = [Spec(x.shape, x.dtype.name) for x in operands]
    return operation(name).infer(specs, {}).dtype


def reference(name: str, operands, result: str, **attributes) -> np.ndarray:
    """Return what NumPy's kernel computes; erf and the like in float64."""
    is_special = name in ("erf", "erfc", "erfinv", "i0", "i1")  # exact in float64
    if is_special:
        operands = [x.astype("float64") for x in operands]
    out = np.empty(operands[0].shape, "float64" if is_special else result)
    with np.errstate(all="ignore"):
        load_backend("numpy").kernels[name](out, *operands, **attributes)
        return out.astype(result)


def cast_operand(dtype: str, target: str, rng) -> np.ndarray:
    """Return values whose cast is defined, in C and in NumPy."""
    values = samples("cast_to", dtype, rng)
    if not dtypes.is_float(dtype) or kind_of(target) in ("float", "bool"):
        return values
    values = values[np.isfinite(values)]
    return np.abs(values) if target == "uint64" else values


def source_of(name: str, operands):
    """Return the source of one operation on operands of these dtypes."""
    result = result_dtype(name, operands)
    return single_source(name, [x.dtype.name for x in operands], result)


def assert_close(name: str, got, expected, roundings: int) -> None:
    """Assert equality; up to some units in the last place where none is promised."""
    if name in EXACT or not dtypes.is_float(got.dtype.name):
        np.testing.assert_array_equal(got, expected, strict=True)
        return
    rtol = roundings * np.finfo(got.dtype).eps
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=rtol, strict=True)


def single_source(operation: str, dtypes, result_dtype: str):
    """Return the source of a kernel that runs one operation for each element."""
    step = Step(operation, tuple(range(len(dtypes))), result_dtype)
    return fused_source((step,), tuple(dtypes))
