"""Functions in functional models: their configs go both ways between us and Keras."""

import operator
import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the parity extra is not installed")

import kerasish
from tests.ops.calls import CALLS

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::UserWarning")]

PER_MODEL = 25
TOLERANCE = 1e-4  # float32; factorizations and transforms add up many roundings
TAKING_FUNCTIONS = (
    "associative_scan cond custom_gradient fori_loop map scan switch vectorize "
    "vectorized_map while_loop"
).split()
# Functions that take no tensor, and those of which Keras cannot run a model that it
# has read from a config of its own, as JSON knows no tuples.
NOT_IN_KERAS = (
    "adaptive_average_pool adaptive_max_pool arange average_pool bartlett blackman "
    "conv_transpose convert_to_numpy dtype empty eye full geomspace hamming hanning "
    "histogram hstack identity is_tensor kaiser linspace logspace max_pool mish ones "
    "random_bits rot90 shape tri view_as_complex view_as_real zeros"
).split()
# Ours need values, or give no tensor.
NOT_IN_OURS = "bincount ndim nonzero unique".split()
# Keras gives other numbers, or numbers in another form.
INCOMPARABLE = {
    "eig": "complex numbers there, pairs here",
    "image.elastic_transform": "draws",
    "image.extract_patches_3d": "as written here, Keras takes it for that of 2D",
    "image.sobel_edges": "differs among Keras's backends, in a model on jax too",
    "polar": "complex numbers there, pairs here",
    "sparsemax": "does not sum to one there",
}


def fed(library, call):
    """Return a call's arguments with an input for every array, and the arrays."""
    inputs, values = [], []

    def one(value):
        if not isinstance(value, np.ndarray) or not value.size or not value.ndim:
            return value
        dtype = {"f": "float32", "i": "int32", "b": "bool"}.get(value.dtype.kind)
        if dtype is None:
            return value
        values.append(value.astype(dtype))
        inputs.append(library.Input(batch_shape=value.shape, dtype=dtype))
        return inputs[-1]

    def each(value):
        held = isinstance(value, (list, tuple))
        if held and any(isinstance(item, np.ndarray) for item in value):
            return type(value)(one(item) for item in value)
        return one(value)

    args = [each(value) for value in call.args]
    kwargs = {key: each(value) for key, value in call.kwargs.items()}
    return args, kwargs, inputs, values


def outputs_of(library, name):
    """Return the outputs, inputs and values of the first call of a function."""
    args, kwargs, inputs, values = fed(library, CALLS[name][0])
    if not inputs:
        return [], [], []
    made = operator.attrgetter(name)(library.ops)(*args, **kwargs)
    return keras.tree.flatten(made), inputs, values


EXCEPT = {*TAKING_FUNCTIONS, *NOT_IN_KERAS, *NOT_IN_OURS, *INCOMPARABLE}
NAMES = sorted(set(CALLS) - EXCEPT)
GROUPS = [NAMES[i : i + PER_MODEL] for i in range(0, len(NAMES), PER_MODEL)]


def model_of(library, names):
    """Return a model of functions side by side, arrays for it, and outputs of each."""
    outputs, inputs, values, owners = [], [], [], []
    for name in names:
        made = outputs_of(library, name)
        for held, more in zip((outputs, inputs, values), made, strict=True):
            held.extend(more)
        owners += [name] * len(made[0])
    return library.Model(inputs, outputs), values, owners


def assert_same(model, other, values, owners):
    got, expected = model(values), other(values)
    for name, one, two in zip(owners, got, expected, strict=True):
        np.testing.assert_allclose(
            np.asarray(one),
            np.asarray(two),
            rtol=TOLERANCE,
            atol=TOLERANCE,
            err_msg=name,
        )


@pytest.mark.parametrize("names", GROUPS, ids=lambda names: names[0])
def test_we_read_functions_as_keras_writes_them(names):
    theirs, values, owners = model_of(keras, names)
    ours = kerasish.models.model_from_json(theirs.to_json())
    assert_same(ours, theirs, values, owners)


@pytest.mark.parametrize("names", GROUPS, ids=lambda names: names[0])
def test_keras_reads_functions_as_we_write_them(names):
    ours, values, owners = model_of(kerasish, names)
    theirs = keras.models.model_from_json(ours.to_json())
    assert_same(theirs, ours, values, owners)
