"""The report of `kerasish inspect` as text for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from kerasish.cli.output import printable, shape_text, table_of
from kerasish.cli.source import KINDS, WHOLE
from kerasish.models.summary import readable_size

_MOST_ENTRIES = 40
_MOST_COLUMNS = 100


def text_of(report: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a report.

    Args:
        report: What `kerasish.cli.inspection.report_of` returned.
    """
    yield from _facts(report)
    if report["layers"]:
        yield ""
        yield _layer_table(report)
    if report["parameters"]:
        yield from _totals(report["parameters"])
    if report["assets"]:
        yield ""
        yield "Assets (vocabularies and the like):"
        yield from (
            f"  {a['name']} ({readable_size(a['bytes'])})" for a in report["assets"]
        )
    if "arrays" in report:
        yield ""
        yield _array_table(report["arrays"])
    yield ""
    yield from _refused(report)


def _facts(report: dict[str, Any]) -> Iterator[str]:
    model: dict[str, Any] = report["model"] or {}
    optimizer = report["optimizer"]
    facts = {
        "File": f"{report['file']} ({readable_size(report['bytes'])})",
        "Kind": KINDS[report["kind"]],
        "Written by": _writer(report),
        "Model": f"{model['name']} ({model['class']})" if model else None,
        "Inputs": ", ".join(map(_input, model.get("inputs", ()))),
        "Dtypes": ", ".join(report["dtypes"]),
        "Optimizer": _optimizer_text(optimizer) if optimizer else None,
        "Loss": _flat(report["loss"]),
        "Metrics": _flat(report["metrics"]),
    }
    if report["kind"] in WHOLE and not optimizer and not report["loss"]:
        facts["Optimizer"] = "none: the model was not compiled"
    for label, text in facts.items():
        if text:
            yield f"{label + ':':<11} {text}".replace("\n", " ")


def _writer(report: dict[str, Any]) -> str:
    generation = {2: " (Keras 2 / tf.keras)", 3: "", None: ""}
    version = report["keras_version"]
    if version:
        text = f"Keras {version}{generation[report['keras_generation']]}"
    else:
        known = report["keras_generation"]
        text = f"Keras {known}, the file does not say which" if known else "not said"
    if report["kerasish"]:
        text = f"kerasish, as {text}"
    for label, key in (("backend", "backend"), ("on", "date_saved")):
        if report[key]:
            text += f", {label} {report[key].replace('@', ' ')}"
    return text


def _input(held: dict[str, Any]) -> str:
    dtype = f" {held['dtype']}" if held["dtype"] else ""
    return f"{held['name']} {shape_text(held['shape'])}{dtype}"


def _optimizer_text(optimizer: dict[str, Any]) -> str:
    text = str(optimizer["class"] or "its state only")
    if optimizer["learning_rate"] is not None:
        rate = optimizer["learning_rate"]
        text += f", learning rate {f'{rate:.6g}' if _is_number(rate) else rate}"
    if optimizer["step"] is not None:
        text += f", step {optimizer['step']:,}"
    return text


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _flat(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_flat(held)}" for key, held in value.items())
    if isinstance(value, list):
        return ", ".join(filter(None, map(_flat, value)))
    return str(value)


def _layer_table(report: dict[str, Any]) -> str:
    heads = ["Layer (type)", "Output Shape", "Param #"]
    layers = report["layers"]
    if not report["model"]:
        heads[:2] = ["Group (name)", "Shapes of its arrays"]
        layers = [{**la, "output_shape": la["weight_shapes"]} for la in layers]
    is_graph = any(len(layer["connected_to"]) > 1 for layer in layers) or (
        len([la for la in layers if la["connected_to"]]) and not _is_chain(layers)
    )
    rows = [_layer_cells(layer) for layer in layers]
    if is_graph:
        heads.append("Connected to")
        rows = [
            [*row, ", ".join(layer["connected_to"])]
            for row, layer in zip(rows, layers, strict=True)
        ]
    return table_of(heads, rows)


def _is_chain(layers: list[dict[str, Any]]) -> bool:
    """Return whether each layer of the outermost model feeds just the next one."""
    outer = [layer for layer in layers if not layer["depth"]]
    return all(
        layer["connected_to"] == [before["name"]] for before, layer in pairwise(outer)
    )


def _layer_cells(layer: dict[str, Any]) -> list[str]:
    depth = layer["depth"]
    name = layer["name"].rpartition("/")[2] if depth else layer["name"]
    indent = "   " * (depth - 1) + "└ " if depth else ""
    kind = f" ({layer['class']})" if layer["class"] else ""
    count = layer["parameters"]
    mark = "" if layer["trainable"] is not False or not count else " (frozen)"
    shape = layer["output_shape"]
    return [
        f"{indent}{name}{kind}",
        shape_text(shape),
        "?" if count is None else f"{count:,}{mark}",
    ]


def _totals(parameters: dict[str, Any]) -> Iterator[str]:
    size = readable_size(parameters["bytes"])
    yield f" Total params: {parameters['total']:,} ({size})"
    if parameters["trainable"] is not None:
        yield f" Trainable params: {parameters['trainable']:,}"
        yield f" Non-trainable params: {parameters['non_trainable']:,}"
    if parameters["optimizer"]:
        yield f" Optimizer params: {parameters['optimizer']:,}"


def _array_table(arrays: list[dict[str, Any]]) -> str:
    rows = [
        [a["path"], str(tuple(a["shape"])), f"{a['bytes']:,}", a["dtype"]]
        for a in arrays
    ]
    return table_of(["Array", "Shape", "Bytes", "Dtype"], rows)


def _refused(report: dict[str, Any]) -> Iterator[str]:
    refused = report["refused"]
    if not refused:
        yield "Nothing in the file would be refused."
        return
    yield f"{len(refused)} thing{'s' * (len(refused) > 1)} would be refused:"
    for entry in refused[:_MOST_ENTRIES]:
        text = printable(f"{entry['where']}: {entry['what']}").replace("\n", " ")
        yield textwrap.fill(
            text,
            _MOST_COLUMNS,
            initial_indent="  ",
            subsequent_indent="    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    if len(refused) > _MOST_ENTRIES:
        yield f"  ... and {len(refused) - _MOST_ENTRIES} more (see --json)"
