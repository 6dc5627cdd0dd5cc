"""Every declared operation by name.

The compiler reaches operations through this table, so that it need not import
`kerasish.ops`, which stands above it.
"""

from __future__ import annotations

from typing import Any

_operations: dict[str, Any] = {}


def enter(name: str, function: Any) -> None:
    """Enter an operation (or a helper the compiler needs) under its name.

    Raises:
        ValueError: The name is taken.
    """
    if name in _operations:
        raise ValueError(f"an operation called {name!r} is declared already")
    _operations[name] = function


def operation(name: str) -> Any:
    """Return what was entered as `name`."""
    return _operations[name]


def operations() -> dict[str, Any]:
    """Return all declared operations by name, helpers left out."""
    return {n: op for n, op in _operations.items() if hasattr(op, "is_primitive")}
