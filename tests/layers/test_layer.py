"""The base class: weights, building, calling, freezing, configs of users' layers."""

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops, regularizers
from kerasish.errors import ShapeError


def host(value):
    return ops.convert_to_numpy(value)


class Scale(layers.Layer):
    """A layer as users write them: a trained factor and a counter of calls."""

    def __init__(self, start=1.0, **kwargs):
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape):
        self.count = self.add_weight((), "zeros", trainable=False, name="count")
        self.factor = self.add_weight((input_shape[-1],), "ones", name="factor")

    def call(self, inputs):
        self.count.assign_add(1)
        return inputs * self.factor * self.start


class Stack(layers.Layer):
    """Layers in a list, a dict and an attribute, as users hold them."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.listed = [layers.Dense(3, name="one"), layers.Dense(3, name="two")]
        self.named = {"last": layers.Dropout(0.5, seed=1), "scale": Scale()}
        self.again = self.listed[0]

    def call(self, inputs):
        for layer in self.listed:
            inputs = layer(inputs)
        return self.named["scale"](self.named["last"](inputs))


# weights --------------------------------------------------------------------------


def test_trained_weights_come_first_and_freezing_one_keeps_its_place():
    layer = Scale(name="s")
    layer.build((None, 2))
    assert [w.path for w in layer.weights] == ["s/factor", "s/count"]
    assert [w.path for w in layer.trainable_weights] == ["s/factor"]
    layer.factor.trainable = False
    assert [w.path for w in layer.weights] == ["s/factor", "s/count"]
    assert layer.trainable_weights == []
    assert layer.non_trainable_weights == layer.weights


def test_layers_in_lists_and_dicts_are_found_once():
    layer = Stack()
    layer(np.ones((1, 3)))
    assert len(layer.weights) == 2 * 2 + 2
    assert len(layer.trainable_weights) == 2 * 2 + 1
    assert layer.count_params() == 2 * (9 + 3) + 3 + 1


def test_a_variable_held_in_an_attribute_is_a_weight():
    layer = layers.Layer(name="l")
    layer.v = kerasish.Variable(np.ones(2), name="v")
    assert layer.weights == [layer.v]


@pytest.mark.parametrize(
    ("arguments", "values", "dtype"),
    [
        ({"shape": (2,), "initializer": "ones"}, [1.0, 1.0], "float32"),
        ({"shape": (2,), "dtype": "int32"}, [0, 0], "int32"),
        ({"shape": (1,), "initializer": lambda s, dtype: [5.0]}, [5.0], "float32"),
        ({"initializer": "zeros"}, 0.0, "float32"),
    ],
)
def test_add_weight(arguments, values, dtype):
    weight = layers.Layer(name="l").add_weight(**arguments, name="w")
    np.testing.assert_array_equal(weight.numpy(), values)
    assert (weight.dtype, weight.path, weight.trainable) == (dtype, "l/w", True)


def test_weights_are_float32_unless_floatx_says_otherwise():
    kerasish.config.set_floatx("float64")
    layer = layers.Dense(1)
    layer.build((None, 2))
    assert {w.dtype for w in layer.weights} == {"float64"}


def test_set_weights_sets_all_or_nothing():
    layer = layers.Dense(2, name="d")
    layer.build((None, 2))
    before = layer.get_weights()
    for wrong in ([np.ones((2, 2))], [np.ones((2, 2)), np.ones(3)], []):
        with pytest.raises(ShapeError) as raised:
            layer.set_weights(wrong)
        assert f"got:      shapes {[w.shape for w in wrong]}" in str(raised.value)
        assert "expected: shapes [(2, 2), (2,)]" in str(raised.value)
        for now, then in zip(layer.get_weights(), before, strict=True):
            np.testing.assert_array_equal(now, then)


def test_get_weights_are_copies():
    layer = layers.Dense(2)
    layer.build((None, 2))
    layer.get_weights()[0][:] = 99
    assert not (layer.get_weights()[0] == 99).any()


def test_set_weights_of_an_unbuilt_layer_says_to_build_it():
    with pytest.raises(ShapeError, match="build the layer first"):
        layers.Dense(2).set_weights([np.ones((2, 2)), np.ones(2)])


def test_an_unbuilt_layer_has_no_number_of_weights():
    assert layers.Dense(2).get_weights() == []
    with pytest.raises(ValueError, match=r"has no weights yet(.|\n)*build\("):
        layers.Dense(2).count_params()


def test_freezing_a_layer_freezes_the_layers_inside():
    layer = Stack()
    layer(np.ones((1, 3)))
    layer.trainable = False
    assert layer.trainable_weights == []
    assert not layer.listed[0].trainable
    layer.trainable = True
    layer.listed[0].trainable = False
    assert len(layer.trainable_weights) == 2 + 1


# building and calling -------------------------------------------------------------


def test_a_layer_is_built_by_its_first_call_only():
    layer = layers.Dense(2)
    assert not layer.built
    layer(np.ones((1, 3)))
    kernel = layer.kernel
    layer(np.ones((4, 3)))
    assert layer.built
    assert layer.kernel is kernel
    assert layer.get_build_config() == {"input_shape": (1, 3)}


def test_build_config_builds_an_equal_layer():
    layer = layers.Dense(2)
    layer.build((None, 3))
    again = layers.Dense(2)
    again.build_from_config(layer.get_build_config())
    assert [w.shape for w in again.weights] == [(3, 2), (2,)]


def test_lists_of_numbers_are_one_array():
    layer = layers.Dense(1, kernel_initializer="ones")
    np.testing.assert_array_equal(host(layer([[1.0, 2.0], [3.0, 4.0]])), [[3.0], [7.0]])


def test_none_is_refused_with_the_layer_s_name():
    with pytest.raises(ValueError, match=r"Dense 'd' needs a tensor(.|\n)*None"):
        layers.Dense(1, name="d")(None)


def test_text_is_refused():
    with pytest.raises(TypeError, match="cannot become a tensor"):
        layers.Dense(1)("text")


def test_a_layer_without_call_says_to_define_it():
    with pytest.raises(NotImplementedError, match="'Layer' cannot be called"):
        layers.Layer()(np.ones((1, 2)))


def test_assignments_in_a_call_hold_eagerly_and_in_plans():
    layer = Scale()
    layer(np.ones((1, 2)))
    layer(np.ones((1, 2)))
    assert float(layer.count) == 2
    kerasish.grad(lambda x: ops.sum(layer(x)))(np.ones((1, 2), "float32"))
    assert float(layer.count) == 3


def test_training_reaches_inner_layers():
    layer = Stack()
    x = np.ones((50, 3), "float32")
    calm = host(layer(x))
    np.testing.assert_array_equal(host(layer(x, training=False)), calm)
    assert (host(layer(x, training=True)) != calm).any()


def test_a_layer_that_asks_for_training_is_told():
    class Spy(layers.Layer):
        def call(self, inputs, training=None):
            seen.append(training)
            return inputs

    seen = []
    spy = Spy()
    model = kerasish.Sequential([spy])
    for training in (None, True, False):
        model(np.ones((1, 1)), training=training)
    assert seen[-3:] == [None, True, False]  # before them, traces for shapes


def test_output_shapes_are_found_by_tracing_where_a_layer_does_not_say():
    layer = Stack()
    assert layer.compute_output_shape((None, 5)) == (None, 3)
    assert layer.compute_output_shape((7, 5)) == (7, 3)
    assert float(layer.named["scale"].count) == 0  # nothing was computed


def test_several_inputs_and_outputs():
    class Swap(layers.Layer):
        def call(self, inputs):
            a, b = inputs
            return {"b": b, "sum": a + b}

    x, y = np.ones((2, 3), "float32"), np.zeros((2, 3), "float32")
    result = Swap()([x, y])
    np.testing.assert_array_equal(host(result["sum"]), x)
    shapes = Swap().compute_output_shape([(None, 3), (None, 3)])
    assert shapes == {"b": (None, 3), "sum": (None, 3)}


def test_input_shape_and_input_dim_declare_the_input():
    assert layers.Dense(1, input_shape=(2, 3)).batch_input_shape == (None, 2, 3)
    assert layers.Dense(1, input_dim=3).batch_input_shape == (None, 3)
    both = layers.Dense(1, input_shape=(3,), batch_size=2)
    assert both.batch_input_shape == (2, 3)


def test_an_input_shape_is_a_tuple():
    with pytest.raises(ValueError, match=r"A shape is a tuple(.|\n)*shape=\(4,\)"):
        layers.Dense(1, input_shape=4)


# losses ---------------------------------------------------------------------------


def test_losses_added_in_a_call_and_penalties_reach_the_total():
    class Noisy(layers.Layer):
        def call(self, inputs):
            self.add_loss(ops.mean(inputs) * 3.0)
            return inputs

    model = kerasish.Sequential(
        [
            layers.Input((2,)),
            Noisy(activity_regularizer=regularizers.L1(0.5)),
            layers.Dense(1, kernel_initializer="ones", kernel_regularizer="l2"),
        ]
    )
    model.compile("sgd", "mse")
    x, y = np.ones((4, 2), "float32"), np.zeros((4, 1), "float32")
    # (1+1-0)^2, 3 * mean, 0.5 * two ones a sample, 0.01 * two ones of the kernel
    expected = 4.0 + 3.0 + 1.0 + 0.02
    np.testing.assert_allclose(model.evaluate(x, y, verbose=0), expected, rtol=1e-6)
    np.testing.assert_allclose(model.train_on_batch(x, y), expected, rtol=1e-6)


def test_a_model_may_train_on_added_losses_alone():
    class Centre(layers.Layer):
        def build(self, input_shape):
            self.at = self.add_weight((input_shape[-1],), "zeros", name="at")

        def call(self, inputs):
            self.add_loss(ops.mean(ops.square(inputs - self.at)))
            return inputs

    model = kerasish.Sequential([layers.Input((2,)), Centre()])
    model.compile(kerasish.optimizers.SGD(0.5))
    x = np.array([[1.0, -2.0], [3.0, 0.0]])
    model.fit(x, epochs=30, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], [2.0, -1.0], atol=1e-4)


# configs of users' layers ---------------------------------------------------------


def test_the_config_of_a_user_s_layer_is_read_off_its_constructor():
    config = Scale(start=2.0, name="s", dtype="float64").get_config()
    assert config["start"] == 2.0
    assert config["name"] == "s"
    again = Scale.from_config(config)
    assert again.start == 2.0
    assert again.dtype == "float64"


def test_changes_of_an_attribute_reach_the_config():
    layer = Scale(start=2.0)
    layer.start = 3.0
    assert layer.get_config()["start"] == 3.0


@pytest.mark.parametrize("dtype", ["float31", "flot32"])
def test_unknown_dtypes(dtype):
    with pytest.raises(ValueError, match=r"Unknown dtype(.|\n)*'float32'"):
        layers.Dense(1, dtype=dtype)


def test_repr_names_class_and_layer():
    assert repr(layers.Dense(1, name="d")) == "<Dense name=d, built=False>"
