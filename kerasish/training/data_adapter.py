"""What the training loop sees of a data set: epochs of batches.

An `Adapter` knows the structure of the data and yields the batches of one epoch after
the other; a `Batch` writes itself into the static buffers of a program. Two kinds
exist: `IndexedAdapter` (arrays) and `IteratedAdapter` (generators and other iterables,
and `PyDataset`). A *pass* is one run through the data, an *epoch* what `fit` counts:
the same, unless `steps_per_epoch` says otherwise; then epochs follow one another within
a pass, as in Keras.
"""

from __future__ import annotations

import abc
import warnings
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasish.errors import explain
from kerasish.training.data_structure import DataStructure


class Batch(abc.ABC):
    """The samples of one step, still where they came from.

    Attributes:
        size: Number of samples.
        following: The next batch, where it may be gathered before its turn.
    """

    size: int
    following: Batch | None = None

    @property
    @abc.abstractmethod
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shape of each leaf, batch axis first."""

    @property
    def num_converted(self) -> int:
        """Bytes of the leaves that are converted, if that is known beforehand."""
        return 0

    @property
    def key(self) -> Hashable:
        """What two batches of a data set share if their arrays have equal shapes."""
        return self.shapes

    @abc.abstractmethod
    def write(self, buffers: Sequence[NDArray[Any]]) -> None:
        """Write the leaves into host buffers of these shapes, in their dtypes."""

    @abc.abstractmethod
    def arrays(self) -> list[NDArray[Any]]:
        """Return the leaves as host arrays in the dtypes of the specs."""


class Adapter(abc.ABC):
    """A data set, as batches.

    Attributes:
        structure: Nesting, names, shapes and dtypes of the leaves.
        batch_size: Samples a batch; None where the data brings its own batches.
        num_samples: Samples in one pass; None if unknown.
        steps: Batches an epoch, if the user gave a number.
        exhausted: Whether the data cannot be run through again: later epochs are empty.
        last_skipped: The last batch that `set_state` passed over.
    """

    structure: DataStructure
    batch_size: int | None = None
    num_samples: int | None = None
    exhausted: bool = False

    def __init__(self, steps: int | None) -> None:
        self.steps = check_count(steps, "steps_per_epoch")
        self._pass: Iterator[Batch] | None = None
        self._drawn = 0
        self._passes = 0
        self._rng_at_start: Any = None
        self.last_skipped: Batch | None = None

    @property
    @abc.abstractmethod
    def pass_length(self) -> int | None:
        """Batches in one pass; None if unknown or endless."""

    @abc.abstractmethod
    def start_pass(self, rng: np.random.Generator | None) -> Iterator[Batch]:
        """Return the batches of one run through the data."""

    @property
    def num_batches(self) -> int | None:
        """Batches in one epoch; None if only the end of the data will tell."""
        return self.pass_length if self.steps is None else self.steps

    def epoch(
        self, rng: np.random.Generator | None = None, first: int = 0
    ) -> Iterator[Batch]:
        """Yield the batches of the next epoch.

        Args:
            rng: Where the order comes from, if the data is shuffled.
            first: Index of the batch to go on with, after `set_state`.

        Warns:
            UserWarning: The data ended before `steps` batches, or there is none left.
        """
        if self.steps is not None:
            return self._stepped_epoch(rng, first, self.steps)
        return self._whole_epoch(rng)

    def reset(self) -> None:
        """Let the next epoch begin at the start of the data, where that is possible."""
        self._pass = None

    def get_state(self, rng: np.random.Generator | None = None) -> dict[str, Any]:
        """Return how far the data was run through: JSON values and arrays.

        Args:
            rng: Where the order comes from.
        """
        now = None if rng is None else rng.bit_generator.state
        start = self._rng_at_start if self._drawn else now
        return {"rng": start, "drawn": self._drawn, "passes": self._passes}

    def set_state(
        self, state: dict[str, Any], rng: np.random.Generator | None = None
    ) -> None:
        """Go on where another run through the same data stopped.

        The order of the running pass is drawn again, and its batches that were used are
        passed over; so a generator is run up to where it was.

        Args:
            state: What `get_state` returned.
            rng: Where the order comes from; it is set back too.
        """
        if rng is not None and state["rng"] is not None:
            rng.bit_generator.state = state["rng"]
        self._pass, self._drawn, self._passes = None, 0, int(state["passes"])
        if not state["drawn"]:
            return
        self._pass = self._begin_pass(rng)
        self._passes = int(state["passes"])
        for _ in range(int(state["drawn"])):
            self.last_skipped = next(self._pass, None)
            self._drawn += 1

    def _begin_pass(self, rng: np.random.Generator | None) -> Iterator[Batch]:
        self._rng_at_start = None if rng is None else rng.bit_generator.state
        self._drawn = 0
        self._passes += 1
        return self.start_pass(rng)

    def _whole_epoch(self, rng: np.random.Generator | None) -> Iterator[Batch]:
        running = self._begin_pass(rng) if self._pass is None else self._pass
        self._pass = None
        for batch in running:
            self._drawn += 1
            yield batch
        if not self._drawn:
            _warn_ran_out(0, None)
        self._drawn = 0

    def _stepped_epoch(
        self, rng: np.random.Generator | None, first: int, steps: int
    ) -> Iterator[Batch]:
        for step in range(first, steps):
            batch = self._draw(rng)
            if batch is None and step == 0 and not self.exhausted:
                batch = self._draw(rng)  # the last epoch ended where the pass did
            if batch is None:
                _warn_ran_out(step, steps)
                return
            yield batch
        self._end_pass_if_done()

    def _draw(self, rng: np.random.Generator | None) -> Batch | None:
        """Return the next batch of the running pass, or None at its end."""
        if self._pass is None:
            self._pass = self._begin_pass(rng)
        batch = next(self._pass, None)
        self._drawn += 1
        if batch is None:
            self._pass, self._drawn = None, 0
        return batch

    def _end_pass_if_done(self) -> None:
        """Run what follows a pass's last batch now, not when the next epoch begins."""
        if self._pass is not None and self._drawn == self.pass_length:
            next(self._pass, None)
            self._pass, self._drawn = None, 0


def check_count(value: Any, name: str) -> int | None:
    """Return a number of steps or samples, or None.

    Raises:
        ValueError: Not a positive integer.
    """
    if value is None:
        return None
    if isinstance(value, (int, np.integer)) and value > 0:
        return int(value)
    raise ValueError(
        explain(
            f"`{name}` must be a positive integer.",
            got=f"{value!r} of type {type(value).__name__}",
        )
    )


def given(rng: np.random.Generator | None) -> np.random.Generator:
    """Return the generator of the order, which shuffled data cannot do without.

    Raises:
        ValueError: There is none.
    """
    if rng is None:
        raise ValueError(
            explain(
                "Shuffled data needs a generator to draw its order from.",
                got="rng=None",
                fix="pass numpy.random.Generator(numpy.random.Philox(seed))",
            )
        )
    return rng


def _warn_ran_out(got: int, expected: int | None) -> None:
    fix = "pass data that can be run through several times (arrays, a PyDataset), "
    message = explain(
        "Your input ran out of data; interrupting training.",
        got=f"{got} batches in this epoch",
        expected="at least one" if expected is None else f"{expected}, the steps given",
        fix=fix + "or a generator of steps_per_epoch * epochs batches",
    )
    warnings.warn(message, UserWarning, stacklevel=3)
