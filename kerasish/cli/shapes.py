"""Shapes of the outputs of layers, and what of them would be refused.

Files of Keras 3 say most shapes. For the rest each layer is made from its config, as
loading does it but without weights, and asked what it makes of its input's shape. A
layer that cannot be made is noted, and so are unknown classes, functions and code.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kerasish.cli.layer_rows import LayerRow, is_model, settings_of
from kerasish.cli.listing import Problem
from kerasish.cli.output import one_line
from kerasish.graph.keras_tensor import KerasTensor
from kerasish.graph.memory_limit import memory_limit
from kerasish.models.graph_config import revived
from kerasish.models.node_config import calls_of, is_tensor_config, reference_of
from kerasish.saving.api import LOADING_ERRORS
from kerasish.saving.old_calls import is_old_tensor
from kerasish.saving.serialization import deserialize_keras_object, find_class
from kerasish.saving.tf_operations import CLASSES as TF_CLASSES

_MOST_LAYER_BYTES = 2**26  # layers without weights take next to nothing
Shape = tuple[int | None, ...]
Shapes = dict[tuple[str, int, int], Any]


def fill_shapes(rows: Sequence[LayerRow], config: Any) -> list[Problem]:
    """Set the shapes of rows that can be told, and return what would be refused.

    Args:
        rows: The layers of a model, as `layer_rows` returns them.
        config: The model's config in the form of Keras 3.
    """
    problems: list[Problem] = []
    _fill(rows, config, None, problems)
    return list(dict.fromkeys(problems))


def _fill(
    rows: Sequence[LayerRow], config: Any, given: Any, problems: list[Problem]
) -> Any:
    """Fill in a model's rows and return the shape of its output."""
    if not isinstance(config, dict) or not rows:
        return None
    is_graph = "input_layers" in settings_of(config)
    if is_graph:
        return _fill_graph(rows, config, problems)
    return _fill_chain(rows, config, given, problems)


@dataclass(frozen=True)
class _Held:
    """What stands for a tensor in the arguments of a call: its shape."""

    shape: Shape


def _fill_chain(
    rows: Sequence[LayerRow], config: Any, given: Any, problems: list[Problem]
) -> Any:
    shape = given or _tuple(settings_of(config).get("build_input_shape"))
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        found = _output(row, None if shape is None else [_Held(shape)], {}, problems)
        told = _built_on(following.config) if following else None
        shape = row.shape = found if told is None else told
    return shape


def _built_on(entry: dict[str, Any]) -> Shape | None:
    """Return the shape of the input a layer was built on, if its config says."""
    build = entry.get("build_config")
    return _tuple(build.get("input_shape")) if isinstance(build, dict) else None


def _tuple(shape: Any) -> Shape | None:
    if not isinstance(shape, (list, tuple)):
        return None
    whole = all(size is None or isinstance(size, int) for size in shape)
    return tuple(shape) if whole else None


def _fill_graph(rows: Sequence[LayerRow], config: Any, problems: list[Problem]) -> Any:
    told = _told(rows)
    for row in rows:
        try:
            args, kwargs = _called_on(row.config, told)
        except LOADING_ERRORS:
            args, kwargs = None, {}
        found = _output(row, args, kwargs, problems)
        name = row.config.get("name") or row.name.rpartition("/")[2]
        row.shape = _known(told, name)
        if row.shape is None:
            _tell(told, name, found)
        if row.shape is None or isinstance(found, (list, dict)):
            row.shape = found
    ends = _leaves(settings_of(config).get("output_layers"))
    shapes = [told.get(end, told.get((end[0], 0, end[2]))) for end in ends]
    return shapes[0] if len(shapes) == 1 else shapes or None


def _known(told: Shapes, name: str) -> Any:
    """Return the shape of a layer's first output, or of all that are mentioned."""
    first = told.get((name, 0, 0), told.get((name, 1, 0)))
    several = [told[name, 0, i] for i in range(9) if (name, 0, i) in told]
    return several if len(several) > 1 else first


def _tell(told: Shapes, name: str, shape: Any) -> None:
    if isinstance(shape, list):
        for index, part in enumerate(shape):
            told[name, 0, index] = part
    elif shape is not None:
        told[name, 0, 0] = shape


def _told(rows: Sequence[LayerRow]) -> Shapes:
    """Return the shapes of tensors that the calls of layers mention."""
    told: Shapes = {}

    def note(tensor: dict[str, Any]) -> Any:
        shape = _tuple(tensor["config"].get("shape"))
        if shape is not None:
            told[reference_of(tensor)] = shape
        return None

    for row in rows:
        try:
            for call in calls_of(row.config.get("inbound_nodes") or []):
                _replaced([call.args, call.kwargs], note)
        except LOADING_ERRORS:
            continue
    return told


def _called_on(entry: dict[str, Any], told: Shapes) -> tuple[Any, dict[str, Any]]:
    """Return the arguments of a layer's first call, shapes in place of tensors."""
    calls = calls_of(entry.get("inbound_nodes") or [])
    if not calls:
        return None, {}

    def shape_of(tensor: dict[str, Any]) -> Any:
        name, node, index = reference_of(tensor)
        found = told.get((name, node, index))
        return _Held(told[name, 0, index] if found is None else found)

    args = [_replaced(value, shape_of) for value in calls[0].args]
    kwargs = {key: _replaced(v, shape_of) for key, v in calls[0].kwargs.items()}
    return args, kwargs


