"""Data sets that bring their own batches: generators, data loaders, `PyDataset`.

The first batch is looked at when the adapter is made, because it tells shapes and
dtypes; it is not lost. Later batches may differ in size, not in form.
"""

from __future__ import annotations

import itertools
import types
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasish.errors import ShapeError, explain
from kerasish.training.data_adapter import Adapter, Batch, given
from kerasish.training.data_structure import DataStructure
from kerasish.training.data_weights import assemble
from kerasish.training.data_workers import fetch_in_order
from kerasish.utils.packing import unpack_x_y_sample_weight
from kerasish.utils.pydataset import PyDataset

_END = object()


class IteratedBatch(Batch):
    """One batch that came out of an iterable.

    Attributes:
        structure: Nesting and leaves of this batch.
    """

    __slots__ = ("size", "structure")

    def __init__(self, structure: DataStructure) -> None:
        self.structure = structure
        self.size = structure.num_samples()

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shape of each leaf, batch axis first."""
        return tuple(tuple(leaf.shape) for leaf in self.structure.leaves)

    def write(self, buffers: Sequence[NDArray[Any]]) -> None:
        """Copy each leaf into its buffer."""
        for leaf, buffer in zip(self.structure.leaves, buffers, strict=True):
            np.copyto(buffer, leaf[:], casting="unsafe")

    def arrays(self) -> list[NDArray[Any]]:
        """Return the leaves in the dtypes of the specs, copied only if need be."""
        pairs = zip(self.structure.leaves, self.structure.specs, strict=True)
        return [np.asarray(leaf[:], spec.dtype) for leaf, spec in pairs]


class _BatchReader:
    """Turns what an iterable yields into batches, all of the same form."""

    def __init__(
        self, kind: str, lists_are_tuples: bool, class_weight: dict[int, float] | None
    ) -> None:
        self.kind = kind
        self.lists_are_tuples = lists_are_tuples
        self.class_weight = class_weight
        self.structure: DataStructure | None = None

    def read(self, item: Any) -> IteratedBatch:
        """Return one batch.

        Raises:
            ShapeError: It is nested differently from the first one.
        """
        if isinstance(item, list) and not self.lists_are_tuples:
            raise _ambiguous(self.kind, item)
        x, y, sample_weight = unpack_x_y_sample_weight(item)
        structure = assemble(x, y, sample_weight, self.class_weight)
        if self.structure is None:
            self.structure = structure
        elif not structure.same_form(self.structure):
            raise _changed_form(self.kind, structure, self.structure)
        return IteratedBatch(structure)


def _ambiguous(kind: str, item: list[Any]) -> ValueError:
    return ValueError(
        explain(
            f"A {kind} must yield tuples.",
            got=f"a list of {len(item)} parts",
            expected="(x,), (x, y) or (x, y, sample_weight)",
            fix="yield x, y; several inputs go into one list or dict: ([a, b], y)",
        )
    )


def _changed_form(kind: str, got: DataStructure, expected: DataStructure) -> ShapeError:
    return ShapeError(
        explain(
            f"The {kind} yielded a batch of another form than its first one.",
            got=", ".join(spec.name for spec in got.specs),
            expected=", ".join(spec.name for spec in expected.specs),
            fix="yield the same inputs, targets and weights every time",
        )
    )


class IteratedAdapter(Adapter):
    """Batches from a generator, or from anything else that can be iterated over.

    Args:
        batches: Yields `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`. What can be
            iterated over again (a PyTorch `DataLoader`) is, in each pass; what cannot
            (a generator) is used up once.
        steps: Batches an epoch; needed if `batches` is endless.
        class_weight: Class number -> weight, applied to each batch.

    Raises:
        ValueError: No batch at all.
    """

    def __init__(
        self,
        batches: Iterable[Any],
        *,
        steps: int | None = None,
        class_weight: dict[int, float] | None = None,
    ) -> None:
        super().__init__(steps)
        iterator = iter(batches)
        self._batches = batches
        self._single_use = iterator is batches
        kind = "generator" if isinstance(batches, types.GeneratorType) else "iterable"
        self._reader = _BatchReader(kind, not self._single_use, class_weight)
        first = next(iterator, _END)
        if first is _END:
            raise ValueError(
                explain(f"The {kind} is empty.", expected="at least one batch")
            )
        self.structure = self._reader.read(first).structure
        self._begun: Iterator[Any] | None = itertools.chain([first], iterator)

    @property
    def pass_length(self) -> int | None:
        """Batches in one pass, if the iterable knows its length."""
        if self._single_use or not isinstance(self._batches, Sized):
            return None
        try:
            return len(self._batches)
        except TypeError:  # a DataLoader over a stream has the method, but no answer
            return None

    def start_pass(self, rng: np.random.Generator | None = None) -> Iterator[Batch]:
        """Yield the batches of one pass; of what is left, if it cannot be repeated."""
        items = iter(self._batches) if self._begun is None else self._begun
        if not self._single_use:
            self._begun = None
        for item in items:
            yield self._reader.read(item)
        self.exhausted = self._single_use


class PyDatasetAdapter(Adapter):
    """Batches of a `PyDataset`.

    Args:
        dataset: Makes the batches.
        shuffle: Whether each pass takes the batches in a newly drawn order; an endless
            data set keeps its own.
        steps: Batches an epoch, or None for one pass.
        class_weight: Class number -> weight, applied to each batch.
    """

    def __init__(
        self,
        dataset: PyDataset,
        *,
        shuffle: bool | str = False,
        steps: int | None = None,
        class_weight: dict[int, float] | None = None,
    ) -> None:
        super().__init__(steps)
        self.dataset = dataset
        self.shuffle = bool(shuffle)
        if dataset.num_batches == 0:
            raise ValueError(
                explain(f"{_name(dataset)} is empty.", expected="at least one batch")
            )
        self._reader = _BatchReader(_name(dataset), True, class_weight)
        dataset.on_epoch_begin()
        self._first: Any = dataset[0]
        self._begun = True  # the next pass is the one that has just begun
        self.structure = self._reader.read(self._first).structure

    @property
    def pass_length(self) -> int | None:
        """Batches in one pass; None if the data set is endless."""
        return self.dataset.num_batches

    def start_pass(self, rng: np.random.Generator | None = None) -> Iterator[Batch]:
        """Yield the batches of one pass, between the data set's two hooks."""
        if not self._begun:
            self.dataset.on_epoch_begin()
        self._begun = False
        for item in self._fetch(self._order(rng)):
            yield self._reader.read(item)
        self.dataset.on_epoch_end()

    def set_state(
        self, state: dict[str, Any], rng: np.random.Generator | None = None
    ) -> None:
        """Go on where another run stopped; a later pass makes its first batch anew."""
        if state["passes"] > bool(state["drawn"]):
            self._first = _END
        super().set_state(state, rng)

    def _order(self, rng: np.random.Generator | None) -> Iterable[int]:
        total = self.dataset.num_batches
        if total is None:
            return itertools.count()
        if not self.shuffle:
            return range(total)
        order: list[int] = given(rng).permutation(total).tolist()
        return order

    def _fetch(self, order: Iterable[int]) -> Iterator[Any]:
        first, self._first = self._first, _END
        if first is _END or self.dataset.workers > 1:
            return fetch_in_order(self.dataset, order)
        return self._fetch_with_first(first, order)

    def _fetch_with_first(self, first: Any, order: Iterable[int]) -> Iterator[Any]:
        for index in order:
            yield first if index == 0 else self.dataset[index]


def _name(dataset: PyDataset) -> str:
    return f"PyDataset '{type(dataset).__name__}'"
