"""Layers of Keras 2 that have changed since: what their settings say today.

`modern_layer` drops the settings that named a way to compute, or that the layer shared
with a base class and never used; a setting that did mean something stays, and is
refused by the layer. `keep_old_meanings` is for files that Keras 2 wrote: it keeps
what a name meant then where Keras 3 has given it to something else.
"""

from __future__ import annotations

from typing import Any

from kerasish.saving.old_calls import is_old_tensor, old_call

Held = dict[str, Any]

# The name `kerasish.activations` registers the activation of Keras 2 by.
OLD_HARD_SIGMOID = ("keras2", "hard_sigmoid")
_RECURRENT = (
    "LSTM GRU SimpleRNN RNN Bidirectional ConvLSTM1D ConvLSTM2D ConvLSTM3D "
    "CuDNNLSTM CuDNNGRU"
).split()
_KERNEL = ("kernel_initializer", "kernel_regularizer", "kernel_constraint")
_SPATIAL = ("trainable", "noise_shape")
_ATTENTION = ("query_shape", "key_shape", "value_shape")
# Names that .h5 files of Keras 3 use for classes with another public name.
PRIVATE_NAMES = {"GroupQueryAttention": "GroupedQueryAttention"}
_PUBLIC_NAMES = {private: public for public, private in PRIVATE_NAMES.items()}
# Settings without a meaning, by class.
_DEAD = {
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), _KERNEL),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), (*_KERNEL, "filters")),
    **dict.fromkeys(
        ("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"), _SPATIAL
    ),
    **dict.fromkeys(
        ("LSTM", "GRU", "LSTMCell", "GRUCell", "SimpleRNNCell"), ("implementation",)
    ),
    "MultiHeadAttention": _ATTENTION,
}
# Settings that mean nothing if they have this value.
_GROUPLESS = (
    "SeparableConv1D SeparableConv2D DepthwiseConv1D DepthwiseConv2D "
    "Conv1DTranspose Conv2DTranspose Conv3DTranspose"
).split()
_USUAL: dict[str, dict[str, Any]] = {name: {"groups": 1} for name in _GROUPLESS}


def modern_layer(held: Held) -> Held:
    """Return a layer's config without what its class has lost.

    Args:
        held: The layer, its calls in a functional model with it; it is not changed.
    """
    class_name = str(held["class_name"])
    class_name = _PUBLIC_NAMES.get(class_name, class_name)
    inner = held["config"]
    usual = _USUAL.get(class_name, {})
    dead = _DEAD.get(class_name, ())
    kept = {
        key: value
        for key, value in inner.items()
        if key not in dead and not (key in usual and value == usual[key])
    }
    modern = {**held, "class_name": class_name, "config": kept}
    if class_name == "MultiHeadAttention" and set(_ATTENTION) & set(inner):
        modern.pop("build_config", None)  # of one input where the layer takes three
    return _with_states(modern) if class_name in _RECURRENT else modern


def _with_states(held: Held) -> Held:
    """Return a recurrent layer whose first states are an argument of their own.

    Keras 2 wrote `layer(x, initial_state=[h, c])` as `layer([x, h, c])`.
    """
    nodes = held.get("inbound_nodes")
    if not isinstance(nodes, list) or not any(map(_has_states, nodes)):
        return held
    calls = []
    for node in nodes:
        tensors, kwargs = old_call(node)
        if len(tensors) > 1:
            kwargs = {**kwargs, "initial_state": tensors[1:]}
        calls.append({"args": tensors[:1], "kwargs": kwargs, "is_old": True})
    modern = {**held, "inbound_nodes": calls}
    modern.pop("build_config", None)  # it has the shapes of the states too
    return modern


def _has_states(node: Any) -> bool:
    is_old = isinstance(node, list) and all(map(is_old_tensor, node))
    return is_old and len(node) > 1


def keep_old_meanings(config: Any) -> Any:
    """Return a config of Keras 2 that says what its names meant then.

    Args:
        config: A config or a part of one; it is not changed.
    """
    if isinstance(config, list):
        return [keep_old_meanings(value) for value in config]
    if not isinstance(config, dict):
        return config
    return {
        key: _old_activation()
        if value == "hard_sigmoid" and str(key).endswith("activation")
        else keep_old_meanings(value)
        for key, value in config.items()
    }


def _old_activation() -> Held:
    return {
        "module": "builtins",
        "class_name": "function",
        "config": ">".join(OLD_HARD_SIGMOID),
        "registered_name": "function",
    }


def is_version_2(version: Any) -> bool:
    """Return whether a version in a file, such as `"2.15.0"`, is before Keras 3."""
    return isinstance(version, str) and version[:2] in ("0.", "1.", "2.")
