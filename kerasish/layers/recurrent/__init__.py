"""Recurrent layers: cells, the loop over a sequence, and what wraps it."""

from kerasish.layers.recurrent.base import RNN
from kerasish.layers.recurrent.bidirectional import Bidirectional
from kerasish.layers.recurrent.cells import GRUCell, LSTMCell, SimpleRNNCell
from kerasish.layers.recurrent.conv_lstm import ConvLSTM1D, ConvLSTM2D, ConvLSTM3D
from kerasish.layers.recurrent.layers import GRU, LSTM, SimpleRNN
from kerasish.layers.recurrent.stacked import StackedRNNCells
from kerasish.layers.recurrent.time_distributed import TimeDistributed

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Bidirectional",
    "ConvLSTM1D",
    "ConvLSTM2D",
    "ConvLSTM3D",
    "GRUCell",
    "LSTMCell",
    "SimpleRNN",
    "SimpleRNNCell",
    "StackedRNNCells",
    "TimeDistributed",
]
