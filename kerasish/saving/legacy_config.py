"""The configs of a whole-model `.h5` file, both ways.

Such a file says `{"class_name", "config"}` for layers, losses, metrics and the
optimizer, where a `.keras` file also names the module; objects inside a layer's config
keep the full form. What `legacy_model_config` and `training_config` return is what
Keras 3.15 writes, key by key.
"""

from __future__ import annotations

from typing import Any

from kerasish.errors import FileFormatError, explain
from kerasish.saving.old_layers import PRIVATE_NAMES
from kerasish.saving.older_configs import (
    modern_compile,
    modern_losses,
    modernise,
)
from kerasish.saving.serialization import serialize_config, serialize_keras_object

# Keras cannot read its own .h5 files that hold one of these names for a loss.
_LOSS_NAMES = {
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "logcosh": "log_cosh",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "mse": "mean_squared_error",
    "msle": "mean_squared_logarithmic_error",
}
_COMPILE_KEYS = (
    "loss",
    "loss_weights",
    "metrics",
    "weighted_metrics",
    "run_eagerly",
    "steps_per_execution",
    "jit_compile",
)


def legacy_model_config(model: Any) -> dict[str, Any]:
    """Return a model's config for the attribute `model_config`."""
    full = serialize_keras_object(model)
    legacy: dict[str, Any] = _legacy_layer(full)
    return legacy


def _legacy_layer(full: dict[str, Any]) -> dict[str, Any]:
    config = dict(full["config"])
    # layers inside a layer, such as Pipeline's, keep the full form
    if full.get("module") != "keras.layers" and isinstance(config.get("layers"), list):
        config["layers"] = [_legacy_layer(layer) for layer in config["layers"]]
    legacy = {"class_name": _legacy_name(full), "config": config}
    kept = ["name", "inbound_nodes"]
    if str(full.get("module")).startswith("keras.src.ops"):
        kept.append("module")  # else a function is taken for the layer of its name
    return {**legacy, **{key: full[key] for key in kept if key in full}}


def _legacy_name(full: dict[str, Any]) -> str:
    name = str(full.get("registered_name") or full["class_name"])
    return PRIVATE_NAMES.get(name, name)


def training_config(model: Any) -> dict[str, Any] | None:
    """Return the value of the attribute `training_config`; None if not compiled."""
    if not getattr(model, "compiled", False):
        return None
    full = serialize_config(model.get_compile_config() or {})
    optimizer = full.get("optimizer")
    if not full:
        return None
    legacy = {key: _legacy_losses(full.get(key)) for key in _COMPILE_KEYS}
    legacy["loss"] = _long_names(legacy["loss"])
    if isinstance(optimizer, dict):
        legacy["optimizer_config"] = {
            "class_name": _legacy_name(optimizer),
            "config": optimizer["config"],
        }
    return legacy


def _legacy_losses(config: Any) -> Any:
    if isinstance(config, list):
        return [_legacy_losses(value) for value in config]
    if not isinstance(config, dict):
        return config
    if config.get("class_name") == "function":
        return config["config"]
    if "class_name" in config and "config" in config:
        return {"class_name": _legacy_name(config), "config": config["config"]}
    return {key: _legacy_losses(value) for key, value in config.items()}


def _long_names(loss: Any) -> Any:
    if isinstance(loss, str):
        return _LOSS_NAMES.get(loss.lower(), loss)
    if isinstance(loss, list):
        return [_long_names(value) for value in loss]
    if isinstance(loss, dict) and "class_name" not in loss:
        return {key: _long_names(value) for key, value in loss.items()}
    return loss


def full_model_config(legacy: Any) -> dict[str, Any]:
    """Return the config in the attribute `model_config` in the form of Keras 3.

    Raises:
        FileFormatError: It does not describe a model.
    """
    if not isinstance(legacy, dict) or not isinstance(legacy.get("class_name"), str):
        raise FileFormatError(
            explain(
                "The file's 'model_config' does not describe a model.",
                expected="a dictionary with 'class_name' and 'config'",
            )
        )
    full: dict[str, Any] = modernise(_full_layer(legacy))
    return full


def _full_layer(legacy: dict[str, Any]) -> dict[str, Any]:
    """Return a layer's config with the registered name of a user's class."""
    full = dict(legacy)
    class_name = str(legacy.get("class_name"))
    if ">" in class_name:
        full["class_name"] = class_name.rpartition(">")[2]
        full["registered_name"] = class_name
    inner = legacy.get("config")
    if isinstance(inner, dict) and isinstance(inner.get("layers"), list):
        layers = [_full_layer(x) if isinstance(x, dict) else x for x in inner["layers"]]
        full["config"] = {**inner, "layers": layers}
    return full


def compile_config(legacy: dict[str, Any]) -> dict[str, Any]:
    """Return the config in the attribute `training_config` in the form of Keras 3."""
    full = {key: legacy[key] for key in _COMPILE_KEYS if key in legacy}
    for key in ("metrics", "weighted_metrics"):
        if key in full:
            full[key] = modern_losses(_of_one_output(full[key]), "keras.metrics")
    if "loss" in full:
        full["loss"] = modern_losses(full["loss"], "keras.losses")
    if isinstance(legacy.get("optimizer_config"), dict):
        full["optimizer"] = legacy["optimizer_config"]
    return modern_compile(full)


def _of_one_output(metrics: Any) -> Any:
    """Return the metrics of a model's only output, which Keras 2 wrote as `[[...]]`."""
    if isinstance(metrics, list) and len(metrics) == 1 and isinstance(metrics[0], list):
        return metrics[0]
    return metrics
