"""`SampleDataset`: samples or batches that can be run through again and again.

What the `*_dataset_from_*` functions return in place of a `tf.data.Dataset`: an
iterable of NumPy arrays, with a length, that `fit`, `evaluate` and `predict` take, and
with the methods of `tf.data` that scripts use. Each pass through a shuffled one has an
order of its own.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasish.errors import explain, unknown_name
from kerasish.graph import tree
from kerasish.random.seed import draw_seed, host_generator

Rows = NDArray[np.intp]
_FORMATS = ("tf", "grain")
_END = object()


class SampleDataset:
    """Samples, or batches of samples, that can be run through any number of times.

    Args:
        start: Returns a new iterator over the items.
        length: How many items one pass has.
        batch_size: Samples an item, if items are batches; None if they are samples.

    Attributes:
        batch_size: As given.
        class_names: Names of the classes, where the data has some.
        file_paths: The samples' files, where there are some, in their first order.

    Example:
        >>> numbers = SampleDataset(lambda: iter([1, 2, 3]), 3)
        >>> list(numbers.map(lambda x: x * 10).batch(2))
        [array([10, 20]), array([30])]
        >>> list(numbers.take(1))
        [1]
    """

    def __init__(
        self,
        start: Callable[[], Iterator[Any]],
        length: int,
        batch_size: int | None = None,
    ) -> None:
        self._start = start
        self._length = length
        self.batch_size = batch_size
        self.class_names: list[str] | None = None
        self.file_paths: list[str] | None = None

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Any]:
        return self._start()

    def map(
        self, function: Callable[..., Any], num_parallel_calls: Any = None
    ) -> SampleDataset:
        """Return a data set of a function's results.

        Args:
            function: Takes an item; of items that are tuples, the parts as arguments.
            num_parallel_calls: Accepted as in `tf.data`; see `prefetch`.
        """

        def start() -> Iterator[Any]:
            for item in self:
                yield function(*item) if isinstance(item, tuple) else function(item)

        return SampleDataset(start, len(self), self.batch_size)

    def batch(self, batch_size: int) -> SampleDataset:
        """Return a data set of batches: samples stacked along a new first axis.

        Args:
            batch_size: Samples a batch; the last batch may be smaller.

        Raises:
            ValueError: The items are batches already.
        """
        if self.batch_size is not None:
            raise ValueError(
                explain(
                    "This data set is in batches already.",
                    got=f"batches of {self.batch_size}",
                    expected="a data set of single samples",
                    fix="pass another `batch_size`, or None, when making the data set",
                )
            )
        batch_size = check_batch_size(batch_size)

        def start() -> Iterator[Any]:
            samples = iter(self)
            while part := list(itertools.islice(samples, batch_size)):
                yield stack(part)

        return SampleDataset(start, -(-len(self) // batch_size), batch_size)

    def take(self, count: int) -> SampleDataset:
        """Return a data set of the first items; of all of them for -1.

        Args:
            count: How many.
        """
        number = len(self) if count < 0 else min(count, len(self))
        return SampleDataset(
            lambda: itertools.islice(self, number), number, self.batch_size
        )

    def skip(self, count: int) -> SampleDataset:
        """Return a data set without the first items; of none for -1.

        Args:
            count: How many to leave out.
        """
        number = len(self) if count < 0 else min(count, len(self))
        return SampleDataset(
            lambda: itertools.islice(self, number, None),
            len(self) - number,
            self.batch_size,
        )

    def repeat(self, count: int) -> SampleDataset:
        """Return a data set of several passes through this one.

        Args:
            count: How many; not negative.
        """
        passes = max(int(count), 0)
        return SampleDataset(
            lambda: itertools.chain.from_iterable(itertools.repeat(self, passes)),
            len(self) * passes,
            self.batch_size,
        )

    def unbatch(self) -> SampleDataset:
        """Return a data set of the single samples of batches.

        Its length is that of full batches: the last one may be smaller.

        Raises:
            ValueError: The items are samples already.
        """
        if self.batch_size is None:
            raise ValueError(explain("This data set is not in batches."))

        def start() -> Iterator[Any]:
            for batch in self:
                leaves = tree.flatten(batch)
                for row in range(len(leaves[0])):
                    yield tree.pack(batch, [leaf[row] for leaf in leaves])

        return SampleDataset(start, len(self) * self.batch_size)

    def shuffle(
        self,
        buffer_size: int,
        seed: int | None = None,
        reshuffle_each_iteration: bool = True,
    ) -> SampleDataset:
        """Return a data set whose items are drawn from a buffer of the next ones.

        Args:
            buffer_size: Items in the buffer; all that there are mix perfectly.
            seed: Of the order; None for one of the process-wide stream.
            reshuffle_each_iteration: Whether each pass has an order of its own.
        """
        first_seed = draw_seed() if seed is None else seed
        generator = host_generator(first_seed)

        def start() -> Iterator[Any]:
            kept = generator if reshuffle_each_iteration else host_generator(first_seed)
            items = iter(self)
            buffer = list(itertools.islice(items, max(int(buffer_size), 1)))
            for item in items:
                place = int(kept.integers(len(buffer)))
                yield buffer[place]
                buffer[place] = item
            for place in kept.permutation(len(buffer)):
                yield buffer[place]

        return SampleDataset(start, len(self), self.batch_size)

    def cache(self) -> SampleDataset:
        """Return a data set that keeps the items of the first whole pass in memory."""
        kept: list[Any] = []

        def start() -> Iterator[Any]:
            if kept:
                yield from kept
                return
            items = []
            for item in self:
                items.append(item)
                yield item
            kept[:] = items

        return SampleDataset(start, len(self), self.batch_size)

    def prefetch(self, buffer_size: int) -> SampleDataset:
        """Return a data set whose next items are made by a thread meanwhile.

        Args:
            buffer_size: Items to make ahead; -1 for two.
        """
        ahead = 2 if buffer_size < 0 else max(int(buffer_size), 1)

        def start() -> Iterator[Any]:
            items = iter(self)
            with futures.ThreadPoolExecutor(1) as pool:
                promised = deque(pool.submit(next, items, _END) for _ in range(ahead))
                while (item := promised.popleft().result()) is not _END:
                    promised.append(pool.submit(next, items, _END))
                    yield item

        return SampleDataset(start, len(self), self.batch_size)

    def __repr__(self) -> str:
        items = "samples" if self.batch_size is None else "batches"
        return f"<SampleDataset of {len(self)} {items}>"


def stack(samples: Sequence[Any]) -> Any:
    """Return samples of one form as one batch, stacked along a new first axis."""
    return tree.map_structure(lambda *leaves: np.stack(leaves), *samples)


def check_batch_size(batch_size: int) -> int:
    """Return a batch size.

    Raises:
        ValueError: It is not a positive number.
    """
    if batch_size < 1:
        raise ValueError(
            explain(
                "Batch size must be greater than zero.",
                got=f"batch_size={batch_size}",
                fix="pass None to get single samples",
            )
        )
    return int(batch_size)


def check_format(format: str) -> None:
    """Raise a ValueError unless `format` is one of Keras's: "tf" or "grain".

    It changes nothing here: neither TensorFlow nor Grain is needed.
    """
    if format not in _FORMATS:
        raise ValueError(unknown_name("`format`", format, _FORMATS))


def from_rows(
    read: Callable[[Rows], Any],
    num_samples: int,
    batch_size: int | None,
    shuffle: bool,
    seed: int | None,
) -> SampleDataset:
    """Return the data set of samples that are read by number.

    Args:
        read: Takes the numbers of samples and returns these as one batch.
        num_samples: How many there are.
        batch_size: Samples a batch; None for single samples.
        shuffle: Whether to draw a new order for each pass.
        seed: Of the orders; None for one of the process-wide stream.
    """
    size = 1 if batch_size is None else check_batch_size(batch_size)
    generator = host_generator(draw_seed() if seed is None else seed)

    def start() -> Iterator[Any]:
        order: Rows = np.arange(num_samples, dtype=np.intp)
        if shuffle:
            order = generator.permutation(order)
        for begin in range(0, num_samples, size):
            batch = read(order[begin : begin + size])
            yield batch if batch_size is not None else _first_sample(batch)

    return SampleDataset(start, -(-num_samples // size), batch_size)


def _first_sample(batch: Any) -> Any:
    return tree.map_structure(lambda leaf: leaf[0], batch)
