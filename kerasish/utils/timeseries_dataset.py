"""`timeseries_dataset_from_array`: windows that slide over a series."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.errors import explain
from kerasish.utils.samples import Rows, SampleDataset, check_format, from_rows


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> SampleDataset:
    """Return the windows of a series, and the target of each, in batches.

    Window i holds `data[s], data[s + sampling_rate], ...` with `s = i *
    sequence_stride`; its target is `targets[s]`.

    Args:
        data: The series: an array, time along its first axis.
        targets: `targets[s]` belongs to the window that starts at step s; None for
            windows alone.
        sequence_length: Steps in a window.
        sequence_stride: Steps from one window's start to the next one's.
        sampling_rate: Steps from one value in a window to the next.
        batch_size: Windows a batch; None gives them one by one.
        shuffle: Whether to draw a new order for each pass.
        seed: Of the orders.
        start_index: First step that is used.
        end_index: Step behind the last one that is used.
        format: "tf" or "grain", as in Keras. The result is the same: an iterable of
            NumPy arrays.

    Returns:
        `(windows, targets)`, or `windows`: arrays of shape `(batch, sequence_length,
        *features)` and `(batch, *shape of a target)`.

    Raises:
        ValueError: An index, a stride or a rate does not fit the length of the data.

    Example:
        >>> data = np.arange(6)
        >>> batches = timeseries_dataset_from_array(data[:-2], data[2:], 2)
        >>> for windows, targets in batches:
        ...     print(windows.tolist(), targets.tolist())
        [[0, 1], [1, 2], [2, 3]] [2, 3, 4]
    """
    check_format(format)
    data = np.asarray(data)
    _check_indices(start_index, end_index, len(data))
    _check_step("sequence_stride", sequence_stride, len(data))
    _check_step("sampling_rate", sampling_rate, len(data))
    data = data[start_index:end_index]
    offsets = np.arange(sequence_length) * sampling_rate
    num_starts = len(data) - max(sequence_length - 1, 0) * sampling_rate
    if targets is not None:
        targets = np.asarray(targets)[start_index:end_index]
        num_starts = min(num_starts, len(targets))
    starts = np.arange(0, max(num_starts, 0), sequence_stride)

    def read(rows: Rows) -> Any:
        windows = data[starts[rows, np.newaxis] + offsets]
        return windows if targets is None else (windows, targets[starts[rows]])

    return from_rows(read, len(starts), batch_size, shuffle, seed)


def _check_indices(start: int | None, end: int | None, length: int) -> None:
    if start is not None and not 0 <= start < length:
        raise _out_of_range("start_index", start, f"0 to {length - 1}", length)
    if end is not None and not max(start or 0, 0) < end <= length:
        low = (start or 0) + 1
        raise _out_of_range("end_index", end, f"{low} to {length}", length)


def _check_step(name: str, step: int, length: int) -> None:
    if not 0 < step < length:
        raise _out_of_range(name, step, f"1 to {length - 1}", length)


def _out_of_range(name: str, got: int, expected: str, length: int) -> ValueError:
    return ValueError(
        explain(
            f"`{name}` does not fit data of length {length}.",
            got=f"{name}={got}",
            expected=expected,
        )
    )
