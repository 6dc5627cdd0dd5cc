"""Classes declared by a function: what `loss_of` and `mean_of` have in common.

A function `fn(y_true, y_pred, ...)` says what a loss or metric computes and what its
arguments mean. The class above it only names it: `constructed_from` writes the
constructor, with Keras's signature, and completes the docstring from that of the
function, so that nothing is said twice.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

C = TypeVar("C", bound=type)

_ARGUMENTS = re.compile(r"^Args:\n((?: {4}.*\n?)+)", re.MULTILINE)
_ARGUMENT = re.compile(r"^ {4}(\w+):((?: .*)\n?(?: {8}.*\n?)*)", re.MULTILINE)
_SECTION = re.compile(r"^(?:Raises|References|Example):", re.MULTILINE)


def own_arguments(fn: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Return the parameters of a function after `y_true` and `y_pred`, by name."""
    parameters = list(inspect.signature(fn).parameters.values())
    return {parameter.name: parameter for parameter in parameters[2:]}


def constructed_from(
    fn: Callable[..., Any],
    order: Sequence[str],
    shared: Mapping[str, Any],
    documented: Mapping[str, str],
    defaults: Mapping[str, Any],
) -> Callable[[C], C]:
    """Return a class decorator that writes a constructor `__init__(self, *order)`.

    It calls the base class's with `fn` and all arguments, keeps those of the function
    as attributes, and has the class look at them with `_check_arguments`.

    Args:
        fn: What the class computes.
        order: Names of the arguments, in the order of the signature.
        shared: Defaults of the arguments that do not belong to the function.
        documented: What those mean.
        defaults: Defaults that differ from the function's own.
    """
    own = own_arguments(fn)
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("self", kind)]
    for name in order:
        default = shared[name] if name in shared else own[name].default
        default = defaults.get(name, default)
        parameters.append(inspect.Parameter(name, kind, default=default))
    signature = inspect.Signature(parameters)

    def decorate(cls: C) -> C:
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            bound = signature.bind(self, *args, **kwargs)
            bound.apply_defaults()
            given = {name: bound.arguments[name] for name in order}
            super(cls, self).__init__(fn, **given)  # type: ignore[arg-type]
            for name in own.keys() & given.keys():
                setattr(self, name, given[name])
            self._check_arguments()

        __init__.__signature__ = signature  # type: ignore[attr-defined]
        cls.__init__ = __init__  # type: ignore[misc]
        cls.__doc__ = _completed(cls, {**described_arguments(fn), **documented}, order)
        return cls

    return decorate


def described_arguments(thing: Any) -> dict[str, str]:
    """Return what the `Args` section of a docstring says of each argument.

    Args:
        thing: A function or class with a docstring in Google's style.

    Example:
        >>> described_arguments(described_arguments)["thing"].strip()
        "A function or class with a docstring in Google's style."
    """
    section = _ARGUMENTS.search(inspect.getdoc(thing) or "")
    return dict(_ARGUMENT.findall(section[1])) if section else {}


def _completed(cls: type, known: Mapping[str, str], order: Sequence[str]) -> str:
    """Return a class's docstring with an `Args` section before its later sections.

    What the class itself says of an argument goes before what the function says.
    """
    known = {**known, **described_arguments(cls)}
    text = _ARGUMENTS.sub("", inspect.cleandoc(cls.__doc__ or ""))
    rows = [f"    {name}:{known[name].rstrip()}" for name in order if name in known]
    start = _SECTION.search(text)
    head, tail = (text[: start.start()], text[start.start() :]) if start else (text, "")
    return "\n".join([head.rstrip(), "", "Args:", *rows, "", tail]).rstrip() + "\n"
