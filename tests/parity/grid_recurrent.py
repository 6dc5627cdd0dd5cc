"""Arguments of recurrent layers to be compared with Keras's."""

from tests.layers.sample import Sample

SEQUENCE = (5, 3)
_RETURNS = [
    {},
    {"return_sequences": True},
    {"return_state": True},
    {"return_sequences": True, "return_state": True, "go_backwards": True},
    {"unroll": True, "use_bias": False},
]


def _with(**arguments):
    return [Sample({"units": 4, **arguments, **one}, SEQUENCE) for one in _RETURNS]


def _both_ways(mode, **arguments):
    return Sample(
        lambda k: {"layer": k.layers.LSTM(3, **arguments), "merge_mode": mode}, SEQUENCE
    )


IMAGES = (3, 5, 5, 2)


def _convolved(**arguments):
    return Sample({"filters": 2, "kernel_size": 2, **arguments}, IMAGES)


GRID = {
    "SimpleRNN": [*_with()[3:], Sample({"units": 2, "activation": "relu"}, SEQUENCE)],
    "LSTM": [
        *_with(),
        Sample({"units": 2, "unit_forget_bias": False}, SEQUENCE),
        Sample({"units": 2, "recurrent_activation": "softmax"}, SEQUENCE),
    ],
    "GRU": [*_with(), *_with(reset_after=False)[-2:]],
    "RNN": [
        Sample(lambda k: {"cell": k.layers.GRUCell(4)}, SEQUENCE),
        Sample(
            lambda k: {
                "cell": [k.layers.SimpleRNNCell(4), k.layers.LSTMCell(2)],
                "return_sequences": True,
                "return_state": True,
            },
            SEQUENCE,
        ),
    ],
    "Bidirectional": [
        *(_both_ways(mode) for mode in ("concat", "sum", "mul", "ave")),
        _both_ways("concat", return_sequences=True),
        _both_ways(None, return_sequences=True),
        _both_ways("sum", return_state=True),
        _both_ways(None, return_state=True, return_sequences=True),
        Sample(
            lambda k: {
                "layer": k.layers.GRU(3),
                "backward_layer": k.layers.SimpleRNN(3, go_backwards=True, name="b"),
            },
            SEQUENCE,
        ),
        Sample(lambda k: {"layer": k.layers.RNN(k.layers.GRUCell(3))}, SEQUENCE),
    ],
    "ConvLSTM1D": [
        Sample({"filters": 2, "kernel_size": 3, "strides": 2}, (3, 6, 2)),
    ],
    "ConvLSTM2D": [
        _convolved(strides=(2, 1), padding="same", use_bias=False),
        _convolved(dilation_rate=2, unit_forget_bias=False, go_backwards=True),
        Sample(
            {
                "filters": 3,
                "kernel_size": (2, 3),
                "data_format": "channels_first",
                "padding": "same",
                "return_sequences": True,
                "return_state": True,
            },
            (3, 2, 4, 5),
        ),
    ],
    "TimeDistributed": [
        Sample(lambda k: {"layer": k.layers.Dense(4, activation="relu")}, SEQUENCE),
        Sample(lambda k: {"layer": k.layers.Conv1D(2, 2)}, (3, 5, 2)),
    ],
}
