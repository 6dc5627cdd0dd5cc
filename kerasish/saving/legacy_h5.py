"""Whole models in one `.h5` file, in the layout Keras has used since its first version.

Root attributes hold the configs as JSON; `/model_weights` one group a layer with the
list `weight_names`; `/optimizer_weights` the optimizer's state. Weights are matched by
their place, never by their names, which differ between versions. The layout belongs to
Keras: nothing here may change what is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

import numpy as np

from kerasish.errors import FileFormatError, explain
from kerasish.graph.memory_limit import memory_limit
from kerasish.saving.hdf5_safe import (
    dataset,
    member_names,
    most_bytes,
    names_attribute,
    parse_json,
    subgroup,
    text_attribute,
)
from kerasish.saving.hidden_state import read_hidden, write_hidden
from kerasish.saving.lazy_h5py import h5py
from kerasish.saving.legacy_config import (
    compile_config,
    full_model_config,
    legacy_model_config,
    training_config,
)
from kerasish.saving.old_layers import is_version_2, keep_old_meanings
from kerasish.saving.optimizer_state import restore_optimizer, state_names
from kerasish.saving.serialization import deserialize_keras_object
from kerasish.saving.weight_match import LayerArrays, load_matched

# The version whose layout is written; Keras converts the weights of older ones.
KERAS_VERSION = "3.15.1"
_BACKEND = "numpy"
_MAX_NAMES_BYTES = 64512
_NAME_BYTES = 16  # what HDF5 keeps in a list for each text of variable length


def write_model(model: Any, file: BinaryIO, include_optimizer: bool = True) -> None:
    """Write a whole model into an open file.

    Args:
        model: The model.
        file: A binary file opened to read and write. (HDF5's own writing to a path
            crashes the process when the disk is full; through a file object it raises.)
        include_optimizer: Whether to store how the model was compiled and the
            optimizer's state.
    """
    config = json.dumps(legacy_model_config(model))
    training = training_config(model) if include_optimizer else None
    with h5py.File(file, "w") as root:
        _write_versions(root)
        root.attrs["model_config"] = config
        write_weights(model, root.create_group("model_weights"))
        write_hidden(model, root)
        if training is None:
            return
        root.attrs["training_config"] = json.dumps(training)
        if model.optimizer is not None:
            _write_optimizer(model.optimizer, root)


def write_weights(model: Any, group: h5py.Group) -> None:
    """Write a model's weights into a group, a subgroup for each layer."""
    _write_names(group, "layer_names", [layer.name for layer in model.layers])
    _write_versions(group)
    for layer in model.layers:
        _check_new(group, layer.name)
        _write_variables(group.create_group(layer.name), legacy_order(layer))
    top = group.create_group("top_level_model_weights")
    _write_variables(top, _own_weights(model))


def _check_new(group: h5py.Group, name: str) -> None:
    if name in group:
        raise ValueError(
            explain(
                "The model cannot be saved as .h5.",
                got=f"two layers named '{name}'",
                expected="a name of its own for every layer",
                fix="rename one, or save as .keras",
            )
        )


def _write_versions(group: h5py.Group) -> None:
    group.attrs["keras_version"] = KERAS_VERSION
    group.attrs["backend"] = _BACKEND


def _write_variables(group: h5py.Group, variables: Sequence[Any]) -> None:
    names: list[str] = []
    for variable in variables:
        name = variable.path.strip("/") or "variable"
        while name in names:
            name += "_"
        names.append(name)
        group.create_dataset(name, data=variable.numpy())
    _write_names(group, "weight_names", names)


def _write_names(group: h5py.Group, attribute: str, names: list[str]) -> None:
    if not names:
        group.attrs[attribute] = np.zeros(0)  # an empty list of floats, as Keras has it
        return
    text = h5py.string_dtype("utf-8")
    step = _MAX_NAMES_BYTES // _NAME_BYTES
    if len(names) <= step:
        group.attrs[attribute] = np.array(names, dtype=text)
        return
    for number, start in enumerate(range(0, len(names), step)):
        part = np.array(names[start : start + step], dtype=text)
        group.attrs[f"{attribute}{number}"] = part


def _write_optimizer(optimizer: Any, root: h5py.Group) -> None:
    group = root.create_group("optimizer_weights")
    names = state_names(optimizer)
    for name, variable in zip(names, optimizer.variables, strict=True):
        group.create_dataset(name, data=variable.numpy())
    _write_names(group, "weight_names", names)


