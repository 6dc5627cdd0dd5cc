"""Every public function of `kerasish.ops` takes symbolic tensors."""

from operator import attrgetter

import numpy as np
import pytest

from kerasish import Input, KerasTensor, Model, ops
from kerasish.graph import tree
from tests.ops.calls import CALLS


def test_what_is_known_of_the_form_is_answered_at_once():
    x = Input((3,), dtype="int32")
    assert ops.shape(x) == (None, 3)
    assert ops.ndim(x) == 2
    assert ops.dtype(x) == "int32"
    assert ops.is_tensor(x)


NESTED = {
    "list": lambda x: ops.concatenate([x, x * 2]),
    "stacked": lambda x: ops.stack([x, x], axis=1),
    "keyword": lambda x: ops.add(x1=x, x2=1.0),
    "second": lambda x: ops.subtract(1.0, x),
    "condition": lambda x: ops.where(x > 0, x, 0.0),
    "einsum": lambda x: ops.einsum("ab,cb->ac", x, np.ones((2, 3), "float32")),
    "several": lambda x: ops.split(x, 3, axis=-1),
    "image": lambda x: ops.image.resize(ops.reshape(x, (-1, 1, 3, 1)), (2, 6)),
    "linalg": lambda x: ops.linalg.norm(x, axis=-1),
    "nn": lambda x: ops.nn.softmax(x),
    "cast": lambda x: ops.cast(x, "float16"),
    "slice": lambda x: x[..., 1:],
}


@pytest.mark.parametrize("name", NESTED)
def test_a_model_of_functions_computes_what_they_do(name, rng):
    function = NESTED[name]
    x = Input((3,))
    model = Model(x, function(x))
    data = rng.normal(size=(4, 3)).astype("float32")
    eager = function(ops.convert_to_tensor(data))
    found = model.predict(data, verbose=0)
    pairs = zip(found, eager, strict=True) if name == "several" else [(found, eager)]
    for one, other in pairs:
        np.testing.assert_allclose(one, ops.convert_to_numpy(other), rtol=1e-5)


def test_wrapped_functions_keep_their_name_and_signature():
    assert ops.expand_dims.__name__ == "expand_dims"
    assert ops.expand_dims.__doc__
    assert not isinstance(ops.add(1, 2), KerasTensor)


# these are answered from the form, make arrays of nothing, need values, or give
# results whose number depends on values
NOT_SYMBOLIC = {
    *"arange convert_to_numpy dtype eye full identity is_tensor linspace ndim".split(),
    *"ones shape size tri zeros random_bits bincount nonzero unique".split(),
    *("view_as_complex", "view_as_real"),
}


def single(value):
    """Return an array of floats in float32, other values as they are."""
    if isinstance(value, np.ndarray) and value.dtype == "float64":
        return value.astype("float32")
    return value


def takes_an_array_first(name):
    args = CALLS[name][0].args
    leaves = tree.flatten(args[0]) if args else [None]
    return all(isinstance(leaf, np.ndarray) for leaf in leaves)


SYMBOLIC = [n for n in sorted(set(CALLS) - NOT_SYMBOLIC) if takes_an_array_first(n)]


@pytest.mark.parametrize("name", SYMBOLIC)
def test_every_operation_takes_keras_tensors(name):
    function = attrgetter(name)(ops)
    args, kwargs = CALLS[name][0]
    args = [tree.map_structure(single, arg) for arg in args]
    leaves = tree.flatten(args[0])
    eager = function(*args, **kwargs)
    symbols = [Input(batch_shape=a.shape, dtype=a.dtype.name) for a in leaves]
    result = function(tree.pack(args[0], symbols), *args[1:], **kwargs)
    assert all(isinstance(t, KerasTensor) for t in tree.leaves(result))
    forms = [(t.shape, t.dtype) for t in tree.leaves(result)]
    arrays = [ops.convert_to_numpy(a) for a in tree.leaves(eager)]
    assert forms == [(a.shape, a.dtype.name) for a in arrays]
