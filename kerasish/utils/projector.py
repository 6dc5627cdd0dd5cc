"""Embeddings as TensorBoard's projector reads them: tables of numbers, and a list."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from kerasish.errors import unknown_name

_LIST = "projector_config.pbtxt"


def write_embeddings(
    model: Any, log_dir: str, epoch: int, metadata: str | dict[str, str] | None
) -> None:
    """Write the weights of a model's embedding layers, one table each.

    Args:
        model: The model. Its `Embedding` layers are taken.
        log_dir: Folder of the logs.
        epoch: Number of the epoch, for the tables' names.
        metadata: File with the labels, or a dict of layer names and such files.

    Raises:
        ValueError: `metadata` names a layer that is none of these.
    """
    layers = {
        layer.name: layer
        for layer in model.layers
        if any(cls.__name__ == "Embedding" for cls in type(layer).__mro__)
    }
    named = metadata if isinstance(metadata, dict) else {}
    for name in named:
        if name not in layers:
            raise ValueError(unknown_name("embedding layer", name, layers))
    entries = []
    for name, layer in layers.items():
        table = f"{name}-{epoch}.tsv"
        path = os.path.join(log_dir, table)
        os.makedirs(log_dir, exist_ok=True)
        np.savetxt(path, layer.embeddings.numpy(), fmt="%.7g", delimiter="\t")
        labels = named.get(name) if isinstance(metadata, dict) else metadata
        entries.append(_entry(name, table, labels))
    with open(os.path.join(log_dir, _LIST), "w", encoding="utf-8") as file:
        file.write("".join(entries))


def _entry(name: str, table: str, labels: str | None) -> str:
    lines = [f'  tensor_name: "{name}"', f'  tensor_path: "{table}"']
    if labels:
        lines.append(f'  metadata_path: "{labels}"')
    return "embeddings {\n" + "\n".join(lines) + "\n}\n"
