"""Samples of the attention layers and of EinsumDense."""

from tests.layers.sample import Sample

QUERY, VALUE = (5, 4), (7, 4)
SAMPLES = {
    "EinsumDense": Sample(
        {
            "equation": "abc,cd->abd",
            "output_shape": [5, 3],
            "bias_axes": "d",
            "activation": "relu",
            "kernel_regularizer": "l2",
        },
        (5, 4),
    ),
    "Attention": Sample({"use_scale": True, "seed": 1}, [QUERY, VALUE]),
    "AdditiveAttention": Sample({"seed": 1}, [QUERY, VALUE]),
    "MultiHeadAttention": Sample(
        {"num_heads": 2, "key_dim": 3}, [QUERY, VALUE], spread=True
    ),
    "GroupQueryAttention": Sample(
        {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2},
        [QUERY, VALUE],
        spread=True,
    ),
}
