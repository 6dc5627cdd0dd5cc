"""What a layer holds: weights, layers, seeds and metrics, wherever they are kept."""

import numpy as np
import pytest

from kerasish import Input, Model, Variable, layers, metrics, ops, random


class Everything(layers.Layer):
    """Layers and variables in attributes, lists, tuples and dicts of any depth."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.plain = layers.Dense(1, name="plain")
        self.listed = [layers.Dense(1, name="listed_0")]
        self.listed.append(layers.Dense(1, name="listed_1"))
        self.named = {"deep": [(layers.Dense(1, name="deep"),)]}
        self.scale = Variable([2.0], name="scale")
        self.again = self.plain
        self.noise = random.SeedGenerator(1)
        self.seen = metrics.Mean(name="seen")

    def call(self, inputs):
        x = self.plain(inputs)
        for layer in self.listed:
            x = layer(x)
        return self.named["deep"][0][0](x) * self.scale


@pytest.fixture
def layer():
    made = Everything(name="all")
    made(np.ones((1, 2), "float32"))
    return made


def test_each_layer_is_found_once_in_order_of_assignment(layer):
    names = [inner.name for inner in layer._sublayers()]
    assert names == ["plain", "listed_0", "listed_1", "deep"]


def test_weights_are_the_layer_s_own_then_the_layers_inside(layer):
    expected = ["scale"] + 4 * ["kernel", "bias"]
    assert [w.name for w in layer.weights] == expected
    assert layer.weights == layer.trainable_weights == layer.trainable_variables
    assert layer.count_params() == 1 + 3 + 2 + 2 + 2


def test_paths_tell_where_a_weight_is(layer):
    assert layer.plain.kernel.path == "all/plain/kernel"
    assert layer.plain.path == "all/plain"
    assert layer.named["deep"][0][0].bias.path == "all/deep/bias"


def test_variables_are_weights_and_seeds(layer):
    others = [v for v in layer.variables if v not in layer.weights]
    assert others == [layer.noise.state]
    assert layer.non_trainable_variables == others
    assert layer.non_trainable_weights == []


def test_metrics_are_found_in_layers_inside(layer):
    outer = layers.Wrapper(layer)
    assert outer.metrics == layer.metrics == [layer.seen]
    assert outer.metrics_variables == layer.seen.variables


def test_weights_without_a_name_are_numbered():
    class Nameless(layers.Layer):
        def build(self, input_shape):
            self.a = self.add_weight((2,))
            self.b = self.add_weight((2,))

        def call(self, inputs):
            return inputs * self.a + self.b

    layer = Nameless(name="own")
    layer(np.ones((1, 2), "float32"))
    assert [w.path for w in layer.weights] == ["own/variable", "own/variable_1"]


def test_freezing_reaches_all_layers_inside(layer):
    layer.trainable = False
    assert layer.trainable_weights == []
    assert layer.non_trainable_weights == layer.weights
    assert not layer.named["deep"][0][0].trainable
    layer.trainable = True
    layer.plain.trainable = False
    assert [w.path for w in layer.non_trainable_weights] == [
        "all/plain/kernel",
        "all/plain/bias",
    ]


def test_a_frozen_layer_says_so_in_its_config():
    layer = layers.Dense(2, trainable=False)
    assert layer.get_config()["trainable"] is False
    assert not layers.Dense.from_config(layer.get_config()).trainable


def test_freezing_the_built_and_the_unbuilt_alike():
    layer = layers.Dense(2, trainable=False)
    layer.build((None, 3))
    assert layer.trainable_weights == []
    assert len(layer.non_trainable_weights) == 2


def test_set_weights_goes_by_place(layer, rng):
    drawn = [rng.normal(size=w.shape).astype("float32") for w in layer.weights]
    layer.set_weights(drawn)
    for one, other in zip(layer.get_weights(), drawn, strict=True):
        np.testing.assert_array_equal(one, other)


def test_add_weight_takes_what_keras_takes():
    class Weighted(layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight(
                shape=(input_shape[-1],),
                initializer="ones",
                regularizer="l2",
                constraint="non_neg",
                name="w",
            )
            self.count = self.add_weight(
                shape=(), dtype="int32", trainable=False, name="count"
            )

        def call(self, inputs):
            self.count.assign_add(1)
            return inputs * self.w

    layer = Weighted(name="weighted")
    x = np.ones((1, 3), "float32")
    layer(x)
    layer(x)
    assert int(layer.count) == 2
    assert layer.count.dtype == "int32"
    assert [w.name for w in layer.trainable_weights] == ["w"]
    assert [w.name for w in layer.non_trainable_weights] == ["count"]
    assert float(layer.losses[0]) == pytest.approx(0.03, rel=1e-6)
    np.testing.assert_array_equal(layer.w.constraint(np.array([-1.0, 2.0])), [0, 2])


def test_metrics_held_by_a_layer_are_the_model_s():
    class Watching(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.size = metrics.Mean(name="size")

        def call(self, inputs):
            self.size.update_state(ops.mean(ops.abs(inputs)))
            return inputs

    x = Input((2,))
    model = Model(x, layers.Dense(1)(Watching()(x)))
    model.compile("sgd", "mse")
    data = np.full((4, 2), -3.0, "float32")
    history = model.fit(data, np.ones((4, 1)), epochs=2, verbose=0).history
    assert history["size"] == [3.0, 3.0]
    assert model.evaluate(data, np.ones((4, 1)), verbose=0, return_dict=True)[
        "size"
    ] == pytest.approx(3.0)
    assert "size" in model.metrics_names
