"""Running a backend's kernels on host arrays, and comparing what comes out."""

import math

import numpy as np

from kerasish.backend import dtypes
from kerasish.graph.tensor import Spec

# Roundings a kernel of one operation may be off by. The functions of a GPU's library
# err by up to 9 (power); sums and products of the cases have at most 24 terms.
ROUNDINGS = 16


def rubbish(backend, shape, dtype):
    """Return a device array whose bytes are all 255: NaN, -1, or the largest number."""
    size = max(math.prod(shape) * dtypes.size_of(dtype), 1)
    memory = backend.from_host(np.full(size, 255, np.uint8))
    return backend.carve(memory, 0, tuple(shape), dtype)


def arguments(backend, kernel, out, inputs, attributes):
    """Return a kernel's keyword arguments: its attributes, and scratch if it asks."""
    rule = getattr(kernel, "scratch", None)
    if rule is None:
        return dict(attributes)
    forms = [Spec(tuple(a.shape), dtypes.dtype_name(a.dtype)) for a in (out, *inputs)]
    needs = rule(*forms, **attributes)
    return {**attributes, "scratch": tuple(rubbish(backend, *need) for need in needs)}


def run_into(backend, name, out, inputs, attributes):
    """Run a kernel on device arrays by a plain call; return `out` on the host."""
    kernel = backend.kernels[name]
    keywords = arguments(backend, kernel, out, inputs, attributes)
    with backend.execution_scope(), np.errstate(all="ignore"):
        kernel(out, *inputs, **keywords)
    return backend.to_host(out)


def run(backend, name, spec, operands, attributes):
    """Run a kernel on host arrays; return the result on the host."""
    out = rubbish(backend, spec.shape, spec.dtype)
    inputs = [backend.from_host(x) for x in operands]
    return run_into(backend, name, out, inputs, attributes)


def meaning(reference, operands, attributes):
    """Return a reference's result, computed in float64 or whole numbers."""
    exact = [x.astype("float64") if x.dtype.kind == "f" else x for x in operands]
    with np.errstate(all="ignore"):
        return np.asarray(reference(*exact, **attributes))


def assert_agrees(result, expected, spec, operands, what=""):
    """Assert shape, dtype, and equality up to `ROUNDINGS` of the result's dtype."""
    assert result.dtype.name == spec.dtype
    assert result.shape == spec.shape
    assert expected.shape == spec.shape, "the shape rule and the reference disagree"
    if result.dtype.kind != "f":
        np.testing.assert_array_equal(result, expected.astype(spec.dtype), what)
        return
    unit = ROUNDINGS * float(np.finfo(spec.dtype).eps)
    largest = max(
        (np.abs(x).max(initial=1) for x in operands if x.dtype.kind == "f"), default=1
    )
    np.testing.assert_allclose(
        *(result.astype("float64"), expected),
        rtol=unit,
        atol=unit * float(largest),
        err_msg=f"{spec.dtype} {what}",
    )
