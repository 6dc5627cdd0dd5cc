"""The layers of a model, told from its config and the headers of its weights.

Nothing is built: the config says names, classes and connections, often shapes too; what
shapes it does not say, `kerasish.cli.shapes` works out from layers without weights.
Arrays belong to layers by the names that Keras 3 notes in the tree, else by counting
classes as Keras does; in the older layout groups are called like their layers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from kerasish.cli.listing import Array, Listing
from kerasish.cli.source import Source
from kerasish.models.graph_config import references
from kerasish.models.node_config import calls_of
from kerasish.saving.api import LOADING_ERRORS
from kerasish.saving.registry import snake_case
from kerasish.saving.serialization import dtype_of

# How many of a layer's arrays, from the last, are state that is not trained.
_STATE = {"BatchNormalization": 2, "Normalization": 3, "SpectralNormalization": 1}
_STATE_NAMES = ("moving_mean", "moving_variance", "vector_u", "sn_u")
LISTS = ("layers", "_layer_checkpoint_dependencies")
_MOST_DEPTH = 20
_NOWHERE = "/"  # no name of a group


@dataclass
class LayerRow:
    """A layer of a model in a file.

    Attributes:
        name: Its name; for one inside another, with the outer ones before it.
        class_name: Its class.
        config: Its entry in the model's config, in the form of Keras 3; empty where
            the file has none.
        depth: How many models it lies in, beside the outermost.
        sources: The layers whose outputs it is called on.
        trainable: Whether it is to be trained.
        dtype: The name of its dtype or policy, or None.
        arrays: Its weights.
        num_frozen: How many values of them are not trained.
        shape: Its output's shape, or None if nothing tells.
    """

    name: str
    class_name: str
    config: dict[str, Any] = field(default_factory=dict)
    depth: int = 0
    sources: list[str] = field(default_factory=list)
    trainable: bool = True
    dtype: str | None = None
    arrays: list[Array] = field(default_factory=list)
    num_frozen: int = 0
    shape: Any = None
    inner: list[LayerRow] = field(default_factory=list)

    @property
    def num_params(self) -> int:
        """Number of values of its weights."""
        return sum(array.size for array in self.arrays)

    def walk(self) -> Iterator[LayerRow]:
        """Yield the row and those of the layers inside it."""
        yield self
        for row in self.inner:
            yield from row.walk()


def layer_rows(source: Source, listing: Listing, config: Any) -> list[LayerRow]:
    """Return the layers of the outermost model.

    Args:
        source: The file.
        listing: Its arrays.
        config: The model's config in the form of Keras 3, or None; without a list of
            layers in it, the groups of the weights take their place.
    """
    find = _Tree(listing) if source.is_tree else _Groups(source, listing)
    rows = _rows(config, "", "", find, 0, True) if isinstance(config, dict) else []
    if not rows:
        rows = find.unnamed()
    return rows


def is_model(config: dict[str, Any]) -> bool:
    """Return whether a config lists layers, as a model's does."""
    return isinstance(settings_of(config).get("layers"), list)


def _rows(
    config: dict[str, Any], path: str, before: str, find: Any, depth: int, train: bool
) -> list[LayerRow]:
    if not is_model(config) or depth > _MOST_DEPTH:
        return []
    train = train and config["config"].get("trainable") is not False
    entries = [entry for entry in config["config"]["layers"] if isinstance(entry, dict)]
    places = find.places(path, entries)
    return [
        _row(entry, place, before, find, depth, train)
        for entry, place in zip(entries, places, strict=True)
    ]


def _row(
    entry: dict[str, Any], place: str, before: str, find: Any, depth: int, train: bool
) -> LayerRow:
    inner = settings_of(entry)
    name = layer_name(entry)
    row = LayerRow(before + name, str(entry.get("class_name")), entry, depth)
    row.trainable = train and inner.get("trainable") is not False
    row.dtype = _dtype(inner)
    row.sources = list(dict.fromkeys(owner for owner, _, _ in sources_of(entry)))
    row.arrays = find.arrays(place, row)
    row.inner = _rows(entry, place, f"{row.name}/", find, depth + 1, row.trainable)
    row.num_frozen = _num_frozen(row, find)
    return row


