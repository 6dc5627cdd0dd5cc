"""The base class: state, clipping, decay, averages, accumulation, custom rules."""

import itertools
import json

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops, optimizers
from kerasish.graph.variable import Arena
from kerasish.optimizers.optimizer import sweeping

GRADIENT = np.array([3.0, -4.0], "float32")


def host(value):
    return ops.convert_to_numpy(value)


def variable(name="w", value=(1.0, 2.0)):
    return kerasish.Variable(np.array(value, "float32"), name=name)


def applied(optimizer, steps=1, gradient=GRADIENT):
    """Return a variable that began at (1, 2) after eager steps."""
    w = variable()
    for _ in range(steps):
        optimizer.apply([ops.convert_to_tensor(gradient)], [w])
    return w.numpy()


def network(optimizer, **compile_arguments):
    """Return a compiled model with weights of several shapes."""
    model = kerasish.Sequential(
        [layers.Input((4,)), layers.Dense(5, activation="tanh"), layers.Dense(1)]
    )
    model.compile(optimizer, "mse", **compile_arguments)
    return model


@pytest.fixture
def data(rng):
    x = rng.normal(size=(40, 4)).astype("float32")
    return x, (x**2).sum(axis=1, keepdims=True)


# state ----------------------------------------------------------------------------


def test_state_in_keras_s_order():
    optimizer = optimizers.Adam(amsgrad=True, use_ema=True)
    optimizer.build([variable("a"), variable("b")])
    assert [v.path for v in optimizer.variables] == [
        "adam/iteration",
        "adam/learning_rate",
        "adam/a_average",
        "adam/b_average",
        "adam/a_momentum",
        "adam/a_velocity",
        "adam/b_momentum",
        "adam/b_velocity",
        "adam/a_velocity_hat",
        "adam/b_velocity_hat",
    ]
    assert not any(v.trainable for v in optimizer.variables)


def test_names_are_numbered():
    assert [optimizers.Adam().name for _ in range(2)] == ["adam", "adam_1"]
    assert optimizers.Adam(name="mine").name == "mine"


def test_iterations_count_updates():
    optimizer = optimizers.SGD()
    applied(optimizer, 3)
    assert int(optimizer.iterations) == 3


def test_accumulated_steps_count_once(data):
    model = network(optimizers.SGD(gradient_accumulation_steps=4))
    model.fit(*data, batch_size=10, epochs=2, verbose=0)
    assert int(model.optimizer.iterations) == 2


def test_an_optimizer_knows_its_variables_only():
    optimizer = optimizers.Adam()
    applied(optimizer)
    with pytest.raises(ValueError, match=r"does not know this variable(.|\n)*'other'"):
        optimizer.apply([ops.convert_to_tensor(GRADIENT)], [variable("other")])


# the learning rate ----------------------------------------------------------------


def test_the_rate_can_be_read_set_and_assigned(data):
    model = network(optimizers.SGD(0.5))
    assert float(model.optimizer.learning_rate) == 0.5
    model.fit(*data, verbose=0)
    model.optimizer.learning_rate = 0.0
    before = model.get_weights()
    model.fit(*data, verbose=0)  # the compiled step reads the rate anew
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    model.optimizer.learning_rate.assign(0.25)
    assert model.optimizer.get_config()["learning_rate"] == 0.25


def test_a_schedule_is_followed():
    rates = optimizers.schedules.PiecewiseConstantDecay([0, 1], [1.0, 0.1, 0.01])
    optimizer = optimizers.SGD(rates)
    result = applied(optimizer, 3, np.ones(2, "float32"))
    np.testing.assert_allclose(result, np.array([1.0, 2.0]) - 1.11, rtol=1e-5)
    with pytest.raises(TypeError, match=r"follows a schedule, so it cannot be set"):
        optimizer.learning_rate = 0.1
    assert [v.name for v in optimizer.variables] == ["iteration"]


def test_a_callable_gives_the_rate():
    rate = kerasish.Variable(0.5)
    optimizer = optimizers.SGD(lambda: rate)
    np.testing.assert_allclose(applied(optimizer), [-0.5, 4.0])


@pytest.mark.parametrize("rate", ["fast", None, [0.1]])
def test_a_rate_is_a_number_or_a_schedule(rate):
    with pytest.raises(ValueError, match=r"cannot use this learning rate(.|\n)*got:"):
        optimizers.SGD(rate)


