"""Stored arrays and the variables they belong to: checking the fit, then assigning.

Both HDF5 layouts come down to a list of `LayerArrays`, one a layer. Nothing is assigned
before every shape has been checked and every array read, so that a file that does not
fit leaves the model as it was.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kerasish.errors import FileFormatError, explain
from kerasish.saving.hdf5_safe import read_array
from kerasish.saving.lazy_h5py import h5py


@dataclass(frozen=True)
class LayerArrays:
    """What a file holds for one layer.

    Attributes:
        owner: The layer, for messages.
        variables: Its variables, in the order of the file.
        stored: The datasets, in the same order.
    """

    owner: Any
    variables: Sequence[Any]
    stored: Sequence[h5py.Dataset]

    def misfit(self) -> str | None:
        """Return what does not fit, as a message without a first line, or None."""
        expected = [tuple(variable.shape) for variable in self.variables]
        got = [tuple(dataset.shape) for dataset in self.stored]
        if got == expected:
            return None
        names = [variable.name for variable in self.variables]
        if len(got) == len(expected):
            rows = zip(names, got, expected, strict=True)
            wrong = [(name, g, e) for name, g, e in rows if g != e]
            return _report(
                ", ".join(f"{name} {g}" for name, g, _ in wrong),
                ", ".join(f"{name} {e}" for name, _, e in wrong),
            )
        return _report(
            f"{len(got)} weights" + _listed(map(str, got)),
            f"{len(expected)} weights"
            + _listed(f"{n} {e}" for n, e in zip(names, expected, strict=True)),
        )


def _listed(words: Any) -> str:
    text = ", ".join(words)
    return f": {text}" if text else ""


def _report(got: str, expected: str) -> str:
    return f"  stored:   {got}\n  expected: {expected}"


def load_matched(layers: Sequence[LayerArrays], skip_mismatch: bool) -> None:
    """Assign every stored array to its variable.

    Args:
        layers: What the file holds, a layer at a time.
        skip_mismatch: Leave out layers that do not fit, with a warning, instead of
            refusing the file.

    Raises:
        FileFormatError: A layer does not fit, or its bytes are damaged.
    """
    fitting = []
    for layer in layers:
        misfit = layer.misfit()
        if misfit is None:
            fitting.append(layer)
        elif skip_mismatch:
            warnings.warn(
                f"{describe(layer.owner)} keeps its weights: "
                f"the file does not fit it.\n{misfit}",
                stacklevel=2,
            )
        else:
            raise _does_not_fit(layer, misfit)
    arrays = [
        (variable, read_array(stored, variable.shape))
        for layer in fitting
        for variable, stored in zip(layer.variables, layer.stored, strict=True)
    ]
    for variable, array in arrays:
        variable.adopt(array.astype(variable.dtype, copy=False))


def describe(owner: Any) -> str:
    """Return a layer's class and name for messages, such as `Dense 'hidden'`."""
    return f"{type(owner).__name__} '{getattr(owner, 'name', '?')}'"


def _does_not_fit(layer: LayerArrays, misfit: str) -> FileFormatError:
    fix = explain(
        "",
        fix="give the layer the sizes it was saved with, or load with "
        "skip_mismatch=True to leave it out",
    )
    what = f"{describe(layer.owner)} does not fit the file's weights."
    return FileFormatError(f"{what}\n{misfit}{fix}")