def settings_of(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the settings in the config of an object."""
    held = entry.get("config")
    return held if isinstance(held, dict) else {}


def layer_name(entry: dict[str, Any]) -> str:
    """Return a layer's name."""
    held = entry.get("name") or settings_of(entry).get("name")
    return str(held or entry.get("class_name"))


def sources_of(entry: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Return layer, call and output of every tensor a layer is called on."""
    try:
        calls = calls_of(entry.get("inbound_nodes") or [])
        # `references` goes through a call from its end
        return [source for call in calls for source in [*references(call)][::-1]]
    except LOADING_ERRORS:
        return []  # loading will say what is wrong


def _dtype(inner: dict[str, Any]) -> str | None:
    name = dtype_of(inner.get("dtype"))
    return name if isinstance(name, str) else None


def _num_frozen(row: LayerRow, find: Any) -> int:
    if not row.trainable:
        return row.num_params
    if row.inner and find.knows_inside:
        return sum(layer.num_frozen for layer in row.inner)
    if row.inner:
        return sum(a.size for a in row.arrays if _is_frozen_inside(a, row))
    state = _STATE.get(row.class_name, 0)
    wrapped = settings_of(row.config).get("layer")
    if state or not isinstance(wrapped, dict):
        return sum(array.size for array in row.arrays[-state:] if state)
    inside = LayerRow(row.name, str(wrapped.get("class_name")), wrapped)
    inside.trainable = settings_of(wrapped).get("trainable") is not False
    inside.arrays = row.arrays
    return _num_frozen(inside, find)


def _is_frozen_inside(array: Array, row: LayerRow) -> bool:
    """Return whether an array of a nested model, in the older layout, is not trained.

    There its weights lie in one list; only their names tell what they are.
    """
    *owners, last = array.path.split("/")
    if last.split(":")[0] in _STATE_NAMES:
        return True
    frozen = {
        inner.name.rpartition("/")[2]
        for outer in row.inner
        for inner in outer.walk()
        if not inner.trainable
    }
    return not frozen.isdisjoint(owners)


class _Tree:
    """Finds a layer's arrays in the layout of Keras 3."""

    knows_inside = True

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        self.by_group: dict[str, list[Array]] = {}
        for array in listing.arrays:
            parts = array.path.split("/")
            for end in range(1, len(parts)):
                self.by_group.setdefault("/".join(parts[:end]), []).append(array)

    def places(self, path: str, entries: Sequence[dict[str, Any]]) -> list[str]:
        """Return where each layer of a model lies."""
        inside = {key: f"{path}/{key}".lstrip("/") for key in LISTS}
        found = next((k for k in LISTS if inside[k] in self.by_group), "layers")
        around = inside[found]
        named = {
            name: owner
            for owner, name in self.listing.names.items()
            if owner.rpartition("/")[0] == around
        }
        counts: Counter[str] = Counter()
        places = []
        for entry in entries:
            word = snake_case(str(entry.get("class_name")).rpartition(">")[2])
            counted = f"{around}/{word}_{counts[word]}".removesuffix("_0")
            counts[word] += 1
            places.append(named.get(layer_name(entry), counted))
        return places

    def arrays(self, place: str, row: LayerRow) -> list[Array]:
        """Return a layer's weights."""
        found = [
            array
            for array in self.by_group.get(place, ())
            if "seed_generator" not in array.path
        ]
        if row.class_name == "SpectralNormalization":
            # Keras stores the kernel of the layer inside a second time.
            found = [a for a in found if a.path != f"{place}/vars/0"]
            found.sort(key=lambda a: a.path == f"{place}/vars/1")
        return found

    def unnamed(self) -> list[LayerRow]:
        """Return a row for every group of weights, as there is no config."""
        rows = []
        for group in self.by_group:
            owner, _, last = group.rpartition("/")
            if last != "vars" or owner.split("/")[0] == "optimizer":
                continue
            if owner.startswith("_kerasish") or "seed_generator" in owner:
                continue
            called = self.listing.names.get(owner)
            parts = [part for part in owner.split("/") if part not in LISTS]
            row = LayerRow("/".join(parts) or called or "(model)", called or "")
            row.arrays = self.by_group[group]
            rows.append(row)
        return rows


class _Groups:
    """Finds a layer's arrays in the older layout, one group for each layer."""

    knows_inside = False

    def __init__(self, source: Source, listing: Listing) -> None:
        self.before = f"{source.weights}/" if source.weights else ""
        self.found = [
            array for array in listing.arrays if array.path.startswith(self.before)
        ]
        if not source.weights:
            beside = ("optimizer_weights/", "_kerasish/")
            self.found = [a for a in self.found if not a.path.startswith(beside)]
        self.by_layer: dict[str, list[Array]] = {}

    def places(self, path: str, entries: Sequence[dict[str, Any]]) -> list[str]:
        """Return the groups of layers; those inside a nested model have none."""
        if path:
            return [_NOWHERE] * len(entries)
        names = {layer_name(entry) for entry in entries}
        for array in self.found:
            self.by_layer.setdefault(self._owner(array, names), []).append(array)
        return [layer_name(entry) for entry in entries]

    def _owner(self, array: Array, names: set[str]) -> str:
        """Return the layer of an array; a name may itself be a path."""
        parts = array.path.removeprefix(self.before).split("/")
        ways = ("/".join(parts[:end]) for end in range(len(parts), 0, -1))
        return next((way for way in ways if way in names), parts[0])

    def arrays(self, place: str, row: LayerRow) -> list[Array]:
        """Return a layer's weights."""
        found = self.by_layer.get(place, [])
        if row.class_name in _STATE:
            # the order of paths puts `beta` before `gamma`: state comes last
            found = sorted(found, key=lambda a: _is_state_name(a.path))
        return found

    def unnamed(self) -> list[LayerRow]:
        """Return a row for every group of weights, as there is no config."""
        self.places("", [])
        return [
            LayerRow(name, "", arrays=arrays) for name, arrays in self.by_layer.items()
        ]


def _is_state_name(path: str) -> bool:
    return path.split("/")[-1].split(":")[0] in (*_STATE_NAMES, "u")


def all_rows(rows: Sequence[LayerRow]) -> list[LayerRow]:
    """Return rows with those of the layers inside them."""
    return [inner for row in rows for inner in row.walk()]
