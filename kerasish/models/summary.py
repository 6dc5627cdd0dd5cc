"""`Model.summary`: the table of a model's layers.

The look is Keras's. `summarize` returns text; who prints it decides where it goes.
"""

from __future__ import annotations

import math
import re
import shutil
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kerasish.backend import dtypes
from kerasish.errors import explain
from kerasish.graph import tree
from kerasish.models.graph_config import call_numbers

_MOST_COLUMNS = 88  # characters; wider terminals gain nothing
_MARGIN = 4  # characters that Keras leaves free beside the table
# right edges of the columns as fractions of the width, as Keras has them: for graphs
# (with a column of connections) or chains, with or without the column "Trainable"
_POSITIONS = {
    (False, False): (0.45, 0.80, 1.0),
    (False, True): (0.40, 0.72, 0.90, 1.0),
    (True, False): (0.30, 0.56, 0.74, 1.0),
    (True, True): (0.27, 0.50, 0.67, 0.90, 1.0),
}
_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True)
class _Row:
    name: str
    shape: str
    parameters: str
    connected: str
    trainable: str


def summarize(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> str:
    """Return the table of a model's layers and the totals below it.

    Args:
        model: The model; its `layers` are listed.
        line_length: Width in characters; the terminal's less 4, at most 88, by default.
        positions: Right edge of each column: characters, or fractions of the width.
        expand_nested: Whether to list the layers of nested models.
        show_trainable: Whether to add a column that says which layers are trainable.
        layer_range: Names or patterns of the first and the last layer to list.

    Raises:
        ValueError: `layer_range` names no layer, or is no pair of names.
    """
    columns = shutil.get_terminal_size().columns
    width = line_length or min(columns - _MARGIN, _MOST_COLUMNS)
    rows = list(_rows(model, expand_nested, layer_range))
    heads = ["Layer (type)", "Output Shape", "Param #"]
    cells = [[r.name, r.shape, r.parameters] for r in rows]
    is_graph = not is_chain(model)
    if is_graph:
        heads.append("Connected to")
        cells = [[*c, r.connected] for c, r in zip(cells, rows, strict=True)]
    if show_trainable:
        heads.append("Trainable")
        cells = [[*c, r.trainable] for c, r in zip(cells, rows, strict=True)]
    widths = _widths(width, positions or _POSITIONS[is_graph, show_trainable])
    return "\n".join(
        [f'Model: "{model.name}"', *table(heads, cells, widths), *_totals(model)]
    )


def _rows(
    model: Any, expand: bool, layer_range: Sequence[str] | None, depth: int = 0
) -> Iterator[_Row]:
    shapes = dict(zip(model.layers, model.layer_output_shapes(), strict=True))
    layers = _shown(model)
    links = _links(model) if depth == 0 else {}
    chosen = range(*_range(layers, layer_range)) if layer_range else range(len(layers))
    for index in chosen:
        layer = layers[index]
        # functions of a graph are no layers: their shapes are their symbolic results'
        shape = shapes[layer] if layer in shapes else _shapes(layer.output)
        yield _row(layer, shape, depth, links.get(layer, "-"))
        if expand and hasattr(layer, "layer_output_shapes"):
            yield from _rows(layer, expand, None, depth + 1)


def _shapes(results: Any) -> Any:
    """Return the shape of a result, or of each of several."""
    return tree.map_structure(lambda t: t.shape, results)


def _shown(model: Any) -> list[Any]:
    """Return what is listed: layers, and functions of a functional model's graph."""
    function = getattr(model, "_function", None)
    if function is None or hasattr(model, "_stack"):
        return list(model.layers)
    return list(function.operations)


def is_chain(model: Any) -> bool:
    """Return whether each layer of a model feeds just the next one."""
    function = getattr(model, "_function", None)
    if function is None or hasattr(model, "_stack"):
        return True
    operations = [node.operation for node in function.nodes]
    sources = [id(t) for node in function.nodes for t in node.inputs]
    once = len(set(operations)) == len(operations) and len(set(sources)) == len(sources)
    return once and all(len(node.inputs) == 1 for node in function.nodes)


def _links(model: Any) -> dict[Any, str]:
    """Return for each layer of a graph which outputs it is called on."""
    function = getattr(model, "_function", None)
    links: dict[Any, str] = {}
    if function is None:
        return links
    numbers = call_numbers(function)
    for node in function.nodes:
        for tensor in node.inputs:
            owner, index, place = tensor._keras_history
            number = numbers[owner._inbound_nodes[index]]
            link = f"{owner.name}[{number}][{place}]"
            known = links.get(node.operation)
            links[node.operation] = link if known is None else f"{known}, {link}"
    return links


def _row(layer: Any, shape: Any, depth: int, connected: str) -> _Row:
    indent = "   " * depth + "└ " if depth else ""
    weights = getattr(layer, "weights", [])
    flag = ("Y" if layer.trainable_weights else "N") if weights else "-"
    if not hasattr(layer, "count_params"):
        name = f"{indent}{layer.name} ({layer.kind})"
        return _Row(name, str(shape), "0", connected, flag)
    count = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
    name = f"{indent}{layer.name} ({type(layer).__name__})"
    return _Row(name, "?" if shape is None else str(shape), count, connected, flag)


def _range(layers: Sequence[Any], wanted: Sequence[str]) -> tuple[int, int]:
    if isinstance(wanted, str) or len(wanted) != 2:
        raise ValueError(
            explain(
                "`layer_range` names the first and the last layer to list.",
                got=repr(wanted),
                expected="a list of two names or patterns",
            )
        )
    ends = []
    for pattern in wanted:
        found = [i for i, la in enumerate(layers) if re.match(pattern, la.name)]
        if not found:
            raise ValueError(
                explain(
                    "`layer_range` names no layer of the model.",
                    got=repr(pattern),
                    expected="one of " + ", ".join(la.name for la in layers),
                )
            )
        ends.append((found[0], found[-1]))
    return min(ends[0][0], ends[-1][0]), max(ends[0][1], ends[-1][1]) + 1


def _widths(total: int, positions: Sequence[float]) -> list[int]:
    """Return the inner width of each column, padding included."""
    num_columns = len(positions)
    edges = [int(p * total) if p <= 1 else int(p) for p in positions]
    starts = [0, *edges[:-1]]
    # Every column gives a character to its border, the last but one a second.
    borders = [1] * (num_columns - 2) + [2, 1]
    columns = zip(starts, edges, borders, strict=True)
    return [max(edge - start - border, 3) for start, edge, border in columns]


def table(
    heads: list[str], rows: list[list[str]], widths: list[int], ruled: bool = True
) -> Iterator[str]:
    """Yield the lines of a table; its third column holds numbers.

    Args:
        heads: The columns' titles.
        rows: The texts of each row; those that are too long are wrapped.
        widths: Inner width of each column in characters, two for padding included.
        ruled: Whether to draw a line between rows.
    """
    yield _rule(widths, "┏━┳┓")
    yield from _cells(heads, widths, "┃", at_bottom=True)
    yield _rule(widths, "┡━╇┩")
    for index, row in enumerate(rows):
        if index and ruled:
            yield _rule(widths, "├─┼┤")
        yield from _cells(row, widths, "│")
    yield _rule(widths, "└─┴┘")


def _rule(widths: list[int], marks: str) -> str:
    left, line, cross, right = tuple(marks)
    return left + cross.join(line * w for w in widths) + right


def _cells(
    texts: list[str], widths: list[int], bar: str, at_bottom: bool = False
) -> Iterator[str]:
    wrapped = [_wrap(t, w - 2) for t, w in zip(texts, widths, strict=True)]
    height = max(map(len, wrapped))
    if at_bottom:
        wrapped = [[""] * (height - len(lines)) + lines for lines in wrapped]
    justify: list[Callable[[str, int], str]]
    justify = [str.ljust, str.ljust, str.rjust, str.ljust, str.center]
    if len(texts) == 4 and texts[3] in ("Trainable", "Y", "N", "-"):
        justify[3] = str.center
    for line in range(height):
        parts = [
            " " + how(lines[line] if line < len(lines) else "", w - 2) + " "
            for lines, w, how in zip(wrapped, widths, justify, strict=False)
        ]
        yield bar + bar.join(parts) + bar


def _wrap(text: str, width: int) -> list[str]:
    """Break a cell at spaces; a word that is too long is cut with an ellipsis."""
    indent = text[: len(text) - len(text.lstrip())]
    words = [w if len(w) <= width else w[: width - 1] + "…" for w in text.split(" ")]
    lines = textwrap.wrap(" ".join(words).strip(), max(width - len(indent), 1))
    return [indent + line for line in lines] or [""]


def _totals(model: Any) -> list[str]:
    trainable = model.trainable_weights
    frozen = model.non_trainable_weights
    state = model.optimizer.variables if model.optimizer else []
    lines = [
        _total("Total params", [*trainable, *frozen, *state]),
        _total("Trainable params", trainable),
        _total("Non-trainable params", frozen),
    ]
    if model.optimizer and model.optimizer.built:
        return [*lines, _total("Optimizer params", state)]
    lines[0] = _total("Total params", [*trainable, *frozen])
    return lines


def _total(label: str, variables: Sequence[Any]) -> str:
    count = sum(v.size for v in variables)
    size = sum(v.size * dtypes.size_of(v.dtype) for v in variables)
    return f" {label}: {count:,} ({readable_size(size)})"


def readable_size(num_bytes: int) -> str:
    """Return a number of bytes with a unit, in steps of 1024.

    Example:
        >>> readable_size(2560)
        '2.50 KB'
    """
    power = int(math.log(num_bytes, 1024)) if num_bytes else 0
    return f"{num_bytes / 1024**power:.2f} {_UNITS[power]}"
