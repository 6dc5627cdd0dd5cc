"""Objects to configs and back, in the form Keras 3 writes.

A config is plain JSON: `{"module", "class_name", "config", "registered_name"}` for an
object, the name for a built-in function. Reading looks names up in the closed table of
`kerasish.saving.registry` and calls `from_config`; it never imports, evaluates or calls
anything else that a file names, and code stored in a file is always refused.
Layers rely on `serialize_config`, models on the pair `serialize_keras_object` and
`deserialize_keras_object`.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from kerasish.backend import get_backend
from kerasish.errors import FileFormatError, explain, similar_names
from kerasish.saving.registry import (
    class_key,
    custom_object_scope,
    find,
    get_registered_name,
    known_names,
)

_FUNCTION_MODULES = (
    "keras.activations",
    "keras.losses",
    "keras.metrics",
    "keras.initializers",
    "keras.regularizers",
    "keras.constraints",
    "keras.ops",
)
# Where a class is looked for when a config does not say its module.
_CLASS_MODULES = (
    "keras.layers",
    "keras.models",
    "keras.initializers",
    "keras.regularizers",
    "keras.constraints",
)
# Words inside private module names, such as `keras.src.layers.core.dense`.
_PUBLIC_PARTS = (
    "schedules",
    "optimizers",
    "losses",
    "metrics",
    "initializers",
    "regularizers",
    "constraints",
    "random",
    "dtype_policies",
    "layers",
    "models",
    "engine",
)
_FRAMEWORKS = ("keras", "tf_keras", "tensorflow")
_ARRAY_KINDS = "biufc"
_MOST_OF_ONE_ID = 64
_shared = threading.local()


def serialize_keras_object(obj: Any) -> Any:
    """Return the config of an object: plain JSON in the form of Keras 3.

    Args:
        obj: None, a number, text, bytes, an array, a slice, a list, tuple or dictionary
            of such, a function, or an object with `get_config`.

    Raises:
        TypeError: There is no config for an object of this type.
        ValueError: A lambda, which has no name to be found by.

    Example:
        >>> serialize_keras_object((1, b"ab"))
        [1, {'class_name': '__bytes__', 'config': {'value': 'ab'}}]
    """
    return _serialize(obj, _function_config)


def serialize_config(config: dict[str, Any]) -> dict[str, Any]:
    """Return a constructor's arguments as plain JSON values.

    As `serialize_keras_object` for each value, but a built-in function becomes its bare
    name, which is how Keras writes an activation.

    Args:
        config: Argument names and values, as `Configurable.get_config` returns them.

    Example:
        >>> serialize_config({"units": np.int64(3), "shape": (1, 2)})
        {'units': 3, 'shape': [1, 2]}
    """
    return {str(k): _serialize(v, _function_name) for k, v in config.items()}


def serialize_dtype(name: str) -> dict[str, Any]:
    """Return the config that Keras writes for a layer's dtype, such as `"float32"`."""
    return {
        "module": "keras",
        "class_name": "DTypePolicy",
        "config": {"name": name},
        "registered_name": None,
    }


def dtype_of(config: Any) -> Any:
    """Return the dtype name in a policy's config; anything else is returned as it is.

    Args:
        config: A name, or the config of a `DTypePolicy` or of Keras 2's `Policy`.
    """
    if isinstance(config, dict) and config.get("class_name") in _POLICIES:
        return config.get("config", {}).get("name")
    return config


_POLICIES = ("DTypePolicy", "Policy", "PolicyV1", "FloatDTypePolicy")


def _serialize(obj: Any, function_form: Callable[[Any], Any]) -> Any:
    if isinstance(obj, np.generic):
        return obj.item()
    if obj is None or isinstance(obj, (str, bool, int, float)):
        return obj
    if isinstance(obj, (list, tuple)):
        return [_serialize(value, function_form) for value in obj]
    if isinstance(obj, dict):
        return {str(k): _serialize(v, function_form) for k, v in obj.items()}
    marked = _marked_config(obj)
    if marked is not None:
        return marked
    if inspect.isfunction(obj) or inspect.isbuiltin(obj):
        return function_form(obj)
    if not inspect.isclass(obj) and hasattr(obj, "get_config"):
        return _object_config(obj)
    raise TypeError(
        explain(
            "This value cannot be part of a config.",
            got=f"{obj!r} of type {type(obj).__name__}",
            expected="numbers, text, arrays, lists, dictionaries, functions, or "
            "objects with a `get_config` method",
        )
    )


