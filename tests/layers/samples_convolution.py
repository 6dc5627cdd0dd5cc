"""Samples of the layers that slide windows over spatial axes (see `samples.py`)."""

from tests.layers.sample import Sample

LENGTHS = (6, 5, 4)


def sample(rank, channels=3, **arguments):
    """Return a sample over `rank` spatial axes."""
    return Sample(arguments, (*LENGTHS[:rank], channels))


def each(name, ranks=(1, 2, 3), **arguments):
    """Return the samples of a family by layer; `{}` in the name is its rank."""
    return {name.format(rank): sample(rank, **arguments) for rank in ranks}


SAMPLES = {
    **each("Conv{}D", filters=4, kernel_size=3, activation="tanh"),
    **each("Conv{}DTranspose", filters=4, kernel_size=2, strides=2, padding="same"),
    **each("DepthwiseConv{}D", (1, 2), kernel_size=3, depth_multiplier=2),
    **each("SeparableConv{}D", (1, 2), filters=4, kernel_size=3, padding="same"),
    **each("MaxPooling{}D", pool_size=2),
    **each("AveragePooling{}D", pool_size=2, padding="same"),
    **each("GlobalMaxPooling{}D"),
    **each("GlobalAveragePooling{}D", keepdims=True),
    **each("AdaptiveMaxPooling{}D", (1, 2), output_size=3),
    **each("AdaptiveMaxPooling{}D", (3,), output_size=(2, 1, 3)),
    **each("AdaptiveAveragePooling{}D", output_size=3),
    **each("ZeroPadding{}D", padding=2),
    **each("Cropping{}D", cropping=1),
    **each("UpSampling{}D", (1, 2), size=2),
    "UpSampling3D": Sample({"size": (1, 2, 2)}, (2, 3, 2, 3)),
}
