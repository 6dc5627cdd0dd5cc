"""Configs written by Keras 2, or by a newer Keras 3, in the words of this one.

`modernise` walks a whole config before anything is made from it: it renames what was
renamed, drops keys that lost their meaning, and drops keys our class does not have
where their value is empty (None, False, 0, ""), since that is how a writer says "not
used". A key with a value stays and is refused by the constructor: nothing that would
change the result is lost silently.
"""

from __future__ import annotations

import inspect
from typing import Any

from kerasish.errors import FileFormatError, explain
from kerasish.saving.old_layers import modern_layer
from kerasish.saving.registry import Configurable
from kerasish.saving.serialization import lookup_class, serialize_dtype
from kerasish.saving.tf_operations import CLASSES as TF_CLASSES
from kerasish.saving.tf_operations import translated

_COMPILE_SWITCHES = ("run_eagerly", "steps_per_execution", "jit_compile")
_OLD_INPUT_KEYS = ("batch_input_shape", "input_shape", "input_dim", "input_length")
_OLD_POLICIES = ("Policy", "PolicyV1")
# Keys of an optimizer that named a choice of implementation, not of the method.
_DEAD_OPTIMIZER_KEYS = ("jit_compile", "is_legacy_optimizer")

# Losses that Keras 2 knew by a name of its own.
_NAMES_SINCE = {"huber_loss": "huber"}
_OLD_LOSS_SCALES = ("LossScaleOptimizer", "LossScaleOptimizerV3")


def modernise(config: Any) -> Any:
    """Return a config, with all configs inside it, as the classes here understand it.

    Args:
        config: A config as read from a file; it is not changed.

    Raises:
        FileFormatError: A Sequential's config has no list of layers.
    """
    if isinstance(config, list):
        return [modernise(value) for value in config]
    if not isinstance(config, dict):
        return config
    if config.get("class_name") in TF_CLASSES and "inbound_nodes" in config:
        return translated(config)
    if config.get("class_name") == "Sequential" and "config" in config:
        # First of all: the input's shape may stand in the first layer only.
        config = {**config, "config": _modern_sequential(config["config"])}
    modern = {key: modernise(value) for key, value in config.items()}
    class_name, inner = modern.get("class_name"), modern.get("config")
    if not isinstance(class_name, str) or not isinstance(inner, dict):
        return modern
    if not modern.get("registered_name"):
        modern = modern_layer(modern)
        class_name, inner = modern["class_name"], modern["config"]
    if class_name in _OLD_POLICIES:
        return serialize_dtype(inner.get("name", "float32"))
    if class_name == "InputLayer":
        modern["config"] = _modern_input(inner)
    if not class_name.startswith("__"):
        modern["config"] = _without_unused(modern)
    return modern


def _modern_input(inner: dict[str, Any]) -> dict[str, Any]:
    modern = dict(inner)
    old = modern.pop("batch_input_shape", None)
    if old is not None:
        modern.setdefault("batch_shape", old)
    return modern


def _modern_sequential(inner: Any) -> dict[str, Any]:
    # Keras 2.0 to 2.2 wrote the list of layers alone.
    modern = {"layers": inner} if isinstance(inner, list) else dict(inner or {})
    layers = modern.get("layers")
    if not isinstance(layers, list) or not all(isinstance(e, dict) for e in layers):
        raise FileFormatError(
            explain(
                "The config of a Sequential is damaged.",
                got=f"{type(layers).__name__} under 'layers'",
                expected="a list of layers",
            )
        )
    modern["layers"] = _with_input_layer(layers)
    return modern


