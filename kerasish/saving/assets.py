"""Assets: files that layers keep in a model's archive, such as vocabularies.

A layer that has any defines `save_assets(folder)` and `load_assets(folder)`; they lie
under `assets/<path of the layer>/`, at the same path as its weights. On reading, only
plain file names at a layer's own place are unpacked, into a folder of their own that is
gone afterwards.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

from kerasish.saving.weights_h5 import nodes

_FOLDER = "assets"


def write_assets(model: Any, archive: zipfile.ZipFile) -> None:
    """Add the assets of a model and all inside it to an open archive."""
    for node in nodes(model):
        save = getattr(node.owner, "save_assets", None)
        if save is None:
            continue
        with tempfile.TemporaryDirectory() as folder:
            save(folder)
            for name in sorted(os.listdir(folder)):
                archive.write(os.path.join(folder, name), _place(node.path) + name)


def read_assets(
    model: Any, members: Sequence[str], read: Callable[[str], bytes]
) -> None:
    """Give the layers of a model their assets.

    Args:
        model: The model.
        members: The names of all members of the archive.
        read: Returns the content of a member.
    """
    for node in nodes(model):
        load = getattr(node.owner, "load_assets", None)
        if load is None:
            continue
        place = _place(node.path)
        own = [m for m in members if _is_plain(m.removeprefix(place), m)]
        if not own:
            continue
        with tempfile.TemporaryDirectory() as folder:
            for member in own:
                path = os.path.join(folder, member.removeprefix(place))
                with open(path, "wb") as file:
                    file.write(read(member))
            load(folder)


def _place(path: str) -> str:
    return "/".join(part for part in (_FOLDER, path) if part) + "/"


def _is_plain(name: str, member: str) -> bool:
    """Return whether what is left of a member's name is that of a file, no path."""
    forbidden = any(sign in name for sign in "/\\:\0")
    return name != member and not forbidden and name not in ("", ".", "..")