def legacy_order(layer: Any) -> list[Any]:
    """Return a layer's weights as `.h5` orders them: trainable ones first."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _own_weights(model: Any) -> list[Any]:
    """Return the weights that belong to the model itself and to none of its layers."""
    of_layers = {id(weight) for layer in model.layers for weight in layer.weights}
    return [weight for weight in model.weights if id(weight) not in of_layers]


def read_model(root: h5py.Group, compile: bool = True) -> Any:
    """Return the model stored in an open file.

    Args:
        root: The file, opened by `open_hdf5`.
        compile: Whether to compile it as it was, with the optimizer's state.

    Raises:
        FileFormatError: There is no model in the file, or it does not fit itself.
    """
    text = text_attribute(root, "model_config")
    if text is None:
        raise _no_model(root)
    config = parse_json(text, "model_config")
    if is_version_2(text_attribute(root, "keras_version")):
        config = keep_old_meanings(config)
    config = full_model_config(config)
    weights = subgroup(root, "model_weights")
    if weights is not None:
        _check_declared_units(config, weights)
    with memory_limit(most_bytes(root.file.id.get_filesize())):
        model = deserialize_keras_object(config)
        if weights is not None:
            read_weights(model, weights)
        if compile:
            _compile(model, root)
        read_hidden(model, root)
    return model


def _no_model(root: h5py.Group) -> FileFormatError:
    if (
        "layers" in member_names(root)
        or names_attribute(root, "layer_names") is not None
    ):
        return FileFormatError(
            explain(
                "The file holds weights only, no model.",
                fix="build the model in Python and call model.load_weights(file)",
            )
        )
    return FileFormatError(
        explain(
            "The file holds no Keras model.",
            got=f"an HDF5 file with {member_names(root)[:8]}",
            expected="an attribute 'model_config'",
        )
    )


def _check_declared_units(config: dict[str, Any], weights: h5py.Group) -> None:
    """Refuse a config that asks for far larger layers than the weights it comes with.

    Making the layers would take the memory before the misfit is noticed.
    """
    inner = config.get("config", {})
    for layer in inner.get("layers", ()) if isinstance(inner, dict) else ():
        settings = layer.get("config")
        if layer.get("class_name") != "Dense" or not isinstance(settings, dict):
            continue
        stored = _stored_arrays(weights, str(settings.get("name")))
        shape = stored[0].shape if stored else ()
        if shape and shape[-1] != settings.get("units"):
            raise FileFormatError(
                explain(
                    f"Dense '{settings.get('name')}' does not fit its own weights.",
                    got=f"units={settings.get('units')} and a kernel of shape {shape}",
                    expected=f"units={shape[-1]}",
                )
            )


def _compile(model: Any, root: h5py.Group) -> None:
    text = text_attribute(root, "training_config")
    if text is None:
        return
    config = parse_json(text, "training_config")
    if not isinstance(config, dict):
        raise FileFormatError(
            explain("'training_config' is damaged.", expected="a dictionary")
        )
    model.compile_from_config(compile_config(config))
    group = subgroup(root, "optimizer_weights")
    if group is not None:
        restore_optimizer(model, _named_arrays(group))


def _named_arrays(group: h5py.Group) -> list[tuple[str, h5py.Dataset]]:
    names = names_attribute(group, "weight_names") or []
    found = [(name, dataset(group, name)) for name in names]
    missing = [name for name, stored in found if stored is None]
    if missing:
        raise FileFormatError(
            explain(
                f"Weights are missing in '{group.name}'.",
                got=f"no '{missing[0]}'",
                expected=f"one array for each of {len(names)} weight names",
            )
        )
    return found


def _stored_arrays(weights: h5py.Group, layer_name: str) -> list[h5py.Dataset]:
    group = subgroup(weights, layer_name)
    if group is None:
        return []
    return [stored for _, stored in _named_arrays(group)]


def read_weights(
    model: Any, group: h5py.Group, by_name: bool = False, skip_mismatch: bool = False
) -> None:
    """Set a model's weights from a group that `write_weights` or Keras wrote.

    Args:
        model: A built model.
        group: The group, or a file that holds weights only.
        by_name: Pair layers by name and skip those without a partner, instead of
            pairing all of them in order.
        skip_mismatch: Warn about layers that do not fit instead of raising.

    Raises:
        FileFormatError: The weights do not fit the model.
    """
    names = names_attribute(group, "layer_names") or []
    stored = {name: _stored_arrays(group, name) for name in names}
    pair = _pair_by_name if by_name else _pair_in_order
    matched = pair(model, {name: found for name, found in stored.items() if found})
    top = _stored_arrays(group, "top_level_model_weights")
    if top:
        matched.append(LayerArrays(model, _own_weights(model), top))
    load_matched(matched, skip_mismatch)


def _pair_by_name(
    model: Any, stored: dict[str, list[h5py.Dataset]]
) -> list[LayerArrays]:
    return [
        LayerArrays(layer, legacy_order(layer), stored[layer.name])
        for layer in model.layers
        if layer.name in stored
    ]


def _pair_in_order(
    model: Any, stored: dict[str, list[h5py.Dataset]]
) -> list[LayerArrays]:
    layers = [layer for layer in model.layers if layer.weights]
    if len(layers) != len(stored):
        raise FileFormatError(
            explain(
                f"The file does not fit model '{model.name}'.",
                got=f"weights of {len(stored)} layers{_list(stored)}",
                expected=f"{len(layers)} layers{_list(x.name for x in layers)}",
                fix="build the model that was saved, or load with by_name=True",
            )
        )
    return [
        LayerArrays(layer, legacy_order(layer), arrays)
        for layer, arrays in zip(layers, stored.values(), strict=True)
    ]


def _list(names: Iterable[str]) -> str:
    listed = list(names)
    more = ", ..." if len(listed) > 6 else ""
    return f" ({', '.join(listed[:6])}{more})" if listed else ""
