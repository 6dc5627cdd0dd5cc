"""Every surprise of capture-and-replay, one small test each.

Elsewhere these are silently wrong: a number that was frozen, memory that was written
too early, a plan that did not notice. Here they are right, or they raise while tracing.
The list of the silently wrong is empty. What is read once, on purpose and as
documented, stands at the end.
"""

import threading

import numpy as np
import pytest

import kerasish
from kerasish import layers, models, ops, optimizers, random
from kerasish.backend import backend_scope, get_backend
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace
from kerasish.graph.variable import Arena, Variable
from kerasish.optimizers.schedules import PiecewiseConstantDecay

VECTOR = Spec((4,), "float32")


def floats(*values):
    return np.array(values, "float32")


@pytest.fixture(params=[True, False], ids=["simplified", "as traced"])
def compiled(request):
    """Return a function that traces and compiles another."""

    def compile(function, *specs):
        return compile_graph(trace(function, specs), get_backend(), request.param)

    return compile


# Variables: old values and new ones


def test_the_old_value_of_a_variable_can_be_returned(compiled):
    v = Variable(floats(1, 2))

    def function():
        old = v.value
        v.assign_add(1)
        return old

    run = compiled(function)
    assert [run().tolist() for _ in range(2)] == [[1, 2], [2, 3]]


def test_a_view_of_the_old_value_can_be_returned(compiled):
    v = Variable(floats(1, 2, 3, 4))

    def function():
        old = ops.transpose(ops.reshape(v, (2, 2)))[1]
        v.assign_add(1)
        return old

    run = compiled(function)
    assert [run().tolist() for _ in range(2)] == [[2, 4], [3, 5]]


def test_two_variables_can_be_swapped(compiled):
    v, w = Variable(floats(1, 2)), Variable(floats(3, 4))

    def function():
        old = v.value
        v.assign(w)
        w.assign(old)

    run = compiled(function)
    run()
    assert (v.numpy().tolist(), w.numpy().tolist()) == ([3, 4], [1, 2])
    run()
    assert (v.numpy().tolist(), w.numpy().tolist()) == ([1, 2], [3, 4])


def test_three_variables_can_go_round(compiled):
    trio = [Variable(floats(i)) for i in range(3)]

    def function():
        old = [v.value for v in trio]
        for v, value in zip(trio, [old[1], old[2], old[0]], strict=True):
            v.assign(value)

    compiled(function)()
    assert [float(v.numpy()[0]) for v in trio] == [1, 2, 0]


def test_a_read_after_a_write_sees_it(compiled):
    v = Variable(floats(1, 2))

    def function():
        v.assign(ops.multiply(v, 10))
        seen = ops.add(v, 1)
        v.assign(seen)
        return seen

    assert compiled(function)().tolist() == [11, 21]
    assert v.numpy().tolist() == [11, 21]


def test_a_variable_turned_upon_itself(compiled):
    v = Variable(np.arange(9, dtype="float32").reshape(3, 3))
    expected = v.numpy() + v.numpy().T

    def function():
        v.assign(ops.add(v, ops.transpose(v)))

    compiled(function)()
    assert v.numpy().tolist() == expected.tolist()


def test_a_variable_reversed_into_itself(compiled):
    v = Variable(floats(1, 2, 3))
    compiled(lambda: v.assign(ops.flip(v)))()
    assert v.numpy().tolist() == [3, 2, 1]


def test_one_value_for_two_variables(compiled):
    v, w = Variable(floats(0, 0)), Variable(floats(0, 0))

    def function(x):
        y = ops.exp(x)
        v.assign(y)
        w.assign(y)
        v.assign_add(1)

    compiled(function, Spec((2,), "float32"))(floats(0, 0))
    assert v.numpy().tolist() == [2, 2]
    assert w.numpy().tolist() == [1, 1]


