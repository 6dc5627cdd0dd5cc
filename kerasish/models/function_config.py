"""Functions of `kerasish.ops` in a functional model, as Keras's files hold them.

Keras has a class for every function; its constructor takes some of the function's
parameters, which are settings in the config, and its call the others. The tables here
say which, and where Keras keeps the class: files made here are read by Keras only if
all of that is exact. Functions are found in closed tables, by name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any

from kerasish import ops
from kerasish.ops import image, linalg, nn
from kerasish.ops.operation import Node, OpFunction, has_keras_tensors
from kerasish.saving.serialization import lookup_class, serialize_config

Function = Callable[..., Any]

# Parameters that Keras takes in the call, not in the constructor.
_CALL_PARAMETERS = frozenset(
    "x x1 x2 xs a b y inputs key condition indices values value target output query "
    "v mask kernel bias shift sequences lengths start_indices updates arrays array "
    "images image1 image2 mean variance scale gamma beta "
    "sequence_lengths target_length output_length bins q constant_values "
    "sorted_sequence condlist choicelist default depthwise_kernel pointwise_kernel "
    "abs_ angle data segment_ids targets predictions tensor pattern coordinates "
    "start_points end_points transform output_shape translation variable".split()
)
# Where a function differs from that: its settings, or parameters of the call.
_SETTINGS = {"roll": {"shift"}, "squareplus": {"b"}, "trapezoid": {"x"}}
_OF_THE_CALL = {
    "average": {"weights"},
    "batch_normalization": {"offset"},
    "full_like": {"fill_value"},
    "geomspace": {"start", "stop"},
    "isclose": {"rtol", "atol"},
    "linspace": {"start", "stop"},
    "logspace": {"start", "stop"},
}
# Functions whose `**kwargs` are settings.
_OPEN = ("layer_normalization",)
# They call functions they are given: no file of Keras holds one, and none may.
_HIGHER_ORDER = frozenset(
    "associative_scan cond custom_gradient fori_loop map scan switch vectorize "
    "vectorized_map while_loop".split()
)
_CATEGORIES = (("nn", nn), ("linalg", linalg), ("image", image))
# Keras's private modules of functions that have no public one but `keras.ops`.
_PRIVATE = {
    **dict.fromkeys(
        "cast convert_to_tensor saturate_cast scatter scatter_update slice "
        "slice_update stop_gradient unstack".split(),
        "core",
    ),
    **dict.fromkeys(
        "cdist erf erfc erfinv extract_sequences fft fft2 ifft2 in_top_k irfft istft "
        "logdet logsumexp rfft rsqrt segment_max segment_min segment_prod segment_sum "
        "stft top_k view_as_complex view_as_real".split(),
        "math",
    ),
    "rearrange": "einops",
}
# Keras's classes of functions that are not called as their words would have it.
_CLASSES = {
    "allclose": "AllClose",
    "batch_normalization": "BatchNorm",
    "cdist": "CDist",
    "ctc_decode": "CTCDecode",
    "ctc_loss": "CTCLoss",
    "extract_patches_3d": "ExtractPatches",
    "fft": "FFT",
    "fft2": "FFT2",
    "hsv_to_rgb": "HSVToRGB",
    "ifft2": "IFFT2",
    "irfft": "IRFFT",
    "isin": "IsIn",
    "istft": "ISTFT",
    "layer_normalization": "LayerNorm",
    "psnr": "PSNR",
    "rfft": "RFFT",
    "rgb_to_grayscale": "RGBToGrayscale",
    "rgb_to_hsv": "RGBToHSV",
    "rms_normalization": "RMSNorm",
    "searchsorted": "SearchSorted",
    "ssim": "SSIM",
    "stft": "STFT",
    "svd": "SVD",
}
_FUNCTIONS = {class_name.lower(): name for name, class_name in _CLASSES.items()}


def is_of_the_call(function: Function, parameter: str) -> bool:
    """Return whether Keras takes a parameter in the call, not in the constructor."""
    name = function.__name__
    if parameter in _SETTINGS.get(name, ()):
        return False
    return parameter in _CALL_PARAMETERS or parameter in _OF_THE_CALL.get(name, ())


def function_config(operation: OpFunction, node: Node) -> tuple[dict[str, Any], Any]:
    """Return the config of a called function, and its arguments in the call.

    Args:
        operation: The function.
        node: Its call.
    """
    function = operation.function
    name = function.__name__
    class_name = _CLASSES.get(name, operation.kind)
    given, further, more = _bound(function, node)
    tensors = {
        key: value
        for key, value in given.items()
        if is_of_the_call(function, key) or has_keras_tensors(value)
    }
    settings = {k: v for k, v in given.items() if k not in tensors}
    if name in _OPEN:
        settings, more = {**settings, **more}, {}
    if isinstance(settings.get("newshape"), int):
        settings["newshape"] = [settings["newshape"]]  # Keras's Reshape needs a list
    first = list(takewhile(lambda key: key in tensors, given))
    args = [*(tensors.pop(key) for key in first), *further]
    config = {
        "module": f"keras.src.ops.{_category(name)}",
        "class_name": class_name,
        "config": serialize_config({"name": operation.name, **settings}),
        "registered_name": class_name,
    }
    return config, (args, {**tensors, **more})


def _category(name: str) -> str:
    """Return the module in which Keras has the class of a function."""
    public = (category for category, module in _CATEGORIES if name in listed(module))
    return next(public, _PRIVATE.get(name, "numpy"))


def _bound(
    function: Function, node: Node
) -> tuple[dict[str, Any], tuple[Any, ...], dict[str, Any]]:
    """Return a call's arguments by name, defaults too, and those of no parameter."""
    bound = inspect.signature(function).bind(*node.args, **node.kwargs)
    bound.apply_defaults()
    given = dict(bound.arguments)
    kinds = {p.kind: p.name for p in bound.signature.parameters.values()}
    further = given.pop(kinds.get(inspect.Parameter.VAR_POSITIONAL, ""), ())
    more = given.pop(kinds.get(inspect.Parameter.VAR_KEYWORD, ""), {})
    return given, further, more


