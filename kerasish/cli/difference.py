"""`kerasish diff A B`: what differs between two model files.

Architectures are compared layer by layer, as the layers would be saved now where they
can be made, so that a model of Keras 2 equals its conversion.
Weights are compared where they lie if both files have the same layout; else both models
are loaded. The state of an optimizer counts only if asked for.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np

from kerasish.cli.command import new_command
from kerasish.cli.conversion import model_of
from kerasish.cli.inspection import modern_config, weights_of
from kerasish.cli.layer_rows import LISTS, is_model, layer_name, settings_of, sources_of
from kerasish.cli.listing import Problem, list_arrays, natural
from kerasish.cli.output import show, show_json, table_of
from kerasish.cli.shapes import holds_model, made
from kerasish.cli.source import WHOLE, Source, opened
from kerasish.errors import FileFormatError, explain
from kerasish.saving.api import LOADING_ERRORS, naming
from kerasish.saving.hdf5_safe import dataset, member, read_array
from kerasish.saving.serialization import dtype_of, serialize_config

_HELP = "compare two model files: architecture and weights"
_EXAMPLES = """
The exit status is 0 if the files are equal, 1 if they differ, 2 on errors.

"absolute" is the largest |a - b| of an array, "relative" that over the largest
|a|. Arrays that differ by no more than --tolerance are equal.

examples:
  kerasish diff epoch_1.keras epoch_2.keras
  kerasish diff model.h5 model.keras --tolerance 1e-6
  kerasish diff a.weights.h5 b.weights.h5 --json
"""
_LEFT_OUT = (
    "name",
    "dtype",
    "build_input_shape",
    "layers",
    "input_layers",
    "output_layers",
)
_MOST_ROWS = 40
_MOST_TEXT = 60

Reader = Callable[[], np.ndarray]


def add(commands: Any) -> None:
    """Enter the subcommand and its arguments."""
    parser = new_command(commands, "diff", _HELP, _EXAMPLES, run)
    parser.add_argument("a", metavar="A", help="any file that Keras writes")
    parser.add_argument("b", metavar="B", help="another one")
    parser.add_argument(
        "--tolerance",
        type=float,
        default=0.0,
        metavar="X",
        help="largest absolute difference of equal weights (default 0)",
    )
    parser.add_argument(
        "--optimizer", action="store_true", help="compare the optimizers' states too"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the differences and return the exit status."""
    found = differences(
        arguments.a, arguments.b, arguments.tolerance, arguments.optimizer
    )
    if arguments.json:
        show_json(found)
    else:
        show("\n".join(_text(found)))
    return 0 if found["equal"] else 1


def differences(
    a: str, b: str, tolerance: float = 0.0, with_state: bool = False
) -> dict[str, Any]:
    """Return what differs between two files, as plain JSON values.

    Args:
        a: A file of any kind.
        b: Another one.
        tolerance: Largest absolute difference of arrays that are equal.
        with_state: Whether the state of the optimizer counts.

    Raises:
        FileFormatError: One is damaged, or their weights cannot be compared.
    """
    with ExitStack() as stack:
        first, second = (stack.enter_context(opened(path)) for path in (a, b))
        _check_whole(first)
        _check_whole(second)
        layers = _architecture(first, second)
        arrays = _weights(first, second, with_state)
        names = {**_names(second), **_names(first)}
        compared = [_compared(name, *pair) for name, pair in arrays.items()]
    compared.sort(key=lambda row: (-row["rank"], natural(row["name"])))
    different = [r for r in compared if r["status"] != "equal"]
    different = [r for r in different if r.get("absolute", np.inf) > tolerance]
    for row in compared:
        del row["rank"]
        row["layer"] = names.get(row["name"].rpartition("/vars/")[0])
    return {
        "a": a,
        "b": b,
        "equal": not different and not any(layers.values()),
        "tolerance": tolerance,
        "architecture": layers,
        "weights": {"compared": len(compared), "different": different},
    }


def _check_whole(source: Source) -> None:
    if source.problems:
        raise _unreadable(source, source.problems[0])


def _unreadable(source: Source, problem: Problem) -> FileFormatError:
    what = f"Cannot load '{source.path}'. {problem.where}: {problem.what}"
    return FileFormatError(what)


# architecture -----------------------------------------------------------------------


