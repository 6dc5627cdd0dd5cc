"""`vectorize`: a function of single elements, or of small tensors, on whole tensors."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

from kerasish.backend.contract import Shape
from kerasish.errors import ShapeError, explain
from kerasish.graph import tree
from kerasish.ops import rules
from kerasish.ops.declare import convert
from kerasish.ops.scans import vectorized_map
from kerasish.ops.shape import broadcast_to, reshape

Core = tuple[str, ...]  # the names of the axes one call sees

_CORE = r"\((?:\w+(?:,\w+)*)?\)"
_SIGNATURE = re.compile(rf"({_CORE}(?:,{_CORE})*)->({_CORE}(?:,{_CORE})*)")


def vectorize(
    pyfunc: Callable[..., Any],
    *,
    excluded: Collection[int | str] | None = None,
    signature: str | None = None,
) -> Callable[..., Any]:
    """Return a function that calls another for each element of its arguments.

    The arguments broadcast together; the calls are made one after the other, so that
    operations on whole tensors are faster where the function can be written so.

    Args:
        pyfunc: A function of tensors of rank 0, returning a tensor or a tuple of them.
        excluded: Positions of arguments that are handed on whole. Arguments given by
            name always are.
        signature: Which axes one call sees, as NumPy's: "(m,n),(n)->(m)"; those before
            broadcast. By default it sees none.

    Raises:
        ValueError: `pyfunc` cannot be called, or the signature not be read.
        ShapeError: (When called) an argument does not fit the signature.

    Example:
        >>> norms = vectorize(lambda v: math.hypot(*v.tolist()), signature="(n)->()")
        >>> norms([[3.0, 4.0], [6.0, 8.0]]).tolist()
        [5.0, 10.0]
    """
    if not callable(pyfunc):
        raise ValueError(
            explain(
                "vectorize needs a function.",
                got=repr(pyfunc),
                expected="something that can be called",
            )
        )
    cores = None if signature is None else _read(signature)
    left_out = set(excluded or ())

    @functools.wraps(pyfunc)
    def vectorized(*args: Any, **kwargs: Any) -> Any:
        places = [i for i in range(len(args)) if i not in left_out]

        def call(elements: Sequence[Any]) -> Any:
            own = dict(zip(places, elements, strict=True))
            whole = [own.get(i, arg) for i, arg in enumerate(args)]
            return pyfunc(*whole, **kwargs)

        return _over(call, [convert(args[i]) for i in places], cores)

    return vectorized


def _read(signature: str) -> list[Core]:
    """Return the axes each argument has in one call.

    Raises:
        ValueError: This is no signature.
    """
    match = _SIGNATURE.fullmatch(signature.replace(" ", ""))
    if match is None:
        raise ValueError(
            explain(
                "vectorize cannot read its signature.",
                got=repr(signature),
                expected="names of axes in brackets, such as '(m,n),(n)->(m)'",
            )
        )
    groups = re.findall(r"\((.*?)\)", match[1])
    return [tuple(group.split(",")) if group else () for group in groups]


def _over(
    call: Callable[[Sequence[Any]], Any], tensors: list[Any], cores: list[Core] | None
) -> Any:
    """Return what a function gives for each element, in the shape they lie in."""
    cores = [()] * len(tensors) if cores is None else cores
    _require_cores(tensors, cores)
    splits = [len(x.shape) - len(core) for x, core in zip(tensors, cores, strict=True)]
    outer = [tuple(x.shape[:at]) for x, at in zip(tensors, splits, strict=True)]
    loop = rules.broadcast_shapes(*outer) if outer else ()
    if not loop:
        return call(tensors)
    flat = [
        _flat(x, loop, tuple(x.shape[at:]))
        for x, at in zip(tensors, splits, strict=True)
    ]
    results = vectorized_map(call, flat)
    return tree.map_structure(lambda y: reshape(y, (*loop, *y.shape[1:])), results)


def _flat(x: Any, loop: Shape, core: Shape) -> Any:
    return reshape(broadcast_to(x, (*loop, *core)), (math.prod(loop), *core))


def _require_cores(tensors: Sequence[Any], cores: Sequence[Core]) -> None:
    """Raise if arguments do not have the axes of the signature.

    Raises:
        ShapeError: There are too few, or two lengths for one name.
    """
    shapes = [tuple(x.shape) for x in tensors]
    lengths: dict[str, int] = {}
    fits = len(shapes) == len(cores)
    for shape, core in zip(shapes, cores, strict=False):
        fits = fits and len(shape) >= len(core)
        own = zip(core, shape[len(shape) - len(core) :], strict=False)
        fits = fits and all(
            lengths.setdefault(n, length) == length for n, length in own
        )
    if not fits:
        raise ShapeError(
            explain(
                "These arguments do not fit the signature of the vectorized function.",
                got="shapes " + ", ".join(map(str, shapes)),
                expected="last axes "
                + ", ".join(f"({','.join(core)})" for core in cores),
            )
        )
