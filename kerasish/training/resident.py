"""Data sets kept in a device's memory, and steps that gather their batches there.

Where a backend's arrays are not host memory, a batch that is gathered on the host has
to be copied to the device for every step. A data set of arrays that fits is copied once
instead; each epoch's order follows as one array of row numbers. A step then reads the
numbers of its rows from a buffer, gathers them, and moves the buffer on, all by kernels
of the backend: nothing of it comes from the host, so steps that nobody looks at in
between may be handed over several at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasish.backend import get_backend
from kerasish.backend.contract import Array, Backend
from kerasish.graph.binding import Program
from kerasish.graph.pieces import num_bytes
from kerasish.training.data_adapter import Adapter, Batch
from kerasish.training.data_indexed import IndexedAdapter, IndexedBatch
from kerasish.training.data_sources import Source, gather_into
from kerasish.training.data_structure import LeafSpec

_PART_BYTES = 16 << 20  # of data that is converted and copied at a time
_MOST_STEPS = 32  # handed over at a time
_MOST_CALLS = 1024  # of steps handed over at a time
_MOST_ROWS = np.iinfo(np.int32).max


class DeviceData:
    """The arrays of a data set on a device, and the order of its rows.

    Args:
        adapter: The data set.
        backend: Where its arrays are to lie.

    Attributes:
        arrays: Its leaves.
        order: Numbers of its rows, int32, in the order of the pass.
        followed: The host's array of these, or None for the rows as they stand.
    """

    def __init__(self, adapter: IndexedAdapter, backend: Backend) -> None:
        self.backend = backend
        self.num_rows = adapter.num_samples
        leaves = zip(adapter.arrays, adapter.structure.specs, strict=True)
        self.arrays = [_on_device(backend, *leaf) for leaf in leaves]
        self.order = backend.empty((self.num_rows,), "int32")
        self.followed: Any = self  # no order yet
        self._feeders: dict[tuple[int, bool], Resident] = {}

    def feeder(self, replay: Any, size: int, may_wait: bool) -> Resident:
        """Return what gathers a replay's batches, the same one in every epoch.

        Args:
            replay: The replay.
            size: Samples a batch.
            may_wait: Whether steps may wait until there are several.
        """
        key = (id(replay), may_wait)  # it is kept, so no other has its identity
        if key not in self._feeders:
            self._feeders[key] = Resident(replay, self, size, may_wait)
        return self._feeders[key]

    def follow(self, order: NDArray[np.intp] | None) -> None:
        """Let `order` hold the order of a pass; None: the rows as they stand."""
        if order is self.followed:
            return
        self.followed = order
        rows = np.arange(self.num_rows) if order is None else order
        self.backend.upload(self.order, rows.astype(np.int32))


def _on_device(backend: Backend, source: Source, spec: LeafSpec) -> Array:
    """Return a copy of an array in the dtype in which steps want it."""
    count = int(source.shape[0])
    held = backend.empty((count, *spec.shape), spec.dtype)
    rows = max(_PART_BYTES // max(num_bytes(spec), 1), 1)
    for start in range(0, count, rows):
        part = slice(start, min(start + rows, count))
        buffer = np.empty((part.stop - start, *spec.shape), spec.dtype)
        gather_into(source, part, buffer)
        backend.upload(backend.view("slice_to", held, {"slices": (part,)}), buffer)
    return held


def device_data(adapter: Adapter) -> DeviceData | None:
    """Return a data set's arrays on the device; None if they are not to be there.

    They are copied when asked for first, and kept with the adapter.
    """
    backend = get_backend()
    if not isinstance(adapter, IndexedAdapter):
        return None
    kept: DeviceData | None = adapter.on_device
    if kept is not None and kept.backend is backend:
        return kept
    in_memory = all(isinstance(source, np.ndarray) for source in adapter.arrays)
    sample = sum(num_bytes(spec) for spec in adapter.structure.specs) + 4  # its number
    fits = sample * adapter.num_samples <= backend.room_for_data()
    if not (in_memory and fits and adapter.num_samples <= _MOST_ROWS):
        return None
    adapter.on_device = made = DeviceData(adapter, backend)
    return made


class Resident:
    """A replay whose inputs are gathered on the device.

    Args:
        replay: The replay.
        data: The data set.
        size: Samples a batch.
        may_wait: Whether steps may wait until there are several, or for `finish`.
    """

    def __init__(
        self, replay: Any, data: DeviceData, size: int, may_wait: bool
    ) -> None:
        self._replay = replay
        self._data = data
        self._size = size
        self._rows, self._places = (
            data.backend.empty((size,), "int32") for _ in range(2)
        )
        self._next_start = -1
        self._waiting = 0
        self._gathering = self._bound_gathering()
        self._of_replay: Program | None = None
        self._programs: dict[int, Program] = {}
        num_calls = len(self._gathering.calls) + len(replay.program.calls)
        most = min(_MOST_STEPS, _MOST_CALLS // num_calls) if may_wait else 1
        self._most = max(most, 1)

    def _bound_gathering(self) -> Program:
        """Return the calls that fill the inputs, and move on to the next rows."""
        data, places = self._data, self._places
        bind, along = data.backend.bind, {"axis": 0}
        step = data.backend.from_host(np.array(self._size, np.int32))
        program = Program(data.backend)
        program.add(None, bind("gather", self._rows, (data.order, places), along))
        for target, source in zip(self._replay.inputs, data.arrays, strict=True):
            program.add(None, bind("gather", target, (source, self._rows), along))
        program.add(None, bind("add", places, (places, step), {}))
        return program

    @property
    def outputs(self) -> list[Array]:
        """The results of the last step."""
        self.finish()
        outputs: list[Array] = self._replay.outputs
        return outputs

    def feed(self, batch: Batch) -> Resident:
        """See to it that the next step takes the rows of a batch; return itself."""
        assert isinstance(batch, IndexedBatch)
        if batch.start != self._next_start or batch.order is not self._data.followed:
            self.finish()
            self._data.follow(batch.order)
            places = np.arange(batch.start, batch.start + self._size, dtype=np.int32)
            self._data.backend.upload(self._places, places)
        self._next_start = batch.start + self._size
        return self

    def run(self) -> None:
        """Do a step, now or together with later ones."""
        self._waiting += 1
        if self._waiting == self._most:
            self.finish()

    def finish(self) -> None:
        """Do the steps that wait."""
        count, self._waiting = self._waiting, 0
        if not count:
            return
        self._replay.refresh()
        if self._of_replay is not self._replay.program:
            self._of_replay = self._replay.program
            self._programs.clear()
        together = count if count == self._most else 1
        for _ in range(count // together):
            self._program(together)()

    def _program(self, count: int) -> Program:
        """Return the program of some steps, each gathering its batch first."""
        if count not in self._programs:
            program = Program(self._data.backend)
            for _ in range(count):
                program.extend(self._gathering)
                program.extend(self._replay.program)
            self._programs[count] = program
        return self._programs[count]
