"""Fetching the batches of a `PyDataset` ahead of time, in order.

Threads share the data set. Processes are spawned, never forked (a fork of a process
that runs threads, as BLAS does, may hang), and receive a pickled copy at the start of a
pass, so that they see what `on_epoch_end` changed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from typing import Any

from kerasish.utils.pydataset import PyDataset

_in_worker: list[PyDataset] = []  # the copy a worker process was given


def fetch_in_order(dataset: PyDataset, indices: Iterable[int]) -> Iterator[Any]:
    """Yield the batches of these numbers, in this order.

    Args:
        dataset: Says how many workers there are, and how many batches may wait.
        indices: Numbers of batches; may be endless.
    """
    if dataset.workers <= 1 and not dataset.use_multiprocessing:
        yield from map(dataset.__getitem__, indices)
        return
    pool, fetch = _start(dataset)
    try:
        yield from _fetch_ahead(pool, fetch, indices, max(1, dataset.max_queue_size))
    finally:
        # also when the training loop stops early: what waits is not computed any more
        pool.shutdown(cancel_futures=True)


def _fetch_ahead(
    pool: futures.Executor,
    fetch: Callable[[int], Any],
    indices: Iterable[int],
    ahead: int,
) -> Iterator[Any]:
    waiting: deque[futures.Future[Any]] = deque()
    for index in indices:
        waiting.append(pool.submit(fetch, index))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _start(dataset: PyDataset) -> tuple[futures.Executor, Callable[[int], Any]]:
    workers = max(1, dataset.workers)
    if not dataset.use_multiprocessing:
        return futures.ThreadPoolExecutor(workers), dataset.__getitem__
    import multiprocessing

    pool = futures.ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_receive,
        initargs=(dataset,),
    )
    return pool, _fetch_in_worker


def _receive(dataset: PyDataset) -> None:
    _in_worker[:] = [dataset]


def _fetch_in_worker(index: int) -> Any:
    return _in_worker[0][index]
