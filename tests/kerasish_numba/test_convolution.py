"""Convolutions as native calls: in any number of streams, and as part of a program."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="needs the numba extra")

from kerasish.backend import load_backend
from kerasish.backend.kernels_convolution import convolution_kernels
from kerasish_numba.merging import joined
from kerasish_numba.products import PART
from kerasish_numba.program import NativeProgram
from kerasish_numba.streams import NativeStreams, StreamsCall
from kerasish_numba.team import TEAM
from tests.backend.cases_convolution import CASES
from tests.backend.harness import arguments, rubbish
from tests.backend.references import REFERENCES

NAMES = [name for name in CASES if name.startswith("conv_")]
# so few bytes that there are several blocks in each stream
SMALL_BLOCKS = convolution_kernels(np, PART, NativeStreams(), block_bytes=256)


def operands(name, shapes, dtype):
    rng = np.random.default_rng(len(name))
    return [rng.uniform(-2, 2, shape).astype(dtype) for shape in shapes]


def bound(kernels, name, shapes, attributes, dtype):
    """Return what is written, what it is to be, and the call that writes."""
    backend, inputs = load_backend("numba"), operands(name, shapes, dtype)
    expected = REFERENCES[name](*inputs, **attributes)
    out = rubbish(backend, expected.shape, dtype)
    keywords = arguments(backend, kernels[name], out, inputs, attributes)
    return out, expected, kernels[name].bind(out, inputs, keywords)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("parts", [1, 2, 3])
@pytest.mark.parametrize("name", NAMES)
def test_streams_and_blocks_make_up_the_whole(name, parts, dtype, monkeypatch):
    monkeypatch.setattr(TEAM, "number", lambda work, most: max(min(parts, most), 1))
    for kernels in (load_backend("numba").kernels, SMALL_BLOCKS):
        for shapes, attributes in CASES[name]:
            out, expected, call = bound(kernels, name, shapes, attributes, dtype)
            for one in joined([call, call]):  # run twice: nothing is left over
                one()
            np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_a_convolution_is_part_of_a_program(name, monkeypatch):
    monkeypatch.setattr(TEAM, "number", lambda work, most: min(2, most))
    for shapes, attributes in CASES[name]:
        kernels = load_backend("numba").kernels
        out, _, call = bound(kernels, name, shapes, attributes, "float32")
        if out.size and all(map(np.prod, shapes)):
            (program,) = joined([call, call])
            assert isinstance(program, NativeProgram)


def test_calls_that_are_not_native_are_left_to_the_workers():
    said = []
    streams = [[lambda i=i: said.append(i)] for i in range(3)]
    call = NativeStreams().together(streams)
    call()
    assert not isinstance(call, StreamsCall)
    assert sorted(said) == [0, 1, 2]


def test_half_precision_is_numpys(monkeypatch):
    monkeypatch.setattr(TEAM, "number", lambda work, most: min(2, most))
    shapes, attributes = CASES["conv_forward"][3]
    kernels = load_backend("numba").kernels
    out, expected, call = bound(kernels, "conv_forward", shapes, attributes, "float16")
    call()
    np.testing.assert_allclose(out, expected, rtol=1e-2, atol=1e-2)
