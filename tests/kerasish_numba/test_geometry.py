"""Loops over arrays: as few as their layouts allow."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="needs the numba extra")

from kerasish_numba.geometry import HELD, NEXT, SPREAD, kinds_of, loops_over

A = np.arange(24.0).reshape(2, 3, 4)


def test_equal_layouts_are_one_loop():
    assert loops_over(A.shape, [A, A]).sizes == (24,)


def test_a_row_added_to_a_matrix_is_two():
    loops = loops_over((6, 4), [A.reshape(6, 4), np.zeros(4)])
    assert loops.sizes == (6, 4)
    assert loops.steps == ((4, 1), (0, 1))
    assert kinds_of(loops.steps) == [NEXT, NEXT]


def test_a_number_goes_with_any_layout():
    loops = loops_over(A.shape, [A, np.zeros(())])
    assert loops.sizes == (24,)
    assert kinds_of(loops.steps) == [NEXT, HELD]


def test_axes_that_run_otherwise_stay_apart():
    loops = loops_over((4, 3, 2), [A.T, np.zeros((4, 3, 2))])
    assert loops.sizes == (4, 3, 2)
    assert kinds_of(loops.steps) == [SPREAD, NEXT]
    assert loops_over((2, 3, 2), [A[:, :, ::2]]).sizes == (12,)


def test_axes_of_length_one_do_not_count():
    assert loops_over((1, 3, 1, 4), [A[:1, :, None]]).sizes == (12,)
    assert loops_over((), [np.zeros(())]).sizes == (1,)
    assert loops_over((1, 1), [np.zeros((1, 1))]).sizes == (1,)


def test_steps_may_go_back():
    loops = loops_over((2, 12), [A.reshape(2, 12)[::-1], A.reshape(2, 12)])
    assert loops.steps == ((-12, 1), (12, 1))
    loops = loops_over((24,), [A.reshape(24)[::-1]])
    assert kinds_of(loops.steps) == [SPREAD]