# clipping, decay ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "step"),
    [
        ({"clipnorm": 1.0}, GRADIENT / 5),
        ({"clipnorm": 10.0}, GRADIENT),
        ({"clipvalue": 3.5}, [3.0, -3.5]),
        ({"global_clipnorm": 2.5}, GRADIENT / 2),
        ({"loss_scale_factor": 4.0}, GRADIENT / 4),
    ],
)
def test_clipping_and_scaling(arguments, step):
    result = applied(optimizers.SGD(1.0, **arguments))
    np.testing.assert_allclose(result, np.array([1.0, 2.0]) - step, rtol=1e-6)


def test_the_global_norm_is_over_all_gradients():
    optimizer = optimizers.SGD(1.0, global_clipnorm=1.0)
    pair = [variable("a", (0.0, 0.0)), variable("b", (0.0, 0.0))]
    gradients = [np.array(g, "float32") for g in ((3.0, 0.0), (0.0, 4.0))]
    optimizer.apply([ops.convert_to_tensor(g) for g in gradients], pair)
    np.testing.assert_allclose(pair[0].numpy(), [-0.6, 0.0], rtol=1e-6)
    np.testing.assert_allclose(pair[1].numpy(), [0.0, -0.8], rtol=1e-6)


def test_weight_decay_shrinks_before_the_step():
    result = applied(optimizers.SGD(0.5, weight_decay=0.1))
    shrunk = np.array([1.0, 2.0]) * (1 - 0.5 * 0.1)
    np.testing.assert_allclose(result, shrunk - 0.5 * GRADIENT, rtol=1e-6)


@pytest.mark.parametrize(
    ("names", "kept"),
    [(["bias"], "bias"), (["^k"], "kernel"), (["k.*l"], "kernel"), (["dense"], None)],
)
def test_names_kept_out_of_decay_are_looked_for_in_the_last_part(names, kept):
    pair = [kerasish.Variable([1.0], name=n) for n in ("kernel", "bias")]
    for v in pair:
        v.path = f"dense/{v.name}"
    optimizer = optimizers.AdamW(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=names)  # before it is built
    optimizer.apply([ops.zeros((1,))] * 2, pair)
    assert {v.name: v.numpy()[0] for v in pair} == {
        n: 1.0 if n == kept else pytest.approx(0.95) for n in ("kernel", "bias")
    }


def test_variables_kept_out_of_decay(data):
    model = network(optimizers.AdamW(0.1, weight_decay=0.5))
    twin = network(optimizers.AdamW(0.1, weight_decay=0.5))
    twin.set_weights(model.get_weights())
    kernel = twin.layers[0].kernel
    twin.optimizer.exclude_from_weight_decay(var_list=[kernel])
    for one in (model, twin):
        one.fit(*data, batch_size=40, verbose=0)
    same = [
        np.allclose(a, b, rtol=1e-5)
        for a, b in zip(model.get_weights(), twin.get_weights(), strict=True)
    ]
    assert same == [False, True, True, True]


# averages, accumulation -----------------------------------------------------------


def test_the_average_replaces_the_weights_at_the_end_of_fit(data):
    model = network(optimizers.SGD(0.01, use_ema=True, ema_momentum=0.9))
    seen = []
    record = kerasish.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(model.get_weights())
    )
    model.fit(*data, batch_size=10, verbose=0, callbacks=[record])
    average = seen[0]
    for weights in seen[1:]:
        average = [0.9 * a + 0.1 * w for a, w in zip(average, weights, strict=True)]
    for mine, expected in zip(model.get_weights(), average, strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-5, atol=1e-7)


