"""Models and layers as users subclass them."""

import numpy as np
import pytest

from kerasish import Input, Model, layers, losses, metrics, models, ops, optimizers
from kerasish.utils import register_keras_serializable

X = np.arange(12, dtype="float32").reshape(4, 3) / 12
Y = X.sum(axis=1, keepdims=True)


@register_keras_serializable("subclassing")
class Block(layers.Layer):
    """A layer with weights, a layer inside, a loss and both call arguments."""

    def __init__(self, units=4, rate=0.1, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.rate = rate
        self.inner = layers.Dense(units, name="inner")

    def build(self, input_shape):
        self.inner.build(input_shape)
        self.scale = self.add_weight((self.units,), "ones", name="scale")

    def call(self, inputs, training=False, mask=None):
        x = self.inner(inputs) * self.scale
        self.add_loss(self.rate * ops.mean(ops.square(x)))
        return x + 1 if training else x


@register_keras_serializable("subclassing")
class Net(Model):
    """A model with layers in a list and a dict."""

    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.blocks = [Block(units, name=f"block_{i}") for i in range(2)]
        self.ends = {"top": layers.Dense(1, name="top")}

    def call(self, inputs, training=None):
        x = inputs
        for block in self.blocks:
            x = block(x, training=training)
        return self.ends["top"](x)


def test_weights_are_found_and_named_by_their_place():
    model = Net(name="net")
    model.build((None, 3))
    assert [w.path for w in model.weights][:3] == [
        "net/block_0/scale",
        "net/block_0/inner/kernel",
        "net/block_0/inner/bias",
    ]
    assert [layer.name for layer in model.layers] == ["block_0", "block_1", "top"]
    assert model.count_params() == (12 + 4 + 4) + (16 + 4 + 4) + 5


def test_added_losses_are_trained_on():
    model = Net()
    model.compile(optimizers.SGD(0.01), "mse")
    found = model.evaluate(X, Y, verbose=0)
    y_pred = model(X)
    assert len(model.losses) == 2
    added = sum(float(loss) for loss in model.losses)
    plain = float(losses.MeanSquaredError()(Y, y_pred))
    assert found == pytest.approx(plain + added, rel=1e-5)
    history = model.fit(X, Y, epochs=10, verbose=0).history["loss"]
    assert history[-1] < history[0]


def test_subclasses_are_saved_and_loaded(tmp_path):
    model = Net(units=2)
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.keras")
    loaded = models.load_model(tmp_path / "m.keras")
    assert loaded.units == 2
    np.testing.assert_array_equal(
        loaded.predict(X, verbose=0), model.predict(X, verbose=0)
    )
    model.save_weights(tmp_path / "m.weights.h5")
    other = Net(units=2)
    other(X)
    other.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_array_equal(
        other.predict(X, verbose=0), model.predict(X, verbose=0)
    )


def test_a_subclass_in_a_functional_model_and_the_other_way_round():
    x = Input((3,))
    outer = Model(x, Net()(x))

    class Holding(Model):
        def __init__(self):
            super().__init__()
            self.held = outer

        def call(self, inputs):
            return -self.held(inputs)

    np.testing.assert_allclose(Holding()(X), -ops.convert_to_numpy(outer(X)), rtol=1e-6)
    assert Holding().weights == outer.weights


def test_a_subclass_may_be_functional_itself():
    class Own(Model):
        def __init__(self, units):
            x = Input((3,))
            super().__init__(inputs=x, outputs=layers.Dense(units, name="d")(x))
            self.units = units

    model = Own(2)
    assert model.output_shape == (None, 2)
    assert model.get_layer("d").units == 2
    model.compile("sgd", "mse")
    model.fit(X, np.ones((4, 2)), verbose=0)


@pytest.mark.parametrize("attribute", ["inputs", "output", "input_shape"])
def test_a_subclass_has_no_symbolic_ends(attribute):
    model = Net(name="net")
    with pytest.raises(AttributeError, match=f"'net' has no {attribute} yet"):
        getattr(model, attribute)
    model(X)
    with pytest.raises(AttributeError, match=f"'net' has no {attribute}: it is sub"):
        getattr(model, attribute)


def test_an_unbuilt_model_says_so(tmp_path):
    model = Net(name="net")
    with pytest.raises(ValueError, match=r"'net'(.|\n)*call it on data"):
        model.count_params()
    with pytest.raises(ValueError, match=r"build"):
        model.save_weights(tmp_path / "m.weights.h5")
    lines = []
    model.summary(print_fn=lines.append)
    assert "unbuilt" in lines[0]


def test_a_model_without_call_says_to_define_it():
    class Nothing(Model):
        pass

    with pytest.raises(NotImplementedError, match="define call"):
        Nothing()(X)


def test_several_and_nested_outputs():
    class Two(Model):
        def __init__(self):
            super().__init__()
            self.one, self.two = layers.Dense(1), layers.Dense(2)

        def call(self, inputs):
            return {"one": self.one(inputs), "two": self.two(inputs["x"] * 1.0)}

    class Split(Two):
        def call(self, inputs):
            return self.one(inputs), self.two(inputs)

    model = Split()
    model.compile("sgd", loss=["mse", "mae"], metrics=[["mae"], ["mse"]])
    history = model.fit(X, [Y, np.ones((4, 2))], verbose=0).history
    assert set(history) == {"loss", "mse_loss", "mae_loss", "mae", "mse"}
    first, second = model.predict(X, verbose=0)
    assert (first.shape, second.shape) == ((4, 1), (4, 2))


def test_results_of_outputs_without_names_are_called_by_what_was_compiled():
    """Of equal metrics the later are counted; of equal losses one is shown."""

    class Split(Model):
        def __init__(self):
            super().__init__()
            self.parts = [
                layers.Dense(1, kernel_initializer=i) for i in ("ones", "zeros")
            ]

        def call(self, inputs):
            return [part(inputs) for part in self.parts]

    def own(y_true, y_pred):
        return ops.mean(ops.square(y_true - y_pred), axis=-1)

    model = Split()
    model.compile("sgd", ["mse", own], metrics=[["mae"], ["mae"]])
    found = model.evaluate(X, [Y, Y], verbose=0, return_dict=True)
    assert set(found) == {"loss", "mse_loss", "own_loss", "mae", "mae_1"}
    assert found["mse_loss"] == pytest.approx(0)
    assert found["mae_1"] == pytest.approx(float(abs(Y).mean()))
    # as Keras: a metric of a name already met is shown as the first, and last again
    order = ["loss", "mae", "mae", "mse_loss", "own_loss", "mae_1"]
    values = model.evaluate(X, [Y, Y], verbose=0)
    assert values == pytest.approx([found[name] for name in order])
    model.compile("sgd", ["mse", "mse"])
    assert set(model.evaluate(X, [Y, Y], verbose=0, return_dict=True)) == {
        "loss",
        "mse_loss",
    }


def test_a_metric_held_by_the_model_is_reported():
    class Watching(Net):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.peak = metrics.Mean(name="peak")

        def call(self, inputs, training=None):
            self.peak.update_state(ops.max(inputs))
            return super().call(inputs, training=training)

    model = Watching()
    model.compile("sgd", "mse")
    history = model.fit(X, Y, verbose=0).history
    assert history["peak"] == pytest.approx([X.max()])
    assert [m.name for m in model.metrics] == ["loss", "peak"]


def test_summary_and_get_layer_of_a_subclass():
    model = Net(name="net")
    model(X)
    lines = []
    model.summary(print_fn=lines.append, expand_nested=True, show_trainable=True)
    text = "\n".join(lines)
    assert "block_1" in text
    assert "49" in text  # the number of parameters
    assert model.get_layer("top") is model.ends["top"]


class Looking(Model):
    """A model whose inputs are whole numbers."""

    def __init__(self):
        super().__init__()
        self.head = layers.Dense(3)

    def call(self, inputs):
        ids = inputs["ids"] if isinstance(inputs, dict) else inputs
        return self.head(ops.take(np.ones((6, 4), "float32"), ids, axis=0))


@pytest.mark.parametrize("named", [False, True])
def test_a_first_call_builds_for_the_dtype_of_its_inputs(named):
    ids = np.array([1, 2])
    model = Looking()
    assert model({"ids": ids} if named else ids).shape == (2, 3)
    assert model.built


class Own(layers.Layer):
    """A layer that says by itself what its config is."""

    def __init__(self, function, units=3, **kwargs):
        super().__init__(**kwargs)
        self.function, self.units = function, units

    def get_config(self):
        return dict(units=self.units, function="relu", **super().get_config())


def test_a_config_of_ones_own_stands_on_the_base_class_alone():
    config = Own(lambda x: x, name="own").get_config()
    assert config["units"] == 3
    assert set(config) == {"units", "function", "name", "trainable", "dtype"}


class OwnDense(layers.Dense):
    def __init__(self, function, units=3, **kwargs):
        super().__init__(units, **kwargs)

    def get_config(self):
        return {**super().get_config(), "function": "relu"}


def test_it_has_the_arguments_of_the_layer_it_stands_on():
    config = OwnDense(lambda x: x, units=5, activation="tanh").get_config()
    assert (config["units"], config["activation"]) == (5, "tanh")
    assert config["function"] == "relu"
