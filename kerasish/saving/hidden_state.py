"""What Keras's files have no place for: seeds, states of layers, how far `fit` came.

It lies in a group `_kerasish` of the HDF5 file, beside the weights and written together
with them; Keras reads past groups it does not know. `variables` holds the variables of
a model that are no weights (seed generators, states of recurrent layers, metrics that
layers hold), in their order. `training` holds a nested value of JSON and arrays, for
`BackupAndRestore` and `ModelCheckpoint`; a model from such a file has it as an
attribute, until it is trained. A file without the group, or with one that does not fit,
loads as a file of Keras does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from kerasish.errors import FileFormatError, explain
from kerasish.saving.hdf5_safe import (
    dataset,
    member_names,
    most_bytes,
    parse_json,
    read_array,
    subgroup,
)
from kerasish.saving.lazy_h5py import h5py

FIT_STATE = "_fit_state"  # attribute of a model: where its training stands, or None

_GROUP = "_kerasish"
_VARIABLES = f"{_GROUP}/variables"
_TRAINING = f"{_GROUP}/training"
_ARRAY = "__array__"


def hidden_variables(model: Any) -> list[Any]:
    """Return the variables of a model that are no weights, in a fixed order."""
    weights = {id(weight) for weight in model.weights}
    found = [v for v in getattr(model, "variables", ()) if id(v) not in weights]
    # of layers: `fit` resets its own
    metrics: list[Any] = getattr(model, "_inner_metrics", list)()
    found.extend(v for metric in metrics for v in metric.variables)
    found.extend(_carried_states(model))
    return list({id(variable): variable for variable in found}.values())


def _carried_states(layer: Any) -> Iterator[Any]:
    """Yield the states that stateful recurrent layers carry between batches."""
    if getattr(layer, "stateful", False):
        yield from getattr(layer, "states", None) or ()
    for inner in getattr(layer, "_sublayers", lambda: ())():
        yield from _carried_states(inner)


def write_hidden(model: Any, root: h5py.Group) -> None:
    """Write the variables that are no weights; without any, the file stays as it is."""
    for number, variable in enumerate(hidden_variables(model)):
        root.create_dataset(f"{_VARIABLES}/{number}", data=variable.numpy())


def read_hidden(model: Any, root: h5py.Group) -> None:
    """Set the variables that are no weights, if the file has them all."""
    variables = hidden_variables(model)
    group = subgroup(root, _VARIABLES)
    if group is None or len(member_names(group)) != len(variables):
        return
    stored = [dataset(group, str(number)) for number in range(len(variables))]
    pairs = list(zip(variables, stored, strict=True))
    if any(s is None or s.shape != tuple(v.shape) for v, s in pairs):
        return
    for variable, found in pairs:
        assert found is not None
        value = read_array(found, variable.shape)
        variable.assign(value.astype(variable.dtype, copy=False))


def write_training(root: h5py.Group, state: dict[str, Any]) -> None:
    """Write a state of JSON values and arrays.

    Args:
        root: The file.
        state: Dicts with text keys, lists, numbers, text, None and NumPy arrays.

    Raises:
        TypeError: There is something else in it.
    """
    arrays: list[np.ndarray] = []
    text = json.dumps(_plain(state, arrays)).encode()
    root.create_dataset(f"{_TRAINING}/json", data=np.frombuffer(text, np.uint8))
    for number, array in enumerate(arrays):
        root.create_dataset(f"{_TRAINING}/{number}", data=array)


def read_training(root: h5py.Group) -> dict[str, Any] | None:
    """Return the state that `write_training` wrote; None if there is none.

    Raises:
        FileFormatError: It is damaged.
    """
    group = subgroup(root, _TRAINING)
    if group is None:
        return None
    text = _read(group, "json").tobytes().decode("utf-8", "replace")
    state = _filled(parse_json(text, "the state of the training"), group)
    if isinstance(state, dict):
        return state
    raise FileFormatError(explain("The state of the training is damaged."))


def _plain(value: Any, arrays: list[np.ndarray]) -> Any:
    if isinstance(value, dict):
        return {_key(key): _plain(item, arrays) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, arrays) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        arrays.append(value)
        return {_ARRAY: len(arrays) - 1}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(
        explain(
            "The state of the training cannot be written.",
            got=f"{value!r} of type {type(value).__name__}",
            expected="JSON values and NumPy arrays from every get_state()",
        )
    )


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    raise TypeError(
        explain(
            "The state of the training cannot be written.",
            got=f"a dict with the key {key!r}",
            expected="text as keys in what get_state() returns",
        )
    )


def _filled(value: Any, group: h5py.Group) -> Any:
    if isinstance(value, list):
        return [_filled(item, group) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {_ARRAY}:
        return _read(group, str(value[_ARRAY]))
    return {key: _filled(item, group) for key, item in value.items()}


def _read(group: h5py.Group, name: str) -> np.ndarray:
    found = dataset(group, name)
    if found is None or found.nbytes > most_bytes(group.file.id.get_filesize()):
        raise FileFormatError(explain("The state of the training is damaged."))
    return read_array(found, found.shape)


def assign_all(variables: Sequence[Any], values: Sequence[Any]) -> None:
    """Set variables to arrays, if these are as many and of the same shapes."""
    pairs = list(zip(variables, values, strict=False))
    if len(variables) != len(values):
        return
    if any(tuple(v.shape) != np.shape(value) for v, value in pairs):
        return
    for variable, value in pairs:
        variable.assign(np.asarray(value, variable.dtype))