def test_accumulated_gradients_are_averaged(data):
    x, y = data
    model = network(optimizers.SGD(0.1, gradient_accumulation_steps=4))
    whole = network(optimizers.SGD(0.1))
    whole.set_weights(model.get_weights())
    model.fit(x, y, batch_size=10, shuffle=False, verbose=0)
    whole.fit(x, y, batch_size=40, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_gradients_are_accumulated_eagerly_too():
    optimizer, w = optimizers.SGD(1.0, gradient_accumulation_steps=3), variable()
    seen = []
    for scale in (1.0, 2.0, 6.0, 0.0):
        optimizer.apply([ops.convert_to_tensor(scale * GRADIENT)], [w])
        seen.append(w.numpy())
    np.testing.assert_array_equal(seen[:2], [[1.0, 2.0]] * 2)
    np.testing.assert_allclose(seen[2], np.array([1.0, 2.0]) - 3 * GRADIENT, rtol=1e-6)
    np.testing.assert_array_equal(seen[3], seen[2])
    assert int(optimizer.iterations) == 1


def test_a_schedule_counts_every_step_also_while_gradients_are_accumulated():
    rates = optimizers.schedules.PiecewiseConstantDecay([0], [1.0, 0.5])
    optimizer = optimizers.SGD(rates, gradient_accumulation_steps=2)
    result = applied(optimizer, 2, np.ones(2, "float32"))
    np.testing.assert_allclose(result, [0.5, 1.5])


# without side effects -------------------------------------------------------------


def test_a_step_without_side_effects():
    optimizer, w = optimizers.SGD(0.5, momentum=0.9), variable()
    optimizer.build([w])
    state = [v.value for v in optimizer.variables]
    gradient = ops.convert_to_tensor(GRADIENT)
    for _ in range(2):
        weights, moved = optimizer.stateless_apply(state, [gradient], [w.value])
        np.testing.assert_allclose(weights[0], np.array([1.0, 2.0]) - 0.5 * GRADIENT)
        assert [int(moved[0]), float(moved[1])] == [1, 0.5]
        np.testing.assert_allclose(moved[2], -0.5 * GRADIENT)
    np.testing.assert_array_equal(w.numpy(), [1.0, 2.0])
    assert int(optimizer.iterations) == 0


def test_the_loss_is_scaled_by_the_factor():
    assert float(optimizers.SGD(loss_scale_factor=4.0).scale_loss(0.5)) == 2.0
    assert optimizers.SGD().scale_loss(0.5) == 0.5


# settings -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"clipnorm": 1, "clipvalue": 1}, "clipped in one way only"),
        ({"clipnorm": -1}, "clipping bound is positive"),
        ({"gradient_accumulation_steps": 1}, "at least two steps"),
        ({"use_ema": True, "ema_momentum": 2}, r"ema_momentum lies in \[0, 1\]"),
        ({"momentum": 2}, r"momentum lies in \[0, 1\]"),
        ({"learning_rat": 1}, r"argument of SGD 'learning_rat'(.|\n)*'learning_rate'"),
        ({"lr": 1}, r"argument of SGD 'lr'(.|\n)*learning_rate"),
    ],
)
def test_settings_out_of_range(arguments, text):
    with pytest.raises(ValueError, match=text):
        optimizers.SGD(**arguments)


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: optimizers.SGD(0.3, momentum=0.5, nesterov=True, clipvalue=1.0),
        lambda: optimizers.Adam(0.3, beta_1=0.8, epsilon=1e-6, amsgrad=True),
        lambda: optimizers.AdamW(0.3, weight_decay=0.1, use_ema=True),
        lambda: optimizers.RMSprop(0.3, rho=0.8, centered=True, name="r"),
        lambda: optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)),
        lambda: optimizers.Ftrl(0.3, -0.4, beta=0.1),
        lambda: optimizers.Muon(0.3, exclude_layers=["out"], name="m"),
        lambda: optimizers.LossScaleOptimizer(optimizers.Adam(0.3), 8.0),
    ],
)
def test_config_round_trip_through_json(optimizer):
    made = optimizer()
    config = json.loads(json.dumps(optimizers.serialize(made)))
    again = optimizers.deserialize(config)
    assert type(again) is type(made)
    assert again.get_config() == made.get_config()


# gradients ------------------------------------------------------------------------


def test_missing_gradients_leave_their_variables():
    pair = [variable("a"), variable("b")]
    optimizers.SGD(1.0).apply([None, ops.convert_to_tensor(GRADIENT)], pair)
    np.testing.assert_array_equal(pair[0].numpy(), [1.0, 2.0])
    np.testing.assert_array_equal(pair[1].numpy(), [-2.0, 6.0])


def test_apply_gradients_takes_pairs():
    w = variable()
    optimizers.SGD(1.0).apply_gradients([(ops.convert_to_tensor(GRADIENT), w)])
    np.testing.assert_array_equal(w.numpy(), [-2.0, 6.0])


@pytest.mark.parametrize(
    ("gradients", "text"),
    [
        ([GRADIENT, GRADIENT], r"one gradient per variable(.|\n)*2 gradients for 1"),
        ([None], "was given no gradient"),
    ],
)
def test_gradients_must_belong_to_variables(gradients, text):
    with pytest.raises(ValueError, match=text):
        optimizers.SGD().apply(gradients, [variable()])


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"\(2,\) and \(3,\)"):
        optimizers.SGD().apply([ops.ones((3,))], [variable()])


# custom rules ---------------------------------------------------------------------


