"""Layers over a grid of arguments equal real Keras's: outputs and gradients.

Each family lists its settings in `tests/parity/grid_<family>.py`; nothing is written
per layer. Weights are drawn at random, so that zeros (a new bias) hide nothing.
"""

import os

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", reason="the parity extra is not installed")
import kerasish
from kerasish.graph import tree
from tests.layers.sample import shapes_of
from tests.layers.slopes import our_gradients
from tests.parity.grids import CASES
from tests.parity.keras_gradients import their_gradients

pytestmark = pytest.mark.parity
EACH = pytest.mark.parametrize(
    ("name", "sample", "training"),
    [pytest.param(*case, id=key) for key, case in CASES.items()],
)


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


@EACH
def test_outputs_and_gradients(name, sample, training, rng):
    x = sample.inputs(rng)
    theirs, ours = twins(name, sample, x, rng)
    state = theirs.get_weights()
    given = sample.arguments_of(x)
    expected = tree.flatten(theirs(*given, training=training))
    found = tree.flatten(ours(*given, training=training))
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
    [
        pytest.param(*c[:2], id=key)
        for key, c in CASES.items()
        if not c[2] and c[0] != "Pipeline"  # Keras's has no such method
    ],
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
