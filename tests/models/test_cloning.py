"""`clone_model`: the same architecture, weights of its own."""

import numpy as np
import pytest

from kerasish import Input, Model, Sequential, layers, models, ops

X = np.arange(6, dtype="float32").reshape(2, 3) / 6


def functional():
    x = Input((3,), name="x")
    shared = layers.Dense(3, name="shared", activation="tanh")
    h = shared(shared(x)) + x
    return Model(x, {"a": layers.Dense(1, name="a")(h), "b": h}, name="net")


def sequential():
    return Sequential([Input((3,)), layers.Dense(2, name="d")], name="line")


@pytest.mark.parametrize("make", [functional, sequential])
def test_clones_have_equal_layers_and_new_weights(make):
    model = make()
    clone = models.clone_model(model)
    assert type(clone) is type(model)
    assert clone.name == model.name
    assert [w.path for w in clone.weights] == [w.path for w in model.weights]
    assert not set(clone.weights) & set(model.weights)
    assert not np.array_equal(clone.get_weights()[0], model.get_weights()[0])
    clone.set_weights(model.get_weights())
    expected, found = (m.predict(X, verbose=0) for m in (model, clone))
    assert type(found) is type(expected)
    np.testing.assert_array_equal(
        *(m["a"] if isinstance(m, dict) else m for m in (found, expected))
    )


def test_layers_may_be_replaced():
    def softened(layer):
        if isinstance(layer, layers.Dense):
            return layers.Dense(layer.units, activation="tanh", name=layer.name)
        return type(layer).from_config(layer.get_config())

    for model in (functional(), sequential()):
        clone = models.clone_model(model, clone_function=softened)
        dense = [la for la in clone.layers if isinstance(la, layers.Dense)]
        assert all(la.activation.__name__ == "tanh" for la in dense)


def test_layers_may_be_shared_with_the_original():
    model = functional()
    clone = models.clone_model(model, clone_function=lambda layer: layer)
    assert clone.weights == model.weights
    np.testing.assert_array_equal(clone(X)["a"], model(X)["a"])


def test_calls_may_be_changed():
    names = []

    def noted(layer, *args, **kwargs):
        names.append(layer.name)
        return layer(*args, **kwargs)

    models.clone_model(functional(), call_function=noted)
    assert names == ["shared", "shared", "a"]
    with pytest.raises(ValueError, match="functional models only"):
        models.clone_model(sequential(), call_function=noted)


def test_nested_models_are_cloned_as_deep_as_asked():
    def counted(layer):
        seen.append(layer.name)
        if isinstance(layer, Model):
            return layer
        return type(layer).from_config(layer.get_config())

    x = Input((3,))
    outer = Model(x, layers.Dense(1, name="top")(sequential()(x)))
    seen = []
    models.clone_model(outer, clone_function=counted)
    assert "d" not in seen
    assert "line" in seen
    seen = []
    models.clone_model(outer, clone_function=counted, recursive=True)
    assert "d" in seen


@pytest.mark.parametrize("make", [functional, sequential])
def test_a_clone_on_other_inputs(make):
    other = Input((3,), name="other")
    clone = models.clone_model(make(), input_tensors=other)
    assert clone.inputs[0] is other


def test_a_subclass_is_cloned_by_its_config():
    class Net(Model):
        def __init__(self, units=2, **kwargs):
            super().__init__(**kwargs)
            self.dense = layers.Dense(units)
            self.units = units

        def call(self, inputs):
            return ops.relu(self.dense(inputs))

    model = Net(4)
    assert models.clone_model(model).units == 4
    with pytest.raises(ValueError, match="cloned through its config alone"):
        models.clone_model(model, clone_function=lambda layer: layer)


def test_unknown_arguments():
    with pytest.raises(ValueError, match="Unknown arguments"):
        models.clone_model(sequential(), deep=True)
