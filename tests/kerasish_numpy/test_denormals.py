"""Flush-to-zero: on inside the scope, in this thread, and nowhere else."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from kerasish_numpy import denormals
from kerasish_numpy.backend import make

TINY = np.full(4, 1e-38, "float32")  # a normal number; a hundredth of it is none


def hundredth():
    return TINY * np.float32(0.01)


@pytest.mark.skipif(not denormals.AVAILABLE, reason="no such hardware mode known here")
def test_results_are_flushed_inside_the_scope_only():
    assert (hundredth() > 0).all()
    with denormals.FlushToZero():
        assert (hundredth() == 0).all()
    assert (hundredth() > 0).all()


@pytest.mark.skipif(not denormals.AVAILABLE, reason="no such hardware mode known here")
def test_the_mode_is_put_back_after_an_error():
    with pytest.raises(KeyError), denormals.FlushToZero():
        raise KeyError
    assert (hundredth() > 0).all()


@pytest.mark.skipif(not denormals.AVAILABLE, reason="no such hardware mode known here")
def test_other_threads_are_left_alone():
    found = []
    with denormals.FlushToZero():
        worker = threading.Thread(target=lambda: found.append(denormal_in_new_scope()))
        worker.start()
        worker.join()
    assert found == [True]


def denormal_in_new_scope():
    # a thread inherits its parent's mode on Linux; leaving a scope of its own must
    # put back that, and not touch the parent's
    with denormals.FlushToZero():
        flushed = bool((hundredth() == 0).all())
    return flushed


def test_where_there_is_no_mode_the_scope_does_nothing(monkeypatch):
    monkeypatch.setattr(denormals, "_libm", None)
    with denormals.FlushToZero():
        assert (hundredth() > 0).all()


def test_the_portable_way_clears_subnormal_elements_only():
    array = np.array([1.0, 1e-39, -1e-40, -2e-38, 0.0], "float32")
    make().flush_denormals(array)
    np.testing.assert_array_equal(array, np.array([1.0, 0, 0, -2e-38, 0.0], "float32"))