def test_an_output_that_is_assigned_too_stays_what_it_was(compiled):
    v = Variable(floats(0, 0))

    def function(x):
        y = ops.add(v, x)
        v.assign(y)
        return y

    run = compiled(function, Spec((2,), "float32"))
    first = run(floats(1, 1))
    second = run(floats(1, 1))
    assert (first.tolist(), second.tolist()) == ([1, 1], [2, 2])


def test_results_are_copies(compiled):
    v = Variable(floats(5, 6))
    run = compiled(lambda x: (ops.negative(x), x, v.value), Spec((2,), "float32"))
    given = floats(1, 2)
    results = run(given)
    for result in results:
        result[:] = 99
    assert given.tolist() == [1, 2]
    assert v.numpy().tolist() == [5, 6]
    assert [r.tolist() for r in run(given)] == [[-1, -2], [1, 2], [5, 6]]


def test_assignments_happen_where_nothing_is_returned(compiled):
    v = Variable(0.0)
    run = compiled(lambda: v.assign_add(1) is None or None)
    for _ in range(3):
        run()
    assert float(v) == 3


def test_a_variable_set_between_runs_is_seen(compiled):
    v = Variable(floats(1, 2))
    run = compiled(lambda x: ops.multiply(v, x), Spec((2,), "float32"))
    run(floats(1, 1))
    v.assign([5, 6])
    assert run(floats(1, 1)).tolist() == [5, 6]


# Arenas


@pytest.fixture
def pair():
    v, w = Variable(floats(1, 2)), Variable(floats(3, 4))
    return v, w, Arena([v, w], "flat")


def test_a_member_read_while_the_whole_is_written(compiled, pair):
    v, _, arena = pair

    def function():
        before = ops.convert_to_tensor(v)
        arena.flat.assign(ops.multiply(arena.flat, 10))
        return ops.add(before, v)

    assert compiled(function)().tolist() == [11, 22]
    assert arena.flat.numpy().tolist() == [10, 20, 30, 40]


def test_the_whole_read_after_a_member_was_written(compiled, pair):
    v, _, arena = pair

    def function():
        v.assign([8, 9])
        return ops.negative(arena.flat)

    assert compiled(function)().tolist() == [-8, -9, -3, -4]


def test_a_member_then_the_whole(compiled, pair):
    v, _, arena = pair

    def function():
        v.assign_add(10)
        arena.flat.assign(ops.multiply(arena.flat, 2))

    compiled(function)()
    assert arena.flat.numpy().tolist() == [22, 24, 6, 8]


def test_the_whole_then_a_member(compiled, pair):
    v, w, arena = pair

    def function():
        arena.flat.assign(ops.multiply(arena.flat, 2))
        v.assign(ops.add(v, w))

    compiled(function)()
    assert arena.flat.numpy().tolist() == [8, 12, 6, 8]


def test_members_can_be_swapped(compiled, pair):
    v, w, arena = pair

    def function():
        old = v.value
        v.assign(w)
        w.assign(old)

    compiled(function)()
    assert arena.flat.numpy().tolist() == [3, 4, 1, 2]


# Memory that is used again


def test_a_selection_does_not_lie_on_what_it_selects_from(compiled):
    def function(condition, x, y):
        chosen = ops.reshape(ops.exp(x), (2, 2))
        return ops.where(condition, chosen, y)

    specs = [Spec((2, 2), "bool"), VECTOR, Spec((2, 2), "float32")]
    condition = np.array([[True, False], [False, True]])
    result = compiled(function, *specs)(
        condition, np.zeros(4, "float32"), np.full((2, 2), 7, "float32")
    )
    assert result.tolist() == [[1, 7], [7, 1]]


def test_an_operand_shown_in_two_ways_is_not_overwritten(compiled):
    def function(x):
        y = ops.exp(ops.reshape(x, (2, 2)))
        return ops.subtract(y, ops.transpose(y))

    result = compiled(function, VECTOR)(np.log(floats(1, 2, 3, 4)))
    np.testing.assert_allclose(result, [[0, -1], [1, 0]], atol=1e-6)


