"""`kerasish inspect FILE`: what is in a model file, without reading its weights.

`report_of` makes the dictionary that `--json` prints. The keys are
documented in docs/command_line.md: add some, but keep the meaning of those there are.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from typing import Any

from kerasish.cli.command import new_command
from kerasish.cli.inspection_text import text_of
from kerasish.cli.layer_rows import LayerRow, is_model, layer_rows, settings_of
from kerasish.cli.listing import Array, Listing, Problem, list_arrays
from kerasish.cli.output import show, show_json
from kerasish.cli.shapes import fill_shapes, refusals
from kerasish.cli.source import Source, opened
from kerasish.saving.api import LOADING_ERRORS, naming
from kerasish.saving.hdf5_safe import dataset, read_array, subgroup
from kerasish.saving.legacy_config import full_model_config
from kerasish.saving.old_layers import is_version_2, keep_old_meanings
from kerasish.saving.older_configs import modernise

_HELP = "show what is in a model file, without reading its weights"
_EXAMPLES = """
examples:
  kerasish inspect model.keras
  kerasish inspect model.h5 --weights
  kerasish inspect model.weights.h5 --json

The exit status is 0 also where something in the file would be refused.
"""
_STEPS = ("iteration", "iterations", "iter")
_RATES = ("learning_rate", "lr", "initial_learning_rate")


def add(commands: Any) -> None:
    """Enter the subcommand and its arguments."""
    parser = new_command(commands, "inspect", _HELP, _EXAMPLES, run)
    parser.add_argument("file", metavar="FILE", help="any file that Keras writes")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--weights", action="store_true", help="list every array in the file"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the report and return the exit status."""
    report = report_of(arguments.file, arguments.weights)
    if arguments.json:
        show_json(report)
    else:
        show("\n".join(text_of(report)))
    return 0


def report_of(path: str, with_arrays: bool = False) -> dict[str, Any]:
    """Return what is in a file, as plain JSON values.

    Args:
        path: The file.
        with_arrays: Whether to list every array.

    Raises:
        FileFormatError: It is nothing that Keras writes.
        FileNotFoundError: There is no such file.
    """
    with opened(path) as source, naming(path):
        config = modern_config(source)
        listing, rows = _listed(source, config)
        problems = source.problems + listing.problems
        if isinstance(config, dict):
            problems += fill_shapes(rows, config) if config.get("config") else []
            problems += _of_model(config, rows)
        problems += [Problem("compile", w) for w in refusals(source.training)]
        report = {
            "file": path,
            "kind": source.kind,
            "bytes": _bytes(source),
            "keras_version": source.keras_version,
            "keras_generation": _generation(source, listing),
            "backend": source.backend,
            "kerasish": any(a.path.startswith("_kerasish/") for a in listing.arrays),
            "date_saved": source.date,
            "model": _model(config, rows),
            "parameters": _parameters(source, listing, rows),
            "dtypes": dict(Counter(a.dtype for a in weights_of(source, listing))),
            "optimizer": _optimizer(source, listing),
            "loss": described(_setting(source, "loss")),
            "metrics": described(_setting(source, "metrics")),
            "assets": _assets(source),
            "layers": [_layer(row, source) for r in rows for row in r.walk()],
            "refused": [{"where": p.where, "what": p.what} for p in problems],
        }
        if with_arrays:
            report["arrays"] = [_array(array) for array in listing.arrays]
    return report


def _listed(source: Source, config: Any) -> tuple[Listing, list[LayerRow]]:
    """Return the arrays of a file, and the layers they belong to.

    The names of objects are read only where counting classes leaves arrays over: the
    file is looked through from start to end before.
    """
    if is_model(config if isinstance(config, dict) else {}):
        listing = list_arrays(source.roots)
        rows = layer_rows(source, listing, config)
        counted = sum(len(row.arrays) for row in rows)
        if not source.is_tree or counted == len(weights_of(source, listing)):
            return listing, rows
    listing = list_arrays(source.roots, with_names=True)
    return listing, layer_rows(source, listing, config)


def modern_config(source: Source) -> Any:
    """Return the model's config in the form of Keras 3; what fails becomes a problem.

    Layers whose old form has no counterpart are left as they are.
    """
    config = source.config
    if is_version_2(source.keras_version):
        config = keep_old_meanings(config)
    if config is None:
        return None
    try:
        return full_model_config(config) if source.kind == "h5" else modernise(config)
    except LOADING_ERRORS:
        pass
    with source.noting("config"):
        return _layer_by_layer(config, source)
    return None


def _layer_by_layer(config: Any, source: Source) -> Any:
    """Return a config of which one layer at least cannot be put into a new form."""
    inner = settings_of(config)
    if not isinstance(inner.get("layers"), list):
        return modernise(config)
    layers = []
    for entry in inner["layers"]:
        layers.append(entry)
        name = entry.get("name") if isinstance(entry, dict) else None
        with source.noting(str(name or "layer")):
            layers[-1] = _layer_by_layer(entry, source)
    return {**config, "config": {**inner, "layers": layers}}


def _of_model(config: dict[str, Any], rows: list[LayerRow]) -> list[Problem]:
    """Return what is refused of a model whose class is a user's."""
    held = {**config, "config": {}} if rows and rows[0].config else config
    kept = {k: v for k, v in held.items() if k != "compile_config"}
    name = str(settings_of(config).get("name") or config.get("class_name"))
    return [Problem(name, what) for what in refusals(kept)]


