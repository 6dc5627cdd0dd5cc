"""Settings of the simple families, for the grid test."""

from tests.layers.sample import Sample

CUBE = (3, 4)
IMAGE = (4, 3, 6)
PAIRS = [[(2, 3), (2, 3)], [(2, 3), (1, 3)], [(3,), (2, 3)], [(2, 3), (2, 1), (3,)]]


def grid(shape, *settings, high=None):
    """Return one sample for each set of arguments."""
    return [Sample(arguments, shape, high) for arguments in settings]


def wrapped(make, **arguments):
    """Return arguments that hold a layer, made by a function of the module."""
    return lambda module: {"layer": make(module.layers), **arguments}


MERGED = [Sample({}, shapes) for shapes in PAIRS]
NORMAL = (
    {"axis": 1, "epsilon": 0.1},
    {"center": False},
    {"scale": False},
    {"gamma_initializer": "random_normal", "beta_initializer": "random_normal"},
)

GRID = {
    "ReLU": grid(
        (20,),
        {},
        {"max_value": 1.0},
        {"negative_slope": 0.2},
        {"threshold": 0.5, "max_value": 1.0},
        {"threshold": 0.5, "negative_slope": 0.2},
        {"max_value": 0.0},
    ),
    "LeakyReLU": grid((20,), {}, {"negative_slope": 0.0}),
    "PReLU": grid(IMAGE, {}, {"shared_axes": [1, 2]}, {"shared_axes": 3}),
    "ELU": grid((20,), {}, {"alpha": -0.5}),
    "Softmax": grid(CUBE, {}, {"axis": (1, 2)}),
    "Add": MERGED,
    "Average": MERGED,
    "Multiply": MERGED,
    "Maximum": MERGED[:2],
    "Minimum": MERGED[2:],
    "Subtract": MERGED[:3],
    "Concatenate": [
        *grid([(2, 3), (2, 1), (2, 2)], {}),
        *grid([(2, 3), (1, 3)], {"axis": -2}),
    ],
    "Dot": [
        *grid([(4, 3), (4, 3)], {"axes": 1}, {"axes": 1, "normalize": True}),
        *grid([(4, 3), (5, 3)], {"axes": -1}),
        *grid([(3,), (3,)], {"axes": 1, "normalize": True}),
        *grid([(3,), (4, 3)], {"axes": (1, 2)}),
        *grid([(4, 3), (3,)], {"axes": (2, 1)}),
        *grid([(3, 4, 5), (6, 5)], {"axes": (3, 2)}),
        *grid([(3, 4, 5), (3, 2, 4)], {"axes": [1, 1]}),
    ],
    "Permute": grid(IMAGE, {"dims": (3, 1, 2)}, {"dims": (1, 2, 3)}),
    "RepeatVector": grid((3,), {"n": 1}),
    "Identity": grid(IMAGE, {}),
    "Masking": grid(CUBE, {}),
    "Embedding": [
        *grid((4,), {"input_dim": 6, "output_dim": 2, "mask_zero": True}, high=6),
        *grid((2, 3), {"input_dim": 6, "output_dim": 1}, high=6),
        *grid((), {"input_dim": 6, "output_dim": 4}, high=6),
    ],
    "BatchNormalization": [
        *grid(CUBE, *NORMAL, {"momentum": 0.3}),
        *grid((5,), {}, {"center": False, "scale": False}),
        *grid(IMAGE, {}, {"axis": 1}),
        *grid(
            CUBE,
            {"renorm": True, "renorm_momentum": 0.7},
            {
                "renorm": True,
                "renorm_clipping": {"rmax": 1.1, "rmin": 0.9, "dmax": 0.1},
                "center": False,
            },
            {"renorm": True, "scale": False, "axis": 1},
        ),
    ],
    "LayerNormalization": [
        *grid(CUBE, *NORMAL),
        *grid(IMAGE, {}, {"axis": [2, 3]}, {"axis": (1, 3)}),
    ],
    "GroupNormalization": [
        *grid(IMAGE, *({**a, "groups": 2} for a in NORMAL)),
        *grid(IMAGE, {"groups": -1}, {"groups": 1}, {"groups": 3, "axis": 2}),
        *grid((6,), {"groups": 3}),
    ],
    "RMSNormalization": grid(CUBE, {}, {"axis": [1, 2], "epsilon": 0.1}),
    "UnitNormalization": grid(IMAGE, {}, {"axis": [1, 2]}),
    "SpectralNormalization": [
        Sample(wrapped(lambda m: m.Dense(3, name="a"), power_iterations=3), (4,)),
        Sample(wrapped(lambda m: m.Conv1D(3, 2, name="a")), (5, 2)),
    ],
    **{
        name: grid(IMAGE if name[-2] != "1" else CUBE, arguments)
        for name, arguments in {
            "GaussianNoise": {"stddev": 0},
            "GaussianDropout": {"rate": 0.0},
            "AlphaDropout": {"rate": 0.0},
            "SpatialDropout1D": {"rate": 0.5},
            "SpatialDropout2D": {"rate": 0.5, "data_format": "channels_first"},
        }.items()
    },
    "ActivityRegularization": grid(CUBE, {}),
}
# They do in training what they do at inference. (Spectral normalization does not, but
# what gradient its new kernel has depends on Keras's backend: see its own test.)
ONE_MODE = set(GRID) - {"BatchNormalization"}
