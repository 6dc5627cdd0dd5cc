"""`keras.callbacks.BackupAndRestore`: go on where an interrupted training stopped."""

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
from kerasish.saving.atomic import atomic_write

_WEIGHTS = "latest.weights.h5"
_STATE = "training_metadata.json"


class BackupAndRestore(Callback):
    """Keeps the state of the training in a folder, and takes it up from there.

    Run the same script again after an interruption: `fit` restores the weights and the
    optimizer and goes on with the epoch that was not finished, from its start. When
    `fit` ends, the backup is deleted.

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
        if save_freq == "epoch":
            self._idle_hooks = frozenset({BackupAndRestore.on_train_batch_end})

    @property
    def _files(self) -> tuple[Path, Path]:
        folder = Path(self.backup_dir)
        return folder / _WEIGHTS, folder / _STATE

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Restore the backup, if there is one."""
        if not self._files[0].exists():
            return
        try:
            epoch = self._restore(*self._files)
        except FileFormatError as error:
            older = tuple(_older(file) for file in self._files)
            if not older[0].exists():
                raise
            warnings.warn(
                f"{error}\nThe backup before it is restored instead.", stacklevel=2
            )
            epoch = self._restore(*older)
        # `fit` reads this when all callbacks are ready to begin.
        self.model._initial_epoch = epoch

    def _restore(self, weights: Path, state: Path) -> int:
        """Set the model to a backup, and return the epoch to go on with."""
        epoch = _read_epoch(state)
        optimizer = getattr(self.model, "optimizer", None)
        if optimizer is not None and not optimizer.built:
            optimizer.build(self.model.trainable_variables)
        self.model.load_weights(weights)
        return epoch

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Note the epoch, for backups while it runs."""
        self._current_epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Back up, if `save_freq` counts batches and it is time to."""
        every = self.save_freq
        if isinstance(every, int) and self._batches.is_due(batch, every):
            self._save(self._current_epoch, batch)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Back up, if `save_freq` is "epoch"."""
        if self.save_freq == "epoch":
            self._save(epoch + 1, 0)

    def _save(self, epoch: int, batch: int) -> None:
        weights, state = self._files
        os.makedirs(self.backup_dir, exist_ok=True)
        if self.double_checkpoint and weights.exists():
            for file in self._files:
                shutil.copy(file, _older(file))
        # Weights first: if the second write is lost, an epoch is only trained again.
        self.model.save_weights(weights, overwrite=True)
        with atomic_write(state) as opened:
            opened.write(json.dumps({"epoch": epoch, "batch": batch}).encode())

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Delete the backup, unless asked not to; other files in the folder stay."""
        if not self.delete_checkpoint:
            return
        for file in self._files:
            file.unlink(missing_ok=True)
            _older(file).unlink(missing_ok=True)
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