def test_a_joined_value_and_its_parts(compiled):
    def function(x):
        part = ops.exp(x)
        joined = ops.concatenate([part, ops.negative(part)])
        return ops.negative(joined), part

    whole, part = compiled(function, Spec((2,), "float32"))(floats(0, 0))
    assert whole.tolist() == [-1, -1, 1, 1]
    assert part.tolist() == [1, 1]


def test_a_part_of_a_value_without_axes(compiled):
    run = compiled(lambda x: ops.flip(x[0]), VECTOR)
    assert [float(run(floats(i, 0, 0, 0))) for i in (1, 2)] == [1, 2]


def test_an_input_returned_as_it_is_does_not_change_with_the_next(compiled):
    run = compiled(lambda x: x, VECTOR)
    first = run(floats(1, 2, 3, 4))
    run(floats(0, 0, 0, 0))
    assert first.tolist() == [1, 2, 3, 4]


def test_operands_are_never_written(compiled):
    run = compiled(lambda x: ops.exp(ops.negative(x)), VECTOR)
    x = floats(1, 2, 3, 4)
    run(x)
    assert x.tolist() == [1, 2, 3, 4]


# What is not a tensor


def test_a_captured_array_is_what_it_was(compiled):
    captured = floats(1, 2, 3, 4)
    run = compiled(lambda x: ops.add(x, captured), VECTOR)
    captured[:] = 0
    assert run(np.zeros(4, "float32")).tolist() == [1, 2, 3, 4]


def test_zero_and_minus_zero_are_two_numbers(compiled):
    def function(x):
        return ops.divide(1.0, ops.multiply(x, 0.0)), ops.divide(
            1.0, ops.multiply(x, -0.0)
        )

    with np.errstate(divide="ignore"):
        up, down = compiled(function, VECTOR)(np.ones(4, "float32"))
    assert (up > 0).all()
    assert (down < 0).all()


@pytest.mark.parametrize(
    "peek", [bool, float, int, np.asarray, list, len], ids=lambda p: p.__name__
)
def test_python_cannot_look_at_a_value(compiled, peek):
    def function(x):
        return ops.multiply(x, 2 if peek(ops.sum(x)) else 3)

    with pytest.raises(TypeError, match=r"no value yet|rank 0"):
        compiled(function, VECTOR)


def test_an_if_on_a_shape_is_fine(compiled):
    run = compiled(lambda x: ops.sum(x) if x.shape[0] > 3 else x, VECTOR)
    assert float(run(floats(1, 2, 3, 4))) == 10


def test_numpy_cannot_take_a_symbolic_tensor(compiled):
    with pytest.raises(TypeError, match="a NumPy function cannot read it"):
        compiled(lambda x: np.maximum.reduce(np.array(x)), VECTOR)


# Random numbers, steps and rates: state, not numbers baked in


def test_each_run_draws_anew(compiled):
    generator = random.SeedGenerator(1)
    run = compiled(lambda: random.uniform((4,), seed=generator))
    draws = [tuple(run().tolist()) for _ in range(5)]
    assert len(set(draws)) == 5


def test_replayed_draws_are_the_eager_ones(compiled):
    replayed, eager = random.SeedGenerator(1), random.SeedGenerator(1)
    run = compiled(lambda: random.uniform((4,), seed=replayed))
    for _ in range(3):
        assert run().tolist() == random.uniform((4,), seed=eager).tolist()


def test_two_draws_of_one_run_differ(compiled):
    generator = random.SeedGenerator(1)
    run = compiled(lambda: [random.uniform((4,), seed=generator) for _ in range(2)])
    first, second = run()
    assert first.tolist() != second.tolist()


def test_the_processs_own_generator_goes_on_too(compiled):
    run = compiled(lambda: random.uniform((4,)))
    first = run().tolist()
    assert run().tolist() != first
    kerasish.utils.set_random_seed(5)
    again = run().tolist()
    kerasish.utils.set_random_seed(5)
    assert run().tolist() == again


