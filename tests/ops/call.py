"""One call of an operation, as the tables of calls list them."""

from typing import Any, NamedTuple


class Call(NamedTuple):
    """Positional and keyword arguments of one call."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def call(*args, **kwargs):
    return Call(args, kwargs)
