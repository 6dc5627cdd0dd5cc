import json

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops, optimizers
from kerasish.optimizers import MultiOptimizer, OptimizerMap

GRADIENT = np.float32([1.0, 2.0])


def variables(*paths):
    return [
        kerasish.Variable(np.zeros(2, "float32"), name=p.split("/")[-1], path=p)
        for p in paths
    ]


def apply(optimizer, pair, steps=1):
    gradients = [ops.convert_to_tensor(GRADIENT)] * len(pair)
    for _ in range(steps):
        optimizer.apply(gradients, pair)
    return [v.numpy().tolist() for v in pair]


def test_a_map_matches_whole_paths():
    default, special = optimizers.SGD(), optimizers.Adam()
    chosen = OptimizerMap(default, {"encoder/.*": special})
    assert chosen["encoder/dense/kernel"] is special
    assert chosen["my/encoder/dense"] is default
    assert chosen["encoder/.*"] is special
    assert (len(chosen), list(chosen)) == (1, ["encoder/.*"])
    assert "encoder/.*" in chosen
    del chosen["encoder/.*"]
    assert chosen["encoder/dense/kernel"] is default


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: OptimizerMap("sgd"), TypeError, "default_optimizer is none"),
        (
            lambda: OptimizerMap(optimizers.SGD(), {"a": "sgd"}),
            ValueError,
            "the entry 'a' is none",
        ),
        (
            lambda: OptimizerMap(optimizers.SGD(), {3: optimizers.SGD()}),
            ValueError,
            "keyed by regular expressions",
        ),
        (
            lambda: OptimizerMap(optimizers.SGD(), {"a": optimizers.SGD()}).__setitem__(
                "a", optimizers.SGD()
            ),
            ValueError,
            "has an optimizer already",
        ),
        (
            lambda: OptimizerMap(
                optimizers.SGD(), {"a.": optimizers.SGD(), ".b": optimizers.SGD()}
            )["ab"],
            ValueError,
            r"Several optimizers are meant for 'ab'(.|\n)*'a.', '.b'",
        ),
        (lambda: MultiOptimizer("sgd"), ValueError, "cannot choose optimizers by this"),
    ],
)
def test_what_is_no_map(make, error, text):
    with pytest.raises(error, match=text):
        make()


def test_each_variable_has_its_optimizer():
    chosen = OptimizerMap(optimizers.SGD(0.5), {".*/bias": optimizers.SGD(2.0)})
    optimizer = MultiOptimizer(chosen)
    pair = variables("dense/kernel", "dense/bias")
    assert apply(optimizer, pair) == [[-0.5, -1.0], [-2.0, -4.0]]
    assert [int(o.iterations) for o in optimizer.optimizers] == [1, 1]
    assert int(optimizer.iterations) == 1
    assert [v.path for v in optimizer.variables] == [
        "multi_optimizer/iteration",
        "multi_optimizer/learning_rate",
        *(f"{o.name}/{n}" for o in optimizer.optimizers for n in STATE),
    ]


STATE = ("iteration", "learning_rate")


def test_a_function_chooses():
    fast, slow = optimizers.SGD(2.0), optimizers.SGD(0.5)
    optimizer = MultiOptimizer(lambda v: fast if v.name == "bias" else slow)
    pair = variables("dense/kernel", "dense/bias")
    assert apply(optimizer, pair) == [[-0.5, -1.0], [-2.0, -4.0]]
    assert optimizer.optimizers == [slow, fast]


def test_gradients_are_divided_by_the_factor_once():
    chosen = OptimizerMap(optimizers.SGD(1.0, loss_scale_factor=8.0))
    optimizer = MultiOptimizer(chosen, loss_scale_factor=4.0)
    assert float(optimizer.scale_loss(2.0)) == 8.0
    assert apply(optimizer, variables("w")) == [[-0.25, -0.5]]


def test_an_optimizer_without_variables_stays_as_it_is():
    idle = optimizers.Adam()
    optimizer = MultiOptimizer(OptimizerMap(optimizers.SGD(), {"nowhere": idle}))
    apply(optimizer, variables("w"))
    assert int(idle.iterations) == 0


def test_there_is_no_learning_rate():
    optimizer = MultiOptimizer(OptimizerMap(optimizers.SGD()))
    assert not hasattr(optimizer, "learning_rate")
    with pytest.raises(AttributeError, match="no learning rate that could be set"):
        optimizer.learning_rate = 0.5


def test_averages_and_exclusions_reach_the_optimizers():
    first = optimizers.AdamW(0.1, use_ema=True)
    optimizer = MultiOptimizer(OptimizerMap(optimizers.SGD(), {"a": first}))
    a, b = variables("a", "b")
    apply(optimizer, [a, b])
    first.slot("average", a).assign([7.0, 7.0])
    optimizer.finalize_variable_values([a, b])
    assert a.numpy().tolist() == [7.0, 7.0]
    optimizer.exclude_from_weight_decay(var_names=["a"])
    assert all(o._undecayed_names == ["a"] for o in optimizer.optimizers)


def test_config_round_trip_through_json():
    chosen = OptimizerMap(optimizers.SGD(0.5), {".*/bias": optimizers.Lion(0.25)})
    made = MultiOptimizer(chosen, 2.0, name="both")
    config = json.loads(json.dumps(optimizers.serialize(made)))
    again = optimizers.deserialize(config)
    assert again.get_config() == made.get_config()
    assert [type(o).__name__ for o in again.optimizers] == ["Lion", "SGD"]


def test_a_model_is_trained_as_by_each_optimizer_alone(rng, tmp_path):
    x = rng.normal(size=(40, 4)).astype("float32")
    y = (x**2).sum(axis=1, keepdims=True)
    model = kerasish.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(5, activation="tanh", name="first"),
            layers.Dense(1, name="second"),
        ],
        name="model",
    )
    chosen = OptimizerMap(optimizers.Adam(0.01), {".*second.*": optimizers.SGD(0.01)})
    model.compile(MultiOptimizer(chosen), "mse")
    twins = []
    for rule, trained in ((optimizers.Adam, "first"), (optimizers.SGD, "second")):
        twin = kerasish.Sequential.from_config(model.get_config())
        twin.set_weights(model.get_weights())
        for layer in twin.layers:
            layer.trainable = layer.name == trained
        twin.compile(rule(0.01), "mse")
        twins.append((twin, trained))
    for one in (model, *(twin for twin, _ in twins)):
        one.fit(x, y, batch_size=40, verbose=0)
    for twin, trained in twins:
        mine = model.get_layer(trained).get_weights()
        for a, b in zip(mine, twin.get_layer(trained).get_weights(), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)
    assert all(o._home is not None for o in model.optimizer.optimizers)
    model.save(tmp_path / "model.keras")
    again = kerasish.models.load_model(tmp_path / "model.keras")
    for a, b in zip(again.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
