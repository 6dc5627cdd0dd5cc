import numpy as np
import pytest

import kerasish
from kerasish import layers, ops, optimizers
from kerasish.backend import get_backend
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace

GOOD = np.float32([1.0, 2.0])
BAD = np.float32([np.inf, 1.0])
NAN = np.float32([1.0, np.nan])


def variable():
    return kerasish.Variable(np.float32([1.0, 2.0]), name="w")


def eager(optimizer, w):
    return lambda gradient: optimizer.apply([ops.convert_to_tensor(gradient)], [w])


def planned(optimizer, w):
    optimizer.build([w])
    optimizer.arrange()
    graph = trace(lambda g: optimizer.apply([g], [w]), [Spec((2,), "float32")])
    program = compile_graph(graph, get_backend())
    return lambda gradient: program(ops.convert_to_tensor(gradient))


BOTH = pytest.mark.parametrize("make", [eager, planned])


@BOTH
@pytest.mark.parametrize("bad", [BAD, NAN])
def test_the_scale_follows_the_gradients(make, bad, backend):
    inner = optimizers.SGD(1.0, momentum=0.5)
    optimizer = optimizers.LossScaleOptimizer(inner, 4.0, dynamic_growth_steps=2)
    w = variable()
    step = make(optimizer, w)
    seen = []
    for gradient in (GOOD, GOOD, bad, GOOD):
        step(gradient)
        seen.append((float(optimizer.dynamic_scale), int(optimizer.iterations)))
    assert seen == [(4.0, 1), (8.0, 2), (4.0, 2), (4.0, 3)]
    # three steps along (1, 2) / 4, / 4 and / 4, with momentum
    np.testing.assert_allclose(w.numpy(), GOOD - GOOD * (0.25 + 0.375 + 0.4375))


@BOTH
def test_nothing_changes_where_a_gradient_is_not_finite(make):
    inner = optimizers.AdamW(0.1, use_ema=True)
    optimizer = optimizers.LossScaleOptimizer(inner, 4.0)
    w = variable()
    step = make(optimizer, w)
    step(GOOD)
    before = [w.numpy(), *(v.numpy() for v in inner.variables)]
    step(BAD)
    after = [w.numpy(), *(v.numpy() for v in inner.variables)]
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)
    assert float(optimizer.dynamic_scale) == 2.0


@BOTH
def test_accumulated_gradients(make):
    inner = optimizers.SGD(1.0, gradient_accumulation_steps=2)
    optimizer = optimizers.LossScaleOptimizer(inner, 4.0)
    w = variable()
    step = make(optimizer, w)
    for gradient in (GOOD, BAD, GOOD):
        step(gradient)
    # (1, 2) / 4 and (1, 2) / 2, averaged; the bad one is left out
    np.testing.assert_allclose(w.numpy(), GOOD - GOOD * 0.375)


def test_all_gradients_count():
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD(1.0), 4.0)
    pair = [variable(), variable()]
    optimizer.apply([ops.convert_to_tensor(g) for g in (GOOD, BAD)], pair)
    np.testing.assert_array_equal(pair[0].numpy(), GOOD)
    optimizer.apply([ops.convert_to_tensor(GOOD), None], pair)
    np.testing.assert_allclose(pair[0].numpy(), GOOD - GOOD / 2)


def test_the_loss_is_scaled_in_its_own_dtype():
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD(), 8.0)
    scaled = optimizer.scale_loss(ops.ones((), "float16"))
    assert (float(scaled), str(scaled.dtype)) == (8.0, "float16")


def test_settings_are_the_inner_optimizer_s():
    inner = optimizers.SGD(0.5, loss_scale_factor=2.0, use_ema=True)
    optimizer = optimizers.LossScaleOptimizer(inner)
    assert inner.loss_scale_factor is None
    assert optimizer.learning_rate is inner.learning_rate
    optimizer.learning_rate = 0.25
    assert float(inner.learning_rate) == 0.25
    w = variable()
    optimizer.build([w])
    optimizer.exclude_from_weight_decay([w])
    assert inner._undecayed == [w]
    assert [v.path.split("/")[-1] for v in optimizer.variables] == [
        "iteration",
        "learning_rate",
        "step_counter",
        "dynamic_scale",
        "iteration",
        "learning_rate",
        "w_average",
    ]
    inner.slot("average", w).assign([7.0, 7.0])
    optimizer.finalize_variable_values([w])
    assert w.numpy().tolist() == [7.0, 7.0]


def test_a_model_is_trained_over_the_arena(rng):
    model = kerasish.Sequential([layers.Input((4,)), layers.Dense(1)])
    optimizer = optimizers.LossScaleOptimizer(optimizers.Adam(0.01), 2.0**10)
    model.compile(optimizer, "mse")
    x = rng.normal(size=(64, 4)).astype("float32")
    history = model.fit(x, x.sum(1, keepdims=True), epochs=20, verbose=0).history
    assert history["loss"][-1] < 0.7 * history["loss"][0]
    assert optimizer.inner_optimizer._home is not None
    assert int(optimizer.iterations) == 40


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (((3,), {}), "needs an optimizer"),
        (((optimizers.SGD(),), {"clipnorm": 1.0}), "no settings(.|\n)*got: +clipnorm"),
    ],
)
def test_wrong_arguments(arguments, text):
    args, kwargs = arguments
    with pytest.raises(ValueError, match=text):
        optimizers.LossScaleOptimizer(*args, **kwargs)
