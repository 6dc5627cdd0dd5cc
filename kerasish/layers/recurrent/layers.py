"""SimpleRNN, LSTM and GRU: `RNN` around a cell that is made from the same arguments."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from kerasish.layers.recurrent.base import RNN
from kerasish.layers.recurrent.cells import GRUCell, LSTMCell, SimpleRNNCell
from kerasish.saving.registry import public

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
_NOT_CELLS = ("activity_regularizer", "use_cudnn")


def _around(cell: Any, order: str) -> Callable[[T], T]:
    """Give a layer the constructor of its cell, with the arguments of `RNN`.

    Args:
        cell: Class of the cell.
        order: Names of all parameters, as Keras orders them.
    """
    own = dict(inspect.signature(cell.__init__).parameters)
    keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [own.pop("self")]
    for name in order.split():
        flag = inspect.Parameter(name, keyword, default=_FLAGS.get(name))
        parameters.append(own.get(name, flag))
    parameters.append(own["kwargs"])
    signature = inspect.Signature(parameters)

    def decorate(cls: T) -> T:
        @functools.wraps(cell.__init__)
        def constructor(self: Any, *args: Any, **kwargs: Any) -> None:
            bound = signature.bind(self, *args, **kwargs)
            bound.apply_defaults()
            given = dict(list(bound.arguments.items())[1:])
            rest = given.pop("kwargs", {})
            mine = {n: given.pop(n) for n in _FLAGS if n in given}
            mine.pop("use_cudnn", None)
            shared = {n: rest[n] for n in ("dtype", "trainable") if n in rest}
            made = cell(**given, **shared, name=_CELL_NAMES[cell])
            RNN.__init__(self, made, **mine, **rest)
            for name in given:  # as the config shows them, initializers as objects
                setattr(self, name, getattr(made, name))

        constructor.__signature__ = signature  # type: ignore[attr-defined]
        made: Any = cls
        made.__init__ = constructor
        return cls

    return decorate


_CELL_NAMES: dict[Any, str] = {
    SimpleRNNCell: "simple_rnn_cell",
    LSTMCell: "lstm_cell",
    GRUCell: "gru_cell",
}
_WEIGHTS = "kernel_initializer recurrent_initializer bias_initializer"
_PENALTIES = (
    "kernel_regularizer recurrent_regularizer bias_regularizer activity_regularizer "
    "kernel_constraint recurrent_constraint bias_constraint dropout recurrent_dropout"
)
_RETURNS = "return_sequences return_state go_backwards stateful unroll"


class CellLayer(RNN):
    """Base of the layers whose cell has a name of its own."""

    def get_config(self) -> dict[str, Any]:
        """Return the config, with Keras's keys."""
        config = super().get_config()
        config.pop("use_cudnn", None)
        config["zero_output_for_mask"] = self.zero_output_for_mask
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return a new layer made from what `get_config` returned."""
        return cls(**config)


@public("keras.layers")
@_around(
    SimpleRNNCell,
    f"units activation use_bias {_WEIGHTS} {_PENALTIES} {_RETURNS} seed",
)
class SimpleRNN(CellLayer):
    """A fully connected recurrent layer: `SimpleRNNCell` over the steps of a sequence.

    Its arguments are those of `SimpleRNNCell`, then those of `RNN`.

    Example:
        >>> from kerasish import ops
        >>> SimpleRNN(4)(ops.ones((2, 5, 3))).shape
        (2, 4)
    """


@public("keras.layers")
@_around(
    LSTMCell,
    f"units activation recurrent_activation use_bias {_WEIGHTS} unit_forget_bias "
    f"{_PENALTIES} seed {_RETURNS} use_cudnn",
)
class LSTM(CellLayer):
    """Long short-term memory over the steps of a sequence; states h and c.

    Its arguments are those of `LSTMCell`, then those of `RNN`; `use_cudnn` is accepted
    as in Keras.

    References:
        Hochreiter & Schmidhuber, "Long Short-Term Memory", Neural Computation 1997.
    """


@public("keras.layers")
@_around(
    GRUCell,
    f"units activation recurrent_activation use_bias {_WEIGHTS} {_PENALTIES} seed "
    f"{_RETURNS} reset_after use_cudnn",
)
class GRU(CellLayer):
    """A gated recurrent unit over the steps of a sequence.

    Its arguments are those of `GRUCell`, then those of `RNN`; `use_cudnn` is accepted
    as in Keras.

    References:
        Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for
        Statistical Machine Translation", EMNLP 2014.
    """
