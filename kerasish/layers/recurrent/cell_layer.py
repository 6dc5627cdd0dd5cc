"""Layers made of one cell, whose arguments are the cell's and those of `RNN`.

`around` gives a class the constructor of its cell, so that each argument is declared in
one place; `inspect.signature` shows what Keras's has.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from kerasish.layers.input_spec import InputSpec
from kerasish.layers.recurrent.base import RNN

T = TypeVar("T", bound=type)

_FLAGS = {
    "return_sequences": False,
    "return_state": False,
    "go_backwards": False,
    "stateful": False,
    "unroll": False,
    "use_cudnn": "auto",
    "activity_regularizer": None,
}
_FIRST = ("name", "trainable", "dtype")
_CONFIG_FLAGS = (
    *("return_sequences", "return_state", "go_backwards", "stateful", "unroll"),
    "zero_output_for_mask",
)
# how to compute is chosen elsewhere here, but programs and files may say it
_NOT_IN_CONFIGS = ("use_cudnn", "implementation")

# names of parameters that layers share, in Keras's order
WEIGHTS = "kernel_initializer recurrent_initializer bias_initializer"
PENALTIES = (
    "kernel_regularizer recurrent_regularizer bias_regularizer activity_regularizer "
    "kernel_constraint recurrent_constraint bias_constraint dropout recurrent_dropout"
)
RETURNS = "return_sequences return_state go_backwards stateful"


class CellLayer(RNN):
    """Base of the layers whose cell is made from the layer's own arguments."""

    # arguments that Keras's configs of a class do not hold
    not_in_config: ClassVar[tuple[str, ...]] = ()

    def _set_up(self, cell: Any, given: dict[str, Any]) -> None:
        """Make the cell, and be the layer around it.

        Args:
            cell: Class of the cell.
            given: All arguments of the layer by name.
        """
        rest = dict(given.pop("kwargs", {}))
        mine = {name: given.pop(name) for name in _FLAGS if name in given}
        for chosen in _NOT_IN_CONFIGS:
            mine.pop(chosen, None)
            rest.pop(chosen, None)
        shared = {n: rest[n] for n in ("dtype", "trainable") if n in rest}
        made = cell(**given, **shared, name=cell.name_in_layers)
        RNN.__init__(self, made, **mine, **rest)
        self.input_spec = InputSpec(ndim=made.input_ndim + 1)
        for name in given:  # as the config shows them, initializers as objects
            setattr(self, name, getattr(made, name))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments: the flags, then those of the cell, as in Keras."""
        config = super().get_config()
        config.update({name: getattr(self, name) for name in _CONFIG_FLAGS})
        for name in (*_NOT_IN_CONFIGS, *self.not_in_config):
            config.pop(name, None)
        first = [*_FIRST, *_CONFIG_FLAGS]
        if "activity_regularizer" in config:
            first.insert(len(_FIRST), "activity_regularizer")
        config.setdefault("activity_regularizer", None)
        own = inspect.signature(type(self).__init__).parameters
        last = [name for name in ("seed",) if name in config]
        order = [n for n in (*first, *own, *config) if n in config and n not in last]
        return {name: config[name] for name in (*order, *last)}


def around(cell: Any, order: str) -> Callable[[T], T]:
    """Give a `CellLayer` the constructor of its cell, with the arguments of `RNN`.

    Args:
        cell: Class of the cell.
        order: Names of all parameters, as Keras orders them.
    """
    own = dict(inspect.signature(cell.__init__).parameters)
    keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [own["self"]]
    for name in order.split():
        flag = inspect.Parameter(name, keyword, default=_FLAGS.get(name))
        parameters.append(own.get(name, flag))
    signature = inspect.Signature([*parameters, own["kwargs"]])

    def decorate(cls: T) -> T:
        @functools.wraps(cell.__init__)
        def constructor(self: Any, *args: Any, **kwargs: Any) -> None:
            bound = signature.bind(self, *args, **kwargs)
            bound.apply_defaults()
            self._set_up(cell, dict(list(bound.arguments.items())[1:]))

        constructor.__signature__ = signature  # type: ignore[attr-defined]
        made: Any = cls
        made.__init__ = constructor
        return cls

    return decorate