def _architecture(first: Source, second: Source) -> dict[str, Any]:
    one, two = modern_config(first), modern_config(second)
    if one is None or two is None:  # weights alone
        return {"added": [], "removed": [], "changed": []}
    a, b = (_counted_from_zero(dict(_layers(config))) for config in (one, two))
    if a.keys() != b.keys() and _classes(a) == _classes(b):
        b = _renamed(b, dict(zip(b, a, strict=True)))
    changed = [
        {"layer": name, "key": key, "a": x, "b": y}
        for name in a
        if name in b
        for key, x, y in _changes(a[name], b[name])
    ]
    return {
        "added": [f"{n} ({b[n]['class']})" for n in b if n not in a],
        "removed": [f"{n} ({a[n]['class']})" for n in a if n not in b],
        "changed": changed,
    }


def _counted_from_zero(
    layers: dict[str, dict[str, Any]],
) -> dict[str, dict[str, Any]]:
    """Return layers with calls counted from 0; Keras 2 begins at 1 for some."""
    first: dict[str, int] = {}
    for settings in layers.values():
        for owner, node, _ in settings["inputs"]:
            first[owner] = min(node, first.get(owner, node))
    for settings in layers.values():
        inputs = settings["inputs"]
        settings["inputs"] = [(o, node - first[o], index) for o, node, index in inputs]
    return layers


def _classes(layers: dict[str, dict[str, Any]]) -> list[str]:
    return [settings["class"] for settings in layers.values()]


def _renamed(
    layers: dict[str, dict[str, Any]], names: dict[str, str]
) -> dict[str, dict[str, Any]]:
    """Return layers under the names of others, of the same classes in the same order.

    Names given by default differ from one process to the next. They count as a change,
    but as the only one.
    """
    short = {old.split("/")[-1]: new.split("/")[-1] for old, new in names.items()}
    renamed = {}
    for old, new in names.items():
        inputs = [(short.get(s[0], s[0]), *s[1:]) for s in layers[old]["inputs"]]
        renamed[new] = {**layers[old], "inputs": sorted(inputs)}
    return renamed


