"""A file of any kind Keras writes, opened without building a model.

What it is, is told by its content. Parts that are damaged become problems, so that the
rest can still be shown; only a file that is none of ours raises.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from kerasish.cli.listing import Problem
from kerasish.cli.output import one_line
from kerasish.errors import FileFormatError, explain
from kerasish.saving.api import LOADING_ERRORS, existing, naming
from kerasish.saving.hdf5_safe import (
    damage,
    member_names,
    names_attribute,
    open_hdf5,
    parse_json,
    starts_like_hdf5,
    subgroup,
    text_attribute,
)
from kerasish.saving.keras_archive import (
    archived_config,
    archived_metadata,
    archived_sizes,
    starts_like_zip,
    weights_in_place,
)
from kerasish.saving.lazy_h5py import h5py
from kerasish.saving.legacy_config import compile_config
from kerasish.saving.older_configs import modern_compile
from kerasish.saving.sharded_weights import open_shards
from kerasish.saving.weights_h5 import holds_tree

KINDS = {
    "keras": "whole model, .keras archive",
    "h5": "whole model, HDF5 (.h5)",
    "weights": "weights only, HDF5 of Keras 3 (.weights.h5)",
    "legacy_weights": "weights only, HDF5 of the older layout (.h5)",
    "sharded_weights": "weights only, split over several files (.weights.json)",
    "architecture": "architecture only, without weights (.json)",
}
WHOLE = ("keras", "h5")
_MAX_JSON_BYTES = 2**28


@dataclass
class Source:
    """An open file.

    Attributes:
        path: Its name.
        kind: One of `KINDS`.
        roots: The HDF5 files in it; several for sharded weights, none for `.json`.
        weights: Path of the group with the weights in the older layout.
        config: The model's config as it stands in the file, or None.
        training: How the model was compiled, in the form of Keras 3, or None.
        keras_version: As the file says, or None.
        backend: As the file says, or None.
        date: As the file says, or None.
        members: Names and sizes of a zip's members.
        problems: Parts that could not be read.
    """

    path: str
    kind: str
    roots: tuple[h5py.Group, ...] = ()
    weights: str = ""
    config: Any = None
    training: Any = None
    keras_version: str | None = None
    backend: str | None = None
    date: str | None = None
    members: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_tree(self) -> bool:
        """Whether the weights lie in the layout of Keras 3."""
        return self.kind in ("keras", "weights", "sharded_weights")

    @contextmanager
    def noting(self, where: str) -> Iterator[None]:
        """Make a problem of what goes wrong in the block."""
        try:
            yield
        except LOADING_ERRORS as error:
            self.problems.append(Problem(where, one_line(error)))


@contextmanager
def opened(filepath: str) -> Iterator[Source]:
    """Open a file to look into.

    Raises:
        FileFormatError: It is nothing that Keras writes.
        FileNotFoundError: There is no such file.
    """
    path = existing(filepath)
    with ExitStack() as stack:
        with naming(path):
            source = _source(path, stack)
        yield source


def _source(path: str, stack: ExitStack) -> Source:
    if starts_like_zip(path):
        return _archive(path, stack)
    if starts_like_hdf5(path):
        return _hdf5(path, stack.enter_context(open_hdf5(path)))
    return _json(path, stack)


def _archive(path: str, stack: ExitStack) -> Source:
    source = Source(path, "keras", members=archived_sizes(path))
    if "config.json" not in source.members:
        archived_config(path)  # says what is missing
    with source.noting("config.json"):
        source.config = archived_config(path)
    with source.noting("metadata.json"):
        has_it = "metadata.json" in source.members  # Keras does without it
        metadata = archived_metadata(path) if has_it else None
        if isinstance(metadata, dict):
            source.keras_version = _text(metadata.get("keras_version"))
            source.date = _text(metadata.get("date_saved"))
    with source.noting("model.weights.h5"):
        window = stack.enter_context(weights_in_place(path))
        source.roots = (stack.enter_context(open_hdf5(window)),)
    if isinstance(source.config, dict) and source.config.get("compile_config"):
        with source.noting("compile_config"):
            source.training = modern_compile(source.config["compile_config"])
    return source


def _hdf5(path: str, root: h5py.File) -> Source:
    source = Source(path, "h5", (root,))
    with damage("The file's attributes cannot be read: it is damaged."):
        has_config = "model_config" in root.attrs
    if not has_config:
        source.kind = _kind_of_weights(root)
    with source.noting("model_config"):
        text = text_attribute(root, "model_config")
        if text is not None:
            source.config = parse_json(text, "model_config")
    if not source.is_tree and "model_weights" in member_names(root):
        source.weights = "model_weights"
    with source.noting("training_config"):
        text = text_attribute(root, "training_config")
        if text is not None:
            source.training = compile_config(parse_json(text, "training_config"))
    with source.noting("keras_version"):
        place = root if "keras_version" in root.attrs else None
        if place is None and source.weights:
            place = subgroup(root, source.weights)
        if place is not None:
            source.keras_version = text_attribute(place, "keras_version")
            source.backend = text_attribute(place, "backend")
    return source


def _kind_of_weights(root: h5py.Group) -> str:
    if names_attribute(root, "layer_names") is not None:
        return "legacy_weights"
    if holds_tree(root):
        return "weights"
    if "model_weights" in member_names(root):
        return "legacy_weights"
    raise FileFormatError(
        explain(
            "The file holds nothing of Keras.",
            got=f"an HDF5 file with {member_names(root)[:8]}",
            expected="a model or its weights",
        )
    )


def _json(path: str, stack: ExitStack) -> Source:
    with open(path, "rb") as file:
        content = file.read(_MAX_JSON_BYTES + 1)
    held = None
    if content.lstrip()[:1] == b"{":
        text = content.decode("utf-8", "replace")
        held = parse_json(text, os.path.basename(path))
    if isinstance(held, dict) and "weight_map" in held:
        source = Source(path, "sharded_weights")
        source.roots = stack.enter_context(open_shards(path))
        return source
    if isinstance(held, dict) and "class_name" in held:
        return _architecture(path, held)
    got = f"a file that begins with {content[:12]!r}" if content else "an empty file"
    expected = "a .keras or .h5 file of Keras, or a .json of weights or a model"
    raise FileFormatError(
        explain("The file is nothing that Keras writes.", got=got, expected=expected)
    )


def _architecture(path: str, held: dict[str, Any]) -> Source:
    source = Source(path, "architecture", config=held)
    source.keras_version = _text(held.get("keras_version"))
    source.backend = _text(held.get("backend"))
    with source.noting("compile_config"):
        if held.get("compile_config"):
            source.training = modern_compile(held["compile_config"])
    return source


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
