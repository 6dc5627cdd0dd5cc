"""Every primitive on every installed backend, against its reference in float64.

This is what the package of a third party runs against its own backend:
`KERASISH_BACKEND=mine python -m pytest tests/backend`.
"""

import numpy as np
import pytest

from kerasish.backend import dtypes
from kerasish.graph.tensor import Spec
from tests.backend.cases import (
    cases_of,
    dtypes_of,
    operands_of,
    primitives,
    spec_of,
)
from tests.backend.harness import (
    arguments,
    assert_agrees,
    meaning,
    rubbish,
    run,
    run_into,
)
from tests.backend.references import REFERENCES

PRIMITIVES = primitives()
EACH = pytest.mark.parametrize("name", sorted(PRIMITIVES))
ELEMENTWISE = sorted(n for n, op in PRIMITIVES.items() if op.is_elementwise)


def one_dtype(op):
    """Return one dtype to try a primitive with, where only the layout matters."""
    choice = dtypes_of(op)
    return next(d for d in ("float32", "int32", "bool") if d in choice)


def each_case(name, dtype):
    """Yield the operands, attributes, spec and meaning of each case of a primitive."""
    op = PRIMITIVES[name]
    for shapes, attributes in cases_of(op):
        operands = operands_of(op, shapes, attributes, dtype)
        spec = spec_of(op, operands, attributes)
        if spec.compute not in (None, dtype):
            return  # the operands are cast before the kernel sees them
        expected = meaning(REFERENCES[name], operands, attributes)
        yield operands, attributes, spec, expected


def test_every_primitive_has_a_reference():
    assert set(PRIMITIVES) - set(REFERENCES) == set()


def test_every_reference_is_of_a_primitive():
    assert set(REFERENCES) - set(PRIMITIVES) == set()


def test_backend_has_a_kernel_for_every_primitive(backend):
    assert set(PRIMITIVES) - set(backend.kernels) == set()


@EACH
def test_kernel_agrees_with_the_reference(backend, name):
    for dtype in dtypes_of(PRIMITIVES[name]):
        for operands, attributes, spec, expected in each_case(name, dtype):
            result = run(backend, name, spec, operands, attributes)
            assert_agrees(result, expected, spec, operands)


@pytest.mark.parametrize("target", dtypes.ALL)
def test_cast_agrees_from_every_dtype(backend, target):
    for source in dtypes.ALL:
        operand = np.array([0, 1, 2, 3, 100]).astype(source)
        result = run(
            backend,
            "cast_to",
            spec_of(PRIMITIVES["cast_to"], [operand], {"dtype": target}),
            [operand],
            {"dtype": target},
        )
        np.testing.assert_array_equal(result, operand.astype(target))
        assert result.dtype.name == target


def test_cast_cuts_floats_towards_zero(backend):
    operand = np.array([-1.75, -0.5, 0.5, 1.75], "float32")
    spec = spec_of(PRIMITIVES["cast_to"], [operand], {"dtype": "int32"})
    result = run(backend, "cast_to", spec, [operand], {"dtype": "int32"})
    assert result.tolist() == [-1, 0, 0, 1]


# Ways for an operand to lie in memory other than side by side: what is to be written
# into the base, and the view of the base that shows the operand again.


def turned(x):
    return x.T, "transpose_to", {"axes": tuple(range(x.ndim))[::-1]}


def backwards(x):
    slices = (slice(None, None, -1),) * x.ndim
    return x[slices], "slice_to", {"slices": slices}


def thinned(x):
    slices = (slice(1, None, 2),) * x.ndim
    base = np.zeros([2 * n + 1 for n in x.shape], x.dtype)
    base[slices] = x
    return base, "slice_to", {"slices": slices}


def laid_out(backend, x, layout):
    base, view, how = layout(x)
    return backend.view(view, backend.from_host(base), how)


@EACH
def test_operands_may_lie_anyhow(backend, name):
    for operands, attributes, spec, expected in each_case(
        name, one_dtype(PRIMITIVES[name])
    ):
        for layout in (turned, backwards, thinned):
            inputs = [laid_out(backend, x, layout) for x in operands]
            out = rubbish(backend, spec.shape, spec.dtype)
            result = run_into(backend, name, out, inputs, attributes)
            assert_agrees(result, expected, spec, operands, layout.__name__)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_operands_may_be_repeated(backend, name):
    for operands, attributes, spec, expected in each_case(
        name, one_dtype(PRIMITIVES[name])
    ):
        inputs = [
            backend.view("broadcast", backend.from_host(x), {"shape": (2, *spec.shape)})
            for x in operands
        ]
        wide = Spec((2, *spec.shape), spec.dtype)
        out = rubbish(backend, wide.shape, wide.dtype)
        result = run_into(backend, name, out, inputs, attributes)
        assert_agrees(result, np.stack([expected, expected]), wide, operands)


def full_cases(name, dtype):
    """Yield the cases in which every operand has the result's shape."""
    for operands, attributes, spec, expected in each_case(name, dtype):
        if all(x.shape == spec.shape for x in operands):
            yield operands, attributes, spec, expected


def dtypes_in_place(name):
    """Return dtypes in which result and operand have elements of one size."""
    op = PRIMITIVES[name]
    for dtype in dtypes_of(op):
        for operands, _, spec, _ in each_case(name, dtype):
            if dtypes.size_of(spec.dtype) == operands[-1].dtype.itemsize:
                yield dtype
            break


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_result_may_lie_on_an_operand(backend, name):
    op = PRIMITIVES[name]
    for dtype in dtypes_in_place(name):
        for operands, attributes, spec, expected in full_cases(name, dtype):
            for i in set(range(len(operands))) - set(op.kept_operands):
                out, inputs = on_operand(backend, spec, operands, i)
                result = run_into(backend, name, out, inputs, attributes)
                assert_agrees(result, expected, spec, operands)


