"""Native calls: programs of them, and the team that computes their parts."""

import os
import threading

import numpy as np
import pytest

pytest.importorskip("numba", reason="needs the numba extra")

from kerasish_numba.array_calls import array_call
from kerasish_numba.hashing import HashedWords
from kerasish_numba.loops import Concat, CopyKernel, LoopKernel, loop_kernels
from kerasish_numba.merging import joined
from kerasish_numba.program import NativeCall, NativeProgram, NativeSequence
from kerasish_numba.reductions import sum_rows
from kerasish_numba.team import TEAM, Team
from kerasish_numpy.backend import NumpyBackend

KERNELS = loop_kernels(NumpyBackend.kernels)


def bound(name, out, *inputs, **attributes):
    return KERNELS[name].bind(out, inputs, attributes)


def summing(x, parts=1):
    """Return the call that sums rows, and where."""
    out = np.zeros(len(x), x.dtype)
    pieces = np.array_split(np.arange(len(x)), parts)
    arrays = [(x[p[0] : p[-1] + 1], out[p[0] : p[-1] + 1]) for p in pieces]
    return array_call(sum_rows, arrays), out


def test_native_calls_that_follow_each_other_are_one():
    x = np.arange(6, dtype="float32")
    y, z = np.empty_like(x), np.empty_like(x)
    seen = []
    calls = [
        bound("square", y, x),
        bound("add", z, y, x),
        lambda: seen.append(z.sum()),
        bound("negative", y, z),
    ]
    result = joined(calls)
    assert isinstance(result[0], NativeProgram)
    assert result[1] is calls[2]
    assert isinstance(result[2], NativeCall)
    for call in result:
        call()
    np.testing.assert_array_equal(y, -(x * x + x))
    assert seen == [70]


def test_joining_nothing():
    assert joined([]) == []


@pytest.mark.parametrize("parts", [1, 2, 7])
def test_parts_are_computed_once_each(parts):
    x = np.random.default_rng(0).normal(size=(50, 30)).astype("float32")
    call, out = summing(x, parts)
    for _ in range(200):
        out[:] = 0
        call()
        np.testing.assert_allclose(out, x.sum(1), rtol=1e-4, atol=1e-5)


def test_several_threads_share_one_team():
    def work(seed):
        x = np.random.default_rng(seed).normal(size=(40, 64)).astype("float32")
        call, out = summing(x, 4)
        for _ in range(300):
            out[:] = 0
            call()
            if not np.allclose(out, x.sum(1), rtol=1e-4, atol=1e-5):
                wrong.append(seed)

    wrong = []
    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_helpers_fall_asleep_and_are_woken():
    team = Team(3)
    asleep = [team._asleep(index) for index in range(2)]
    team.ready()
    for _ in range(2):
        for _ in range(500):
            if team._memory[asleep].all():
                break
            threading.Event().wait(0.01)
        assert team._memory[asleep].all()
        team.ready()


def test_a_program_runs_without_helpers():
    x = np.ones((6, 4), "float32")
    call, out = summing(x, 3)
    from kerasish_numba.native import run

    run(call.row.ctypes.data, 1, 0)
    np.testing.assert_array_equal(out, 4)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_child_has_helpers_of_its_own():
    x = np.ones((6, 4), "float32")
    call, out = summing(x, 3)
    call()
    child = os.fork()
    if child == 0:
        out[:] = 0
        call()
        os._exit(0 if (out == 4).all() and TEAM._gates else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_work_too_small_is_not_cut():
    assert TEAM.number(1000, 8) == 1
    assert Team(4).number(1 << 30, 8) == 4
    assert Team(4).number(1 << 30, 2) == 2
    assert Team(1).number(1 << 30, 2) == 1


@pytest.mark.parametrize("name", ["copy", "cast_to", "reshape_to"])
def test_small_copies_are_native(name):
    x = np.arange(12, dtype="int32").reshape(3, 4).T
    out = np.empty((2, 6) if name == "reshape_to" else (4, 3), "float32")
    attributes = {"cast_to": {"dtype": "float32"}, "reshape_to": {"newshape": (2, 6)}}
    call = bound(name, out, x, **attributes.get(name, {}))
    assert isinstance(call, NativeCall)
    call()
    np.testing.assert_array_equal(out, x.reshape(out.shape))


def test_large_copies_and_other_dtypes_stay_numpys():
    big, half = np.zeros(1 << 16, "float32"), np.ones(4, "float16")
    out = np.empty_like(half)
    for call in (
        bound("copy", np.empty_like(big), big),
        bound("copy", out, half),
        bound("add", out, half, half),
    ):
        assert not isinstance(call, NativeCall)
        call()
    np.testing.assert_array_equal(out, 2)


def test_called_at_once_an_operation_is_numpys(monkeypatch):
    monkeypatch.setattr(LoopKernel, "bind", None)
    monkeypatch.setattr(CopyKernel, "bind", None)
    out = np.empty(3, "float32")
    KERNELS["negative"](out, np.ones(3, "float32"))
    np.testing.assert_array_equal(out, -1)


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("shape", [(), (7,), (40, 9)])
def test_random_words_are_numpys(shape, parts, monkeypatch):
    monkeypatch.setattr(TEAM, "number", lambda work, most: min(parts, most))
    key = np.array([0xFFFFFFFF, 123456789], "uint32")
    found, expected = np.empty(shape, "uint32"), np.empty(shape, "uint32")
    scratch = (np.empty(found.size, "uint32"),)
    HashedWords()(found, key, shape=shape)
    NumpyBackend.kernels["hashed_words"](expected, key, shape=shape, scratch=scratch)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("dtype", ["float32", "bool", "float16"])
def test_arrays_side_by_side(axis, dtype, rng):
    xs = [rng.integers(0, 2, (3, 3)).astype(dtype) for _ in range(3)]
    xs[1] = xs[1].T
    out = np.empty_like(np.concatenate(xs, axis))
    call = Concat(NumpyBackend.kernels["concat"]).bind(out, xs, {"axis": axis})
    call()
    np.testing.assert_array_equal(out, np.concatenate(xs, axis))
    assert isinstance(call, NativeSequence) == (dtype != "float16")
