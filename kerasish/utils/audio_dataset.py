"""`audio_dataset_from_directory`: WAV files as samples."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasish.errors import explain
from kerasish.utils.directory import Files, datasets_of
from kerasish.utils.wav import read_wav, resample


def audio_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    sampling_rate: int | None = None,
    output_sequence_length: int | None = None,
    ragged: bool = False,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    verbose: bool = True,
) -> Any:
    """Return the sounds in a folder's `.wav` files, and their labels, in batches.

    Args:
        directory: Folder with a subfolder for each class.
        labels: "inferred" from the subfolders; None; or a list of integers, one for
            each file in the order of their paths.
        label_mode: "int" (int32), "categorical" (float32 one-hot rows), "binary"
            (float32, 0 or 1), or None for sounds alone.
        class_names: Names of the subfolders, in the order of their labels; by default
            all that are there, sorted.
        batch_size: Sounds a batch; None gives them one by one.
        sampling_rate: Hz that sounds are resampled to; by default as they are.
        output_sequence_length: Values that sounds are cut or filled up with zeros to.
            By default, those of one batch are filled up to the longest among them.
        ragged: Whether to leave the sounds of a batch at their own lengths.
        shuffle: Whether to mix the files, and draw a new order for each pass.
        seed: Of the mixing.
        validation_split: Fraction of the files kept for validation.
        subset: Which part is wanted: "training", "validation", or "both".
        follow_links: Whether to go into subfolders that are links.
        verbose: Whether to tell how many files there are.

    Returns:
        A `SampleDataset` of `(sounds, labels)` or `sounds`: float32 in [-1, 1) of shape
        `(batch, length, channels)`; with `ragged`, an object array of arrays `(length,
        channels)`. Two of them for "both".

    Raises:
        ValueError: An argument is not understood, or there are no such files.
        FileFormatError: A file is no WAV file of whole numbers.
    """
    _check_positive("sampling_rate", sampling_rate)
    _check_positive("output_sequence_length", output_sequence_length)
    if ragged and output_sequence_length is not None:
        raise ValueError("Cannot set both `ragged` and `output_sequence_length`.")
    files = Files(
        *(directory, "audio", (".wav",), labels, label_mode, class_names),
        *(shuffle, seed, validation_split, subset, follow_links, verbose),
    )

    def load(path: str) -> NDArray[Any]:
        sound, rate = read_wav(path)
        return sound if sampling_rate is None else resample(sound, rate, sampling_rate)

    def collate(sounds: list[Any]) -> NDArray[Any]:
        return (
            _as_objects(sounds) if ragged else _padded(sounds, output_sequence_length)
        )

    return datasets_of(files, load, collate, batch_size)


def _check_positive(name: str, value: int | None) -> None:
    if value is not None and value <= 0:
        raise ValueError(
            explain(f"`{name}` should be higher than 0.", got=f"{name}={value}")
        )


def _padded(sounds: list[NDArray[Any]], length: int | None) -> NDArray[Any]:
    longest = max(len(sound) for sound in sounds) if length is None else length
    channels = {sound.shape[1] for sound in sounds}
    if len(channels) > 1:
        raise ValueError(
            explain(
                "Sounds with different numbers of channels cannot be in one batch.",
                got=f"{sorted(channels)} channels",
                fix="pass ragged=True or batch_size=None, or convert the files",
            )
        )
    batch = np.zeros((len(sounds), longest, channels.pop()), "float32")
    for row, sound in zip(batch, sounds, strict=True):
        row[: len(sound)] = sound[:longest]
    return batch


def _as_objects(sounds: list[NDArray[Any]]) -> NDArray[Any]:
    batch = np.empty(len(sounds), dtype=object)
    batch[:] = sounds
    return batch