def sgd():
    return optimizers.SGD(0.1)


def falling():
    return optimizers.SGD(PiecewiseConstantDecay([3, 9], [0.5, 0.1, 0.0]))


def dense_model(*, rate=0.0, optimizer=sgd, **settings):
    kerasish.utils.set_random_seed(2)
    model = models.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(8, activation="tanh", name="first"),
            layers.Dropout(rate, name="drop"),
            layers.Dense(2, name="last"),
        ]
    )
    model.compile(optimizer(), "mse", **settings)
    return model


@pytest.fixture
def data(rng):
    return rng.normal(size=(22, 4)).astype("float32"), rng.normal(size=(22, 2)).astype(
        "float32"
    )


def losses(model, data, **settings):
    settings = {"epochs": 4, "batch_size": 5, "verbose": 0, **settings}
    return model.fit(*data, **settings).history["loss"]


def both_ways(data, **settings):
    """Return what replays give, and what the interpreter does, step by step."""
    replayed = dense_model(**settings)
    by_replay = losses(replayed, data)
    eager = dense_model(**settings, run_eagerly=True)
    one_by_one = losses(eager, data)
    for mine, other in zip(replayed.get_weights(), eager.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-6)
    return by_replay, one_by_one


def test_many_steps_with_dropout_and_a_short_last_batch(data):
    replayed, eager = both_ways(data, rate=0.4)
    np.testing.assert_allclose(replayed, eager, rtol=1e-5)


def test_a_schedule_goes_on(data):
    replayed, eager = both_ways(data, optimizer=falling)
    np.testing.assert_allclose(replayed, eager, rtol=1e-5)
    assert replayed[-1] == pytest.approx(replayed[-2], rel=1e-6)  # the rate is 0


@pytest.mark.parametrize("name", ["adam", "rmsprop", "adamw", "sgd"])
def test_every_optimizers_state_goes_on(data, name):
    replayed, eager = both_ways(data, optimizer=lambda: optimizers.get(name))
    np.testing.assert_allclose(replayed, eager, rtol=1e-5)


def test_a_learning_rate_set_between_fits_counts(data):
    model = dense_model()
    losses(model, data, epochs=1)
    before = model.get_weights()
    model.optimizer.learning_rate = 0.0
    losses(model, data, epochs=1)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_learning_rate_set_by_a_callback_counts(data):
    model = dense_model()
    stop = kerasish.callbacks.LearningRateScheduler(lambda i: 0.1 if i < 2 else 0.0)
    history = losses(model, data, callbacks=[stop], shuffle=False, epochs=5)
    assert history[0] > history[1]
    assert history[3] == pytest.approx(history[4], rel=1e-6)


def test_weights_set_between_fits_count(data):
    model = dense_model()
    start = model.get_weights()
    first = losses(model, data, shuffle=False)
    model.set_weights(start)
    np.testing.assert_allclose(losses(model, data, shuffle=False), first, rtol=1e-6)


def test_dropout_is_off_in_prediction_after_training(data):
    model = dense_model(rate=0.5)
    losses(model, data)
    first = model.predict(data[0], verbose=0)
    np.testing.assert_array_equal(model.predict(data[0], verbose=0), first)


def test_batches_of_every_size(data):
    model = dense_model()
    whole = model.predict(data[0], verbose=0)
    for size in (1, 7, 22, 100):
        again = model.predict(data[0], batch_size=size, verbose=0)
        np.testing.assert_allclose(again, whole, rtol=1e-5, atol=1e-6)


