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
    "adagrad": (lambda: optimizers.Adagrad(0.1), reference.adagrad(0.1)),
    "adagrad_start": (
        lambda: optimizers.Adagrad(0.1, initial_accumulator_value=2.0, epsilon=0.1),
        reference.adagrad(0.1, start=2.0, epsilon=0.1),
    ),
    "adadelta": (
        lambda: optimizers.Adadelta(0.1, rho=0.8, epsilon=0.01),
        reference.adadelta(0.1, rho=0.8, epsilon=0.01),
    ),
    "adamax": (lambda: optimizers.Adamax(0.1), reference.adamax(0.1)),
    "adamax_betas": (
        lambda: optimizers.Adamax(0.1, beta_1=0.5, beta_2=0.7, epsilon=0.1),
        reference.adamax(0.1, beta_1=0.5, beta_2=0.7, epsilon=0.1),
    ),
    "nadam": (lambda: optimizers.Nadam(0.1), reference.nadam(0.1)),
    "nadam_betas": (
        lambda: optimizers.Nadam(0.1, beta_1=0.5, beta_2=0.7, epsilon=0.1),
        reference.nadam(0.1, beta_1=0.5, beta_2=0.7, epsilon=0.1),
    ),
    "lion": (lambda: optimizers.Lion(0.1), reference.lion(0.1)),
    "ftrl": (lambda: optimizers.Ftrl(0.1), reference.ftrl(0.1)),
    "ftrl_strengths": (
        lambda: optimizers.Ftrl(0.1, -0.3, 0.5, 0.2, 0.1, 0.05, 0.3),
        reference.ftrl(0.1, -0.3, 0.5, 0.2, 0.1, 0.05, 0.3),
    ),
    "schedule_free": (
        lambda: optimizers.ScheduleFreeAdamW(0.1, beta_2=0.9, epsilon=0.1),
        reference.schedule_free(0.1, beta_2=0.9, epsilon=0.1),
    ),
    "schedule_free_warmup": (
        lambda: optimizers.ScheduleFreeAdamW(0.1, beta_1=0.6, warmup_steps=7),
        reference.schedule_free(0.1, beta_1=0.6, warmup=7),
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


OF_WHOLE_VARIABLES = {
    "lamb": (lambda: optimizers.Lamb(0.1), reference.lamb(0.1)),
    "lamb_betas": (
        lambda: optimizers.Lamb(0.1, beta_1=0.5, beta_2=0.7, epsilon=0.1),
        reference.lamb(0.1, beta_1=0.5, beta_2=0.7, epsilon=0.1),
    ),
    "adafactor": (lambda: optimizers.Adafactor(0.5), reference.adafactor(0.5)),
    "adafactor_decay": (
        lambda: optimizers.Adafactor(2.0, -0.5, 0.1, 2.0, clip_threshold=0.3),
        reference.adafactor(2.0, -0.5, 0.1, 2.0, threshold=0.3),
    ),
    "muon": (lambda: optimizers.Muon(0.1), reference.muon(0.1)),
    "muon_plain": (
        lambda: optimizers.Muon(
            0.1, momentum=0.5, nesterov=False, ns_steps=3, rms_rate=None
        ),
        reference.muon(0.1, momentum=0.5, nesterov=False, steps=3, rms_rate=None),
    ),
}


@pytest.mark.parametrize("name", OF_WHOLE_VARIABLES)
@pytest.mark.parametrize("shape", [(4, 3), (3, 5)])
def test_rules_that_look_at_whole_variables(name, shape, backend, rng):
    make, rule = OF_WHOLE_VARIABLES[name]
    start = rng.normal(size=shape)
    gradients = rng.normal(size=(6, *shape))
    optimizer, w = make(), kerasish.Variable(start.astype("float32"), name="w")
    for gradient in gradients:
        optimizer.apply([ops.convert_to_tensor(gradient.astype("float32"))], [w])
    expected = reference.run(rule, gradients, start)
    np.testing.assert_allclose(w.numpy(), expected, **TOLERANCE)


def test_adafactor_keeps_mean_squares_of_vectors(rng):
    start, gradients = rng.normal(size=4), rng.normal(size=(6, 4))
    optimizer, w = optimizers.Adafactor(0.5), kerasish.Variable(start, name="w")
    for gradient in gradients:
        optimizer.apply([ops.convert_to_tensor(gradient.astype("float32"))], [w])
    expected = reference.run(reference.adafactor(0.5), gradients, start)
    np.testing.assert_allclose(w.numpy(), expected, **TOLERANCE)


def test_lamb_of_zeros_takes_adams_step():
    optimizer, w = optimizers.Lamb(0.1), kerasish.Variable(np.zeros(3, "float32"))
    optimizer.apply([ops.convert_to_tensor(np.float32([1.0, -2.0, 0.0]))], [w])
    np.testing.assert_allclose(w.numpy(), [-0.1, 0.1, 0.0], rtol=1e-5)


MUON_PATHS = {
    "hidden/kernel": (3, 2),
    "hidden/bias": (2,),
    "output/kernel": (2, 4),
    "words/embeddings": (5, 3),
    "conv/kernel": (2, 2, 3),
}


@pytest.mark.parametrize(
    ("arguments", "of_muon"),
    [
        ({}, {"hidden/kernel", "output/kernel"}),
        ({"exclude_layers": ["out.ut"]}, {"hidden/kernel"}),
        (
            {"exclude_embeddings": False, "exclude_layers": ["^hidden"]},
            {"output/kernel", "words/embeddings"},
        ),
    ],
)
def test_what_muon_leaves_to_adamw(arguments, of_muon):
    variables = [
        kerasish.Variable(np.ones(shape, "float32"), name="v", path=path)
        for path, shape in MUON_PATHS.items()
    ]
    optimizer = optimizers.Muon(**arguments)
    optimizer.build(variables)
    squares = {v.path for v in optimizer.variables if v.path.endswith("velocity")}
    assert {
        path
        for path in MUON_PATHS
        if f"muon/{path.replace('/', '_')}_velocity" in squares
    } == MUON_PATHS.keys() - of_muon


def test_muon_makes_steps_orthogonal(rng):
    optimizer = optimizers.Muon(1.0, rms_rate=None, weight_decay=None, ns_steps=10)
    w = kerasish.Variable(np.zeros((6, 4), "float32"), name="w")
    gradient = rng.normal(size=(6, 4)).astype("float32")
    optimizer.apply([ops.convert_to_tensor(gradient)], [w])
    values = np.linalg.svd(w.numpy(), compute_uv=False)
    # the iteration is fast, not exact: singular values stay between 0.7 and 1.2
    assert 0.6 < values.min() < values.max() < 1.25


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: optimizers.Lion(beta_1=0.0), r"lies in \(0, 1\](.|\n)*beta_1=0.0"),
        (lambda: optimizers.Ftrl(learning_rate_power=0.5), "0 or less"),
        (lambda: optimizers.Ftrl(initial_accumulator_value=-1), "0 or more"),
        (lambda: optimizers.Ftrl(l2_shrinkage_regularization_strength=-1), "shrinkage"),
    ],
)
def test_arguments_out_of_range(make, text):
    with pytest.raises(ValueError, match=text):
        make()


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
        (optimizers.Lion(), 1),
        (optimizers.Adagrad(), 1),
        (optimizers.Adadelta(), 2),
        (optimizers.Nadam(), 3),
        (optimizers.Adafactor(), 3),
        (optimizers.Muon(), 2),
    ],
)
def test_no_slot_is_made_in_vain(optimizer, num_slots):
    optimizer.build([kerasish.Variable(np.ones(3, "float32"))])
    assert len(optimizer.variables) == 2 + num_slots
