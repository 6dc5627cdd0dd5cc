"""Settings of the layers that slide windows over spatial axes, for the grid test.

Where a grid is cut down to every n-th of its points, n shares no factor with its sides,
so that each value of each argument still occurs: JAX compiles for a third of a second
for each. All points are tried against a plain loop in `tests/ops/test_convolution.py`.
"""

import itertools

from tests.layers.samples_convolution import LENGTHS, sample

FIRST = "channels_first"


def shaped(rank, channels, **arguments):
    """Return a sample whose channels stand where its data format has them."""
    made = sample(rank, channels, **arguments)
    if arguments.get("data_format") == FIRST:
        return made._replace(shape=(channels, *LENGTHS[:rank]))
    return made


def convolutions(rank):
    """Return strides x padding x dilation x groups x data format."""
    settings = itertools.product(
        ((1, 1), (2, 1), (1, 2)), ("valid", "same"), (1, 2), ("channels_last", FIRST)
    )
    return [
        shaped(
            rank,
            4,
            filters=4,
            kernel_size=(3, 2, 2)[:rank],
            strides=strides,
            padding=padding,
            dilation_rate=dilation,
            groups=groups,
            data_format=data_format,
        )
        for (strides, dilation), padding, groups, data_format in settings
    ]


def transposed(rank):
    """Return strides x kernel x padding x output padding."""
    settings = itertools.product((1, 2, 3), (1, 2, 4), ("valid", "same"), (None, 0, 1))
    return [
        sample(
            rank,
            2,
            filters=3,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            output_padding=output_padding,
        )
        for strides, kernel_size, padding, output_padding in settings
        if (output_padding or 0) < strides
    ]


def pooled(rank, **more):
    """Return pool size x strides x padding."""
    settings = itertools.product((2, 3), (None, 1, 2), ("valid", "same"))
    return [
        shaped(rank, 3, pool_size=size, strides=strides, padding=padding, **more)
        for size, strides, padding in settings
    ]


def either_format(rank, settings):
    """Return each setting with its channels last and first."""
    formats = ("channels_last", FIRST)
    return [
        shaped(rank, 3, data_format=data_format, **arguments)
        for arguments in settings
        for data_format in formats
    ]


def mixed_formats(rank, settings):
    """Return each setting once, with its channels last and first by turns."""
    return [
        shaped(rank, 3, data_format=data_format, **arguments)
        for arguments, data_format in zip(
            settings, itertools.cycle(("channels_last", FIRST)), strict=False
        )
    ]


DEPTHWISE = [
    {"kernel_size": (3, 2), "padding": "same", "depth_multiplier": 2},
    {"kernel_size": 3, "strides": 2, "use_bias": False},
    {"kernel_size": 2, "dilation_rate": 2, "activation": "relu"},
]
SEPARABLE = [{"filters": 4, **arguments} for arguments in DEPTHWISE]
MARGINS = {
    1: [0, 1, (2, 1)],
    2: [(1, 2), ((2, 1), (0, 2))],
    3: [((1, 2), (0, 1), (1, 1))],
}


def margins(rank, name):
    return [{name: value} for value in MARGINS[rank]]


GRID = {
    "Conv1D": [
        *convolutions(1)[1::7],
        sample(1, 2, filters=3, kernel_size=3, padding="causal"),
        sample(1, 2, filters=3, kernel_size=2, padding="causal", strides=2),
        sample(1, 2, filters=3, kernel_size=2, padding="causal", dilation_rate=2),
        sample(1, 2, filters=3, kernel_size=1, strides=2, use_bias=False),
    ],
    "Conv2D": [
        *convolutions(2)[::5],
        sample(2, 3, filters=3, kernel_size=1, strides=(2, 1), activation="relu"),
        sample(2, 3, filters=3, kernel_size=(6, 5)),
        sample(2, 9, filters=16, kernel_size=(1, 3), strides=(1, 2)),
    ],
    "Conv3D": convolutions(3)[4::17],
    "Conv1DTranspose": [
        *transposed(1)[::7],
        sample(1, 2, filters=3, kernel_size=3, dilation_rate=2),
        sample(1, 2, filters=9, kernel_size=3, dilation_rate=2, padding="same"),
    ],
    "Conv2DTranspose": [
        *transposed(2)[2::11],
        *either_format(2, [{"filters": 2, "kernel_size": (3, 2), "strides": (2, 1)}]),
        sample(2, 2, filters=3, kernel_size=3, strides=(3, 2), output_padding=(2, 0)),
    ],
    "Conv3DTranspose": transposed(3)[13::31],
    "DepthwiseConv1D": mixed_formats(1, DEPTHWISE[1:]),
    "DepthwiseConv2D": mixed_formats(2, DEPTHWISE),
    "SeparableConv1D": mixed_formats(1, SEPARABLE[1:]),
    "SeparableConv2D": mixed_formats(2, SEPARABLE),
    "MaxPooling1D": pooled(1)[::5],
    "MaxPooling2D": [*pooled(2)[::5], *pooled(2, data_format=FIRST)[3::7]],
    "MaxPooling3D": pooled(3)[5::6],
    "AveragePooling1D": pooled(1)[::5],
    "AveragePooling2D": [*pooled(2)[::5], *pooled(2, data_format=FIRST)[3::7]],
    "AveragePooling3D": pooled(3)[5::6],
    **{
        f"Global{kind}Pooling{rank}D": either_format(rank, [{"keepdims": rank == 2}])
        for kind in ("Max", "Average")
        for rank in (1, 2, 3)
    },
    **{
        f"Adaptive{kind}Pooling{rank}D": either_format(
            rank, [{"output_size": (2, 5, 3)[:rank]}]
        )[rank % 2 :]
        for kind in ("Max", "Average")
        for rank in (1, 2, 3)
    },
    **{
        f"ZeroPadding{rank}D": either_format(rank, margins(rank, "padding"))
        for rank in (1, 2, 3)
    },
    "Cropping1D": [sample(1, **a) for a in margins(1, "cropping")],
    **{
        f"Cropping{rank}D": either_format(rank, margins(rank, "cropping"))
        for rank in (2, 3)
    },
    "UpSampling1D": [sample(1, size=3)],
    "UpSampling2D": [
        *either_format(2, [{"size": (2, 3)}]),
        *(
            sample(2, size=2, interpolation=name)
            for name in ("bilinear", "bicubic", "lanczos3", "lanczos5")
        ),
        *either_format(2, [{"size": (1, 3), "interpolation": "bilinear"}])[1:],
    ],
    "UpSampling3D": either_format(3, [{"size": (2, 1, 3)}]),
}
