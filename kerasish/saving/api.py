"""Saving and loading: `save_model`, `load_model`, `save_weights`, `load_weights`.

A name's ending decides what is written, a file's content how it is read, so that a
renamed file or one from Keras 2 still opens. Whatever is wrong with a file is reported
once, here, with its name.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kerasish.errors import FileFormatError, explain
from kerasish.saving.atomic import atomic_write
from kerasish.saving.hdf5_safe import (
    names_attribute,
    open_hdf5,
    parse_json,
    starts_like_hdf5,
    subgroup,
)
from kerasish.saving.keras_archive import (
    archived_weights,
    read_archive,
    starts_like_zip,
    write_archive,
)
from kerasish.saving.legacy_h5 import read_model, read_weights, write_model
from kerasish.saving.old_layers import is_version_2, keep_old_meanings
from kerasish.saving.older_configs import modern_compile, modernise
from kerasish.saving.registry import custom_object_scope
from kerasish.saving.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)
from kerasish.saving.sharded_weights import ENDING as SHARDED
from kerasish.saving.sharded_weights import open_shards, write_shards
from kerasish.saving.weights_h5 import holds_tree, read_tree, write_tree

PathLike = str | os.PathLike[str]

_FORMATS = "a name that ends in .keras, .h5 or .hdf5"
LOADING_ERRORS = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    RuntimeError,
    MemoryError,
    ArithmeticError,
    AssertionError,
    StopIteration,
)


def save_model(
    model: Any,
    filepath: PathLike,
    overwrite: bool = True,
    zipped: bool | None = None,
    include_optimizer: bool = True,
) -> None:
    """Save a whole model: its configuration, weights, and how it was compiled.

    Args:
        model: The model.
        filepath: Where to: `.keras` (Keras 3's archive), or `.h5` or `.hdf5`.
        overwrite: Whether a file of that name may be replaced.
        zipped: None or True; a folder instead of an archive is not written.
        include_optimizer: For `.h5`: whether to save how the model was compiled and the
            optimizer's state.

    Raises:
        ValueError: The name ends in something else.
        OSError: The file cannot be written; what was there before is unchanged.
    """
    path = os.fspath(filepath)
    writer = _model_writer(path, zipped)
    _check_overwrite(path, overwrite)
    if writer is write_model:
        # Keras makes the folder of an .h5 file, and only of that.
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with atomic_write(path) as file:
        if writer is write_model:
            write_model(model, file, include_optimizer)
        else:
            write_archive(model, file)


def _model_writer(path: str, zipped: bool | None) -> Any:
    archive = path.endswith(".keras")
    if zipped is not None and not (archive and zipped):
        raise ValueError(
            explain(
                f"Cannot save the model to '{path}'.",
                got=f"zipped={zipped}",
                expected="zipped=None, or zipped=True with a .keras name",
            )
        )
    if archive:
        return write_archive
    if path.endswith((".h5", ".hdf5")):
        return write_model
    raise ValueError(
        explain(
            f"Cannot save the model to '{path}'.",
            got=f"the ending '{Path(path).suffix}'",
            expected=_FORMATS,
            fix=f"model.save('{path}.keras')",
        )
    )


def _check_overwrite(path: str, overwrite: bool) -> None:
    if not overwrite and os.path.exists(path):
        raise FileExistsError(
            explain(
                f"'{path}' exists already.",
                fix="choose another name, or pass overwrite=True",
            )
        )


def load_model(
    filepath: PathLike,
    custom_objects: dict[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """Return the model in a file that Keras 3, Keras 2 or kerasish saved.

    Args:
        filepath: A `.keras` or `.h5` file; what it is, is told by its content.
        custom_objects: Classes and functions by name, for those not registered.
        compile: Whether to compile the model as it was and restore the optimizer, so
            that training goes on where it stopped.
        safe_mode: Accepted as in Keras. It changes nothing: code stored in a file is
            never run here.

    Raises:
        FileFormatError: The file is not a model, is damaged, or names what is unknown.
        FileNotFoundError: There is no such file.
    """
    path = existing(filepath)
    with naming(path), custom_object_scope(custom_objects or {}):
        if starts_like_zip(path):
            return read_archive(path, compile)
        _check_is_hdf5(path)
        with open_hdf5(path) as root:
            return read_model(root, compile)


def _check_is_hdf5(path: str) -> None:
    """Say what a file could have been, by its name; `open_hdf5` says the rest."""
    if starts_like_hdf5(path) or path.endswith((".h5", ".hdf5")):
        return
    raise FileFormatError(
        explain(
            "The file holds no model.",
            got="neither a zip archive nor an HDF5 file",
            expected="a model saved as .keras or .h5",
        )
    )


def existing(filepath: PathLike) -> str:
    """Return a path, of which a file is there.

    Raises:
        FileFormatError: It is a folder.
        FileNotFoundError: There is nothing.
    """
    path = os.fspath(filepath)
    if os.path.isdir(path):
        raise FileFormatError(
            explain(
                f"Cannot load '{path}'.",
                got="a folder (perhaps a TensorFlow SavedModel)",
                expected="a file saved as .keras or .h5",
            )
        )
    if not os.path.exists(path):
        raise FileNotFoundError(
            explain(
                f"There is no file '{path}'.",
                fix=f"the working folder is {os.getcwd()}",
            )
        )
    return path


@contextmanager
def naming(path: PathLike) -> Iterator[None]:
    """Put a file's name before the message of whatever goes wrong while reading it."""
    try:
        yield
    except FileFormatError as error:
        raise FileFormatError(f"Cannot load '{os.fspath(path)}'. {error}") from error
    except LOADING_ERRORS as error:
        text = f"{type(error).__name__}: {error}".rstrip(": ")
        message = explain(f"Cannot load '{os.fspath(path)}'.", got=text)
        raise FileFormatError(message) from error


def save_weights(
    model: Any,
    filepath: PathLike,
    overwrite: bool = True,
    max_shard_size: float | None = None,
) -> None:
    """Save a model's weights, and its optimizer's state, as `.weights.h5`.

    Args:
        model: A built model.
        filepath: A name that ends in `.weights.h5`, or, with `max_shard_size`, in
            `.weights.json`.
        overwrite: Whether a file of that name may be replaced.
        max_shard_size: Most of arrays in one file, in GiB; more is split over several
            files, which a `.weights.json` lists. None keeps all in one.

    Raises:
        ValueError: The name ends in something else, the model has no weights yet, or a
            single array is larger than `max_shard_size`.
        OSError: The file cannot be written; what was there before is unchanged.
    """
    path = _weights_name(os.fspath(filepath), max_shard_size)
    _check_built(model, "save")
    _check_overwrite(path, overwrite)
    if max_shard_size is not None:
        write_shards(model, path, max_shard_size)
        return
    with atomic_write(path) as file:
        write_tree(model, file)


def _weights_name(path: str, max_shard_size: float | None) -> str:
    ending = ".weights.h5" if max_shard_size is None else SHARDED
    if max_shard_size is not None and path.endswith(".weights.h5"):
        path = path.removesuffix(".weights.h5") + SHARDED
        text = f"Weights split over several files are listed in '{path}'."
        warnings.warn(text, stacklevel=3)
    if path.endswith(ending) and (max_shard_size is None or max_shard_size > 0):
        return path
    stem = path.removesuffix(".h5").removesuffix(".weights").removesuffix(SHARDED)
    size = None if max_shard_size is None else f" and {max_shard_size=}"
    more = "" if max_shard_size is None else ", max_shard_size=5.0"
    if path.endswith(SHARDED) and max_shard_size is None:
        ending, more = SHARDED, ", max_shard_size=5.0"
    raise ValueError(
        explain(
            f"Cannot save weights to '{path}'.",
            got=f"the ending '{''.join(Path(path).suffixes)}'{size or ''}",
            expected="a name that ends in .weights.h5 (one file), or .weights.json and "
            "a max_shard_size above 0",
            fix=f"model.save_weights('{stem}{ending}'{more})",
        )
    )


def load_weights(
    model: Any,
    filepath: PathLike,
    skip_mismatch: bool = False,
    by_name: bool = False,
    objects_to_skip: Iterable[Any] | None = None,
) -> None:
    """Set a model's weights from a file of weights or a whole saved model.

    Args:
        model: A built model of the same architecture.
        filepath: `.weights.h5`, a `.h5` of weights or of a whole model (Keras 2 too),
            `.keras`, or `.weights.json`; all but the last are told by their content.
        skip_mismatch: Leave out layers that do not fit, with a warning.
        by_name: Pair layers by name; only for the older `.h5` layout, which has names.
        objects_to_skip: Layers that keep their weights; only for the newer layout.

    Raises:
        FileFormatError: The file holds no weights, is damaged, or does not fit.
        FileNotFoundError: There is no such file.
    """
    path = existing(filepath)
    _check_built(model, "load")
    with naming(path):
        if path.endswith(SHARDED):
            _refuse_by_name(by_name)
            with open_shards(path) as roots:
                read_tree(model, roots, skip_mismatch, objects_to_skip or ())
            return
        source: Any = archived_weights(path) if starts_like_zip(path) else path
        with open_hdf5(source) as root:
            legacy = _legacy_weights(root)
            if legacy is None:
                _refuse_by_name(by_name)
                read_tree(model, root, skip_mismatch, objects_to_skip or ())
                return
            if objects_to_skip is not None:
                raise ValueError("objects_to_skip needs a .weights.h5 or .keras file")
            read_weights(model, legacy, by_name, skip_mismatch)


def _legacy_weights(root: Any) -> Any | None:
    """Return the group of older layout in a file, or None if it has the newer one."""
    if names_attribute(root, "layer_names") is not None:
        return root
    return None if holds_tree(root) else subgroup(root, "model_weights")


def _refuse_by_name(by_name: bool) -> None:
    if by_name:
        raise ValueError(
            explain(
                "by_name=True needs layer names.",
                got="a file in the .weights.h5 layout, which has none",
                expected="a legacy .h5 file",
            )
        )


def _check_built(model: Any, verb: str) -> None:
    if not model.built:
        raise ValueError(
            explain(
                f"Cannot {verb} weights: model '{model.name}' has none yet.",
                fix="give it an Input, call model.build(input_shape), or call it on "
                "some data",
            )
        )


def model_to_json(model: Any, **options: Any) -> str:
    """Return a model's configuration as JSON.

    Args:
        model: The model.
        options: Passed to `json.dumps`, such as `indent=2`.
    """
    return json.dumps(serialize_keras_object(model), **options)


def model_from_json(
    json_string: str, custom_objects: dict[str, Any] | None = None
) -> Any:
    """Return a new model, with fresh weights, from what `to_json` returned.

    Args:
        json_string: The configuration, from Keras 3, Keras 2 or kerasish.
        custom_objects: Classes and functions by name, for those not registered.

    Raises:
        FileFormatError: It is not JSON, or describes no model.
    """
    with naming("json_string"):
        config = parse_json(json_string, "json_string")
        if isinstance(config, dict) and is_version_2(config.get("keras_version")):
            config = keep_old_meanings(config)
        return _made(modernise(config), custom_objects)


def _made(config: Any, custom_objects: dict[str, Any] | None) -> Any:
    if not isinstance(config, dict):
        raise FileFormatError(
            explain("The text does not describe a model.", got=repr(config)[:80])
        )
    compile_config = config.pop("compile_config", None)
    with custom_object_scope(custom_objects or {}):
        model = deserialize_keras_object(config)
        if compile_config:
            model.compile_from_config(modern_compile(compile_config))
    return model