def _with_input_layer(layers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return layers of which the first tells the input's shape by an InputLayer."""
    if not layers or layers[0].get("class_name") == "InputLayer":
        return layers
    first: Any = layers[0].get("config")
    shape = first.get("batch_input_shape") if isinstance(first, dict) else None
    if shape is None:
        return layers
    dtype = first.get("dtype")
    if not isinstance(dtype, str):
        dtype = "float32"
    entry = {
        "module": "keras.layers",
        "class_name": "InputLayer",
        "config": {"batch_shape": shape, "dtype": dtype},
        "registered_name": None,
    }
    return [entry, *layers]


def _without_unused(config: dict[str, Any]) -> dict[str, Any]:
    """Return an object's arguments without those its class has no use for."""
    inner: dict[str, Any] = config["config"]
    cls = lookup_class(
        config["class_name"], config.get("module"), config.get("registered_name")
    )
    if cls is None or "_keras_module" not in vars(cls):
        return inner  # a user's class reads its own config
    known = accepted_arguments(cls)
    return {
        key: value
        for key, value in inner.items()
        if key in known or not _unused(cls, key, value)
    }


def _unused(cls: type, key: str, value: Any) -> bool:
    if not value or key in _OLD_INPUT_KEYS:
        return True
    module = vars(cls)["_keras_module"]
    # Old initializers kept the dtype; now the weight tells it.
    return key == "dtype" and module == "keras.initializers"


def accepted_arguments(cls: type) -> set[str]:
    """Return the names of the arguments a class takes, those of its bases included.

    A base class counts as far as `**kwargs` hands arguments on to it.
    """
    names: set[str] = set()
    for base in cls.__mro__:
        if base in (object, Configurable) or "__init__" not in vars(base):
            continue
        parameters = inspect.signature(vars(base)["__init__"]).parameters.values()
        names |= {p.name for p in parameters if p.kind is not p.VAR_KEYWORD}
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return names - {"self"}


def modern_compile(config: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of `compile` in a file, without what Keras 2 left open.

    Args:
        config: In the form of Keras 3; Keras 2 wrote None for "as usual", and Keras 3
            loses the optimizer of a model that was saved as `.h5` before.
    """
    modern = {
        key: value
        for key, value in config.items()
        if value is not None or key not in _COMPILE_SWITCHES
    }
    for key in ("loss", "metrics", "weighted_metrics"):
        module = "keras.losses" if key == "loss" else "keras.metrics"
        if key in modern:
            modern[key] = modern_losses(modern[key], module)
    modern.setdefault("optimizer", "rmsprop")  # what Keras then compiles with
    optimizer = modern["optimizer"]
    if isinstance(optimizer, dict) and not optimizer.get("registered_name"):
        modern["optimizer"] = modern_optimizer(optimizer)
    return modern


def modern_optimizer(config: dict[str, Any]) -> dict[str, Any]:
    """Return an optimizer's config, as an .h5 file holds it, in the form of Keras 3.

    Args:
        config: `{"class_name", "config"}`. Keras 2's `lr` becomes `learning_rate`, and
            its `decay` an `InverseTimeDecay` schedule, which is what it computed.
    """
    package, _, class_name = str(config.get("class_name")).rpartition(">")
    inner = dict(config.get("config") or {})
    if "lr" in inner:
        inner.setdefault("learning_rate", inner.pop("lr"))
    decay = inner.pop("decay", None)
    if decay:
        inner["learning_rate"] = _inverse_time_decay(inner.get("learning_rate"), decay)
    for key in _DEAD_OPTIMIZER_KEYS:
        inner.pop(key, None)
    if class_name in _OLD_LOSS_SCALES:
        class_name, inner = "LossScaleOptimizer", _modern_loss_scale(inner)
    custom = package not in ("", "Custom")
    modern = {
        "module": "keras.optimizers",
        "class_name": class_name,
        "config": inner,
        "registered_name": config["class_name"] if custom else None,
    }
    return modernise(modern)  # type: ignore[no-any-return]


def _modern_loss_scale(inner: dict[str, Any]) -> dict[str, Any]:
    modern = {key: value for key, value in inner.items() if key != "dynamic"}
    held = modern.get("inner_optimizer")
    if isinstance(held, dict) and not held.get("registered_name"):
        modern["inner_optimizer"] = modern_optimizer(held)
    return modern


def _inverse_time_decay(rate: Any, decay: float) -> dict[str, Any]:
    return {
        "module": "keras.optimizers.schedules",
        "class_name": "InverseTimeDecay",
        "config": {
            "initial_learning_rate": rate,
            "decay_steps": 1,
            "decay_rate": decay,
        },
        "registered_name": None,
    }


def modern_losses(config: Any, module: str) -> Any:
    """Return losses or metrics of an .h5 file in the form of Keras 3.

    Args:
        config: A name, a `{"class_name", "config"}`, or lists and dictionaries of such.
        module: `"keras.losses"` or `"keras.metrics"`, which such a file does not say.
    """
    if isinstance(config, list):
        return [modern_losses(value, module) for value in config]
    if isinstance(config, str):
        return _NAMES_SINCE.get(config, config)
    if not isinstance(config, dict):
        return config
    if "class_name" not in config:
        return {key: modern_losses(value, module) for key, value in config.items()}
    if config["class_name"] == "function":
        return modernise(config)
    if "module" in config and not _is_old_loss(config):
        return modernise(config)
    return _modern_loss(config, module)


def _is_old_loss(config: dict[str, Any]) -> bool:
    """Return whether Keras 2 wrote a loss or metric into a `.keras` file."""
    inner = config.get("config")
    if config.get("registered_name") or not isinstance(inner, dict):
        return False
    return inner.get("reduction") == "auto" or isinstance(inner.get("fn"), str)


def _modern_loss(config: dict[str, Any], module: str) -> Any:
    class_name, inner = config["class_name"], dict(config.get("config") or {})
    function = inner.pop("fn", None)
    if inner.get("reduction") == "auto":
        inner["reduction"] = "sum_over_batch_size"
    if class_name == "MeanMetricWrapper" and isinstance(function, str):
        class_name = "".join(word.capitalize() for word in function.split("_"))
        if lookup_class(class_name, module) is None:
            return function
    elif function is not None and not isinstance(function, str):
        inner["fn"] = function
    package, _, short = str(class_name).rpartition(">")
    return modernise(
        {
            "module": module,
            "class_name": short,
            "config": inner,
            "registered_name": class_name if package else None,
        }
    )