class PlainAdam(optimizers.Adam):
    """Adam's own rule, not marked as one that works on the arena."""

    def update_step(self, gradient, variable, learning_rate):
        optimizers.Adam.update_step(self, gradient, variable, learning_rate)


class Heavy(optimizers.Optimizer):
    """Momentum, written as for Keras: own state by index, assignments by methods."""

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.moves = [self.add_variable_from_reference(v, "move") for v in variables]

    def update_step(self, gradient, variable, learning_rate):
        move = self.moves[self._get_variable_index(variable)]
        self.assign(move, 0.9 * move - learning_rate * gradient)
        self.assign_add(variable, move)


class SweepingHeavy(optimizers.Optimizer):
    """The same with `slot`, elementwise, so that it may sweep the arena."""

    def build(self, variables):
        super().build(variables)
        self.add_slot("move")

    @sweeping
    def update_step(self, gradient, variable, learning_rate):
        move = self.slot("move", variable)
        move.assign(0.9 * move - learning_rate * gradient)
        variable.assign_sub(-move)


@pytest.mark.parametrize(
    ("custom", "builtin"),
    [
        (lambda: PlainAdam(0.01), lambda: optimizers.Adam(0.01)),
        (lambda: Heavy(0.01), lambda: optimizers.SGD(0.01, momentum=0.9)),
        (lambda: SweepingHeavy(0.01), lambda: optimizers.SGD(0.01, momentum=0.9)),
    ],
    ids=["unmarked", "keras_style", "sweeping"],
)
def test_custom_rules_equal_the_built_in_ones(custom, builtin, data, backend):
    one, two = network(custom()), network(builtin())
    two.set_weights(one.get_weights())
    for model in (one, two):
        model.fit(*data, batch_size=15, epochs=3, shuffle=False, verbose=0)
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6)


def test_a_rule_is_needed():
    with pytest.raises(NotImplementedError, match="'Optimizer' has no update rule"):
        applied(optimizers.Optimizer(0.1))


# the arena ------------------------------------------------------------------------


def shares_memory(model):
    flat = model.optimizer._arena.flat.array
    return all(np.shares_memory(flat, w.array) for w in model.trainable_weights)


def test_trained_weights_lie_in_the_arena_of_the_last_optimizer(data):
    model = network("adam")
    first, last = model.layers
    for frozen in ([], [first], [], [last], []):
        model.trainable = True
        for layer in frozen:
            layer.trainable = False
        model.compile("adam", "mse")
        model.fit(*data, verbose=0)
        assert shares_memory(model)
        assert Arena.of(model.trainable_weights) is model.optimizer._arena


def test_models_that_share_layers_train_by_turns_without_compiling_for_ever(data):
    x, y = data
    shared = layers.Dense(5, activation="tanh", name="shared")
    models = []
    for name in ("one", "two"):
        model = kerasish.Sequential(
            [layers.Input((4,)), shared, layers.Dense(1)], name=name
        )
        model.compile(optimizers.Adam(0.01), "mse")
        models.append(model)
    kernels, losses = [], []
    for _ in range(6):
        for model in models:
            losses.append(model.train_on_batch(x, y))
            kernels.append(shared.kernel.numpy())
    assert losses[-1] < losses[1]
    assert all((a != b).any() for a, b in itertools.pairwise(kernels))
    assert all(len(model._programs._made) <= 2 for model in models)


def test_the_decay_of_keras_2_is_ignored_with_a_warning():
    with pytest.warns(UserWarning, match="`decay` is no longer an argument"):
        made = optimizers.Adam(decay=1e-3)
    assert "decay" not in made.get_config()


@pytest.mark.parametrize(
    ("bound", "expected"),
    [
        # means of [1, -2], [3, -4], [5, -6], [7, -8], two by two: [2, -3] and [6, -7]
        ({"clipvalue": 2.5}, [2 + 2.5, -2.5 - 2.5]),
        ({"clipnorm": 1.0}, [2 / 13**0.5 + 6 / 85**0.5, -3 / 13**0.5 - 7 / 85**0.5]),
        ({"global_clipnorm": 100.0}, [8.0, -10.0]),
    ],
)
def test_accumulated_gradients_are_clipped_as_a_mean(bound, expected):
    made = optimizers.SGD(1.0, gradient_accumulation_steps=2, **bound)
    w = variable(value=(0.0, 0.0))
    for i in range(4):
        made.apply([np.array([1.0 + 2 * i, -2.0 - 2 * i], "float32")], [w])
    np.testing.assert_allclose(host(w), np.negative(expected), rtol=1e-5)