def listed(namespace: Any) -> list[str]:
    """Return the names of the operations in a namespace."""
    return getattr(namespace, "__all__", None) or dir(namespace)


def known_settings(function: Function, config: dict[str, Any]) -> dict[str, Any]:
    """Return what a config says of a function's parameters, without the rest of it."""
    known = inspect.signature(function).parameters
    is_open = function.__name__ in _OPEN
    return {key: value for key, value in config.items() if is_open or key in known}


def full_arguments(
    function: Function,
    settings: dict[str, Any],
    args: Sequence[Any],
    kwargs: dict[str, Any],
) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments a function is called with, from its config and its call.

    Args:
        function: The function.
        settings: Parameters that the config holds.
        args: Positional arguments of Keras's call, which has no settings.
        kwargs: Keyword arguments of Keras's call.
    """
    parameters = list(inspect.signature(function).parameters.values())
    kinds = [p.kind for p in parameters]
    if inspect.Parameter.VAR_POSITIONAL in kinds:  # settings come before `*operands`
        place = kinds.index(inspect.Parameter.VAR_POSITIONAL)
        before = [p.name for p in parameters[:place] if p.name in settings]
        after = {k: v for k, v in settings.items() if k not in before}
        return [*(settings[n] for n in before), *args], {**after, **kwargs}
    free = [p.name for p in parameters if p.name not in settings]
    of_the_call = [name for name in free if is_of_the_call(function, name)]
    names = of_the_call if len(args) <= len(of_the_call) else free
    if not settings or len(args) > len(names):
        return list(args), {**settings, **kwargs}
    return [], {**settings, **dict(zip(names, args, strict=False)), **kwargs}


def _is_layer(held: dict[str, Any]) -> bool:
    """Return whether a config without a module, as .h5 files have it, means a layer.

    Keras has layers and functions of one name, such as `Add` and `Reshape`; only the
    config of a layer says whether it is trainable, or of which dtype.
    """
    config = held.get("config") or {}
    found = lookup_class(held["class_name"], None, held.get("registered_name"))
    is_function = not ({"trainable", "dtype"} & set(config)) and "name" in config
    calls = held.get("inbound_nodes") or [None]
    is_new = isinstance(calls[0], dict)  # Keras 2 had no such functions
    return found is not None and not (is_new and is_function and _names(held))


def _names(held: dict[str, Any]) -> bool:
    word = str(held["class_name"]).lower()
    return any(word == name.replace("_", "") for name in listed(ops))


def function_of(held: dict[str, Any]) -> Function | None:
    """Return the function of `kerasish.ops` that a config means, if it means one."""
    class_name, module = str(held.get("class_name")), str(held.get("module") or "")
    if module and not module.startswith("keras.src.ops"):
        return None
    if not module and _is_layer(held):
        return None
    category = module.rpartition(".")[2]
    for owner in (dict(_CATEGORIES).get(category, ops), ops):
        known = set(listed(owner)) - _HIGHER_ORDER
        names = {n.replace("_", ""): n for n in known}
        word = class_name.lower()
        found = names.get(word, _FUNCTIONS.get(word))
        if found in known:
            function: Function = getattr(owner, str(found))
            return function
    return None
