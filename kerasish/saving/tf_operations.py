"""Functions of TensorFlow in the models of Keras 2, as functions of `keras.ops`.

Where a model of Keras 2 said `x * 2` or `tf.concat([x, y], -1)`, its file holds a layer
`TFOpLambda` with the function's name. `translated` turns that into the config Keras 3
writes for the function of `keras.ops` that gives the same numbers, from a closed table;
nothing is looked up in TensorFlow, and a function not in the table is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish.errors import FileFormatError, explain
from kerasish.saving.old_calls import modern_argument, tensor_config

Held = dict[str, Any]
Arguments = tuple[list[Any], dict[str, Any]]

CLASSES = ("TFOpLambda", "SlicingOpLambda")
# Modules of TensorFlow in which a function's last name says what it is.
_MODULES = ("", "math", "nn", "linalg", "__operators__", "keras.backend")
_CONSTANT = "_CONSTANT_VALUE"
_DAMAGE = (KeyError, IndexError, TypeError, AttributeError, ValueError)

_UNARY = {
    "abs": "Absolute",
    "cos": "Cos",
    "elu": "Elu",
    "erf": "Erf",
    "exp": "Exp",
    "expm1": "Expm1",
    "floor": "Floor",
    "ceil": "Ceil",
    "is_finite": "Isfinite",
    "is_nan": "Isnan",
    "log": "Log",
    "log1p": "Log1p",
    "log_sigmoid": "LogSigmoid",
    "logical_not": "LogicalNot",
    "neg": "Negative",
    "negative": "Negative",
    "ones_like": "OnesLike",
    "reciprocal": "Reciprocal",
    "relu": "Relu",
    "relu6": "Relu6",
    "round": "Round",
    "rsqrt": "Rsqrt",
    "selu": "Selu",
    "sigmoid": "Sigmoid",
    "sign": "Sign",
    "silu": "Silu",
    "sin": "Sin",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "sqrt": "Sqrt",
    "square": "Square",
    "stop_gradient": "StopGradient",
    "swish": "Silu",
    "tan": "Tan",
    "tanh": "Tanh",
    "zeros_like": "ZerosLike",
}
_BINARY = {
    "add": "Add",
    "div": "Divide",
    "divide": "Divide",
    "equal": "Equal",
    "floordiv": "FloorDivide",
    "floormod": "Mod",
    "greater": "Greater",
    "greater_equal": "GreaterEqual",
    "less": "Less",
    "less_equal": "LessEqual",
    "logical_and": "LogicalAnd",
    "logical_or": "LogicalOr",
    "maximum": "Maximum",
    "minimum": "Minimum",
    "mod": "Mod",
    "mul": "Multiply",
    "multiply": "Multiply",
    "not_equal": "NotEqual",
    "pow": "Power",
    "sub": "Subtract",
    "subtract": "Subtract",
    "truediv": "TrueDivide",
}
_REDUCTIONS = {
    "all": "All",
    "any": "Any",
    "logsumexp": "Logsumexp",
    "max": "Max",
    "mean": "Mean",
    "min": "Min",
    "prod": "Prod",
    "std": "Std",
    "sum": "Sum",
    "variance": "Var",
}


def _array(value: Any) -> Any:
    """Return a constant of several numbers as Keras 3 marks it; others as they are."""
    numbers = [value]
    while numbers and isinstance(numbers[0], list):
        numbers = [number for row in numbers for number in row]
    if not isinstance(value, list) or not all(
        isinstance(n, int | float) for n in numbers
    ):
        return value
    whole = all(isinstance(number, int) for number in numbers)
    config = {"value": value, "dtype": "int32" if whole else "float32"}
    return {"class_name": "__numpy__", "config": config}


def _chosen(x: Any, given: Held) -> Arguments:
    return [x, _array(given["x"]), _array(given["y"])], {}


def _matmul(x: Any, given: Held) -> Arguments:
    first = "ji" if given.get("transpose_a") else "ij"
    second = "kj" if given.get("transpose_b") else "jk"
    return [f"...{first},...{second}->...ik", _array(x), _array(given["b"])], {}


def _slices(x: Any, given: Held) -> Arguments:
    held = given["slice_spec"]
    key = [_slice(part) for part in (held if isinstance(held, list) else [held])]
    return [x, key], {}


def _slice(part: Any) -> Any:
    if isinstance(part, dict) and "class_name" not in part:
        return {"class_name": "__slice__", "config": part}
    return part


def _split(x: Any, given: Held) -> Arguments:
    parts = given["num_or_size_splits"]
    if isinstance(parts, list):  # sizes; Keras takes the places between them
        parts = [sum(parts[: i + 1]) for i in range(len(parts) - 1)]
    return [x, parts], {"axis": given.get("axis", 0)}


def _squeezed(x: Any, given: Held) -> Arguments:
    axis = given.get("axis", given.get("squeeze_dims"))
    return [x], {"axis": tuple(axis) if isinstance(axis, list) else axis}


def _padded(x: Any, given: Held) -> Arguments:
    mode = str(given.get("mode", "constant")).lower()
    pads = {"pad_width": given["paddings"], "mode": mode}
    if mode == "constant":
        pads["constant_values"] = given.get("constant_values", 0)
    return [x], pads


def _renamed(**names: str) -> Callable[[Any, Held], Arguments]:
    """Return a rule that renames arguments and drops those it does not know."""

    def rule(x: Any, given: Held) -> Arguments:
        return [x], {names[key]: given[key] for key in given if key in names}

    return rule


def _gathered(x: Any, given: Held) -> Arguments:
    return [x, given["indices"]], {"axis": given.get("axis") or 0}


_OTHERS: dict[str, tuple[str, Callable[[Any, Held], Arguments]]] = {
    "argmax": ("Argmax", lambda x, given: ([x], {"axis": given.get("axis") or 0})),
    "argmin": ("Argmin", lambda x, given: ([x], {"axis": given.get("axis") or 0})),
    "broadcast_to": ("BroadcastTo", _renamed(shape="shape")),
    "cast": ("Cast", _renamed(dtype="dtype")),
    "clip_by_value": (
        "Clip",
        _renamed(clip_value_min="x_min", clip_value_max="x_max"),
    ),
    "concat": ("Concatenate", _renamed(axis="axis")),
    "cumsum": ("Cumsum", lambda x, given: ([x], {"axis": given.get("axis", 0)})),
    "expand_dims": ("ExpandDims", _renamed(axis="axis")),
    "gather": ("Take", _gathered),
    "gelu": (
        "Gelu",
        lambda x, given: ([x], {"approximate": given.get("approximate", False)}),
    ),
    "getitem": ("GetItem", _slices),
    "l2_normalize": ("Normalize", _renamed(axis="axis", epsilon="epsilon")),
    "leaky_relu": ("LeakyRelu", _renamed(alpha="negative_slope")),
    "log_softmax": ("LogSoftmax", _renamed(axis="axis")),
    "matmul": ("Einsum", _matmul),
    "one_hot": ("OneHot", _renamed(depth="num_classes", axis="axis", dtype="dtype")),
    "pad": ("Pad", _padded),
    "repeat": ("Repeat", _renamed(repeats="repeats", axis="axis")),
    "reshape": ("Reshape", _renamed(shape="newshape")),
    "reverse": ("Flip", _renamed(axis="axis")),
    "softmax": ("Softmax", _renamed(axis="axis")),
    "split": ("Split", _split),
    "squeeze": ("Squeeze", _squeezed),
    "stack": ("Stack", _renamed(axis="axis")),
    "tile": ("Tile", _renamed(multiples="repeats")),
    "transpose": ("Transpose", _renamed(perm="axes")),
    "where": ("Where", _chosen),
}
# Arguments that change the numbers and that no function here has: refused if given.
_UNSUPPORTED = ("batch_dims", "adjoint_a", "adjoint_b", "exclusive", "reverse")


def translated(held: Held) -> Held:
    """Return the config of a function of `keras.ops` for one of TensorFlow.

    Args:
        held: A layer `TFOpLambda` or `SlicingOpLambda` of a functional model, with its
            one call in `inbound_nodes`.

    Raises:
        FileFormatError: The function is not in the table, or its call is damaged.
    """
    inner = held.get("config")
    inner = inner if isinstance(inner, dict) else {}
    function = str(inner.get("function"))
    name = held.get("name") or inner.get("name")
    found = _rule(function)
    if found is None:
        raise _refused(function, name, held)
    class_name, rule = found
    try:
        x, given = _call(held["inbound_nodes"])
        unsupported = any(given.get(key) for key in _UNSUPPORTED)
        args, kwargs = rule(x, given)
    except _DAMAGE as error:
        got = f"{type(error).__name__}: {error}"
        message = explain(f"The call of '{name}' (tf.{function}) is damaged.", got=got)
        raise FileFormatError(message) from error
    if unsupported:
        raise _refused(function, name, held)
    call = {"args": args, "kwargs": kwargs, "is_old": True}
    return {
        "module": "keras.src.ops.numpy",
        "class_name": class_name,
        "config": {"name": name},
        "registered_name": class_name,
        "name": name,
        "inbound_nodes": [call],
    }


def _rule(function: str) -> tuple[str, Callable[[Any, Held], Arguments]] | None:
    """Return the class of Keras 3 and the rule for the arguments of a function."""
    short = function.removeprefix("compat.v1.").removeprefix("compat.v2.")
    module, _, word = short.rpartition(".")
    if module not in _MODULES:
        return None
    if word in _UNARY:
        return _UNARY[word], lambda x, given: ([x], {})
    if word in _BINARY:
        return _BINARY[word], lambda x, given: ([_array(x), _array(given["y"])], {})
    reduced = word.removeprefix("reduce_")
    if reduced in _REDUCTIONS and (reduced != word or module == "keras.backend"):
        rule = _renamed(axis="axis", keepdims="keepdims", keep_dims="keepdims")
        return _REDUCTIONS[reduced], rule
    return _OTHERS.get(word)


def _call(nodes: list[Any]) -> tuple[Any, Held]:
    """Return the first argument of the only call, and its keyword arguments."""
    entry = nodes[0]
    if isinstance(entry[0], str):
        return _value(entry), _given(entry[3])
    # a list of tensors, as `tf.concat` takes it; each repeats the keyword arguments
    return [_value(part) for part in entry], _given(entry[0][3])


def _given(kwargs: Held) -> Held:
    return {k: modern_argument(v) for k, v in kwargs.items() if v is not None}


def _value(entry: list[Any]) -> Any:
    name, node, index = entry[:3]
    if name == _CONSTANT and node == -1:
        return index
    return tensor_config(name, node, index)


def _refused(function: str, name: Any, held: Held) -> FileFormatError:
    try:
        x, _ = _call(held["inbound_nodes"])
        first = x[0] if isinstance(x, list) else x
        place = f" on the output of '{first['config']['keras_history'][0]}'"
    except _DAMAGE:
        place = ""
    return FileFormatError(
        explain(
            f"'{name}' calls a function of TensorFlow that has no counterpart here.",
            got=f"tf.{function}{place}",
            expected="arithmetic, comparisons, reductions, slices, or one of "
            f"{', '.join(sorted(_OTHERS))}",
            fix="build the model in Python with a function of keras.ops or a layer in "
            "its place, and read the weights: model.load_weights(file) accepts this "
            "file too",
        )
    )
