"""The reach of windows against counting, and calls prepared once."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kerasish.backend.windows import PreparedKernel, num_windows, packed, reach

SMALL = st.integers(1, 5)


@given(st.integers(0, 9), st.integers(0, 6), SMALL, st.integers(-12, 12))
def test_reach_is_where_the_element_lies_inside(length, count, stride, offset):
    windows, places = reach(length, count, stride, offset)
    inside = [o for o in range(count) if 0 <= o * stride + offset < length]
    assert [*range(count)[windows]] == inside
    assert [*range(length)[places]] == [o * stride + offset for o in inside]


@given(st.integers(0, 9), SMALL, SMALL, st.integers(1, 3), st.integers(0, 3))
def test_windows_are_as_many_as_fit(length, size, stride, dilation, after):
    last = (size - 1) * dilation
    starts = range(0, max(length + after - last, 0), stride)
    assert num_windows(length, size, stride, dilation, (0, after)) == len(starts)


def test_a_prepared_kernel_runs_its_calls_in_order():
    said = []

    def prepare(out, x, *, times):
        return [lambda i=i: said.append((x, i)) for i in range(times)]

    call = PreparedKernel(prepare).bind(None, ["x"], {"times": 3})
    assert said == []
    call()
    assert said == [("x", 0), ("x", 1), ("x", 2)]


def test_operands_are_copied_only_if_they_lie_apart():
    x, calls = np.arange(6.0).reshape(2, 3), []
    assert packed(np, x, calls) is x
    assert calls == []
    copy = packed(np, x.T, calls)
    (fill,) = calls
    x[0, 0] = 7
    fill()
    np.testing.assert_array_equal(copy, x.T)
    assert copy.flags.c_contiguous