def _bytes(source: Source) -> int:
    size = os.path.getsize(source.path)
    if source.kind == "sharded_weights":
        size += sum(int(root.file.id.get_filesize()) for root in source.roots)
    return size


def _generation(source: Source, listing: Listing) -> int | None:
    """Return 2 or 3 for the Keras that wrote a file, if anything tells."""
    if source.keras_version:
        return 2 if is_version_2(source.keras_version) else 3
    if source.is_tree:  # Keras 3 notes the names of objects
        return 3 if listing.names else None
    return None


def _model(config: Any, rows: list[LayerRow]) -> dict[str, Any] | None:
    if not isinstance(config, dict):
        return None
    inputs = [row for row in rows if row.class_name == "InputLayer"]
    return {
        "name": settings_of(config).get("name"),
        "class": config.get("class_name"),
        "inputs": [
            {"name": row.name, "shape": row.shape, "dtype": row.dtype} for row in inputs
        ],
    }


def weights_of(source: Source, listing: Listing) -> list[Array]:
    """Return the arrays of a file that are weights of the model."""
    beside = ("optimizer/", "optimizer_weights/", "_kerasish/", "metrics/")
    return [
        array
        for array in listing.arrays
        if not array.path.startswith(beside) and "seed_generator" not in array.path
    ]


def _parameters(
    source: Source, listing: Listing, rows: list[LayerRow]
) -> dict[str, Any] | None:
    if not source.roots:
        return None
    total = sum(row.num_params for row in rows)
    known = any(row.config for row in rows)
    frozen = sum(row.num_frozen for row in rows)
    state = sum(a.size for a in listing.arrays if a.path.startswith("optimizer"))
    return {
        "total": total,
        "trainable": total - frozen if known else None,
        "non_trainable": frozen if known else None,
        "optimizer": state,
        "bytes": sum(a.num_bytes for row in rows for a in row.arrays),
    }


def _setting(source: Source, name: str) -> Any:
    training = source.training
    return training.get(name) if isinstance(training, dict) else None


def described(config: Any) -> Any:
    """Return losses or metrics by their names, nested as they were."""
    if isinstance(config, list):
        return [described(value) for value in config]
    if not isinstance(config, dict):
        return config
    if "class_name" not in config:
        return {str(key): described(value) for key, value in config.items()}
    if config["class_name"] == "function":
        return str(config.get("config"))
    return str(config["class_name"])


def _optimizer(source: Source, listing: Listing) -> dict[str, Any] | None:
    held = _setting(source, "optimizer")
    step, rate = _state(source, listing)
    if isinstance(held, str):
        return {"class": held, "name": held, "learning_rate": rate, "step": step}
    if not isinstance(held, dict):
        if step is None:
            return None
        return {"class": None, "name": None, "learning_rate": rate, "step": step}
    inner = settings_of(held)
    if isinstance(inner.get("inner_optimizer"), dict):
        inner = settings_of(inner["inner_optimizer"])
    told: Any = next((inner[key] for key in _RATES if key in inner), None)
    if isinstance(told, dict):  # a schedule
        rate, told = None, told.get("class_name")
    return {
        "class": held.get("class_name"),
        "name": inner.get("name"),
        "learning_rate": told if rate is None else rate,
        "step": step,
    }


def _state(source: Source, listing: Listing) -> tuple[Any, Any]:
    """Return an optimizer's step and rate, the only values ever read from a file."""
    step = rate = None
    paths = [a.path for a in listing.arrays if a.path.startswith("optimizer")]
    inner = [path for path in paths if path.startswith("optimizer/inner_optimizer/")]
    if source.is_tree and paths:
        place = "optimizer/inner_optimizer/vars" if inner else "optimizer/vars"
        step = _scalar(source, f"{place}/0", "iu")
        rate = _scalar(source, f"{place}/1", "f")
    for path in () if source.is_tree else paths:
        word = path.rpartition("/")[2].split(":")[0]
        step = _scalar(source, path, "iu") if word in _STEPS else step
        rate = _scalar(source, path, "f") if word in _RATES else rate
    return step, rate


def _scalar(source: Source, path: str, kinds: str) -> Any:
    for root in source.roots:
        if subgroup(root, path.rpartition("/")[0]) is None:
            continue
        with source.noting(path):
            found = dataset(root, path)
            if found is not None and found.shape == () and found.dtype.kind in kinds:
                return read_array(found, ()).item()
    return None


def _assets(source: Source) -> list[dict[str, Any]]:
    return [
        {"name": name, "bytes": size}
        for name, size in source.members.items()
        if name.startswith("assets/") and not name.endswith("/")
    ]


def _layer(row: LayerRow, source: Source) -> dict[str, Any]:
    known = bool(source.roots) and (source.is_tree or not row.depth)
    return {
        "name": row.name,
        "class": row.class_name,
        "depth": row.depth,
        "output_shape": row.shape,
        "parameters": row.num_params if known else None,
        "trainable": row.trainable if row.config else None,
        "dtype": row.dtype,
        "connected_to": row.sources,
        "weight_shapes": [array.shape for array in row.arrays] if known else None,
    }


def _array(array: Array) -> dict[str, Any]:
    return {
        "path": array.path,
        "shape": array.shape,
        "dtype": array.dtype,
        "bytes": array.num_bytes,
    }