def _replaced(value: Any, replace: Any) -> Any:
    """Return an argument with what `replace` returns for its tensors."""
    if is_tensor_config(value):
        return replace(value)
    if isinstance(value, dict):
        return {key: _replaced(inner, replace) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, replace) for inner in value]
    return value


def _leaves(structure: Any) -> list[tuple[str, int, int]]:
    """Return the tensors in `input_layers` or `output_layers`."""
    if isinstance(structure, dict):
        structure = list(structure.values())
    if not isinstance(structure, list):
        return []
    if is_old_tensor(structure):
        return [(structure[0], structure[1], structure[2])]
    return [leaf for part in structure for leaf in _leaves(part)]


def _output(
    row: LayerRow, args: Any, kwargs: dict[str, Any], problems: list[Problem]
) -> Any:
    """Return the shape of a layer's output, if it can be told; note what is refused."""
    if row.inner:
        given = args[0].shape if args and isinstance(args[0], _Held) else None
        return _fill(row.inner, row.config, given, problems)
    if row.class_name in TF_CLASSES and "inbound_nodes" in row.config:
        return None  # noted when it could not be put into a new form
    is_outer = holds_model(row.config)
    refused = refusals(row.config if is_outer else settings_of(row.config))
    problems += [Problem(row.name, what) for what in refused]
    if refused or is_outer:
        return None
    try:
        layer, settings = made(row.config)
    except LOADING_ERRORS as error:
        problems.append(Problem(row.name, one_line(error)))
        return None
    if row.class_name == "InputLayer":
        return _tuple(settings_of(row.config).get("batch_shape"))
    try:
        return _asked(layer, args, {**settings, **kwargs}) if args else None
    except (*LOADING_ERRORS, RecursionError):
        return None  # it needs more than shapes, or what comes before is unknown


def made(entry: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return the layer of a config, or the function with its settings; not built.

    Args:
        entry: A layer in a model's config, in the form of Keras 3.

    Raises:
        FileFormatError: It names what is unknown, or does not fit its class.
    """
    kept = {key: value for key, value in entry.items() if key != "build_config"}
    with memory_limit(_MOST_LAYER_BYTES), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return revived(kept, None)


def holds_model(entry: Any) -> bool:
    """Return whether a model, which is built when it is made, is inside a config."""
    if isinstance(entry, dict):
        inside = any(holds_model(value) for value in entry.values())
        return inside or (is_model(entry) and "class_name" in entry)
    return isinstance(entry, list) and any(map(holds_model, entry))


def _asked(layer: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Return the shape of the output of a layer, or of a function of `keras.ops`."""
    if not hasattr(layer, "compute_output_shape"):
        result = layer(*_swapped(args, _tensor), **_swapped(kwargs, _tensor))
        return _tuple(getattr(result, "shape", None))
    shapes = [_swapped(value, _shape) for value in args if _has_tensor(value)]
    named = {
        f"{key}_shape": _swapped(value, _shape)
        for key, value in kwargs.items()
        if _has_tensor(value) and key != "mask"
    }
    shape = layer.compute_output_shape(*shapes, **named)
    if isinstance(shape, dict):
        return shape
    whole = _tuple(shape)
    return [_tuple(part) for part in shape] if whole is None else whole


def _shape(held: _Held) -> Shape:
    return held.shape


def _tensor(held: _Held) -> KerasTensor:
    return KerasTensor(held.shape, "float32")


def _swapped(value: Any, swap: Callable[[_Held], Any]) -> Any:
    """Return arguments with something else in place of the tensors."""
    if isinstance(value, _Held):
        return swap(value)
    if isinstance(value, dict):
        return {key: _swapped(inner, swap) for key, inner in value.items()}
    if isinstance(value, list):
        return [_swapped(inner, swap) for inner in value]
    return value


def _has_tensor(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_tensor, value.values()))
    if isinstance(value, list):
        return any(map(_has_tensor, value))
    return isinstance(value, _Held)


def refusals(config: Any) -> list[str]:
    """Return why the objects in a config would be refused: unknown ones, and code.

    Args:
        config: Any part of a config in the form of Keras 3; the layers that models in
            it list are looked at too.
    """
    if isinstance(config, list):
        return [what for value in config for what in refusals(value)]
    if not isinstance(config, dict):
        return []
    found: list[str] = []
    class_name = config.get("class_name")
    if isinstance(class_name, str) and "config" in config:
        if class_name == "__keras_tensor__":
            return []
        found += _refusal(class_name, config)
        if class_name.startswith("__") or class_name == "function":
            return found
    for value in config.values():
        found += refusals(value)
    return list(dict.fromkeys(found))


def _refusal(class_name: str, config: dict[str, Any]) -> list[str]:
    try:
        if class_name.startswith("__") or class_name == "function":
            deserialize_keras_object(config)
        elif not str(config.get("module")).startswith("keras.src.ops"):
            find_class(config)
    except LOADING_ERRORS as error:
        return [one_line(error)]
    return []
