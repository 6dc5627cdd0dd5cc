"""Layers over a grid of arguments equal real Keras's: outputs and gradients.

Each family lists its settings in `tests/parity/grid_<family>.py`; nothing is written
per layer. Weights are drawn at random, so that zeros (a new bias) hide nothing.
"""

import inspect
import os

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", reason="the parity extra is not installed")
import jax

import kerasish
from kerasish import ops
from tests.layers.sample import shapes_of
from tests.layers.samples import SAMPLES
from tests.parity import grid_basic, grid_convolution, grid_recurrent

pytestmark = pytest.mark.parity

# family tables: GRID = {layer: [Sample, ...]}
GRID: dict[str, list] = {
    **{name: [sample] for name, sample in SAMPLES.items()},
    **grid_basic.GRID,
    **grid_convolution.GRID,
    **grid_recurrent.GRID,
}
# layers whose training result is random, or is that of inference: inference only
RANDOM = {"Dropout", "SpatialDropout3D"}
ONE_MODE = {*RANDOM, *grid_basic.ONE_MODE, *grid_convolution.GRID}
CASES = [
    pytest.param(name, sample, training, id=f"{name}-{i}-{training}")
    for name, samples in sorted(GRID.items())
    for i, sample in enumerate(samples)
    for training in ((False,) if name in ONE_MODE else (False, True))
]


def twins(name, sample, x, rng):
    """Return Keras's layer and ours, built, with equal weights drawn at random."""
    theirs, ours = (sample.made_by(m, name, name="mine") for m in (keras, kerasish))
    theirs(*sample.arguments_of(x))
    ours(*sample.arguments_of(x))
    drawn = [_near(rng, w) for w in theirs.get_weights()]
    theirs.set_weights(drawn)
    ours.set_weights(drawn)
    return theirs, ours


def _near(rng, weight):
    if weight.dtype.kind != "f":
        return weight
    moved = weight + rng.uniform(0.05, 0.3, weight.shape)  # variances stay positive
    return moved.astype(weight.dtype)


def leaves(outputs):
    return jax.tree_util.tree_leaves(outputs)


def weighted_total(module, outputs, factors):
    """Return one number that depends on every element of the outputs."""
    parts = [
        module.ops.sum(module.ops.multiply(module.ops.cast(o, "float32"), f))
        for o, f in zip(leaves(outputs), factors, strict=True)
    ]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def their_gradients(sample, layer, x, factors, training):
    trainable = [v.value for v in layer.trainable_variables]
    others = [v.value for v in layer.non_trainable_variables]
    takes_mode = "training" in inspect.signature(layer.call).parameters
    mode = {"training": training} if takes_mode else {}

    def total(weights, inputs):
        given = sample.arguments_of(inputs)
        outputs, _ = layer.stateless_call(weights, others, *given, **mode)
        return weighted_total(keras, outputs, factors)

    if sample.high is None:
        return jax.tree_util.tree_leaves(jax.jit(jax.grad(total, (0, 1)))(trainable, x))
    return jax.tree_util.tree_leaves(jax.jit(jax.grad(total))(trainable, x))


def our_gradients(sample, layer, x, factors, training):
    def total(*inputs):
        given = sample.arguments_of(list(inputs) if isinstance(x, list) else inputs[0])
        return weighted_total(kerasish, layer(*given, training=training), factors)

    arrays = [ops.convert_to_tensor(a) for a in (x if isinstance(x, list) else [x])]
    found = []
    if layer.trainable_weights:
        before = layer.get_weights()
        by_weight = kerasish.value_and_grad(total, variables=layer.trainable_weights)
        found += by_weight(*arrays)[1]
        layer.set_weights(before)
    if sample.high is None:
        found += kerasish.grad(total, argnums=tuple(range(len(arrays))))(*arrays)
    return [ops.convert_to_numpy(g) for g in found]


@pytest.mark.parametrize(("name", "sample", "training"), CASES)
def test_outputs_and_gradients(name, sample, training, rng):
    x = sample.inputs(rng)
    theirs, ours = twins(name, sample, x, rng)
    state = theirs.get_weights()
    given = sample.arguments_of(x)
    expected = leaves(theirs(*given, training=training))
    found = leaves(ours(*given, training=training))
    assert [tuple(f.shape) for f in found] == [tuple(e.shape) for e in expected]
    for one, other in zip(found, expected, strict=True):
        close(one, other)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        close(one, other)
    theirs.set_weights(state)
    ours.set_weights(state)
    factors = [rng.normal(size=e.shape).astype("float32") for e in expected]
    if sample.high is not None and not theirs.trainable_variables:
        return
    mine = our_gradients(sample, ours, x, factors, training)
    others = their_gradients(sample, theirs, x, factors, training)
    assert len(mine) == len(others)
    for one, other in zip(mine, others, strict=True):
        close(one, other, scale=10)


@pytest.mark.parametrize(
    ("name", "sample"),
    [pytest.param(*c.values[:2], id=c.id) for c in CASES if not c.values[2]],
)
def test_computed_shapes(name, sample, rng):
    x = sample.inputs(rng)
    theirs, ours = (sample.made_by(m, name) for m in (keras, kerasish))
    for batch in (..., None):
        shapes = sample.arguments_of(shapes_of(x, batch))
        assert as_tuples(ours.compute_output_shape(*shapes)) == as_tuples(
            theirs.compute_output_shape(*shapes)
        )


def as_tuples(shapes):
    if isinstance(shapes, list | tuple):
        return tuple(as_tuples(s) for s in shapes)
    return shapes


def close(one, other, scale=1):
    """Compare to 1e-5 of the largest element; sums run in another order."""
    one, other = np.asarray(one, "float64"), np.asarray(other, "float64")
    largest = float(np.abs(other).max(initial=0))
    atol = scale * 1e-5 * max(largest, 0.1)
    np.testing.assert_allclose(one, other, rtol=1e-5 * scale, atol=atol)
