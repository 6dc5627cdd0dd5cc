"""Kernels a backend holds for composed operations, against the compositions.

Sizes reach beyond what such a kernel may treat apart: large arrays, odd lengths, and
for elementwise operations results that lie on an operand.
"""

import numpy as np
import pytest

from kerasish import ops
from kerasish.graph.registry import operations
from tests.backend.harness import ROUNDINGS, arguments, rubbish, run_into
from tests.ops.samples import samples_of

COMPOSED = {n: op for n, op in operations().items() if not op.is_primitive}


def held(backend):
    """Return the composed operations a backend has kernels for."""
    return [COMPOSED[name] for name in sorted(set(COMPOSED) & set(backend.kernels))]


def forms(op, dtype, size):
    """Yield operands of a composed operation, the arrays among them made large."""
    for sample in samples_of(op):
        operands = []
        for x in sample.operands:
            grown = np.resize(x, (size, *x.shape[1:])) if x.ndim and size else x
            operands.append(grown.astype(dtype) if x.dtype.kind == "f" else grown)
        yield operands, sample.attributes


def composition(backend, op, operands, attributes):
    inputs = [backend.from_host(x) for x in operands]
    grouped = [inputs] if op.takes_several else inputs
    return ops.convert_to_numpy(op.function(*grouped, **attributes))


def tolerance(dtype):
    return 16 * float(np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [None, 1, 37, 3001])
def test_kernel_agrees_with_the_composition(backend, dtype, size):
    for op in held(backend):
        if op.name == "hashed_words" and size:
            continue  # its key has two words
        for operands, attributes in forms(op, dtype, size):
            expected = composition(backend, op, operands, attributes)
            inputs = [backend.from_host(x) for x in operands]
            out = rubbish(backend, expected.shape, expected.dtype.name)
            result = run_into(backend, op.name, out, inputs, attributes)
            assert_close(result, expected, op.name)


def assert_close(result, expected, name):
    unit = 0.0
    if expected.dtype.kind == "f":
        unit = ROUNDINGS * float(np.finfo(expected.dtype).eps)
    np.testing.assert_allclose(result, expected, rtol=unit, atol=unit, err_msg=name)


@pytest.mark.parametrize("size", [None, 3001])
def test_bound_elementwise_kernel_runs_in_place(backend, size):
    for op in held(backend):
        for operands, attributes in forms(op, "float32", size):
            expected = composition(backend, op, operands, attributes)
            for i in places(op, operands, expected):
                inputs = [backend.from_host(x) for x in operands]
                call = bound(backend, op, inputs[i], inputs, attributes)
                with backend.execution_scope():
                    call()
                assert_close(backend.to_host(inputs[i]), expected, op.name)


def places(op, operands, expected):
    """Return the operands an elementwise operation's result may lie on."""
    if not op.is_elementwise:
        return []
    whole = [i for i, x in enumerate(operands) if x.shape == expected.shape]
    return [i for i in whole if i not in op.kept_operands]


def bound(backend, op, out, inputs, attributes):
    keywords = arguments(backend, backend.kernels[op.name], out, inputs, attributes)
    return backend.bind(op.name, out, inputs, keywords)


def test_bound_call_follows_its_operands(backend):
    for op in held(backend):
        for operands, attributes in forms(op, "float32", None):
            expected = composition(backend, op, operands, attributes)
            inputs = [backend.from_host(np.zeros_like(x)) for x in operands]
            out = rubbish(backend, expected.shape, expected.dtype.name)
            call = bound(backend, op, out, inputs, attributes)
            for target, x in zip(inputs, operands, strict=True):
                backend.upload(target, x)
            with backend.execution_scope():
                call()
            assert_close(backend.to_host(out), expected, op.name)


@pytest.mark.parametrize("shape", [(), (1,), (7,), (2, 3), (0,), (100_003,)])
@pytest.mark.parametrize("words", [(0, 0), (1, 2), (2**32 - 1, 2**32 - 1)])
def test_random_words_are_the_same_on_every_backend(backend, shape, words):
    result = ops.convert_to_numpy(ops.random_bits(np.array(words, "uint32"), shape))
    np.testing.assert_array_equal(result, hashed(words, shape), strict=True)


def hashed(words, shape):
    """Return the words by the definition in `kerasish.ops.random_bits`, in integers."""
    seed, counter = words
    first = mix(seed ^ mix(counter + 0x9E3779B9))
    second = mix(first + counter * 0x7FEB352D)
    count = int(np.prod(shape, dtype=int))
    places = np.arange(count, dtype=np.uint64)
    inner = mix(places * np.uint64(0x9E3779B9) + np.uint64(first))
    return mix(inner ^ np.uint64(second)).astype("uint32").reshape(shape)


def mix(x):
    """Return the 32-bit mix of a Python integer, or of uint64s."""
    if isinstance(x, int):
        return int(mix(np.array([x % 2**32], np.uint64))[0])
    low = np.uint64(2**32 - 1)
    x = x & low
    x = ((x ^ (x >> np.uint64(16))) * np.uint64(0x7FEB352D)) & low
    x = ((x ^ (x >> np.uint64(15))) * np.uint64(0x846CA68B)) & low
    return x ^ (x >> np.uint64(16))
