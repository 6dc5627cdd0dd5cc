"""`keras.callbacks.TensorBoard`: the course of a training as TensorBoard shows it.

Nothing of TensorBoard or TensorFlow is needed to write the files.
"""

from __future__ import annotations

import os
import time
import warnings
from typing import Any

from kerasish import ops
from kerasish.callbacks.base import Callback, Logs
from kerasish.callbacks.batch_count import BatchCount
from kerasish.callbacks.learning_rate import current_learning_rate
from kerasish.errors import explain
from kerasish.utils.event_file import EventFile, weight_images
from kerasish.utils.projector import write_embeddings


class TensorBoard(Callback):
    """Writes metrics, and how the weights are spread, for TensorBoard.

    Training is written to the folder `train` in `log_dir`, validation to `validation`.
    See them with `tensorboard --logdir path_to_your_logs`.

    Args:
        log_dir: Folder of the logs; one for each training that is to be compared.
        histogram_freq: Epochs between histograms of the weights; 0 for none.
        write_graph: Whether to write the model's configuration.
        write_images: Whether to write weights as images too, with the histograms.
        write_steps_per_second: Whether to write how fast it goes.
        update_freq: "epoch"; "batch", or a number of batches, to write metrics in
            between too.
        profile_batch: Accepted as in Keras; nothing is profiled.
        embeddings_freq: Epochs between copies of embedding layers' weights for the tab
            "Projector"; 0 for none.
        embeddings_metadata: File with the labels of embeddings, or a dict that maps
            layer names to such files.

    Raises:
        ValueError: `update_freq` is none of these.

    Example:
        >>> board = TensorBoard("logs/first", update_freq=100)
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: int | str = "epoch",
        profile_batch: int | str | tuple[int, int] = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: str | dict[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = update_freq
        self.embeddings_freq = embeddings_freq
        self.embeddings_metadata = embeddings_metadata
        self._every = _batches_between(update_freq)
        self._files: dict[str, EventFile] = {}
        self._batches = BatchCount()
        self._batch_started = self._epoch_started = (0, 0.0)
        if profile_batch:
            warnings.warn(
                "TensorBoard: `profile_batch` is left out; nothing is profiled.",
                stacklevel=2,
            )
        if not self._every:
            self._idle_hooks = frozenset({TensorBoard.on_train_batch_end})

    def set_model(self, model: Any) -> None:
        """Take the model, and write its configuration."""
        super().set_model(model)
        if self.write_graph and hasattr(model, "to_json"):
            self._write_model(model)

    def _write_model(self, model: Any) -> None:
        try:
            config = model.to_json()
        except (TypeError, ValueError, NotImplementedError):
            return  # a model of the user's own without a config
        self._file("train").model("keras", config, step=0)

    def _file(self, run: str) -> EventFile:
        if run not in self._files:
            self._files[run] = EventFile(os.path.join(self.log_dir, run))
        return self._files[run]

    def _scalars(self, run: str, numbers: dict[str, Any], step: int) -> None:
        for tag, value in numbers.items():
            self._file(run).scalar(tag, float(value), step)

    def _iterations(self) -> int:
        optimizer = getattr(self.model, "optimizer", None)
        iterations = getattr(optimizer, "iterations", None)
        return 0 if iterations is None else int(ops.convert_to_numpy(iterations))

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Start the clock."""
        self._batch_started = self._batches.total, time.perf_counter()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Start the clock of the epoch."""
        if self.write_steps_per_second:
            self._epoch_started = self._iterations(), time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Write the metrics so far, every so many batches."""
        if not self._batches.is_due(batch, self._every):
            return
        step = self._batches.total
        numbers = {f"batch_{name}": value for name, value in (logs or {}).items()}
        if self.write_steps_per_second:
            speed = _per_second(step, self._batch_started)
            numbers = {"batch_steps_per_second": speed, **numbers}
            self._batch_started = step, time.perf_counter()
        self._scalars("train", numbers, step)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write the epoch's metrics, and what is due of the weights."""
        train, validation = {}, {}
        for name, value in (logs or {}).items():
            if name.startswith("val_"):
                validation[f"epoch_{name[4:]}"] = value
            else:
                train[f"epoch_{name}"] = value
        train |= self._speed_and_rate()
        self._scalars("train", train, epoch)
        self._scalars("validation", validation, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            write_embeddings(self.model, self.log_dir, epoch, self.embeddings_metadata)
        self._flush()

    def _speed_and_rate(self) -> dict[str, float]:
        numbers = {}
        if getattr(self.model, "optimizer", None) is not None:
            numbers["epoch_learning_rate"] = current_learning_rate(self.model)
        if self.write_steps_per_second:
            speed = _per_second(self._iterations(), self._epoch_started)
            numbers["epoch_steps_per_second"] = speed
        return numbers

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Write the metrics over the number of updates the model has seen."""
        numbers = {
            f"evaluation_{name}_vs_iterations": value
            for name, value in (logs or {}).items()
        }
        self._scalars("validation", numbers, self._iterations())
        self._flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """End the files; another training begins new ones."""
        self._flush()
        self._files = {}

    def _flush(self) -> None:
        for file in self._files.values():
            file.flush()

    def _write_weights(self, epoch: int) -> None:
        file = self._file("train")
        for layer in self.model.layers:
            for weight in layer.weights:
                values = weight.numpy()
                name = weight.path.replace(":", "_")
                file.histogram(f"{name}/histogram", values, epoch)
                images = weight_images(values) if self.write_images else None
                if images is not None:
                    file.images(f"{name}/image", images, epoch)


def _batches_between(update_freq: int | str) -> int:
    """Return how many batches lie between two writes; 0 for none within an epoch."""
    if update_freq == "epoch":
        return 0
    if update_freq == "batch":
        return 1
    if isinstance(update_freq, int) and update_freq > 0:
        return update_freq
    raise ValueError(
        explain(
            "TensorBoard cannot understand `update_freq`.",
            got=repr(update_freq),
            expected="'epoch', 'batch', or a number of batches",
        )
    )


def _per_second(count: int, started: tuple[int, float]) -> float:
    seconds = time.perf_counter() - started[1]
    return (count - started[0]) / max(seconds, 1e-9)
