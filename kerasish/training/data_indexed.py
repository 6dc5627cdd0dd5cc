"""Data sets whose samples can be picked by number: arrays, frames, files on disk.

Nothing is copied up front. A batch is a slice or an array of row numbers, and its rows
are gathered, and converted, when the batch is written into its buffers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasish.errors import explain
from kerasish.graph.pieces import num_bytes
from kerasish.training.data_adapter import Adapter, Batch, check_count, given
from kerasish.training.data_sources import Selection, Source, gather_into
from kerasish.training.data_weights import assemble

DEFAULT_BATCH_SIZE = 32


class IndexedBatch(Batch):
    """Chosen rows of an `IndexedAdapter`.

    Args:
        adapter: Whose rows they are.
        order: Row numbers; None for the rows as they stand.
        start: Where in the order the batch begins.
        size: How many rows it has.
    """

    __slots__ = ("_adapter", "following", "order", "size", "start")

    def __init__(
        self,
        adapter: IndexedAdapter,
        order: NDArray[np.intp] | None,
        start: int,
        size: int,
    ) -> None:
        self._adapter = adapter
        self.order = order
        self.start = start
        self.size = size
        self.following: IndexedBatch | None = None

    @property
    def selection(self) -> Selection:
        """The rows: a slice, or their numbers."""
        rows = slice(self.start, self.start + self.size)
        return rows if self.order is None else self.order[rows]

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shape of each leaf, batch axis first."""
        specs = self._adapter.structure.specs
        return tuple((self.size, *spec.shape) for spec in specs)

    @property
    def num_converted(self) -> int:
        """Bytes of the leaves that are converted to another dtype."""
        leaves = zip(self._adapter.arrays, self._adapter.structure.specs, strict=True)
        changed = (spec for source, spec in leaves if source.dtype != spec.dtype)
        return sum(self.size * num_bytes(spec) for spec in changed)

    @property
    def key(self) -> int:
        """The number of samples: all else is fixed."""
        return self.size

    def write(self, buffers: Sequence[NDArray[Any]]) -> None:
        """Gather the rows of each leaf into its buffer."""
        selection = self.selection
        for source, buffer in zip(self._adapter.arrays, buffers, strict=True):
            gather_into(source, selection, buffer)

    def arrays(self) -> list[NDArray[Any]]:
        """Return the rows of each leaf as a new array."""
        specs = self._adapter.structure.specs
        buffers = [np.empty((self.size, *s.shape), s.dtype) for s in specs]
        self.write(buffers)
        return buffers


class IndexedAdapter(Adapter):
    """Batches of rows of arrays.

    Args:
        x: Array of any kind, or a structure of arrays; see `standardize`.
        y: The same for targets, or None.
        sample_weight: The same for weights, or None.
        batch_size: Samples a batch; the last batch of a pass may be smaller.
        shuffle: True draws a new order of the samples for each pass; "batch" one of
            whole batches (a smaller last one stays last), so that data on disk is read
            in runs; False keeps the order.
        steps: Batches an epoch, or None for one pass.
        class_weight: Class number -> weight, instead of `sample_weight`.

    Attributes:
        arrays: The sources, flat: leaves of x, of y, of the sample weights.
        on_device: What keeps them on a device (see `kerasish.training.resident`).
    """

    arrays: list[Source]

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        batch_size: int | None = None,
        shuffle: bool | str = False,
        steps: int | None = None,
        class_weight: dict[int, float] | None = None,
    ) -> None:
        super().__init__(steps)
        self.on_device: Any = None
        self.shuffle = _check_shuffle(shuffle)
        self.structure = assemble(x, y, sample_weight, class_weight)
        self.arrays = self.structure.leaves
        self.num_samples: int = self.structure.num_samples()
        self.batch_size: int = (
            check_count(batch_size, "batch_size") or DEFAULT_BATCH_SIZE
        )

    @property
    def pass_length(self) -> int:
        """Batches in one pass, a smaller last one included."""
        return -(-self.num_samples // self.batch_size)

    def epoch_indices(
        self, rng: np.random.Generator | None = None
    ) -> NDArray[np.intp] | None:
        """Return the order of the samples for one pass; None: as they stand.

        Args:
            rng: Source of the order; needed if the data is shuffled.
        """
        if not self.shuffle:
            return None
        if self.shuffle == "batch":
            return self._batchwise_order(given(rng))
        return given(rng).permutation(self.num_samples)

    def _batchwise_order(self, rng: np.random.Generator) -> NDArray[np.intp]:
        full = self.num_samples // self.batch_size
        numbers = np.arange(self.num_samples)
        blocks = numbers[: full * self.batch_size].reshape(full, self.batch_size)
        rest = numbers[full * self.batch_size :]
        return np.concatenate([rng.permutation(blocks).reshape(-1), rest])

    def start_pass(self, rng: np.random.Generator | None = None) -> Iterator[Batch]:
        """Yield the batches of one pass, in a newly drawn order if shuffled."""
        order = self.epoch_indices(rng)
        in_memory = all(isinstance(source, np.ndarray) for source in self.arrays)
        batch = self._batch_at(0, order)
        for start in range(self.batch_size, self.num_samples, self.batch_size):
            following = self._batch_at(start, order)
            batch.following = following if in_memory else None
            yield batch
            batch = following
        yield batch

    def _batch_at(self, start: int, order: NDArray[np.intp] | None) -> IndexedBatch:
        """Return the batch that begins with a sample of the order."""
        size = min(self.batch_size, self.num_samples - start)
        return IndexedBatch(self, order, start, size)

    def batch(self, selection: Selection) -> tuple[Any, Any, Any]:
        """Return chosen samples as `(x, y, sample_weight)`, nested as they came.

        Args:
            selection: A slice, or row numbers.
        """
        rows = np.arange(self.num_samples)[selection]
        return self.structure.pack(IndexedBatch(self, rows, 0, len(rows)).arrays())


def _check_shuffle(shuffle: Any) -> bool | str:
    if isinstance(shuffle, (bool, np.bool_, int)):
        return bool(shuffle)
    if shuffle == "batch":
        return "batch"
    raise ValueError(
        explain(
            "Cannot understand `shuffle`.",
            got=repr(shuffle),
            expected="True, False or 'batch'",
        )
    )
