"""The loops over epochs and batches.

A `Runner` keeps one replay per batch size for the length of a loop, so that a step is:
write the batch into the static buffers, run the flat list of calls. Nothing is read
back unless a progress bar or a callback asks.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Sequence
from types import TracebackType
from typing import Any

import numpy as np

from kerasish.backend import get_backend
from kerasish.callbacks.callback_list import CallbackList
from kerasish.errors import FileFormatError, explain
from kerasish.graph import tree
from kerasish.losses.labels import check_labels
from kerasish.random.seed import get_process_state, set_process_state
from kerasish.saving.hidden_state import FIT_STATE, assign_all
from kerasish.training import ahead
from kerasish.training.data_adapter import Adapter, Batch
from kerasish.training.data_indexed import IndexedAdapter
from kerasish.training.data_sources import check_finite
from kerasish.training.logs import LazyLogs
from kerasish.training.resident import Resident, device_data

_FLUSH_EVERY = 256  # steps; Adam's moments take some 760 to decay to subnormals


class Runner:
    """Runs a trainer's step on batches.

    Args:
        trainer: Whose step.
        kind: "train", "test" or "predict".
        adapter: Where the batches come from.
        is_repeated: Whether the same data comes again, in later epochs: then it is
            worth keeping on the device.
        may_wait: Whether nobody looks at what a step has done before `logs`, so that
            several may be done together.
    """

    def __init__(
        self,
        trainer: Any,
        kind: str,
        adapter: Adapter,
        *,
        is_repeated: bool = False,
        may_wait: bool = False,
    ) -> None:
        self._trainer = trainer
        self._kind = kind
        self._adapter = adapter
        self._is_repeated = is_repeated
        self._may_wait = may_wait
        self._fed: dict[Hashable, Any] = {}  # replays, or what feeds them
        self._waiting: Resident | None = None  # whose steps may wait
        self._ends: list[Callable[[], None]] = []
        self._checks_batches = False
        self._last: Any = None
        self.structure: Any = 0

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for end in reversed(self._ends):
            end()

    def run(self, batch: Batch) -> Any:
        """Do the step on a batch; return the replay, with the results in `outputs`."""
        fed = self._fed.get(batch.key)
        if fed is None:
            fed = self._borrow(batch)
        if self._waiting is not None and fed is not self._waiting:
            self._waiting.finish()
        replay = fed.feed(batch)
        if self._checks_batches:
            self._check_labels(batch.arrays())
        replay.run()
        self._last = replay
        return replay

    def prepare(self, batch: Batch) -> None:
        """Compile the step for a batch, which makes the metrics' variables."""
        if batch.key not in self._fed:
            self._borrow(batch)

    def _borrow(self, batch: Batch) -> Any:
        program = self._trainer._program(
            self._kind, self._adapter.structure, batch.size
        )
        if not self._fed:
            self._check_data()
        self.structure = program.structure
        replay = program.executable.take()
        self._ends.append(functools.partial(program.executable.give_back, replay))
        self._fed[batch.key] = fed = self._feeder(replay, batch)
        return fed

    def _feeder(self, replay: Any, batch: Batch) -> Any:
        """Return what feeds a replay: itself, the device, or a second thread."""
        if self._trainer.run_eagerly:
            return replay
        data = device_data(self._adapter) if self._is_repeated else None
        if data is not None:
            may_wait = self._may_wait and batch.size == self._adapter.batch_size
            fed = data.feeder(replay, batch.size, may_wait)
            if may_wait:
                self._waiting = fed
            return fed
        if ahead.is_worth_it(batch):
            two = ahead.Ahead(replay)
            self._ends.append(two.close)
            return two
        return replay

    def _check_data(self) -> None:
        """Check arrays once, before the first batch; other data batch by batch."""
        if self._trainer.run_eagerly and isinstance(self._adapter, IndexedAdapter):
            data = self._adapter
            for spec, source in zip(data.structure.specs, data.arrays, strict=True):
                check_finite(source, spec.name)
        if self._kind != "predict":
            self._check_targets()

    def _check_targets(self) -> None:
        loss = self._trainer._compile_loss
        if loss is None or not loss.label_places:
            return
        if isinstance(self._adapter, IndexedAdapter):
            sources = self._adapter.arrays
            if all(isinstance(s, np.ndarray) for s in sources):
                self._check_labels(sources)
                return
        self._checks_batches = True

    def _check_labels(self, leaves: Sequence[Any]) -> None:
        data = self._adapter.structure
        for place, target, shape in self._trainer._compile_loss.label_places:
            i = data.num_x + place
            name = data.specs[i].name
            check_labels(leaves[i], shape[target.axis], name, target.ignore_class)

    def finish(self) -> None:
        """Do the steps that wait; to be called in the scope of the others."""
        if self._waiting is not None:
            self._waiting.finish()

    def logs(self) -> dict[str, Any]:
        """Return the metrics so far; of a step of the user's own, what it returned."""
        self.finish()
        metrics: dict[str, Any] = self._trainer.get_metrics_result()
        if not isinstance(self.structure, dict) or self._kind == "predict":
            return metrics
        if metrics and set(metrics) == set(self.structure):
            return metrics
        backend, outputs = get_backend(), self._last.outputs
        return {
            name: float(backend.to_host(outputs[i]))
            for name, i in self.structure.items()
        }


