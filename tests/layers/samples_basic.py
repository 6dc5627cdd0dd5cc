"""Samples of the simple families: merging, normalizing, embedding, noise, attention.

See `samples.py`.
"""

import functools

from tests.layers.sample import Sample

PAIR = [(2, 3), (2, 3)]


@functools.cache
def named(module):
    """Return the arguments of a Lambda whose function the module's files may name."""

    @module.saving.register_keras_serializable("samples")
    def doubled(x):
        return module.ops.multiply(x, 2)

    return {"function": doubled}


def around_dense(module):
    return {"layer": module.layers.Dense(3, name="inside")}


def two_layers(module):
    inside = module.layers.Dense(3, name="inside")
    return {"layers": [inside, module.layers.Activation("tanh", name="behind")]}


SAMPLES = {
    # activations
    "ReLU": Sample({"max_value": 1.5, "negative_slope": 0.1, "threshold": 0.2}, (6,)),
    "LeakyReLU": Sample({"negative_slope": 0.1}, (6,)),
    "PReLU": Sample({"alpha_initializer": "ones", "shared_axes": [1]}, (3, 2)),
    "ELU": Sample({"alpha": 0.5}, (6,)),
    "Softmax": Sample({"axis": 1}, (3, 2)),
    # merging
    **{
        name: Sample({}, PAIR)
        for name in ("Subtract", "Multiply", "Average", "Maximum", "Minimum")
    },
    "Add": Sample({}, [(2, 3), (1, 3), (3,)]),
    "Concatenate": Sample({"axis": 1}, [(2, 3), (1, 3)]),
    "Dot": Sample({"axes": (2, 1), "normalize": True}, [(2, 3), (3, 4)]),
    # shapes
    "Permute": Sample({"dims": (2, 1)}, (2, 3)),
    "RepeatVector": Sample({"n": 3}, (4,)),
    "Identity": Sample({}, (4,)),
    "Masking": Sample({"mask_value": 0.5}, (3, 2)),
    "Lambda": Sample(named, (4,)),
    "Pipeline": Sample(two_layers, (4,)),
    # embedding
    "Embedding": Sample({"input_dim": 7, "output_dim": 3}, (4,), high=7),
    "ReversibleEmbedding": Sample(
        {"input_dim": 7, "output_dim": 3, "mask_zero": True}, (4,), high=7
    ),
    # normalizing
    "BatchNormalization": Sample({"momentum": 0.9}, (3, 4)),
    "LayerNormalization": Sample({"axis": [1, 2]}, (3, 4)),
    "GroupNormalization": Sample({"groups": 2}, (3, 4)),
    "RMSNormalization": Sample({"epsilon": 1e-3}, (3, 4)),
    "UnitNormalization": Sample({"axis": 1}, (3, 4)),
    "SpectralNormalization": Sample(around_dense, (4,)),
    # noise
    "GaussianNoise": Sample({"stddev": 0.1, "seed": 3}, (4,)),
    "GaussianDropout": Sample({"rate": 0.1, "seed": 3}, (4,)),
    "AlphaDropout": Sample({"rate": 0.1, "seed": 3}, (4,)),
    "SpatialDropout1D": Sample({"rate": 0.2, "seed": 3}, (3, 4)),
    "SpatialDropout2D": Sample({"rate": 0.2, "seed": 3}, (2, 3, 4)),
    "SpatialDropout3D": Sample(
        {"rate": 0.2, "seed": 3, "data_format": "channels_first"}, (4, 2, 3, 2)
    ),
    "ActivityRegularization": Sample({"l1": 0.1, "l2": 0.2}, (4,)),
}
