"""What each elementwise operation is in the Python that Numba compiles.

Pure text. The meaning is NumPy's: whole numbers wrap around, `maximum` and `minimum`
hand NaN on. Only operations that a compiler vectorizes are here; a group with others
would be slower than NumPy's own loops, which use vector instructions for them.
"""

from __future__ import annotations

from collections.abc import Sequence

TYPES = ("bool", "int32", "int64", "uint32", "float32", "float64")

_COMPARISONS = {
    "equal": "{0} == {1}",
    "not_equal": "{0} != {1}",
    "less": "{0} < {1}",
    "less_equal": "{0} <= {1}",
    "greater": "{0} > {1}",
    "greater_equal": "{0} >= {1}",
    "select": "{1} if {0} else {2}",
}
_ARITHMETIC = {
    **_COMPARISONS,
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "negative": "-{0}",
    "square": "{0} * {0}",
}
_FLOAT = {
    **_ARITHMETIC,
    "divide": "{0} / {1}",
    # a comparison with NaN is false, so a NaN on the left is taken by itself
    "maximum": "{0} if ({0} > {1}) | ({0} != {0}) else {1}",
    "minimum": "{0} if ({0} < {1}) | ({0} != {0}) else {1}",
    "absolute": "abs({0})",
    "sign": "{T}({0} > {T}(0)) - {T}({0} < {T}(0)) if {0} == {0} else {0}",
    "reciprocal": "{T}(1) / {0}",
    "sqrt": "sqrt({0})",
    "floor": "floor({0})",
    "ceil": "ceil({0})",
    "power": "{0} ** {1}",
    "isnan": "{0} != {0}",
    "isfinite": "({0} - {0}) == {T}(0)",
}
# float32 has functions of its own, of arithmetic alone, so that they are vectorized
_SINGLE = {
    **_FLOAT,
    **{name: f"{name}_single({{0}})" for name in ("exp", "expm1", "log", "log1p")},
    "tanh": "tanh_single({0})",
    "erf": "erf_single({0})",
}
_DOUBLE = {
    **_FLOAT,
    **{name: f"{name}({{0}})" for name in ("exp", "expm1", "log", "log1p", "tanh")},
}
_WHOLE = {
    **_ARITHMETIC,
    "maximum": "{0} if {0} > {1} else {1}",
    "minimum": "{0} if {0} < {1} else {1}",
    "absolute": "abs({0})",
    "bitwise_and": "{0} & {1}",
    "bitwise_or": "{0} | {1}",
    "bitwise_xor": "{0} ^ {1}",
}
_UNSIGNED = {k: v for k, v in _WHOLE.items() if k not in ("negative", "absolute")}
_BOOL = {
    **_COMPARISONS,
    "add": "{0} | {1}",
    "multiply": "{0} & {1}",
    "maximum": "{0} | {1}",
    "minimum": "{0} & {1}",
    "logical_and": "{0} & {1}",
    "logical_or": "{0} | {1}",
    "logical_xor": "{0} != {1}",
    "logical_not": "not {0}",
    "bitwise_and": "{0} & {1}",
    "bitwise_or": "{0} | {1}",
    "bitwise_xor": "{0} != {1}",
}
_TEMPLATES = {
    "bool": _BOOL,
    "int32": _WHOLE,
    "int64": _WHOLE,
    "uint32": _UNSIGNED,
    "float32": _SINGLE,
    "float64": _DOUBLE,
}


def has_expression(operation: str, dtypes: Sequence[str]) -> bool:
    """Return whether an operation can be part of a compiled loop.

    Args:
        operation: Its name.
        dtypes: Dtype names of its operands and, last, of its result.
    """
    *operands, result = dtypes
    if any(dtype not in TYPES for dtype in dtypes):
        return False
    if operation == "cast_to":
        return True
    return operation in _TEMPLATES[_kind(operation, operands or [result])]


def expression(operation: str, operands: Sequence[tuple[str, str]], dtype: str) -> str:
    """Return the text that computes an operation.

    Args:
        operation: Its name.
        operands: Name of the variable and of its dtype, for each.
        dtype: Dtype name of the result.

    Example:
        >>> expression("add", [("a", "float32"), ("b", "float32")], "float32")
        'float32(a + b)'
    """
    names = [name for name, _ in operands]
    if operation == "cast_to":
        text = f"{names[0]} != 0" if dtype == "bool" else names[0]
    else:
        kind = _kind(operation, [kind for _, kind in operands])
        text = _TEMPLATES[kind][operation].format(*names, T=kind)
    return f"{'bool_' if dtype == 'bool' else dtype}({text})"


def _kind(operation: str, dtypes: Sequence[str]) -> str:
    return dtypes[-1] if operation == "select" else dtypes[0]
