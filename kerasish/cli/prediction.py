"""`kerasish predict FILE INPUT`: run a model on arrays in files.

Arrays are read without pickle, and written whole or not at all.
"""

from __future__ import annotations

import argparse
import zipfile
from typing import Any

import numpy as np

from kerasish.cli.command import new_command
from kerasish.cli.conversion import model_of
from kerasish.cli.output import show
from kerasish.errors import FileFormatError, explain
from kerasish.graph.tree import flatten
from kerasish.saving.api import existing
from kerasish.saving.atomic import atomic_write

_HELP = "run a model on arrays in a file"
_EXAMPLES = """
INPUT is .npy (one array, samples along the first axis), .npz (arrays by the
names of the model's inputs) or .csv (numbers, a sample a line; a first line
of names is passed over). OUT is .npy, .npz (several outputs, by name) or .csv.
Without -o the first rows are printed.

examples:
  kerasish predict model.keras images.npy -o scores.npy
  kerasish predict model.h5 table.csv -o scores.csv
  kerasish predict model.keras inputs.npz --batch-size 256 -o outputs.npz
"""
_MOST_ROWS = 5
_SHOWN_COLUMNS = 10
_READ_ERRORS = (ValueError, EOFError, KeyError, zipfile.BadZipFile)


def add(commands: Any) -> None:
    """Enter the subcommand and its arguments."""
    parser = new_command(commands, "predict", _HELP, _EXAMPLES, run)
    parser.add_argument("file", metavar="FILE", help="a .keras or .h5 model")
    parser.add_argument("input", metavar="INPUT", help="a .npy, .npz or .csv file")
    parser.add_argument("-o", "--output", metavar="OUT", help="where to write")
    parser.add_argument(
        "--batch-size",
        type=_positive,
        default=32,
        metavar="N",
        help="samples at a time (default 32)",
    )
    parser.add_argument(
        "--model", metavar="FILE", help="for weights alone: their architecture"
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it must be at least 1")
    return number


def run(arguments: argparse.Namespace) -> int:
    """Write or print the predictions and return the exit status."""
    _check_output(arguments.output)
    inputs = read_inputs(arguments.input)
    model = model_of(arguments.file, arguments.model)
    data = arranged(model, inputs)
    results = model.predict(data, batch_size=arguments.batch_size, verbose=0)
    named = by_name(model, results)
    if arguments.output:
        write_outputs(arguments.output, named)
        shapes = ", ".join(f"{name} {value.shape}" for name, value in named.items())
        show(f"wrote {arguments.output}: {shapes}")
        return 0
    for name, value in named.items():
        show(_shown(name, value))
    return 0


def _check_output(path: str | None) -> None:
    if path is not None and not path.endswith((".npy", ".npz", ".csv")):
        raise ValueError(
            explain(f"Cannot write '{path}'.", expected="a .npy, .npz or .csv name")
        )


def read_inputs(path: str) -> dict[str, np.ndarray]:
    """Return the arrays in a `.npy`, `.npz` or `.csv` file; by "" if there is one.

    Raises:
        FileFormatError: It is no such file, or holds more than numbers.
        FileNotFoundError: There is no such file.
    """
    existing(path)
    try:
        return _arrays(path)
    except _READ_ERRORS as error:
        raise FileFormatError(
            explain(
                f"Cannot read '{path}'.",
                got=str(error),
                expected="arrays of numbers in a .npy, .npz or .csv file",
            )
        ) from error


def _arrays(path: str) -> dict[str, np.ndarray]:
    if path.endswith(".csv"):
        return {"": _table(path)}
    with open(path, "rb") as file:
        held = np.load(file, allow_pickle=False)
        if isinstance(held, np.ndarray):
            return {"": _numeric(held)}
        with held:
            return {name: _numeric(held[name]) for name in held.files}


def _numeric(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind not in "biuf":
        raise ValueError(f"values of dtype {values.dtype}")
    if values.ndim == 0:
        raise ValueError("a single number, without an axis of samples")
    return values


def _table(path: str) -> np.ndarray:
    with open(path, encoding="utf-8-sig") as file:
        first = file.readline()
    skip = 0 if _is_numbers(first) else 1
    values = np.loadtxt(
        path, delimiter=",", skiprows=skip, ndmin=2, encoding="utf-8-sig"
    )
    return np.asarray(values, np.float32)


def _is_numbers(line: str) -> bool:
    try:
        [float(part) for part in line.split(",")]
    except ValueError:
        return False
    return True


def arranged(model: Any, inputs: dict[str, np.ndarray]) -> Any:
    """Return arrays in the structure that a model takes.

    Raises:
        ValueError: Their names or their number do not fit the model's inputs.
    """
    taken = getattr(model, "input", None)
    names = list(taken) if isinstance(taken, dict) else _names(model, "inputs")
    arrays = list(inputs.values())
    if len(arrays) == 1 and len(names) <= 1:
        return dict(zip(names, arrays, strict=True)) if _is_dict(taken) else arrays[0]
    if set(names) == set(inputs):
        ordered = [inputs[name] for name in names]
    elif len(names) == len(inputs) and all(n.startswith("arr_") for n in inputs):
        ordered = arrays  # numpy.savez's own names, in order
    else:
        raise ValueError(
            explain(
                "The arrays do not fit the model's inputs.",
                got=", ".join(inputs) if "" not in inputs else "one array",
                expected=f"a .npz with {', '.join(names)}",
            )
        )
    return dict(zip(names, ordered, strict=True)) if _is_dict(taken) else ordered


def _is_dict(structure: Any) -> bool:
    return isinstance(structure, dict)


def _names(model: Any, ends: str) -> list[str]:
    """Return the names of the layers that a model's inputs or outputs come from."""
    tensors = getattr(model, ends, None)
    if not isinstance(tensors, (list, tuple)):
        return []
    return [tensor._keras_history[0].name for tensor in tensors]


def by_name(model: Any, results: Any) -> dict[str, np.ndarray]:
    """Return a model's results by the names of its outputs."""
    if isinstance(results, dict):
        return {name: np.asarray(value) for name, value in results.items()}
    arrays = [np.asarray(value) for value in flatten(results)]
    names = list(getattr(model, "output_names", None) or _names(model, "outputs"))
    if len(names) != len(arrays) or len(set(names)) != len(names):
        names = [f"output_{number}" for number in range(len(arrays))]
    return dict(zip(names, arrays, strict=True))


def write_outputs(path: str, named: dict[str, np.ndarray]) -> None:
    """Write arrays into a `.npy`, `.npz` or `.csv` file.

    Raises:
        ValueError: There are several for one place, or one with too many axes.
        OSError: The file cannot be written.
    """
    arrays = list(named.values())
    if not path.endswith(".npz") and len(arrays) > 1:
        raise ValueError(
            explain(
                f"'{path}' has room for one array.",
                got=f"{len(arrays)} outputs: {', '.join(named)}",
                fix="write a .npz",
            )
        )
    if path.endswith(".csv") and arrays[0].ndim > 2:
        got = f"an output of shape {arrays[0].shape}"
        raise ValueError(explain("A .csv holds rows of numbers.", got=got))
    with atomic_write(path) as file:
        if path.endswith(".npz"):
            np.savez(file, **_savable(named))
        elif path.endswith(".npy"):
            np.save(file, arrays[0], allow_pickle=False)
        else:
            np.savetxt(file, arrays[0], delimiter=",", fmt="%.9g")


def _savable(named: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return arrays under names that are no arguments of `numpy.savez`."""
    taken = ("file", "allow_pickle")
    return {f"{n}_" if n in taken else n: array for n, array in named.items()}


def _shown(name: str, value: np.ndarray) -> str:
    rows = value[:_MOST_ROWS]
    flat = rows.reshape(len(rows), -1)[:, :_SHOWN_COLUMNS]
    more = "  ..." if rows[:1].size > _SHOWN_COLUMNS else ""
    texts = [[f"{x:.6g}" for x in row] for row in flat.tolist()]
    width = max((len(text) for row in texts for text in row), default=0)
    lines = [
        f"  {number}: {'  '.join(text.rjust(width) for text in row)}{more}"
        for number, row in enumerate(texts)
    ]
    if len(value) > _MOST_ROWS:
        lines.append(f"  ... {len(value) - _MOST_ROWS:,} more rows")
    return "\n".join([f"{name}: shape {value.shape}, {value.dtype}", *lines])
