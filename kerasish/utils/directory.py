"""Files of a folder as samples, their subfolders as classes: `*_from_directory`.

What the functions for images, texts and sounds have in common: which files there are
and in which order, their labels, and the part kept for validation. Each hands in how a
file is read. The first order is Keras's for the same seed, so that the same files are
kept for validation.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasish.errors import explain, unknown_name
from kerasish.random.seed import draw_seed
from kerasish.utils.io import print_msg
from kerasish.utils.numerical import to_categorical
from kerasish.utils.samples import Rows, SampleDataset, from_rows

_LABEL_MODES = ("int", "categorical", "binary", None)
_SUBSETS = ("training", "validation", "both")
# Reading a file waits for the disk, and Pillow decodes without holding up Python.
_WORKERS = min(4, os.cpu_count() or 1)

Collate = Callable[[list[Any]], Any]


@dataclass(frozen=True)
class Files:
    """Which files of a folder are wanted, with their labels.

    Attributes:
        directory: The folder.
        kind: Word for messages, such as "image".
        endings: Endings of the files' names, in lower case.
        labels: "inferred" (from the names of the subfolders), None, or a label for each
            file in the order of their paths.
        label_mode: "int", "categorical", "binary", or None.
        class_names: Names of the subfolders, in the order of their labels.
        shuffle: Whether to mix the files, and draw a new order for each pass.
        seed: Of the mixing.
        validation_split: Fraction kept for validation, or None.
        subset: "training", "validation" or "both", with `validation_split`.
        follow_links: Whether to go into folders that are links.
        verbose: Whether to tell how many files there are.
    """

    directory: str | os.PathLike[str]
    kind: str
    endings: tuple[str, ...]
    labels: Any = "inferred"
    label_mode: str | None = "int"
    class_names: Sequence[str] | None = None
    shuffle: bool = True
    seed: int | None = None
    validation_split: float | None = None
    subset: str | None = None
    follow_links: bool = False
    verbose: bool = True


@dataclass(frozen=True)
class _Found:
    """Files with their labels; these are None where there are none."""

    paths: list[str]
    labels: NDArray[Any] | None
    class_names: list[str] | None

    def part(self, rows: slice) -> _Found:
        labels = None if self.labels is None else self.labels[rows]
        return replace(self, paths=self.paths[rows], labels=labels)


def datasets_of(
    files: Files,
    load: Callable[[str], Any],
    collate: Collate,
    batch_size: int | None,
) -> Any:
    """Return the data set of a folder's files; two of them for the subset "both".

    Args:
        files: Which files.
        load: Returns the sample in a file.
        collate: Makes one batch of several samples.
        batch_size: Samples a batch; None for single samples.

    Raises:
        ValueError: An argument is not understood, or there are no such files.
    """
    _check_arguments(files)
    seed = draw_seed() if files.seed is None else files.seed
    found = _index(files)
    if files.shuffle:
        found = _shuffled(found, seed)
    parts = _split(files, found)
    made = [
        _dataset(part, replace(files, seed=seed), load, collate, batch_size)
        for part in parts
    ]
    return made if files.subset == "both" else made[0]


def _dataset(
    found: _Found,
    files: Files,
    load: Callable[[str], Any],
    collate: Collate,
    batch_size: int | None,
) -> SampleDataset:
    targets = _targets(found, files.label_mode)

    def read(rows: Rows) -> Any:
        batch = collate(_load_all(load, [found.paths[row] for row in rows]))
        return batch if targets is None else (batch, targets[rows])

    dataset = from_rows(read, len(found.paths), batch_size, files.shuffle, files.seed)
    dataset.class_names = found.class_names
    dataset.file_paths = found.paths
    return dataset


def _load_all(load: Callable[[str], Any], paths: list[str]) -> list[Any]:
    if len(paths) < 2 or _WORKERS < 2:
        return [load(path) for path in paths]
    with futures.ThreadPoolExecutor(_WORKERS) as pool:
        return list(pool.map(load, paths))


def _targets(found: _Found, label_mode: str | None) -> NDArray[Any] | None:
    """Return labels as targets in the form of `label_mode`."""
    if found.labels is None or found.class_names is None:
        return None
    if label_mode == "binary":
        return found.labels.astype("float32")[:, np.newaxis]
    if label_mode == "categorical":
        rows = to_categorical(found.labels, len(found.class_names))
        return np.asarray(rows, "float32")
    return found.labels


def _check_arguments(files: Files) -> None:
    if files.label_mode not in _LABEL_MODES:
        names = [str(mode) for mode in _LABEL_MODES]
        raise ValueError(unknown_name("`label_mode`", files.label_mode, names))
    if isinstance(files.labels, str) and files.labels != "inferred":
        raise ValueError(
            explain(
                "`labels` is not understood.",
                got=f"labels={files.labels!r}",
                expected='"inferred", None, or a list with a label for each file',
            )
        )
    if files.class_names and files.labels is not None and files.labels != "inferred":
        raise ValueError(
            explain(
                'You can only pass `class_names` if `labels="inferred"`.',
                got=f"class_names={list(files.class_names)}",
            )
        )
    if files.class_names and files.labels is None:
        raise ValueError(
            "When `labels=None` (no labels), `class_names` cannot be specified."
        )
    _check_split(files)


def _check_split(files: Files) -> None:
    split, subset = files.validation_split, files.subset
    if split is not None and not 0 <= split < 1:
        raise ValueError(
            explain(
                "`validation_split` must be between 0 and 1.",
                got=f"validation_split={split}",
            )
        )
    if bool(split) != bool(subset):
        raise ValueError(
            explain(
                "If `subset` is set, `validation_split` must be set, and inversely.",
                got=f"validation_split={split}, subset={subset!r}",
            )
        )
    if subset and subset not in _SUBSETS:
        raise ValueError(unknown_name("`subset`", subset, _SUBSETS))
    if split and files.shuffle and files.seed is None:
        raise ValueError(
            explain(
                "Without a seed, the training and the validation subset may overlap.",
                got="`validation_split` and shuffle=True, but no `seed`",
                fix="pass `seed`, the same for both subsets",
            )
        )


def _index(files: Files) -> _Found:
    """Return the files of a folder in the order of their paths, and their labels."""
    labels = None if files.label_mode is None else files.labels
    if isinstance(labels, str):
        return _index_classes(files)
    paths = list(_walk(Path(files.directory), files))
    names = None
    values = None
    if labels is not None:
        if len(labels) != len(paths):
            raise ValueError(
                explain(
                    "`labels` does not match the files in the folder.",
                    got=f"{len(labels)} labels",
                    expected=f"{len(paths)}, one for each file in {files.directory}",
                )
            )
        names = [str(label) for label in sorted(set(labels))]
        values = _as_labels(labels)
    _tell(files, f"Found {len(paths)} files.")
    return _checked(files, _Found(paths, values, names))


def _as_labels(labels: Any) -> NDArray[Any]:
    values = np.asarray(labels)
    return values.astype("int32") if values.dtype.kind in "iu" else values


def _index_classes(files: Files) -> _Found:
    folder = Path(files.directory)
    there = sorted(
        entry.name
        for entry in folder.iterdir()
        if entry.is_dir() and not entry.name.startswith(".")
    )
    names = list(files.class_names or there)
    if not set(names) <= set(there):
        raise ValueError(
            explain(
                "The `class_names` passed did not match the names of the subfolders.",
                got=f"class_names={names}",
                expected=f"{there} (or a subset of it)",
            )
        )
    paths: list[str] = []
    labels: list[int] = []
    for label, name in enumerate(names):
        inside = list(_walk(folder / name, files))
        paths += inside
        labels += [label] * len(inside)
    _tell(files, f"Found {len(paths)} files belonging to {len(names)} classes.")
    return _checked(files, _Found(paths, np.array(labels, "int32"), names))


def _checked(files: Files, found: _Found) -> _Found:
    if not found.paths:
        raise ValueError(
            explain(
                f"No {files.kind} files found in {files.directory}.",
                expected="files ending in " + ", ".join(files.endings),
            )
        )
    names = found.class_names
    if files.label_mode == "binary" and names is not None and len(names) != 2:
        raise ValueError(
            explain(
                'When passing `label_mode="binary"`, there must be exactly 2 classes.',
                got=f"class_names={names}",
            )
        )
    return found


def _walk(folder: Path, files: Files) -> Iterator[str]:
    tree = os.walk(folder, followlinks=files.follow_links)
    for root, _, names in sorted(tree, key=lambda entry: entry[0]):
        for name in sorted(names):
            if name.lower().endswith(files.endings):
                yield os.path.join(root, name)


def _shuffled(found: _Found, seed: int) -> _Found:
    # The legacy generator: it is what fixes which files Keras keeps for validation.
    order = np.random.RandomState(seed).permutation(len(found.paths))
    paths = [found.paths[row] for row in order]
    labels = None if found.labels is None else found.labels[order]
    return replace(found, paths=paths, labels=labels)


def _split(files: Files, found: _Found) -> list[_Found]:
    if not files.validation_split:
        return [found]
    total = len(found.paths)
    kept = int(files.validation_split * total)
    if not 0 < kept < total:
        raise ValueError(
            explain(
                f"`validation_split` leaves nothing of {total} files.",
                got=f"{total - kept} files for training, {kept} for validation",
                fix="change `validation_split`",
            )
        )
    training = found.part(slice(total - kept))
    validation = found.part(slice(total - kept, None))
    if files.subset != "validation":
        _tell(files, f"Using {total - kept} files for training.")
    if files.subset != "training":
        _tell(files, f"Using {kept} files for validation.")
    if files.subset == "both":
        return [training, validation]
    return [training if files.subset == "training" else validation]


def _tell(files: Files, message: str) -> None:
    if files.verbose:
        print_msg(message)
