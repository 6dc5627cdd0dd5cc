"""`PyDataset`: batches made by the user's Python code, picked by number.

`fit` reads the attributes and methods below; how batches are fetched by several workers
is told in `kerasish/training/data_workers.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kerasish.errors import explain


class PyDataset:
    """A data set that computes its batches, to be subclassed.

    A subclass has `__getitem__(index)`, which returns a whole batch `(x, y)` or
    `(x, y, sample_weight)`, and `__len__`, the number of batches. It may have
    `on_epoch_begin` and `on_epoch_end`, to change itself between passes.

    Args:
        workers: How many threads (or processes) fetch batches ahead of the training
            step; 1 fetches each batch when it is needed.
        use_multiprocessing: Whether workers are processes instead of threads. They are
            spawned, and get a pickled copy of the data set at the start of each pass.
        max_queue_size: How many batches may wait to be used.

    Example:
        >>> class Squares(PyDataset):
        ...     def __len__(self):
        ...         return 2
        ...     def __getitem__(self, index):
        ...         return [[index]], [[index * index]]
        >>> list(Squares())
        [([[0]], [[0]]), ([[1]], [[1]])]
    """

    # On the class too: a subclass that forgets `super().__init__()` still works.
    workers: int = 1
    use_multiprocessing: bool = False
    max_queue_size: int = 10

    def __init__(
        self,
        workers: int = 1,
        use_multiprocessing: bool = False,
        max_queue_size: int = 10,
    ) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        """Return batch `index`, complete.

        Args:
            index: Number of the batch, from 0.
        """
        raise NotImplementedError(
            explain(
                f"{type(self).__name__} does not say what its batches are.",
                fix="give it `__getitem__(self, index)` that returns `(x, y)`",
            )
        )

    @property
    def num_batches(self) -> int | None:
        """Number of batches in one pass: `len(self)`; None in an endless data set."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(
            explain(
                f"{type(self).__name__} does not say how many batches it has.",
                fix="give it `__len__(self)`, or a property `num_batches` that returns "
                "None if it is endless",
            )
        )

    def __iter__(self) -> Iterator[Any]:
        """Yield the batches in order, without workers."""
        index = 0
        total = self.num_batches
        while total is None or index < total:
            yield self[index]
            index += 1

    def on_epoch_begin(self) -> None:
        """Do something before the first batch of a pass; nothing by default."""

    def on_epoch_end(self) -> None:
        """Do something after the last batch of a pass; nothing by default."""