def on_operand(backend, spec, operands, i):
    """Return device arrays of which the result's lies on operand i's."""
    inputs = [backend.from_host(x) for x in operands]
    memory = rubbish(backend, (operands[i].nbytes,), "uint8")
    dtype = operands[i].dtype.name
    held = backend.carve(memory, 0, spec.shape, dtype)
    backend.copy(held, inputs[i])
    inputs[i] = held
    # one array object where the dtypes agree, as in a plan; else two on one memory
    if spec.dtype == dtype:
        return held, inputs
    return backend.carve(memory, 0, spec.shape, spec.dtype), inputs


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_result_may_lie_on_operands_that_are_one(backend, name):
    op = PRIMITIVES[name]
    dtype = one_dtype(op)
    for operands, attributes, spec, _ in full_cases(name, dtype):
        free = [i for i in range(len(operands)) if i not in op.kept_operands]
        if len(free) < 2 or spec.dtype != dtype:
            continue
        same = [operands[free[-1]] if i in free else x for i, x in enumerate(operands)]
        expected = meaning(REFERENCES[name], same, attributes)
        out, inputs = on_operand(backend, spec, same, free[-1])
        for i in free:
            inputs[i] = out
        result = run_into(backend, name, out, inputs, attributes)
        assert_agrees(result, expected, spec, same)


@EACH
def test_bound_call_follows_its_operands(backend, name):
    op = PRIMITIVES[name]
    dtype = one_dtype(op)
    for shapes, attributes in cases_of(op):
        first, second = (
            operands_of(op, shapes, attributes, dtype, seed) for seed in (1, 2)
        )
        spec = spec_of(op, first, attributes)
        inputs = [backend.from_host(x) for x in first]
        out = rubbish(backend, spec.shape, spec.dtype)
        keywords = arguments(backend, backend.kernels[name], out, inputs, attributes)
        call = backend.bind(name, out, inputs, keywords)
        for operands in (first, second):
            for target, x in zip(inputs, operands, strict=True):
                backend.upload(target, x)
            with backend.execution_scope(), np.errstate(all="ignore"):
                call()
            expected = meaning(REFERENCES[name], operands, attributes)
            assert_agrees(backend.to_host(out), expected, spec, operands)


@EACH
def test_kernel_leaves_its_operands_alone(backend, name):
    for operands, attributes, spec, _ in each_case(name, one_dtype(PRIMITIVES[name])):
        inputs = [backend.from_host(x) for x in operands]
        out = rubbish(backend, spec.shape, spec.dtype)
        run_into(backend, name, out, inputs, attributes)
        for x, array in zip(operands, inputs, strict=True):
            np.testing.assert_array_equal(backend.to_host(array), x)


@EACH
def test_scratch_is_declared_as_shapes_and_dtypes(backend, name):
    rule = getattr(backend.kernels[name], "scratch", None)
    if rule is None:
        return
    for operands, attributes, spec, _ in each_case(name, one_dtype(PRIMITIVES[name])):
        for shape, dtype in rule(spec, *operands, **attributes):
            assert all(isinstance(n, int) for n in shape)
            assert dtype in dtypes.ALL


# What floats hold besides numbers

SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5], "float32")


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in ELEMENTWISE
        if "float32" in dtypes_of(PRIMITIVES[name]) and name != "cast_to"
    ],
)
def test_nan_and_infinity_are_handed_on(backend, name):
    op = PRIMITIVES[name]
    arity = len(cases_of(op)[0][0])
    grid = np.meshgrid(*[SPECIAL] * min(arity, 2), indexing="ij")
    operands = [np.ascontiguousarray(x) for x in grid]
    if arity == 3:
        operands.insert(0, operands[0] > 0)
    spec = spec_of(op, operands, {})
    result = run(backend, name, spec, operands, {})
    expected = meaning(REFERENCES[name], operands, {})
    np.testing.assert_allclose(
        result.astype("float64"), expected.astype("float64"), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("source", dtypes.FLOATS)
@pytest.mark.parametrize("target", dtypes.FLOATS)
def test_cast_of_floats_hands_nan_and_infinity_on(backend, source, target):
    operand = SPECIAL.astype(source)
    spec = spec_of(PRIMITIVES["cast_to"], [operand], {"dtype": target})
    result = run(backend, "cast_to", spec, [operand], {"dtype": target})
    np.testing.assert_array_equal(result, operand.astype(target))


@pytest.mark.parametrize("name", ["reduce_max", "reduce_min", "reduce_sum"])
def test_reductions_hand_nan_on(backend, name):
    operand = np.array([[1, np.nan, 3], [1, 2, 3]], "float32")
    how = {"axis": (1,), "keepdims": False}
    spec = spec_of(PRIMITIVES[name], [operand], how)
    result = run(backend, name, spec, [operand], how)
    assert np.isnan(result).tolist() == [True, False]


@pytest.mark.parametrize("name", ["add", "multiply", "negative", "left_shift"])
def test_whole_numbers_wrap_around(backend, name):
    op = PRIMITIVES[name]
    for dtype in ("uint8", "uint32", "int32"):
        ends = np.iinfo(dtype)
        arity = len(cases_of(op)[0][0])
        operands = [np.array([ends.max, ends.max - 1, ends.min, 3], dtype)]
        operands += [np.array([3, 2, 5, 1], dtype)] * (arity - 1)
        spec = spec_of(op, operands, {})
        result = run(backend, name, spec, operands, {})
        with np.errstate(all="ignore"):
            expected = REFERENCES[name](*operands)
        np.testing.assert_array_equal(result, expected)
