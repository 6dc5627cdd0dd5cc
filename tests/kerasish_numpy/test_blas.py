"""How many BLAS threads a plan and a product get."""

from __future__ import annotations

import threading

import pytest
import threadpoolctl

from kerasish_numpy import blas

pytestmark = pytest.mark.skipif(
    not [p for p in threadpoolctl.threadpool_info() if p["user_api"] == "blas"],
    reason="NumPy's BLAS has no thread pool that can be set",
)


def threads():
    return [
        p["num_threads"]
        for p in threadpoolctl.threadpool_info()
        if p["user_api"] == "blas"
    ]


@pytest.fixture
def limit():
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        yield blas.ThreadLimit()


def test_a_scope_takes_one_thread_and_gives_them_back(limit):
    with limit:
        assert set(threads()) == {1}
        with limit:
            assert set(threads()) == {1}
        assert set(threads()) == {1}
    assert set(threads()) == {2}


def test_an_error_gives_the_threads_back(limit):
    with pytest.raises(ZeroDivisionError), limit:
        1 / 0  # noqa: B018
    assert set(threads()) == {2}


class FakePool:
    """Stands in for OpenBLAS, which heeds settings of some threads only."""

    def __init__(self):
        self.threads = 4

    def set_num_threads(self, count):
        self.threads = count


def test_scopes_of_several_threads_agree():
    limit, pool = blas.ThreadLimit(), FakePool()
    limit._pools = [(pool.set_num_threads, 4)]
    inside, leave = threading.Barrier(3, timeout=20), threading.Event()

    def work():
        with limit:
            inside.wait()
            leave.wait(20)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    inside.wait()
    during = pool.threads
    with limit:
        pass
    after_one = pool.threads
    leave.set()
    for worker in workers:
        worker.join()
    assert (during, after_one, pool.threads) == (1, 1, 4)