def _layers(config: Any, before: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the settings of all layers by their paths, the model's own first."""
    if not isinstance(config, dict):
        return
    inner = settings_of(config)
    name = before.rpartition("/")[2] or None
    yield before or "(model)", {**_settings(config), "name": name}
    for entry in inner["layers"] if is_model(config) else ():
        if isinstance(entry, dict):
            yield from _layers(entry, f"{before}/{layer_name(entry)}".lstrip("/"))


def _settings(entry: dict[str, Any]) -> dict[str, Any]:
    word, inner = str(entry.get("class_name")), settings_of(entry)
    if not holds_model(entry):
        word, inner = _said_anew(entry, word, inner)
    left_out = _LEFT_OUT if is_model(entry) else ("name",)
    plain = {k: _plain(inner[k]) for k in inner if k not in left_out}
    if is_model(entry):
        plain.setdefault("trainable", True)
    plain["class"] = word.rpartition(">")[2]
    return {**plain, "inputs": sorted(sources_of(entry))}


def _said_anew(
    entry: dict[str, Any], word: str, inner: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Return a layer's class and settings as they would be saved now, if known."""
    try:
        layer, _ = made(entry)
        if hasattr(layer, "get_config"):
            return word, serialize_config(layer.get_config())
        return layer.kind, inner  # a function of keras.ops, under its usual name
    except (*LOADING_ERRORS, RecursionError):
        return word, inner  # a class of the user's: as it stands in the file


def _plain(value: Any) -> Any:
    """Return a setting without what two Kerases write differently for one thing."""
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if dtype_of(value) is not value:
        return dtype_of(value)
    name, inner = value.get("class_name"), value.get("config")
    if isinstance(name, str) and isinstance(inner, dict):
        settings = {key: _plain(item) for key, item in inner.items() if key != "name"}
        return {"class": name.rpartition(">")[2], **settings}
    return {key: _plain(item) for key, item in value.items()}


def _changes(a: dict[str, Any], b: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for key in sorted({*a, *b}):
        x, y = a.get(key), b.get(key)
        # one Keras lists what another gives alone
        if x != y and [x] != y and x != [y]:
            yield key, x, y


# weights ----------------------------------------------------------------------------


def _weights(
    first: Source, second: Source, with_state: bool
) -> dict[str, tuple[Reader | None, Reader | None]]:
    """Return what reads each array, of both files, by name."""
    if not first.roots or not second.roots:
        return {}
    if first.is_tree == second.is_tree:
        a, b = _stored(first, with_state), _stored(second, with_state)
    elif first.kind in WHOLE and second.kind in WHOLE:
        a, b = _loaded(first.path), _loaded(second.path)
    else:
        raise FileFormatError(
            explain(
                "The weights of the files cannot be compared: they lie in different "
                "layouts, and one file does not hold its model.",
                fix="put that one into the other's form with kerasish convert --model",
            )
        )
    return {name: (a.get(name), b.get(name)) for name in dict.fromkeys([*a, *b])}


def _stored(source: Source, with_state: bool) -> dict[str, Reader]:
    listing = list_arrays(source.roots)
    if listing.problems:
        raise _unreadable(source, listing.problems[0])
    arrays = weights_of(source, listing)
    if with_state:
        state = [a for a in listing.arrays if a.path.startswith("optimizer")]
        arrays = [*arrays, *state]
    before = f"{source.weights}/" if source.weights else ""
    return {
        _usual(array.path.removeprefix(before)): _reader(source, array.path)
        for array in arrays
    }


def _usual(path: str) -> str:
    """Return a path without the marks of private attributes, which Keras 2 had more."""
    parts = ["layers" if part in LISTS else part for part in path.split("/")]
    return "/".join(part.lstrip("_") or part for part in parts)


def _reader(source: Source, path: str) -> Reader:
    def read() -> np.ndarray:
        with naming(source.path):
            root = next(r for r in source.roots if member(r, path) is not None)
            stored = dataset(root, path)
            assert stored is not None
            return read_array(stored, stored.shape)

    return read


def _names(source: Source) -> dict[str, str]:
    """Return the names of layers by the paths of their groups."""
    if not source.is_tree:
        return {}
    names = list_arrays(source.roots, with_names=True).names
    return {_usual(path): name for path, name in names.items()}


def _loaded(path: str) -> dict[str, Reader]:
    model = model_of(path)
    return {
        f"{layer.name}/{number}": weight.numpy
        for layer in model.layers
        for number, weight in enumerate(layer.weights)
    }


def _compared(name: str, a: Reader | None, b: Reader | None) -> dict[str, Any]:
    """Return how two arrays differ; `rank` orders what is to be seen first."""
    if a is None or b is None:
        held = b or a
        assert held is not None
        status = "only in b" if a is None else "only in a"
        shape = list(held().shape)
        return {"name": name, "status": status, "shape": shape, "rank": np.inf}
    x, y = a(), b()
    row: dict[str, Any] = {"name": name, "shape": list(x.shape)}
    if x.shape != y.shape:
        return {**row, "status": "shape", "shape_b": list(y.shape), "rank": np.inf}
    absolute, relative = _distance(x, y)
    status = "equal" if absolute == 0 else "values"
    found = {"status": status, "absolute": absolute, "relative": relative}
    return {**row, **found, "rank": absolute}


def _distance(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return the largest difference, and the same over the largest value of `x`."""
    if x.size == 0:
        return 0.0, 0.0
    wide_x, wide_y = x.astype(np.float64), y.astype(np.float64)
    with np.errstate(invalid="ignore"):
        apart = np.abs(wide_x - wide_y)
    same = (wide_x == wide_y) | (np.isnan(wide_x) & np.isnan(wide_y))
    apart = np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart))
    absolute = float(apart.max())
    scale = float(np.nan_to_num(np.abs(wide_x), nan=0.0, posinf=0.0).max())
    if absolute == 0:
        return 0.0, 0.0
    return absolute, absolute / scale if scale else float("inf")


# text -------------------------------------------------------------------------------


def _text(found: dict[str, Any]) -> Iterator[str]:
    layers, weights = found["architecture"], found["weights"]
    for mark, key in (("-", "removed"), ("+", "added")):
        yield from (f"{mark} layer {name}" for name in layers[key])
    for change in layers["changed"]:
        a, b = _short(change["a"]), _short(change["b"])
        yield f"~ {change['layer']}: {change['key']}: {a} -> {b}"
    if any(layers.values()):
        yield ""
    if found["equal"]:
        yield f"equal: {_count(weights['compared'], 'array')} compared"
        return
    different = weights["different"]
    if different:
        heads = ["Array", "Shape", "Absolute", "Relative"]
        yield table_of(heads, [_cells(row) for row in different[:_MOST_ROWS]])
    if len(different) > _MOST_ROWS:
        yield f"... and {len(different) - _MOST_ROWS} more (see --json)"
    yield (
        f"{len(different)} of {_count(weights['compared'], 'array')} differ"
        if weights["compared"]
        else "no weights compared"
    )


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" + "s" * (number != 1)


def _cells(row: dict[str, Any]) -> list[str]:
    shape = str(tuple(row["shape"]))
    name = row["name"] if row["layer"] is None else f"{row['name']} ({row['layer']})"
    if row["status"] == "shape":
        return [name, f"{shape} -> {tuple(row['shape_b'])}", "shape", ""]
    if row["status"] != "values":
        return [name, shape, row["status"], ""]
    return [name, shape, f"{row['absolute']:.3g}", f"{row['relative']:.2g}"]


def _short(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 3] + "..."
