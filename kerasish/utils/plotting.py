"""`plot_model` and `model_to_dot`: a model's graph as a picture, by pydot."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kerasish.errors import explain
from kerasish.graph.keras_tensor import KerasTensor


def _pydot() -> Any:
    try:
        import pydot  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise ImportError(
            explain(
                "Pictures of models need pydot and Graphviz.",
                fix="pip install pydot, and install Graphviz (https://graphviz.org)",
            )
        ) from None
    return pydot


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """Return a model's graph as a `pydot.Dot`.

    Args:
        model: The model; a subclassed one is shown as a list of its layers.
        show_shapes: Whether to give the shapes of inputs and outputs.
        show_dtype: Whether to give dtypes.
        show_layer_names: Whether to give names of layers.
        rankdir: "TB" for top to bottom, "LR" for left to right.
        expand_nested: Whether to draw the layers of nested models.
        dpi: Dots per inch.
        subgraph: Whether to return a `pydot.Cluster`.
        show_layer_activations: Whether to give activations.
        show_trainable: Whether to say what is trainable.
        splines: How Graphviz draws edges.
        **kwargs: Nothing.

    Raises:
        ImportError: pydot is not installed.
        TypeError: An argument is unknown.
        ValueError: The model is not built.
    """
    if kwargs:
        raise TypeError(explain("Unknown arguments.", got=", ".join(kwargs)))
    if not model.built:
        raise ValueError(
            explain(
                "A model that is not built has no graph yet.",
                fix="call it on data, or model.build(input_shape)",
            )
        )
    pydot = _pydot()
    make = pydot.Cluster if subgraph else pydot.Dot
    dot = make(model.name)
    dot.set("rankdir", rankdir)
    dot.set("dpi", dpi)
    dot.set("splines", splines)
    dot.set_node_defaults(shape="record", fontname="Helvetica", fontsize="12")
    if subgraph:
        dot.set("label", model.name)
    options = {
        "show_shapes": show_shapes,
        "show_dtype": show_dtype,
        "show_layer_names": show_layer_names,
        "show_layer_activations": show_layer_activations,
        "show_trainable": show_trainable,
    }
    shown = _operations(model)
    for operation in shown:
        if expand_nested and getattr(operation, "layers", None):
            inner: dict[str, Any] = {**options, "expand_nested": True, "subgraph": True}
            dot.add_subgraph(model_to_dot(operation, rankdir=rankdir, **inner))
        label = _label(operation, **options)
        dot.add_node(pydot.Node(_key(operation), label=label))
    for source, target in _edges(model, shown):
        dot.add_edge(pydot.Edge(_key(source), _key(target)))
    return dot


def _operations(model: Any) -> list[Any]:
    function = getattr(model, "_function", None)
    return list(model.layers) if function is None else list(function.operations)


def _edges(model: Any, shown: list[Any]) -> list[tuple[Any, Any]]:
    function = getattr(model, "_function", None)
    if function is None:
        return list(itertools.pairwise(shown))
    pairs = {
        (tensor._keras_history.operation, node.operation): None
        for node in function.nodes
        for tensor in node.inputs
    }
    return list(pairs)


def _key(operation: Any) -> str:
    return f"node_{id(operation)}"


def _label(
    operation: Any,
    show_shapes: bool,
    show_dtype: bool,
    show_layer_names: bool,
    show_layer_activations: bool,
    show_trainable: bool,
) -> str:
    kind = getattr(operation, "kind", type(operation).__name__)
    title = f"{operation.name} ({kind})" if show_layer_names else kind
    rows = [title]
    activation = getattr(operation, "activation", None)
    if show_layer_activations and activation is not None:
        rows.append(f"activation: {getattr(activation, '__name__', activation)}")
    if show_dtype and hasattr(operation, "dtype"):
        rows.append(f"dtype: {operation.dtype}")
    if show_shapes and operation._inbound_nodes:
        node = operation._inbound_nodes[0]
        rows.append(f"input: {_shapes(node.inputs)}")
        rows.append(f"output: {_shapes(node.outputs)}")
    if show_trainable and getattr(operation, "weights", None):
        rows.append("trainable" if operation.trainable else "not trainable")
    return "{" + "|".join(row.replace("<", "").replace(">", "") for row in rows) + "}"


def _shapes(tensors: Sequence[KerasTensor]) -> str:
    return ", ".join(str(t.shape) for t in tensors) or "-"


def plot_model(
    model: Any,
    to_file: str | os.PathLike[str] = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """Write a picture of a model's graph.

    Args:
        model: The model.
        to_file: Where to; the suffix is the format.
        show_shapes: As for `model_to_dot`.
        show_dtype: As for `model_to_dot`.
        show_layer_names: As for `model_to_dot`.
        rankdir: As for `model_to_dot`.
        expand_nested: As for `model_to_dot`.
        dpi: As for `model_to_dot`.
        show_layer_activations: As for `model_to_dot`.
        show_trainable: As for `model_to_dot`.
        splines: As for `model_to_dot`.
        **kwargs: Nothing.
    """
    dot = model_to_dot(
        *(model, show_shapes, show_dtype, show_layer_names, rankdir, expand_nested),
        dpi=dpi,
        show_layer_activations=show_layer_activations,
        show_trainable=show_trainable,
        splines=splines,
        **kwargs,
    )
    path = Path(to_file)
    try:
        dot.write(str(path), format=path.suffix.lstrip(".").lower() or "png")
    except FileNotFoundError:
        raise ImportError(
            explain(
                "The picture cannot be drawn: Graphviz is not installed.",
                fix="install Graphviz (https://graphviz.org); model_to_dot gives the "
                "graph as text without it",
            )
        ) from None


def get_source_inputs(tensor: KerasTensor) -> list[KerasTensor]:
    """Return the input tensors that a `KerasTensor` depends on."""
    found: dict[int, KerasTensor] = {}
    stack, seen = [tensor], set()
    while stack:
        current = stack.pop()
        history = current._keras_history
        if history is None or id(current) in seen:
            continue
        seen.add(id(current))
        inputs = history.operation._inbound_nodes[history.node_index].inputs
        if not inputs:
            found[id(current)] = current
        stack.extend(reversed(inputs))
    return list(found.values())
