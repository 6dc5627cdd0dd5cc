"""Arguments of attention layers to be compared with Keras's."""

from tests.layers.sample import Sample

QUERY, VALUE, KEY = (5, 4), (7, 6), (7, 4)


def _einsum(equation, output_shape, shape, **more):
    given = {"equation": equation, "output_shape": output_shape, **more}
    return Sample(given, shape)


def _heads(shapes, **more):
    return Sample({"num_heads": 2, "key_dim": 3, **more}, shapes, spread=True)


def _groups(**more):
    sizes = {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}
    return Sample({**sizes, **more}, [QUERY, KEY, KEY], spread=True)


GRID = {
    "EinsumDense": [
        _einsum("ab,bc->ac", 3, (4,)),
        _einsum("abc,cd->abd", (5, 3), (5, 4), bias_axes="bd", activation="tanh"),
        _einsum("abc,cde->abde", (None, 2, 3), (5, 4), bias_axes="d"),
        _einsum("...x,xy->...y", 3, (5, 4), bias_axes="y"),
        _einsum("ab...,bc->ac...", 3, (4, 2, 5), bias_axes="c"),
        _einsum("abc,bcd->ad", 3, (5, 4)),
        _einsum("abc,cd->adb", (3, None), (5, 4), bias_axes="d"),
        _einsum("abc,dc->abd", (None, 3), (5, 4)),
    ],
    "Attention": [
        Sample({}, [QUERY, VALUE, KEY]),
        Sample({"score_mode": "concat", "use_scale": True}, [QUERY, VALUE, KEY]),
        Sample({"score_mode": "concat"}, [QUERY, KEY]),
    ],
    "AdditiveAttention": [
        Sample({}, [QUERY, VALUE, KEY]),
        Sample({"use_scale": False}, [QUERY, KEY]),
    ],
    "MultiHeadAttention": [
        _heads([QUERY, VALUE, KEY], use_gate=True),
        _heads([QUERY, KEY], use_bias=False, sliding_window=2, output_shape=5),
        _heads([(2, 3, 4), (5, 3, 4)], output_shape=(2, 3)),
        _heads([(2, 3, 4), (2, 5, 4)], attention_axes=(2,)),
        _heads([(2, 3, 4), (5, 3, 4)], attention_axes=1),
    ],
    "GroupQueryAttention": [
        _groups(use_gate=True),
        _groups(use_bias=False, sliding_window=3),
        _groups(num_key_value_heads=1, dropout=0.0),
    ],
}