class Fit:
    """One call of `fit`.

    Args:
        trainer: What is trained.
        train: The training data.
        validation: The validation data, or None.
        callbacks: The callbacks, progress bar included.
        rng: Where the order of the samples comes from.
    """

    def __init__(
        self,
        trainer: Any,
        train: Adapter,
        validation: Adapter | None,
        callbacks: CallbackList,
        rng: np.random.Generator,
    ) -> None:
        self.trainer = trainer
        self.train = train
        self.validation = validation
        self.callbacks = callbacks
        self.rng = rng
        self.logs: dict[str, float] = {}
        self._resumed: dict[str, Any] | None = None
        self._finished = False

    def get_state(self, epoch: int, step: int) -> dict[str, Any]:
        """Return how far the training came: JSON values and arrays.

        Args:
            epoch: Index of the epoch to go on with.
            step: Index of its batch to go on with; 0 if the epoch has not begun.
        """
        validation = self.validation
        return {
            "epoch": epoch,
            "step": step,
            "data": self.train.get_state(self.rng),
            "validation": None if validation is None else validation.get_state(),
            "random": get_process_state(),
            "metrics": [v.numpy() for v in self._metric_variables()] if step else [],
            "logs": self.logs,
            "stopped": bool(self.trainer.stop_training),
            "callbacks": self.callbacks.get_state(),
        }

    def get_epoch_state(
        self, epoch: int, logs: dict[str, Any], callback: Any
    ) -> dict[str, Any]:
        """Return how far the training came when a callback is at an epoch's end.

        Args:
            epoch: Index of that epoch.
            logs: Its metrics.
            callback: The callback; those after it are still to be called.
        """
        pending = self.callbacks.names_after(callback)
        state = self.get_state(epoch + 1, 0)
        return state | {"logs": dict(logs), "pending": pending}

    def _take_up(self, state: dict[str, Any] | None) -> None:
        """Go on where the file stopped that the model came from, if it fits."""
        epoch = self.trainer._initial_epoch
        if state is None or not epoch or state.get("epoch") != epoch:
            return
        try:
            if not self._can_have_drawn(state, epoch):
                return  # other data
            self.set_state(state)
            # An end of the training counts if whoever may have asked for it is there.
            known = set(state["callbacks"]) <= set(self.callbacks.get_state())
            pending = [str(name) for name in state["pending"]]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FileFormatError(
                explain(
                    "The file that the model came from is damaged: where its training "
                    "stands makes no sense.",
                    got=f"{type(error).__name__}: {error}",
                    fix="pass another initial_epoch, or compile the model anew",
                )
            ) from error
        self.trainer.stop_training &= known
        self.callbacks.finish_epoch(pending, epoch - 1, self.logs)
        self._finished = self.trainer.stop_training

    def _can_have_drawn(self, state: dict[str, Any], epochs: int) -> bool:
        """Return whether so many batches can be of so many epochs of this data."""
        pairs = [(self.train, state["data"]), (self.validation, state["validation"])]
        return all(
            data is None
            or drawn is None
            or 0 <= drawn["drawn"] <= epochs * (data.num_batches or 0)
            for data, drawn in pairs
        )

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on, in `run`, where another training stopped; weights are not set here.

        Args:
            state: What `get_state` returned.
        """
        self.train.set_state(state["data"], self.rng)
        if self.validation is not None and state["validation"] is not None:
            self.validation.set_state(state["validation"])
        set_process_state(state["random"])
        self.callbacks.set_state(state["callbacks"])
        self.logs = state["logs"]
        self.trainer.stop_training = state["stopped"]
        self.trainer._initial_epoch = int(state["epoch"])
        self._resumed = state if state["step"] else None
        self._finished = state["stopped"] and not state["step"]

    def _metric_variables(self) -> list[Any]:
        return [v for metric in self.trainer.metrics for v in metric.variables]

    def run(self, first: int, last: int, validation_freq: int | Sequence[int]) -> None:
        """Run epochs `first` to `last - 1`."""
        self.trainer.stop_training = False
        self.trainer._initial_epoch = first
        state = getattr(self.trainer, FIT_STATE, None)
        setattr(self.trainer, FIT_STATE, None)
        self.callbacks.set_fit(self)
        self.callbacks.on_train_begin()
        if self.trainer._initial_epoch == first:
            self._take_up(state)
        # a callback may have brought the model back to a later epoch
        first = self.trainer._initial_epoch or first
        for epoch in range(last if self._finished else first, last):
            self.logs = self._epoch(epoch, validation_freq)
            if self.trainer.stop_training:
                break
        optimizer = self.trainer.optimizer
        if optimizer.built:
            optimizer.finalize_variable_values(self.trainer.trainable_variables)
        self.callbacks.on_train_end(self.logs)

    def _epoch(
        self, epoch: int, validation_freq: int | Sequence[int]
    ) -> dict[str, float]:
        self.trainer.reset_metrics()
        step = self._begin_epoch(epoch)
        with Runner(
            self.trainer,
            "train",
            self.train,
            is_repeated=True,
            may_wait=not self.callbacks.needs_batch_logs,
        ) as runner:
            self._batches(runner, step)
            logs: dict[str, float] = runner.logs()
        if self.validation is not None and _is_due(epoch, validation_freq):
            self.validation.reset()  # so that epochs are judged by the same samples
            values = evaluate(
                self.trainer, self.validation, self.callbacks, is_repeated=True
            )
            logs |= {f"val_{name}": value for name, value in values.items()}
        self.callbacks.on_epoch_end(epoch, logs)
        return logs

    def _begin_epoch(self, epoch: int) -> int:
        """Call the callbacks, and return the index of the first batch."""
        resumed = self._resumed
        if resumed is None:
            self.callbacks.on_epoch_begin(epoch)
            return 0
        # The hook ran when the epoch began: what it changes now was changed then.
        trainer = self.trainer
        variables = [*trainer.variables, *trainer.optimizer.variables]
        values = [variable.numpy() for variable in variables]
        self.callbacks.on_epoch_begin(epoch)
        assign_all(variables, values)
        self.callbacks.set_state(resumed["callbacks"])
        set_process_state(resumed["random"])
        return int(resumed["step"])

    def _restore_metrics(self, runner: Runner) -> bool:
        """Take up a half-done epoch; return whether it is to be left at once."""
        resumed, self._resumed = self._resumed, None
        if resumed is None or self.train.last_skipped is None:
            return False
        runner.prepare(self.train.last_skipped)
        assign_all(self._metric_variables(), resumed["metrics"])
        return bool(resumed["stopped"])

    def _batches(self, runner: Runner, first: int) -> None:
        trainer, callbacks = self.trainer, self.callbacks
        hooked = callbacks.has_train_batch_hooks
        every = trainer.steps_per_execution
        backend = get_backend()
        with backend.execution_scope():
            if self._restore_metrics(runner):
                return
            step = first - 1
            for step, batch in enumerate(self.train.epoch(self.rng, first), first):
                if hooked and step % every == 0:
                    callbacks.on_train_batch_begin(step)
                runner.run(batch)
                if hooked and (step + 1) % every == 0:
                    callbacks.on_train_batch_end(step, self._batch_logs(runner))
                if not backend.flushes_denormals and step % _FLUSH_EVERY == 0:
                    flush_state(trainer)
                if trainer.stop_training:
                    break
            runner.finish()
            if hooked and (step + 1) % every:
                callbacks.on_train_batch_end(step, self._batch_logs(runner))

    def _batch_logs(self, runner: Runner) -> Any:
        return runner.logs() if self.callbacks.needs_batch_logs else _lazily(runner)


def _lazily(runner: Runner) -> Any:
    return LazyLogs(runner.logs)


def _is_due(epoch: int, validation_freq: int | Sequence[int]) -> bool:
    if isinstance(validation_freq, int):
        return (epoch + 1) % validation_freq == 0
    return epoch + 1 in validation_freq


def flush_state(trainer: Any) -> None:
    """Clear subnormal numbers from weights and moments, where no hardware mode does."""
    backend = get_backend()
    for variable in [*trainer.trainable_variables, *trainer.optimizer.variables]:
        if variable.dtype.startswith("float"):
            backend.flush_denormals(variable.array)


def evaluate(
    trainer: Any,
    adapter: Adapter,
    callbacks: CallbackList,
    is_repeated: bool = False,
) -> dict[str, float]:
    """Return the metrics of the test step over a data set."""
    trainer.reset_metrics()
    callbacks.on_test_begin()
    every = trainer.steps_per_execution
    may_wait = not callbacks.watches_batches("test")
    with (
        get_backend().execution_scope(),
        Runner(
            trainer, "test", adapter, is_repeated=is_repeated, may_wait=may_wait
        ) as runner,
    ):
        step = -1
        for step, batch in enumerate(adapter.epoch()):
            if step % every == 0:
                callbacks.on_test_batch_begin(step)
            runner.run(batch)
            if (step + 1) % every == 0:
                callbacks.on_test_batch_end(step, _lazily(runner))
        if (step + 1) % every:
            callbacks.on_test_batch_end(step, _lazily(runner))
        logs: dict[str, float] = runner.logs()
    callbacks.on_test_end(logs)
    return logs


def predict(trainer: Any, adapter: Adapter, callbacks: CallbackList | None) -> Any:
    """Return the outputs of the predict step over a data set, joined on the host."""
    parts: list[list[np.ndarray]] = []
    backend, every, step = get_backend(), trainer.steps_per_execution, -1
    if callbacks is not None:
        callbacks.on_predict_begin()
    with backend.execution_scope(), Runner(trainer, "predict", adapter) as runner:
        for step, batch in enumerate(adapter.epoch()):
            if callbacks is not None and step % every == 0:
                callbacks.on_predict_batch_begin(step)
            outputs = runner.run(batch).outputs
            parts.append([backend.to_host(array) for array in outputs])
            if callbacks is not None and (step + 1) % every == 0:
                callbacks.on_predict_batch_end(step, {"outputs": parts[-1]})
        if callbacks is not None and (step + 1) % every:
            callbacks.on_predict_batch_end(step, {"outputs": parts[-1]})
        structure = runner.structure
    if callbacks is not None:
        callbacks.on_predict_end()
    if not parts:
        return None
    joined = (
        parts[0]
        if len(parts) == 1
        else [np.concatenate(column) for column in zip(*parts, strict=True)]
    )
    return tree.map_structure(lambda i: joined[i], structure)
