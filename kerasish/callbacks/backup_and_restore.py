"""`keras.callbacks.BackupAndRestore`: go on where an interrupted training stopped.

The folder is Keras's (`latest.weights.h5`, `training_metadata.json`). What else it
takes to go on bit by bit lies in the file of the weights: the order of the data, the
states of random numbers, metrics and callbacks (see `kerasish.saving.hidden_state`).
"""

from __future__ import annotations

import json
import os
import shutil
import warnings
from pathlib import Path
from typing import Any

from kerasish.callbacks.base import Callback, Logs
from kerasish.callbacks.batch_count import BatchCount
from kerasish.errors import FileFormatError, explain
from kerasish.saving.api import naming
from kerasish.saving.atomic import atomic_write
from kerasish.saving.hdf5_safe import open_hdf5
from kerasish.saving.hidden_state import read_hidden, read_training
from kerasish.saving.weights_h5 import write_tree

_WEIGHTS = "latest.weights.h5"
_STATE = "training_metadata.json"


class BackupAndRestore(Callback):
    """Keeps the state of the training in a folder, and takes it up from there.

    Run the same script again after an interruption: `fit` restores all that it needs to
    end as if nothing had happened, the history too, and goes on after the last batch or
    epoch that was backed up. (Keras begins the epoch anew.) Data is taken to be the
    same again: batches of a generator that were used are drawn and passed over. When
    `fit` ends, the backup is deleted. The backup is made when the other callbacks are
    done with the batch or epoch; those of your own join in by `get_state`, `set_state`.

    Args:
        backup_dir: Folder of the backup, used by this training alone.
        save_freq: "epoch", or a number of batches (counted across epochs).
        double_checkpoint: Whether to keep the backup before the last one too, in case
            the last one cannot be read.
        delete_checkpoint: Whether to delete the backup when `fit` ends.

    Raises:
        ValueError: `backup_dir` is empty, or `save_freq` is none of these.

    Example:
        >>> backup = BackupAndRestore("backup", save_freq=1000)
    """

    _runs_last = True

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: int | str = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        if not backup_dir:
            raise ValueError(
                explain(
                    "Empty `backup_dir` argument passed.",
                    expected="a folder for the backup",
                )
            )
        if save_freq != "epoch" and not isinstance(save_freq, int):
            raise ValueError(
                explain(
                    "Invalid value for argument `save_freq`.",
                    got=f"save_freq={save_freq}",
                    expected="'epoch' or an integer value",
                )
            )
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._batches = BatchCount()
        self._current_epoch = 0
        self._fit: Any = None
        if save_freq == "epoch":
            self._idle_hooks = frozenset({BackupAndRestore.on_train_batch_end})

    @property
    def _files(self) -> tuple[Path, Path]:
        folder = Path(self.backup_dir)
        return folder / _WEIGHTS, folder / _STATE

    def set_fit(self, fit: Any) -> None:
        """Take the loop that trains, whose state is kept with the weights."""
        self._fit = fit

    def get_state(self) -> dict[str, Any]:
        """Return the batches since the last backup."""
        return {"batches": self._batches.get_state()}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take a state that `get_state` returned."""
        self._batches.set_state(state["batches"])

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Restore the backup, if there is one."""
        weights, state = self._files
        if not weights.exists() and not _older(weights).exists():
            return
        try:
            self._restore(weights, state)
        except (FileFormatError, FileNotFoundError) as error:
            older = tuple(_older(file) for file in self._files)
            if not older[0].exists():
                raise
            warnings.warn(
                f"{error}\nThe backup before it is restored instead.", stacklevel=2
            )
            self._restore(*older)

    def _restore(self, weights: Path, state: Path) -> None:
        """Set the model, and the loop that trains it, to a backup."""
        with naming(weights), open_hdf5(weights) as root:
            training = read_training(root)
        epoch = _read_epoch(state) if training is None else int(training["epoch"])
        optimizer = getattr(self.model, "optimizer", None)
        if optimizer is not None and not optimizer.built:
            optimizer.build(self.model.trainable_variables)
        self.model.load_weights(weights)
        # `fit` reads this when all callbacks are ready to begin.
        self.model._initial_epoch = epoch
        if training is None or self._fit is None:
            return  # Keras wrote it: it has nothing more
        with naming(weights), open_hdf5(weights) as root:
            read_hidden(self.model, root)
            self._fit.set_state(training)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Note the epoch, for backups while it runs."""
        self._current_epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Back up, if `save_freq` counts batches and it is time to."""
        every = self.save_freq
        if isinstance(every, int) and self._batches.is_due(batch, every):
            self._save(self._current_epoch, batch, batch + 1)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Back up, if `save_freq` is "epoch"."""
        if self.save_freq == "epoch":
            if self._fit is not None:
                self._fit.logs = dict(logs or {})
            self._save(epoch + 1, 0, 0)

    def _save(self, epoch: int, batch: int, step: int) -> None:
        weights, state = self._files
        os.makedirs(self.backup_dir, exist_ok=True)
        if self.double_checkpoint and weights.exists():
            self._keep_older()
        training = None if self._fit is None else self._fit.get_state(epoch, step)
        # All that is needed is one file, so that no two can be of different moments.
        with atomic_write(weights) as opened:
            write_tree(self.model, opened, training)
        # For Keras, which would read the epoch here.
        with atomic_write(state) as opened:
            opened.write(json.dumps({"epoch": epoch, "batch": batch}).encode())

    def _keep_older(self) -> None:
        for file in self._files:
            if file.exists():
                with atomic_write(_older(file)) as kept, file.open("rb") as last:
                    shutil.copyfileobj(last, kept)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Delete the backup, unless asked not to; other files in the folder stay."""
        self._fit = None
        if not self.delete_checkpoint:
            return
        # The older ones first: an interruption here must not bring them back.
        for file in self._files:
            _older(file).unlink(missing_ok=True)
        for file in self._files:
            file.unlink(missing_ok=True)
        folder = Path(self.backup_dir)
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _older(file: Path) -> Path:
    return file.with_name(file.name + ".bkp")


def _read_epoch(state: Path) -> int:
    try:
        found: Any = json.loads(state.read_text(encoding="utf-8"))
        return int(found["epoch"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FileFormatError(
            explain(
                f"The backup in '{state.parent}' cannot be restored.",
                got=f"{state.name}: {error}",
                expected='JSON such as {"epoch": 3, "batch": 0}',
                fix="delete the folder to begin anew",
            )
        ) from error