def test_a_model_that_moves_in_the_middle(data):
    model, still = dense_model(), dense_model()
    found = losses(model, data, epochs=2, shuffle=False)
    with backend_scope("strict"):
        found += losses(model, data, epochs=2, shuffle=False)
    found += losses(model, data, epochs=2, shuffle=False)
    expected = losses(still, data, epochs=6, shuffle=False)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_second_optimizer_takes_over(data):
    model = dense_model(optimizer=optimizers.Adam)
    losses(model, data)
    model.compile(optimizers.SGD(0.0), "mse")
    before = model.get_weights()
    losses(model, data)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_compiling_anew_trains_another_selection_of_layers(data):
    model = dense_model()
    for _ in range(3):  # the arena is made anew each time
        for frozen in (True, False):
            model.get_layer("first").trainable = not frozen
            model.compile(optimizers.SGD(0.1), "mse")
            before = model.get_layer("first").get_weights()
            losses(model, data, epochs=1)
            changed = (before[0] != model.get_layer("first").get_weights()[0]).any()
            assert bool(changed) is not frozen


def test_a_layer_that_assigns_its_own_weight_while_training(data):
    """The optimizer works on the arena and must see what the layer wrote."""

    class Decaying(layers.Dense):
        def call(self, inputs):
            self.kernel.assign(ops.multiply(self.kernel, 0.5))
            return super().call(inputs)

    model = models.Sequential([layers.Input((4,)), Decaying(2)])
    model.compile(optimizers.SGD(0.0), "mse")
    before = model.layers[0].kernel.numpy()
    model.train_on_batch(*data)
    np.testing.assert_allclose(model.layers[0].kernel.numpy(), before / 2, rtol=1e-6)


def test_accumulated_gradients_and_a_layer_that_assigns(data):
    class Counting(layers.Dense):
        def build(self, input_shape):
            super().build(input_shape)
            self.steps = self.add_weight((), "zeros", trainable=False, name="steps")

        def call(self, inputs):
            self.steps.assign_add(1)
            self.kernel.assign(ops.multiply(self.kernel, 0.5))
            return super().call(inputs)

    model = models.Sequential([layers.Input((4,)), Counting(2)])
    model.compile(optimizers.SGD(0.0, gradient_accumulation_steps=2), "mse")
    before = model.layers[0].kernel.numpy()
    for _ in range(3):
        model.train_on_batch(*data)
    np.testing.assert_allclose(model.layers[0].kernel.numpy(), before / 8, rtol=1e-6)
    assert float(model.layers[0].steps) == 3


def test_predictions_in_many_threads_at_once(data):
    for eager in (False, True):
        model = dense_model(run_eagerly=eager)
        expected = {n: model.predict(data[0][:n], verbose=0) for n in (1, 3, 22)}
        wrong = []

        def work(n, model=model, expected=expected, wrong=wrong):
            for _ in range(10):
                found = model.predict(data[0][:n], verbose=0)
                if not np.allclose(found, expected[n], rtol=1e-5, atol=1e-6):
                    wrong.append(n)

        threads = [threading.Thread(target=work, args=(n,)) for n in expected]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []


# Read once, on purpose: what Python holds is read while a function is traced


def test_a_python_number_is_read_while_tracing_a_variable_at_every_run(compiled):
    settings = {"number": 2.0, "variable": Variable(2.0)}

    def function(x):
        return [ops.multiply(x, settings[name]) for name in ("number", "variable")]

    run = compiled(function, VECTOR)
    settings["number"] = 3.0
    settings["variable"].assign(3.0)
    by_number, by_variable = run(np.ones(4, "float32"))
    assert by_number.tolist() == [2, 2, 2, 2]
    assert by_variable.tolist() == [3, 3, 3, 3]


def test_a_layers_setting_is_read_anew_by_compile(data):
    """As in Keras, where the step is traced once for each `compile`."""
    model = dense_model(rate=0.9)
    losses(model, data, epochs=1)
    model.get_layer("drop").rate = 0.0
    model.compile(optimizers.SGD(0.0), "mse")
    first, second = losses(model, data, epochs=2, shuffle=False)
    assert first == pytest.approx(second, rel=1e-6)  # nothing is dropped any more
