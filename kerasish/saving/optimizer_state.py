"""The state of an optimizer in a file: its step count, rate and moments.

Keras 3 stores all of it, in the order of `optimizer.variables`. Keras 2 leaves the
learning rate out, and its older ("legacy") optimizers store one kind of slot after the
other where newer ones go weight by weight; both are put into our order here.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from kerasish.saving.hdf5_safe import read_array
from kerasish.saving.lazy_h5py import h5py

Stored = Sequence[tuple[str, "h5py.Dataset"]]
Pairs = list[tuple[Any, "h5py.Dataset"]]


def state_names(optimizer: Any) -> list[str]:
    """Return one name for each of an optimizer's variables; no two are the same."""
    names: list[str] = []
    for variable in optimizer.variables:
        name = variable.path.strip("/") or "variable"
        taken = set(names)
        unique = next(n for n in _numbered(name) if n not in taken)
        names.append(unique)
    return names


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 1
    while True:
        yield f"{name}_{number}"
        number += 1


def restore_optimizer(model: Any, stored: Stored) -> None:
    """Set a compiled model's optimizer to the state in a file.

    A state that does not fit the optimizer is left out, with a warning.

    Args:
        model: The model; its optimizer is built here if the file holds moments.
        stored: Name and dataset of each value, in the order of the file.
    """
    optimizer = model.optimizer
    if not stored or optimizer is None:
        return
    if any(dataset.shape for _, dataset in stored) and not optimizer.built:
        optimizer.build(model.trainable_variables)
    pairs = _pairs(optimizer, model.trainable_variables, stored)
    if pairs is None or any(tuple(v.shape) != d.shape for v, d in pairs):
        warnings.warn(
            f"The state of optimizer '{optimizer.name}' is left out: the file holds "
            f"{len(stored)} values, the optimizer has {len(optimizer.variables)}, and "
            "they do not fit. Training goes on with a fresh optimizer.",
            stacklevel=2,
        )
        return
    arrays = [(v, read_array(dataset, v.shape)) for v, dataset in pairs]
    for variable, array in arrays:
        variable.adopt(array.astype(variable.dtype, copy=False))
    if len(pairs) < len(optimizer.variables) - 1 and hasattr(optimizer, "recount"):
        optimizer.recount()


def _pairs(optimizer: Any, weights: Sequence[Any], stored: Stored) -> Pairs | None:
    variables = list(optimizer.variables)
    datasets = [dataset for _, dataset in stored]
    if stored[0][0].split(":")[0].rpartition("/")[2] == "iter":
        return _pairs_of_old(variables, weights, datasets)
    if all(not dataset.shape for dataset in datasets) and len(datasets) <= 2:
        return list(zip(variables, datasets, strict=False))
    if len(datasets) == len(variables) - 1:
        variables = [v for v in variables if not _is_rate(v)]
    if len(datasets) != len(variables):
        return _pairs_of_keras_2(variables, weights, datasets)
    return list(zip(variables, datasets, strict=True))


def _pairs_of_keras_2(
    variables: list[Any], weights: Sequence[Any], datasets: list[h5py.Dataset]
) -> Pairs | None:
    """Pair the step and the slots, as Keras 2 has no other values in its files.

    Its SGD has slots even without momentum, one for each weight, and its Nadam loses
    the product of the momentum factors.
    """
    slots = [v for v in variables[1:] if not _is_rate(v) and tuple(v.shape)]
    if not slots:
        shapes = [tuple(weight.shape) for weight in weights]
        unused = [dataset.shape for dataset in datasets[1:]]
        return [(variables[0], datasets[0])] if unused == shapes else None
    if len(slots) != len(datasets) - 1:
        return None
    return list(zip([variables[0], *slots], datasets, strict=False))


def _pairs_of_old(
    variables: list[Any], weights: Sequence[Any], datasets: list[h5py.Dataset]
) -> Pairs | None:
    """Pair the state of an older optimizer: the step, then slot by slot."""
    slots = [v for v in variables[1:] if not _is_rate(v)]
    if len(slots) != len(datasets) - 1:
        return None
    return list(zip([variables[0], *_by_kind(slots, weights)], datasets, strict=True))


def _by_kind(slots: list[Any], weights: Sequence[Any]) -> list[Any]:
    """Return slot variables ordered by kind (all momentums first), then by weight."""
    keys = [weight.path.replace("/", "_") for weight in weights]
    seen = dict.fromkeys(range(len(keys)), 0)
    places = []
    for slot in slots:
        owner = _owner(slot.path, keys)
        if owner is None:
            return slots
        places.append((seen[owner], owner))
        seen[owner] += 1
    order = sorted(range(len(slots)), key=lambda i: places[i])
    return [slots[i] for i in order]


def _owner(path: str, keys: list[str]) -> int | None:
    """Return which weight a slot belongs to: `adam/dense_kernel_momentum`."""
    name = path.rpartition("/")[2]
    fitting = [i for i, key in enumerate(keys) if name.startswith(f"{key}_")]
    return max(fitting, key=lambda i: len(keys[i])) if fitting else None


def _is_rate(variable: Any) -> bool:
    return bool(variable.name == "learning_rate")
