"""How x, y and sample weights are nested, and the flat list of arrays behind them.

`standardize` replaces every leaf of a user's structure by a source (`as_source`), lists
of numbers included. `DataStructure` remembers the nesting, so that a flat list of
buffers can be handed to a model as Keras would hand it the batch.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kerasish.backend import floatx
from kerasish.errors import ShapeError, explain
from kerasish.graph import tree
from kerasish.training.data_sources import Source, as_source, device_dtype

_NUMBERS = (bool, int, float, np.number, np.bool_)


class LeafSpec(NamedTuple):
    """One array of a data set.

    Attributes:
        name: As messages call it: `"x"`, `"x['image']"`, `"y[1]"`.
        shape: Shape of one sample.
        dtype: Dtype name in which the device sees it.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str


class DataStructure:
    """The nesting of x, y and sample weights around a flat list of arrays.

    Args:
        x: Structure of sources, from `standardize`.
        y: The same for targets, or None.
        sample_weight: The same for weights, or None.

    Attributes:
        leaves: The sources, flat: x, then y, then sample weights. A None inside y or
            the sample weights is no leaf.
        specs: One `LeafSpec` for each leaf.
        num_x, num_y, num_weights: How many leaves belong to each.
    """

    def __init__(self, x: Any, y: Any = None, sample_weight: Any = None) -> None:
        self.leaves: list[Source] = []
        specs: list[LeafSpec] = []
        counts: list[int] = []
        forms = []
        parts = {"x": x, "y": y, "sample_weight": sample_weight}
        for part, structure in parts.items():
            before = len(self.leaves)
            forms.append(tree.map_structure(lambda leaf: leaf is not None, structure))
            for name, leaf in _named_leaves(structure, part):
                dtype = device_dtype(leaf.dtype, name)
                # weights multiply losses: always floats, whatever they came as
                dtype = floatx() if part == "sample_weight" else dtype
                self.leaves.append(leaf)
                specs.append(LeafSpec(name, tuple(leaf.shape[1:]), dtype))
            counts.append(len(self.leaves) - before)
        self.specs = tuple(specs)
        self.num_x, self.num_y, self.num_weights = counts
        self._forms = tuple(forms)

    @classmethod
    def of_array(cls, array: Source) -> DataStructure:
        """Return what `DataStructure(array)` would be, without walking a nesting.

        Models that answer one sample at a time are asked for it a thousand times.
        """
        made = cls.__new__(cls)
        made.leaves = [array]
        made.specs = _specs_of_array(array.dtype, tuple(array.shape[1:]), floatx())
        made.num_x, made.num_y, made.num_weights = 1, 0, 0
        made._forms = (True, False, False)
        return made

    @property
    def has_y(self) -> bool:
        """Whether there are targets."""
        return self.num_y > 0

    @property
    def has_sample_weight(self) -> bool:
        """Whether there are sample weights."""
        return self.num_weights > 0

    def pack(self, leaves: Iterable[Any]) -> tuple[Any, Any, Any]:
        """Return `(x, y, sample_weight)` with these values in place of the leaves.

        Args:
            leaves: One value for each of `specs`, in that order.
        """
        values = iter(leaves)
        packed = []
        for form in self._forms:
            filled = [next(values) if there else None for there in tree.flatten(form)]
            packed.append(tree.pack(form, filled))
        x, y, sample_weight = packed
        return x, y, sample_weight

    def pack_x(self, leaves: Iterable[Any]) -> Any:
        """Return the structure of x with these values in place of its leaves."""
        return tree.pack(self._forms[0], list(leaves))

    def same_form(self, other: DataStructure) -> bool:
        """Return whether another structure nests its arrays in the same way."""
        return self._forms == other._forms

    def num_samples(self) -> int:
        """Return how many samples every leaf holds.

        Raises:
            ShapeError: The leaves differ in length, or there are no samples.
        """
        lengths = {int(leaf.shape[0]) for leaf in self.leaves}
        if len(lengths) > 1 or 0 in lengths:
            raise _no_common_length(self.specs, self.leaves)
        return lengths.pop()


@functools.lru_cache(maxsize=256)
def _specs_of_array(
    dtype: np.dtype[Any], shape: tuple[int, ...], float_dtype: str
) -> tuple[LeafSpec]:
    return (LeafSpec("x", shape, device_dtype(dtype, "x")),)


def _no_common_length(
    specs: Sequence[LeafSpec], leaves: Sequence[Source]
) -> ShapeError:
    """Return the error for arrays that differ in length, or are empty."""
    lengths = {s.name: leaf.shape[0] for s, leaf in zip(specs, leaves, strict=True)}
    if len({*lengths.values()}) > 1:
        return ShapeError(
            explain(
                "Data cardinality is ambiguous: x and what belongs to it differ in "
                "length.",
                got=", ".join(f"{n} with {k} samples" for n, k in lengths.items()),
                expected="the same number of samples (first axis) in each",
                fix="check how the arrays were cut or loaded",
            )
        )
    return ShapeError(
        explain(
            "The data is empty.",
            got=", ".join(f"{name} with 0 samples" for name in lengths),
            expected="at least one sample",
        )
    )


def standardize(structure: Any, name: str) -> Any:
    """Return a structure whose leaves are sources.

    Args:
        structure: An array of any kind, numbers in lists, or lists, tuples and dicts of
            arrays.
        name: `"x"`, `"y"` or `"sample_weight"`; messages start with it.

    Raises:
        DTypeError: A leaf is no data, or None inside x.
        ShapeError: Lists of different lengths where an array is meant.
    """
    if isinstance(structure, dict):
        return {k: standardize(v, f"{name}[{k!r}]") for k, v in structure.items()}
    if not isinstance(structure, (list, tuple)):
        if structure is None and not name.startswith("x"):
            return None
        return as_source(structure, name)
    if not structure:
        raise ShapeError(explain(f"{name} is empty.", got=f"{structure!r}"))
    if _first_leaf_is_number(structure):
        return as_source(_numbers_to_array(structure, name), name)
    parts = [standardize(v, f"{name}[{i}]") for i, v in enumerate(structure)]
    return _like(structure, parts)


def _like(sequence: Sequence[Any], parts: list[Any]) -> Any:
    if isinstance(sequence, list):
        return parts
    named = hasattr(sequence, "_fields")
    return type(sequence)(*parts) if named else tuple(parts)


def _first_leaf_is_number(structure: Any) -> bool:
    """Return whether lists hold numbers (one array) rather than arrays (several)."""
    while isinstance(structure, (list, tuple)) and structure:
        structure = structure[0]
    return isinstance(structure, (*_NUMBERS, str, bytes))


def _numbers_to_array(numbers: Any, name: str) -> NDArray[Any]:
    try:
        return np.asarray(numbers)
    except ValueError:
        raise ShapeError(
            explain(
                f"{name} is made of lists of different lengths.",
                got=f"{len(numbers)} rows, not all of one shape",
                expected="rows of one shape, so that they form an array",
                fix="pad them with keras.utils.pad_sequences",
            )
        ) from None


def _named_leaves(structure: Any, name: str) -> list[tuple[str, Any]]:
    """Return the leaves that are there, in `tree.flatten`'s order, with their names."""
    if isinstance(structure, dict):
        parts = [(f"{name}[{k!r}]", structure[k]) for k in sorted(structure)]
    elif isinstance(structure, (list, tuple)):
        parts = [(f"{name}[{i}]", part) for i, part in enumerate(structure)]
    else:
        return [] if structure is None else [(name, structure)]
    return list(itertools.chain.from_iterable(_named_leaves(p, n) for n, p in parts))
