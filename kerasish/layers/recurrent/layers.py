"""SimpleRNN, LSTM and GRU: `RNN` around a cell that is made from the same arguments."""

from __future__ import annotations

from kerasish.layers.recurrent.cell_layer import (
    PENALTIES,
    RETURNS,
    WEIGHTS,
    CellLayer,
    around,
)
from kerasish.layers.recurrent.cells import GRUCell, LSTMCell, SimpleRNNCell
from kerasish.saving.registry import public


@public("keras.layers")
@around(
    SimpleRNNCell,
    f"units activation use_bias {WEIGHTS} {PENALTIES} {RETURNS} unroll seed",
)
class SimpleRNN(CellLayer):
    """A fully connected recurrent layer: `SimpleRNNCell` over the steps of a sequence.

    Its arguments are those of `SimpleRNNCell`, then those of `RNN`.

    Example:
        >>> from kerasish import ops
        >>> SimpleRNN(4)(ops.ones((2, 5, 3))).shape
        (2, 4)
    """

    not_in_config = ("seed",)


@public("keras.layers")
@around(
    LSTMCell,
    f"units activation recurrent_activation use_bias {WEIGHTS} unit_forget_bias "
    f"{PENALTIES} seed {RETURNS} unroll use_cudnn",
)
class LSTM(CellLayer):
    """Long short-term memory over the steps of a sequence; states h and c.

    Its arguments are those of `LSTMCell`, then those of `RNN`; `use_cudnn` is accepted
    as in Keras.

    References:
        Hochreiter & Schmidhuber, "Long Short-Term Memory", Neural Computation 1997.
    """


@public("keras.layers")
@around(
    GRUCell,
    f"units activation recurrent_activation use_bias {WEIGHTS} {PENALTIES} seed "
    f"{RETURNS} unroll reset_after use_cudnn",
)
class GRU(CellLayer):
    """A gated recurrent unit over the steps of a sequence.

    Its arguments are those of `GRUCell`, then those of `RNN`; `use_cudnn` is accepted
    as in Keras.

    References:
        Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for
        Statistical Machine Translation", EMNLP 2014.
    """
