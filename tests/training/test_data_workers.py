import importlib
import itertools
import sys
import threading

import pytest

from kerasish.training.data_workers import fetch_in_order
from kerasish.utils.pydataset import PyDataset

SQUARES = """
import os
from kerasish.utils.pydataset import PyDataset

class Squares(PyDataset):
    offset = 0

    def __len__(self):
        return 5

    def __getitem__(self, index):
        return index * index + self.offset, os.getpid()
"""


class Squares(PyDataset):
    def __init__(self, **options):
        super().__init__(**options)
        self.threads = set()
        self.asked = []

    def __getitem__(self, index):
        self.threads.add(threading.current_thread())
        self.asked.append(index)
        return index * index


def test_one_worker_is_the_thread_itself():
    dataset = Squares()
    batches = fetch_in_order(dataset, [2, 0, 3])
    assert next(batches) == 4
    assert dataset.asked == [2]  # nothing is fetched before it is needed
    assert list(batches) == [0, 9]
    assert dataset.threads == {threading.current_thread()}


@pytest.mark.parametrize("max_queue_size", [0, 1, 10])
def test_threads_keep_the_order(max_queue_size):
    dataset = Squares(workers=3, max_queue_size=max_queue_size)
    order = [5, 1, 4, 2, 3, 0, 7]
    assert list(fetch_in_order(dataset, order)) == [i * i for i in order]
    assert threading.current_thread() not in dataset.threads


def test_threads_run_side_by_side():
    class Meeting(PyDataset):
        barrier = threading.Barrier(2)

        def __getitem__(self, index):
            self.barrier.wait(timeout=20)  # nobody passes alone
            return index

    assert list(fetch_in_order(Meeting(workers=2), range(4))) == [0, 1, 2, 3]


def test_only_so_many_batches_are_fetched_ahead():
    dataset = Squares(workers=2, max_queue_size=3)
    batches = fetch_in_order(dataset, itertools.count())
    assert [next(batches) for _ in range(5)] == [0, 1, 4, 9, 16]
    batches.close()
    assert max(dataset.asked) <= 5 + 3
    assert not [t for t in dataset.threads if t.is_alive()]


def test_errors_come_through():
    class Broken(PyDataset):
        def __getitem__(self, index):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        list(fetch_in_order(Broken(workers=2), range(3)))


def test_processes(tmp_path, monkeypatch):
    (tmp_path / "squares_for_workers.py").write_text(SQUARES)
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("squares_for_workers")
    try:
        dataset = module.Squares(workers=2, use_multiprocessing=True)
        values, processes = zip(*fetch_in_order(dataset, range(5)), strict=True)
        assert values == (0, 1, 4, 9, 16)
        assert module.os.getpid() not in processes
        dataset.offset = 100  # seen, because each pass sends the data set anew
        assert next(fetch_in_order(dataset, range(1)))[0] == 100
    finally:
        del sys.modules["squares_for_workers"]
