"""A model's state as nested dicts."""

import numpy as np
import pytest

from kerasish import Input, Sequential, layers

X = np.random.default_rng(1).normal(size=(6, 4)).astype("float32")


@pytest.fixture
def model():
    model = Sequential([Input((4,)), layers.Dense(2, name="a")], name="m")
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(X, X[:, :2], verbose=0)
    return model


def test_it_has_every_variable_by_its_path(model):
    tree = model.get_state_tree(value_format="numpy_array")
    assert tree["trainable_variables"]["m"]["a"].keys() == {"kernel", "bias"}
    assert tree["non_trainable_variables"] == {}
    assert {"iteration", "learning_rate"} <= tree["optimizer_variables"]["adam"].keys()
    assert "loss" in tree["metrics_variables"]


def test_it_is_a_copy_that_can_be_set_again(model):
    tree = model.get_state_tree()
    first = [v.numpy() for v in (*model.variables, *model.optimizer.variables)]
    model.fit(X, X[:, :2], epochs=2, verbose=0)
    model.set_state_tree(tree)
    again = [v.numpy() for v in (*model.variables, *model.optimizer.variables)]
    for one, other in zip(again, first, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_part_may_be_set(model):
    bias = np.array([5.0, 6.0], "float32")
    model.set_state_tree({"trainable_variables": {"m": {"a": {"bias": bias}}}})
    np.testing.assert_array_equal(model.layers[0].bias.numpy(), bias)


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ({"trainable_weights": {}}, "did you mean 'trainable_variables'"),
        ({"trainable_variables": {"m": {"b": np.ones(2)}}}, "'m/a/bias'"),
        ({"trainable_variables": {"m": {"a": {"bias": np.ones(3)}}}}, r"\(3,\)"),
    ],
)
def test_what_does_not_fit_sets_nothing(model, tree, said):
    before = model.get_weights()
    with pytest.raises(ValueError, match=said):
        model.set_state_tree(tree)
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_unknown_format(model):
    with pytest.raises(ValueError, match="numpy_array"):
        model.get_state_tree(value_format="numpy")
