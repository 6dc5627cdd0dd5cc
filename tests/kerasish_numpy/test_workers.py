"""Streams on threads: where they run, and what happens to errors and after a fork."""

import functools
import os
import threading

import numpy as np
import pytest

from kerasish_numpy import denormals
from kerasish_numpy.workers import LARGE, Workers


def test_streams_run_at_the_same_time():
    meeting = threading.Barrier(3, timeout=30)
    Workers(3).together([[meeting.wait]] * 3)()


def test_every_stream_runs_once():
    done = []
    streams = [[functools.partial(done.append, i)] for i in range(5)]
    call = Workers(3).together(streams)
    for _ in range(100):
        done.clear()
        call()
        assert sorted(done) == [0, 1, 2, 3, 4]


def test_nobody_waits_for_a_thread_that_has_not_begun():
    held = threading.Event()
    workers = Workers(2)
    other = threading.Thread(target=workers.together([[held.wait], [held.wait]]))
    other.start()  # both of its streams wait, on its thread and the one other
    done = []
    workers.together([[lambda: done.append(1)], [lambda: done.append(2)]])()
    assert sorted(done) == [1, 2]
    held.set()
    other.join()


def test_one_stream_needs_no_thread():
    found = []
    Workers(4).together([[lambda: found.append(threading.current_thread())]])()
    assert found == [threading.current_thread()]


@pytest.mark.parametrize("wrong", [0, 1])
def test_an_error_comes_out_when_all_streams_are_done(wrong):
    done = []

    def fail():
        raise ValueError("no")

    streams = [[fail if i == wrong else lambda i=i: done.append(i)] for i in range(2)]
    with pytest.raises(ValueError, match="no"):
        Workers(2).together(streams)()
    assert done == [1 - wrong]


def test_small_work_stays_in_one_stream():
    workers = Workers(4)
    assert workers.number(LARGE - 1, 8) == 1
    assert workers.number(LARGE, 8) == 4
    assert workers.number(LARGE, 3) == 3


def test_infinities_arise_without_a_warning():
    results = []
    stream = [lambda: results.append(np.float32(1) / np.zeros(1, "float32"))]
    with np.errstate(all="ignore"):
        Workers(2).together([stream, stream])()
    assert np.isinf(results).all()


@pytest.mark.skipif(not denormals.AVAILABLE, reason="needs x86-64 Linux")
def test_subnormal_numbers_count_as_zero_on_every_thread():
    tiny = np.full(4, 1e-40, "float32")
    results = [np.empty_like(tiny) for _ in range(2)]
    streams = [[lambda r=r: np.multiply(tiny, 1, out=r)] for r in results]
    with denormals.FlushToZero():
        Workers(2).together(streams)()
    assert not np.any(results)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own():
    workers, said = Workers(2), []
    call = workers.together([[lambda: said.append(1)], [lambda: said.append(2)]])
    call()
    child = os.fork()
    if child == 0:
        call()
        os._exit(0 if sorted(said) == [1, 1, 2, 2] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
