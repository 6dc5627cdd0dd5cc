"""One set of arguments per built-in layer: all a layer adds to the contract tests.

`tests/layers/test_contract.py` holds every layer to the same rules on these samples,
and `tests/parity/test_layers.py` to real Keras's numbers. A registered layer without a
sample here fails the first test of the contract.
"""

import kerasish
from kerasish.saving import registry
from tests.layers import (
    samples_attention,
    samples_basic,
    samples_colour,
    samples_convolution,
    samples_images,
    samples_preprocessing,
    samples_recurrent,
)
from tests.layers.sample import Sample

SAMPLES = {
    "Activation": Sample({"activation": "tanh"}, (6,)),
    "Dense": Sample(
        {"units": 5, "activation": "relu", "kernel_regularizer": "l2"}, (4,)
    ),
    "Dropout": Sample({"rate": 0.25, "seed": 7, "noise_shape": (None, 3)}, (3,)),
    "Flatten": Sample({}, (2, 3, 2)),
    "Rescaling": Sample({"scale": 0.5, "offset": 1.0}, (3, 4)),
    "Reshape": Sample({"target_shape": (3, -1)}, (2, 6)),
    **samples_attention.SAMPLES,
    **samples_basic.SAMPLES,
    **samples_colour.SAMPLES,
    **samples_convolution.SAMPLES,
    **samples_images.SAMPLES,
    **samples_preprocessing.SAMPLES,
    **samples_recurrent.SAMPLES,
}

# Registered as layers, but not to be put on top of others.
APART = {
    **samples_colour.APART,
    **samples_preprocessing.APART,
    **samples_recurrent.APART,
    "InputLayer": "declares what a model is fed; see test_input_layer.py",
    "Wrapper": "has no call of its own; see test_wrapper.py",
}


def registered_layers():
    """Return the names of all layers that files may hold."""
    return sorted(
        name for module, name in registry._BUILTIN if module == "keras.layers"
    )


def make(name, /, module=kerasish, **more):
    """Return the sample layer `name` of a module that has Keras's layers."""
    return SAMPLES[name].made_by(module, name, **more)
