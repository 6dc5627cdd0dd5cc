"""`keras.callbacks.CSVLogger`: a row of a text file for every epoch."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from typing import IO, Any

from kerasish.callbacks.base import Callback, Logs

_MISSING = "NA"


class CSVLogger(Callback):
    """Writes each epoch's metrics as a row: the epoch, then the metrics by name.

    The columns are set by the first epoch; if it brings no `val_` metric, there is a
    column for each that might still come. A metric that is missing is "NA". Rows are in
    the file as soon as the epoch is over.

    Args:
        filename: Path of the file; its folder must exist.
        separator: Text between two columns.
        append: Whether to add to a file that is there, instead of starting it anew. Its
            title row is kept; as in Keras, the columns are not compared with it.
    """

    def __init__(
        self,
        filename: str | os.PathLike[str],
        separator: str = ",",
        append: bool = False,
    ) -> None:
        super().__init__()
        self.sep = separator
        self.filename = os.fspath(filename)
        self.append = append
        self.writer: csv.DictWriter[str] | None = None
        self.keys: list[str] | None = None
        self.append_header = True
        self.csv_file: IO[str] | None = None
        self._begin = 0
        self._rows: list[str] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Open the file."""
        if self.append and os.path.exists(self.filename):
            self.append_header = os.path.getsize(self.filename) == 0
        mode = "a" if self.append else "w"
        self.csv_file = open(  # noqa: SIM115 - closed by on_train_end
            self.filename, mode, newline="", encoding="utf-8"
        )
        self.csv_file.seek(0, os.SEEK_END)
        self._begin, self._rows = self.csv_file.tell(), []

    def get_state(self) -> dict[str, Any]:
        """Return the rows of this `fit`, and where in the file they begin."""
        return {"keys": self.keys, "begin": self._begin, "rows": "".join(self._rows)}

    def set_state(self, state: dict[str, Any]) -> None:
        """Put back the rows of a `fit` that was interrupted, and no row after them."""
        self._rows = [state["rows"]] if state["rows"] else []
        self.keys = state["keys"]
        assert self.csv_file is not None
        self._begin = min(state["begin"], self.csv_file.tell())
        self.csv_file.truncate(self._begin)
        self.csv_file.seek(self._begin)
        self.csv_file.write(state["rows"])
        self.csv_file.flush()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write the epoch's row."""
        logs = logs or {}
        if self.csv_file is None:
            self.on_train_begin()
        assert self.csv_file is not None
        if self.keys is None:
            self.keys = _columns(logs)
        if self.writer is None:
            names = ["epoch", *self.keys]
            self.writer = csv.DictWriter(self, names, delimiter=self.sep)
            if self.append_header and not self._rows:
                self.writer.writeheader()
        values = {name: _cell(logs.get(name, _MISSING)) for name in self.keys}
        self.writer.writerow({"epoch": epoch, **values})
        self.csv_file.flush()

    def write(self, row: str) -> None:
        """Write a row as it stands, and remember it."""
        assert self.csv_file is not None
        self._rows.append(row)
        self.csv_file.write(row)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Close the file."""
        if self.csv_file is not None:
            self.csv_file.close()
        self.writer = None


def _columns(logs: Logs) -> list[str]:
    names = sorted(logs)
    if any(name.startswith("val_") for name in names):
        return names
    return names + [f"val_{name}" for name in names]


def _cell(value: Any) -> Any:
    is_one = isinstance(value, str) or getattr(value, "ndim", None) == 0
    if is_one or not isinstance(value, Iterable):
        return value
    return f'"[{", ".join(map(str, value))}]"'
