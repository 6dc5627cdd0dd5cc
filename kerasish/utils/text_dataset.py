"""`text_dataset_from_directory`: text files as samples."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasish.utils.directory import Files, datasets_of
from kerasish.utils.samples import check_format


def text_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Return the texts in a folder's `.txt` files, and their labels, in batches.

    Args:
        directory: Folder with a subfolder for each class.
        labels: "inferred" from the subfolders; None; or a list of integers, one for
            each file in the order of their paths.
        label_mode: "int" (int32), "categorical" (float32 one-hot rows), "binary"
            (float32, 0 or 1), or None for texts alone.
        class_names: Names of the subfolders, in the order of their labels; by default
            all that are there, sorted.
        batch_size: Texts a batch; None gives them one by one.
        max_length: Characters kept of a text.
        shuffle: Whether to mix the files, and draw a new order for each pass.
        seed: Of the mixing.
        validation_split: Fraction of the files kept for validation.
        subset: Which part is wanted: "training", "validation", or "both".
        follow_links: Whether to go into subfolders that are links.
        format: "tf" or "grain", as in Keras. The result is the same: an iterable of
            NumPy arrays.
        verbose: Whether to tell how many files there are.

    Returns:
        A `SampleDataset` of `(texts, labels)` or `texts`: texts are an object array of
        str, read as UTF-8 (bytes that are not become U+FFFD). Two of them for "both".
        Turn texts into numbers with `dataset.map(...)` before `fit`.

    Raises:
        ValueError: An argument is not understood, or there are no such files.
    """
    check_format(format)
    files = Files(
        *(directory, "text", (".txt",), labels, label_mode, class_names),
        *(shuffle, seed, validation_split, subset, follow_links, verbose),
    )

    def load(path: str) -> str:
        text = Path(path).read_bytes().decode("utf-8", "replace")
        return text[:max_length]

    return datasets_of(files, load, _as_array, batch_size)


def _as_array(texts: list[str]) -> NDArray[Any]:
    return np.array(texts, dtype=object)
