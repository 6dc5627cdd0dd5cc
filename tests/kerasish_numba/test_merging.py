"""Merged loops against the same loops one after the other."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="needs the numba extra")

from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish.backend import load_backend
from kerasish.backend.contract import Step
from kerasish_numba import merging
from kerasish_numba.fused import LoopCall, Operation, loop_of
from kerasish_numba.program import NativeProgram, NativeSequence
from kerasish_numpy import chains

SIZE = merging._LEAST
ONE = {"plus": ("add", 2), "times": ("multiply", 2), "minus": ("negative", 1)}


def call(name, out, *inputs):
    body = [Operation(name, tuple(range(len(inputs))), "float32")]
    return LoopCall(loop_of(body, out, inputs))


def arrays(count, size=SIZE):
    rng = np.random.default_rng(count)
    return [rng.normal(size=size).astype("float32") for _ in range(count)]


def test_a_sweep_is_one_loop():
    gradient, momentum, velocity, weights = arrays(4)
    rate, step = np.float32([0.1])[0:1].reshape(()), np.zeros((), "float32")
    calls = [
        call("add", momentum, momentum, gradient),
        call("multiply", velocity, velocity, gradient),
        call("add", step, step, rate),  # a number on the way
        call("multiply", gradient, momentum, velocity),
        call("add", weights, weights, gradient),
    ]
    expected = momentum + gradient, velocity * gradient
    result = merging.merge_loops(calls)
    assert len(result) == 2
    for one in result:
        one()
    np.testing.assert_array_equal(momentum, expected[0])
    np.testing.assert_array_equal(velocity, expected[1])
    np.testing.assert_array_equal(gradient, expected[0] * expected[1])


def test_small_loops_and_loops_of_other_lengths_stay():
    x, y = arrays(2, 100)
    calls = [call("add", y, x, x), call("negative", x, y)]
    assert merging.merge_loops(calls) == calls
    x, y = arrays(2)
    z = np.empty(2 * SIZE, "float32")
    calls = [call("add", y, x, x), call("negative", z, z)]
    assert merging.merge_loops(calls) == calls


def test_loops_without_a_common_array_stay():
    x, y, z, w = arrays(4)
    calls = [call("negative", x, y), call("negative", z, w)]
    assert merging.merge_loops(calls) == calls


def test_an_array_read_elsewhere_than_it_was_written_keeps_loops_apart():
    whole, y = arrays(2, SIZE + 1)
    x, shifted = whole[:-1], whole[1:]
    calls = [call("negative", x, y[:-1]), call("add", y[:-1], shifted, y[:-1])]
    assert len(merging.merge_loops(calls)) == 2
    spread = np.broadcast_to(x[3:4], x.shape)
    calls = [call("negative", x, y[:-1]), call("add", y[:-1], spread, y[:-1])]
    assert len(merging.merge_loops(calls)) == 2


def test_what_stands_between_may_need_either():
    x, y, z = arrays(3)
    total, number = np.zeros((), "float32"), np.ones((), "float32")
    between = call("add", total, x[5:6].reshape(()), number)  # reads the first's result
    calls = [call("negative", x, y), between, call("add", z, x, total)]
    assert merging.merge_loops(calls) == calls


def test_joined_programs_hold_the_calls_of_sequences():
    x, y = arrays(2)
    sequence = NativeSequence([call("negative", x, y), call("add", y, x, y)])
    expected = -y + y
    (program,) = merging.joined([sequence, call("negative", x, y)])
    program()
    np.testing.assert_array_equal(y, expected)
    x, y = arrays(2)
    NativeSequence([call("negative", x, y), call("add", y, x, y)])()
    np.testing.assert_array_equal(y, expected)


def test_long_steps_are_left_to_merging():
    """Blocks, as NumPy's backend cuts them, would hide the loops from it."""
    x = np.ones(chains.LEAST, "float32")
    steps = [Step("negative", x, (x,), {}), Step("square", x, (x,), {})]
    assert load_backend("numpy").bind_chain(steps) is not None
    assert load_backend("numba").bind_chain(steps) is None


PLACES = st.integers(0, 7)


def place(memory, number):
    """Return one of several arrays that share memory, and numbers."""
    if number < 4:
        return memory[number * SIZE : (number + 1) * SIZE]
    if number < 6:  # half of one, half of the next
        start = (2 * number - 7) * SIZE // 2
        return memory[start : start + SIZE]
    return memory[number : number + 1].reshape(())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(ONE)), PLACES, PLACES, PLACES)))
def test_any_order_of_loops_computes_the_same(program):
    results = []
    for merge in (False, True):
        memory = arrays(1, 6 * SIZE)[0]
        calls = []
        for name, target, *sources in program:
            operation, count = ONE[name]
            out = place(memory, target)
            inputs = [place(memory, s) for s in sources[:count]]
            same = [x.ctypes.data == out.ctypes.data for x in inputs]
            apart = all(
                (is_same and x.shape == out.shape) or not np.shares_memory(x, out)
                for x, is_same in zip(inputs, same, strict=True)
            )
            if apart and (out.shape or not any(x.shape for x in inputs)):
                calls.append(call(operation, out, *inputs))
        if calls:
            NativeProgram(merging.merge_loops(calls) if merge else calls)()
        results.append(memory)
    np.testing.assert_array_equal(*results)