def _marked_config(obj: Any) -> dict[str, Any] | None:
    """Return the config of the few Python types that Keras marks by `__name__`."""
    if isinstance(obj, bytes):
        return _marked("__bytes__", value=obj.decode("utf-8"))
    if isinstance(obj, slice):
        return _marked("__slice__", start=obj.start, stop=obj.stop, step=obj.step)
    if obj is ...:
        return _marked("__ellipsis__")
    if isinstance(obj, np.ndarray):
        return _marked("__numpy__", value=obj.tolist(), dtype=obj.dtype.name)
    backend = get_backend()
    if isinstance(obj, backend.array_type):
        host = backend.to_host(obj)
        return _marked("__tensor__", value=host.tolist(), dtype=host.dtype.name)
    return None


def _marked(name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": name, "config": config}


def _function_name(function: Any) -> Any:
    if "_keras_module" in getattr(function, "__dict__", {}):
        return function.__name__
    return _function_config(function)


def _function_config(function: Any) -> dict[str, Any]:
    name = get_registered_name(function)
    if name == "<lambda>":
        raise ValueError(
            explain(
                "A lambda cannot be saved: it has no name to be found by.",
                got=repr(function),
                fix="write it as a named function under "
                "@keras.saving.register_keras_serializable()",
            )
        )
    return {
        "module": "builtins",
        "class_name": "function",
        "config": name,
        "registered_name": "function",
    }


def _object_config(obj: Any) -> dict[str, Any]:
    module, class_name, registered_name = class_key(type(obj))
    config = {
        "module": module,
        "class_name": class_name,
        "config": serialize_config(obj.get_config()),
        "registered_name": registered_name,
    }
    for key in ("build_config", "compile_config"):
        make = getattr(obj, f"get_{key}", None)
        extra = make() if make is not None else None
        if extra:
            config[key] = serialize_config(extra)
    return config


def deserialize_keras_object(
    config: Any, custom_objects: dict[str, Any] | None = None, safe_mode: bool = True
) -> Any:
    """Return what a config describes.

    Args:
        config: What `serialize_keras_object` returned, or lists and dictionaries of
            such.
        custom_objects: Classes and functions by name, for those not registered.
        safe_mode: Accepted as in Keras. It changes nothing: code stored in a file is
            never run here.

    Raises:
        FileFormatError: A class or function is unknown, is code, or refuses its config.

    Example:
        >>> config = serialize_keras_object({"part": slice(2, 3)})
        >>> deserialize_keras_object(config)
        {'part': slice(2, 3, None)}
    """
    with custom_object_scope(custom_objects or {}), _sharing():
        return _revive(config)


@contextmanager
def _sharing() -> Iterator[None]:
    """Remember shared objects until the outermost `deserialize_keras_object` ends."""
    if getattr(_shared, "objects", None) is not None:
        yield
        return
    _shared.objects = {}
    try:
        yield
    finally:
        _shared.objects = None


def _revive(config: Any) -> Any:
    if isinstance(config, (list, tuple)):
        return [_revive(value) for value in config]
    if not isinstance(config, dict):
        return config
    class_name = config.get("class_name")
    if not isinstance(class_name, str) or "config" not in config:
        return {key: _revive(value) for key, value in config.items()}
    if class_name.startswith("__"):
        return _revive_marked(class_name, config)
    if class_name == "function":
        return _function(config)
    return _revive_shared(class_name, config)


def _revive_marked(class_name: str, config: dict[str, Any]) -> Any:
    inner = config["config"]
    try:
        if class_name == "__bytes__":
            return inner["value"].encode("utf-8")
        if class_name == "__slice__":
            return slice(inner["start"], inner["stop"], inner["step"])
        if class_name == "__ellipsis__":
            return ...
        if class_name in ("__numpy__", "__tensor__"):
            return _array(class_name, inner)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = explain(f"'{class_name}' has a damaged config.", got=repr(error))
        raise FileFormatError(message) from error
    if class_name == "__keras_tensor__":
        return config  # which tensor is meant only the model being rebuilt can say
    raise _refused(class_name)


def _array(class_name: str, inner: dict[str, Any]) -> Any:
    dtype = np.dtype(inner["dtype"])
    if dtype.kind not in _ARRAY_KINDS:
        raise ValueError(f"dtype {dtype} is not numeric")
    host = np.array(inner["value"], dtype=dtype)
    return host if class_name == "__numpy__" else get_backend().from_host(host)


def _refused(class_name: str) -> FileFormatError:
    return FileFormatError(
        explain(
            f"'{class_name}' holds Python code, which is never run from a file.",
            expected="layers and functions found by their names",
            fix="build the model in Python and read only its weights: "
            "model.load_weights(file) accepts this file too",
        )
    )


def _function(config: dict[str, Any]) -> Any:
    registered = config.get("registered_name")
    name = config["config"] if registered in (None, "function") else registered
    if not isinstance(name, str):
        raise _refused("function")
    found = find(name, module="")
    for module in _FUNCTION_MODULES:
        found = find(name, module) if found is None else found
    if found is None or inspect.isclass(found):
        raise _unknown("function", name, known_names(*_FUNCTION_MODULES))
    return found


def _revive_shared(class_name: str, config: dict[str, Any]) -> Any:
    """Return the object made earlier from the same config with the same shared id."""
    shared_id = config.get("shared_object_id")
    if shared_id is None:
        return _revive_object(class_name, config)
    # An id is the address of a Python object, which another object may have had later:
    # only an equal config makes it the same one.
    seen = _shared.objects.setdefault(str(shared_id), [])
    for earlier, obj in seen:
        if earlier == config:
            return obj
    obj = _revive_object(class_name, config)
    if len(seen) < _MOST_OF_ONE_ID:  # or comparing takes the square of their number
        seen.append((config, obj))
    return obj


def _revive_object(class_name: str, config: dict[str, Any]) -> Any:
    if class_name in _POLICIES and lookup_class("DTypePolicy", "keras") is None:
        return dtype_of(config)
    cls = find_class(config)
    inner = config["config"] or {}
    if not isinstance(inner, dict):
        got = f"{inner!r} as its config"
        raise FileFormatError(explain(f"'{class_name}' cannot be made.", got=got))
    if isinstance(inner.get("dtype"), dict):
        inner = {**inner, "dtype": _revive(inner["dtype"])}
    obj = _from_config(cls, inner)
    build_config = config.get("build_config")
    if build_config and not getattr(obj, "built", True):
        obj.build_from_config(build_config)
    if config.get("compile_config"):
        obj.compile_from_config(config["compile_config"])
    return obj


def _from_config(cls: Any, inner: dict[str, Any]) -> Any:
    try:
        return cls.from_config(dict(inner))
    except FileFormatError:
        raise
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        name = inner.get("name")
        called = f"{cls.__name__} '{name}'" if name else cls.__name__
        fix = f"compare the config with the arguments of {cls.__name__}"
        raise FileFormatError(
            explain(
                f"{called} cannot be made from its config.",
                got=f"{type(error).__name__}: {error}",
                fix=None if "fix:" in str(error) else fix,  # it knows better
            )
        ) from error


def find_class(config: dict[str, Any]) -> Any:
    """Return the class a config names.

    Raises:
        FileFormatError: Nobody entered a class of that name, or it is a Lambda.
    """
    class_name, module = config["class_name"], config.get("module")
    found = lookup_class(class_name, module, config.get("registered_name"))
    if found is not None:
        return found
    if class_name.rpartition(">")[2] in ("Lambda", "TFOpLambda"):
        raise _refused(class_name)
    raise _unknown("class", class_name, known_names())


def lookup_class(
    class_name: str, module: str | None = None, registered_name: str | None = None
) -> Any | None:
    """Return the class of a name, or None.

    Args:
        class_name: Name, with or without a package (`"package>Name"`).
        module: Keras's module, public or private, of Keras 2 or 3; layers, models and
            what layers hold are looked through if it is None.
        registered_name: The name a user's class was registered under.
    """
    for candidate in _modules(module):
        for name in (class_name, class_name.rpartition(">")[2]):
            found = find(name, candidate, registered_name or class_name)
            if inspect.isclass(found):
                return found
    return None


def _modules(module: Any) -> tuple[str, ...]:
    """Return the public modules that a module name in a file may stand for."""
    if not isinstance(module, str) or not module:
        return _CLASS_MODULES
    first, *rest = module.split(".")
    if first not in _FRAMEWORKS:
        return ("",)  # a user's module: registered names and custom_objects only
    if module == "keras":
        return ("keras", "keras.models", "keras.dtype_policies")
    for part in _PUBLIC_PARTS:
        if part in rest:
            return (module, *_public_modules(part))  # some have no public name
    return (module,)


def _public_modules(part: str) -> tuple[str, ...]:
    if part == "schedules":
        return ("keras.optimizers.schedules",)
    if part in ("models", "engine"):
        return ("keras.models", "keras.layers")
    return (f"keras.{part}",)


def _unknown(kind: str, name: str, known: list[str]) -> FileFormatError:
    near = similar_names(name, known, cutoff=0.6)
    short = name.rpartition(">")[2]
    return FileFormatError(
        explain(
            f"Unknown {kind} '{name}'.",
            expected="one of kerasish's own, or one made known"
            + (f" (near: {', '.join(near)})" if near else ""),
            fix=f"load with custom_objects={{'{short}': {short}}}, or define it under "
            "@keras.saving.register_keras_serializable()",
        )
    )
