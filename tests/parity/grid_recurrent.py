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


GRID = {
    "SimpleRNN": [*_with(), Sample({"units": 2, "activation": "relu"}, SEQUENCE)],
    "LSTM": [
        *_with(),
        Sample({"units": 2, "unit_forget_bias": False}, SEQUENCE),
        Sample({"units": 2, "recurrent_activation": "softmax"}, SEQUENCE),
    ],
    "GRU": [*_with(), *_with(reset_after=False)],
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
    ],
    "TimeDistributed": [
        Sample(lambda k: {"layer": k.layers.Dense(4, activation="relu")}, SEQUENCE),
        Sample(lambda k: {"layer": k.layers.Conv1D(2, 2)}, (3, 5, 2)),
    ],
}
