"""`kerasish verify FILE`: load everything, with every check there is."""

from __future__ import annotations

import argparse
import warnings
import zipfile
from typing import Any

import numpy as np

from kerasish.cli.command import new_command
from kerasish.cli.conversion import model_of
from kerasish.cli.listing import list_arrays
from kerasish.cli.output import one_line, show
from kerasish.cli.source import Source, opened
from kerasish.saving.api import LOADING_ERRORS
from kerasish.saving.hdf5_safe import dataset, member, read_array

_HELP = "load a file in full and check everything in it"
_EXAMPLES = """
Reads every byte, builds the model, sets its weights, and looks for values that
are not finite. Prints what is wrong. The exit status is 0 if nothing is, else 1.

examples:
  kerasish verify model.keras
  kerasish verify trained.weights.h5 --model model.json
"""
_MOST_LINES = 40


def add(commands: Any) -> None:
    """Enter the subcommand and its arguments."""
    parser = new_command(commands, "verify", _HELP, _EXAMPLES, run)
    parser.add_argument("file", metavar="FILE", help="any file that Keras writes")
    parser.add_argument(
        "--model",
        metavar="FILE",
        help="for weights alone: the architecture they must fit",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print what is wrong and return the exit status."""
    found = problems_of(arguments.file, arguments.model)
    if not isinstance(found, list):
        show(f"OK: {arguments.file}: {found}")
        return 0
    for line in found[:_MOST_LINES]:
        show(f"BAD: {line}")
    if len(found) > _MOST_LINES:
        show(f"... and {len(found) - _MOST_LINES} more")
    return 1


def problems_of(path: str, architecture: str | None = None) -> list[str] | str:
    """Return what is wrong with a file, a line each; or what was checked.

    Args:
        path: The file.
        architecture: For weights alone: the file with the model they must fit.

    Raises:
        FileNotFoundError: There is no such file.
    """
    try:
        with opened(path) as source:
            found = [f"{p.where}: {p.what}" for p in source.problems]
            found += _wrong_members(source)
            wrong, checked = _wrong_arrays(source)
            only_weights = "weights" in source.kind
    except LOADING_ERRORS as error:
        return [one_line(error)]
    if not found and not (only_weights and architecture is None):
        built = _built(path, architecture)
        if isinstance(built, list):
            return [*built, *wrong]
        checked = built
    return [*found, *wrong] or checked


def _wrong_members(source: Source) -> list[str]:
    """Return the zip members whose check sums are wrong."""
    if source.kind != "keras":
        return []
    with zipfile.ZipFile(source.path) as archive:
        damaged = archive.testzip()
    return [f"{damaged}: the check sum is wrong"] if damaged is not None else []


def _wrong_arrays(source: Source) -> tuple[list[str], str]:
    """Return which arrays of a file cannot be read or are not finite."""
    listing = list_arrays(source.roots)
    wrong = [f"{p.where}: {p.what}" for p in listing.problems]
    if wrong:
        return wrong, ""
    for array in listing.arrays:
        for root in source.roots:
            if member(root, array.path) is None:
                continue
            stored = dataset(root, array.path)
            if stored is None:
                continue
            try:
                values = read_array(stored, array.shape)
            except LOADING_ERRORS as error:
                wrong.append(f"{array.path}: {one_line(error)}")
                continue
            wrong += not_finite(array.path, values)
    return wrong, f"{len(listing.arrays)} arrays, all finite"


def not_finite(name: str, values: np.ndarray) -> list[str]:
    """Return a line if an array holds NaN or infinity.

    Args:
        name: What to call it.
        values: Any array.
    """
    if values.dtype.kind != "f":
        return []
    nan, inf = int(np.isnan(values).sum()), int(np.isinf(values).sum())
    if not nan and not inf:
        return []
    return [f"{name}: {nan} NaN and {inf} infinite of {values.size:,} values"]


def _built(path: str, architecture: str | None) -> list[str] | str:
    """Build the model; return what is wrong with it, or what it is."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model = model_of(path, architecture, compiled=True)
            model.count_params()
    except LOADING_ERRORS as error:
        return [one_line(error)]
    found = [one_line(Warning(warning.message)) for warning in caught]
    for weight in model.weights:
        found += not_finite(weight.path, weight.numpy())
    count, size = len(model.weights), model.count_params()
    return found or f"{count} weights, {size:,} parameters, all finite"
