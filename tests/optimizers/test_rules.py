"""Each update rule against its formula in float64: eagerly, and swept in a plan."""

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops, optimizers
from tests.optimizers import reference

RULES = {
    "sgd": (lambda: optimizers.SGD(0.1), reference.sgd(0.1)),
    "momentum": (
        lambda: optimizers.SGD(0.1, momentum=0.9),
        reference.sgd(0.1, momentum=0.9),
    ),
    "nesterov": (
        lambda: optimizers.SGD(0.1, momentum=0.8, nesterov=True),
        reference.sgd(0.1, momentum=0.8, nesterov=True),
    ),
    "adam": (lambda: optimizers.Adam(0.1), reference.adam(0.1)),
    "adam_betas": (
        lambda: optimizers.Adam(0.1, beta_1=0.5, beta_2=0.9, epsilon=0.1),
        reference.adam(0.1, beta_1=0.5, beta_2=0.9, epsilon=0.1),
    ),
    "amsgrad": (
        lambda: optimizers.Adam(0.1, beta_2=0.5, amsgrad=True),
        reference.adam(0.1, beta_2=0.5, amsgrad=True),
    ),
    "adamw": (
        lambda: optimizers.AdamW(0.1, weight_decay=0.2),
        reference.adam(0.1, decay=0.2),
    ),
    "rmsprop": (lambda: optimizers.RMSprop(0.1), reference.rmsprop(0.1)),
    "rmsprop_momentum": (
        lambda: optimizers.RMSprop(0.1, rho=0.8, momentum=0.7),
        reference.rmsprop(0.1, rho=0.8, momentum=0.7),
    ),
    "rmsprop_centered": (
        lambda: optimizers.RMSprop(0.1, centered=True, epsilon=1e-3),
        reference.rmsprop(0.1, centered=True, epsilon=1e-3),
    ),
}
STEPS = 20
# float32 numbers, each of 20 steps rounded; steps are of about the rate's size
TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}


@pytest.fixture
def gradients(rng):
    """Gradients of three weights: ordinary, tiny, and zero at times."""
    drawn = rng.normal(size=(STEPS, 3)) * np.array([1.0, 1e-4, 1.0])
    drawn[::3, 2] = 0
    return drawn.astype("float32")


@pytest.mark.parametrize("name", RULES)
def test_eager_steps(name, gradients, backend):
    make, rule = RULES[name]
    optimizer, w = make(), kerasish.Variable(np.ones(3, "float32"), name="w")
    for gradient in gradients:
        optimizer.apply([ops.convert_to_tensor(gradient)], [w])
    expected = reference.run(rule, gradients, np.ones(3))
    np.testing.assert_allclose(w.numpy(), expected, **TOLERANCE)


class Times(layers.Layer):
    """Multiplies by weights, so that a mean loss has the inputs as its gradient."""

    def build(self, input_shape):
        self.first = self.add_weight((1,), "ones", name="first")
        self.rest = self.add_weight((2,), "ones", name="rest")

    def call(self, inputs):
        both = ops.concatenate([self.first, self.rest])
        self.add_loss(ops.sum(ops.mean(inputs, axis=0) * both))
        return inputs


@pytest.mark.parametrize("name", RULES)
def test_planned_steps_over_the_arena(name, gradients, backend):
    make, rule = RULES[name]
    model = kerasish.Sequential([layers.Input((3,)), Times()])
    model.compile(make())
    model.fit(gradients, batch_size=1, shuffle=False, verbose=0)
    assert model.optimizer._arena is not None
    expected = reference.run(rule, gradients, np.ones(3))
    found = np.concatenate(model.get_weights())
    np.testing.assert_allclose(found, expected, **TOLERANCE)


def test_adamw_needs_a_decay():
    with pytest.raises(ValueError, match=r"needs a weight_decay(.|\n)*use Adam"):
        optimizers.AdamW(weight_decay=None)


@pytest.mark.parametrize(
    ("optimizer", "num_slots"),
    [
        (optimizers.SGD(), 0),
        (optimizers.SGD(momentum=0.9), 1),
        (optimizers.RMSprop(), 1),
        (optimizers.RMSprop(momentum=0.9, centered=True), 3),
        (optimizers.Adam(), 2),
        (optimizers.Adam(amsgrad=True), 3),
    ],
)
def test_no_slot_is_made_in_vain(optimizer, num_slots):
    optimizer.build([kerasish.Variable(np.ones(3, "float32"))])
    assert len(optimizer.variables) == 2 + num_slots
