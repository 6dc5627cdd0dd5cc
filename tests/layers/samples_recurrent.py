"""Samples of the recurrent layers."""

from tests.layers.sample import Sample

SEQUENCE = (5, 3)
SAMPLES = {
    "SimpleRNN": Sample({"units": 4, "seed": 1}, SEQUENCE),
    "LSTM": Sample({"units": 4, "return_sequences": True, "seed": 1}, SEQUENCE),
    "GRU": Sample({"units": 4, "go_backwards": True, "seed": 1}, SEQUENCE),
    "RNN": Sample(
        lambda k: {"cell": [k.layers.LSTMCell(4, seed=1), k.layers.GRUCell(3, seed=1)]},
        SEQUENCE,
    ),
    "Bidirectional": Sample(lambda k: {"layer": k.layers.LSTM(4, seed=1)}, SEQUENCE),
    "ConvLSTM1D": Sample({"filters": 2, "kernel_size": 2, "seed": 1}, (3, 4, 2)),
    "ConvLSTM2D": Sample(
        {"filters": 2, "kernel_size": (2, 3), "padding": "same", "seed": 1},
        (3, 3, 4, 2),
    ),
    "ConvLSTM3D": Sample({"filters": 2, "kernel_size": 2, "seed": 1}, (2, 3, 2, 3, 2)),
    "TimeDistributed": Sample(lambda k: {"layer": k.layers.Dense(4)}, SEQUENCE),
}

# cells are called on one step and its states: see test_recurrent.py
APART = dict.fromkeys(
    ("SimpleRNNCell", "LSTMCell", "GRUCell", "StackedRNNCells"),
    "takes states; see test_recurrent.py",
)
