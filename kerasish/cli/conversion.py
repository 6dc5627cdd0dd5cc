"""`kerasish convert A B`: a model file in another format, told by the endings."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from kerasish.cli.command import new_command
from kerasish.cli.output import show
from kerasish.cli.source import KINDS, WHOLE, opened
from kerasish.errors import explain
from kerasish.saving.api import (
    existing,
    load_model,
    load_weights,
    model_from_json,
    model_to_json,
    naming,
    save_model,
    save_weights,
)
from kerasish.saving.atomic import atomic_write
from kerasish.saving.sharded_weights import ENDING as SHARDED

_HELP = "write a model file in another format"
_EXAMPLES = """
The ending of B decides what is written:
  .keras          whole model, the archive of Keras 3
  .h5, .hdf5      whole model, HDF5
  .weights.h5     weights only
  .weights.json   weights only, split over files of at most --max-shard-size
  .json           architecture only

A is told by its content; files of Keras 2 (tf.keras) become files of Keras 3.
Weights alone do not say how their model is built: give it with --model.

examples:
  kerasish convert model.h5 model.keras
  kerasish convert model.keras model.weights.h5
  kerasish convert model.keras model.json
  kerasish convert trained.weights.h5 trained.keras --model model.json
"""
_WHOLE_ENDINGS = (".keras", ".h5", ".hdf5")


def add(commands: Any) -> None:
    """Enter the subcommand and its arguments."""
    parser = new_command(commands, "convert", _HELP, _EXAMPLES, run)
    parser.add_argument("source", metavar="A", help="the file to read")
    parser.add_argument("target", metavar="B", help="the file to write")
    parser.add_argument(
        "--model",
        metavar="FILE",
        help="the architecture that weights belong to: a .json, .keras or .h5",
    )
    parser.add_argument(
        "--force", action="store_true", help="replace B if it exists already"
    )
    parser.add_argument(
        "--no-compile",
        action="store_true",
        help="leave out optimizer, loss and metrics",
    )
    parser.add_argument(
        "--max-shard-size",
        type=float,
        default=5.0,
        metavar="GIB",
        help="for .weights.json: most of arrays in one file (default 5)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write B and return the exit status."""
    target = arguments.target
    _check_target(arguments.source, target, arguments.force)
    model = model_of(arguments.source, arguments.model, not arguments.no_compile)
    if target.endswith(SHARDED):
        save_weights(model, target, max_shard_size=arguments.max_shard_size)
    elif target.endswith(".weights.h5"):
        save_weights(model, target)
    elif target.endswith(".json"):
        with atomic_write(target) as file:
            file.write(model_to_json(model, indent=2).encode())
    else:
        save_model(model, target)
    size = os.path.getsize(target)
    show(f"wrote {target}: {model.count_params():,} parameters, {size:,} bytes")
    return 0


def _check_target(source: str, target: str, force: bool) -> None:
    if not target.endswith((*_WHOLE_ENDINGS, ".json")):
        raise ValueError(
            explain(
                f"Cannot tell what '{target}' shall be.",
                got=f"the ending '{Path(target).suffix}'",
                expected=".keras, .h5, .weights.h5, .weights.json or .json",
            )
        )
    if not os.path.exists(target):
        return
    if not force:
        fix = "choose another name, or pass --force"
        raise FileExistsError(explain(f"'{target}' exists already.", fix=fix))
    if os.path.exists(source) and os.path.samefile(source, target):
        raise ValueError(explain("A and B are the same file.", got=target))


def model_of(path: str, architecture: str | None = None, compiled: bool = False) -> Any:
    """Return the model in a file.

    Args:
        path: A file of any kind.
        architecture: The file with the model that weights belong to.
        compiled: Whether to compile it, and restore the optimizer.

    Raises:
        FileFormatError: It is damaged, or nothing that Keras writes.
        ValueError: It holds weights alone, and `architecture` is None.
    """
    with opened(path) as source:
        kind = source.kind
    if kind in WHOLE and architecture is None:
        return load_model(path, compile=compiled)
    if kind == "architecture":
        return _built(path)
    if architecture is None:
        raise ValueError(
            explain(
                f"'{path}' does not say how its model is built.",
                got=KINDS[kind],
                fix="give the architecture with --model FILE (.json, .keras or .h5)",
            )
        )
    model = model_of(architecture, compiled=compiled)
    if model.optimizer is not None:  # else its state in the file would be left out
        model.optimizer.build(model.trainable_variables)
    load_weights(model, path)
    return model


def _built(path: str) -> Any:
    text = Path(existing(path)).read_text(encoding="utf-8", errors="replace")
    with naming(path):
        return model_from_json(text)
