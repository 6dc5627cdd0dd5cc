"""Losses and metrics spread over the outputs of a model."""

import numpy as np
import pytest

from kerasish import Input, Model, layers, losses, metrics, optimizers
from kerasish.training.outputs import names_of, only_leaf, spread, spread_data

X = np.arange(12, dtype="float32").reshape(4, 3) / 12
P, Q = np.ones((4, 2), "float32"), np.full((4, 1), 2.0, "float32")


def test_outputs_are_named_by_keys_layers_or_numbers():
    x = np.ones(2)
    assert names_of({"b": x, "a": x}, ["one", "two"]) == ["a", "b"]
    assert names_of([x, x], ["one", "two"]) == ["one", "two"]
    assert names_of([x, x], None) == ["output_1", "output_2"]
    assert only_leaf([x]) is x


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("mse", ["mse", "mse"]),
        (["mse", None], ["mse", None]),
        ({"q": "mse"}, [None, "mse"]),
        ({"class_name": "C"}, [{"class_name": "C"}] * 2),
    ],
)
def test_what_is_given_is_spread(given, found):
    assert spread(given, ["p", "q"], "loss") == found


def test_data_are_spread():
    x = np.ones(2)
    assert spread_data(None, ["p", "q"], "y") == [None, None]
    assert spread_data({"q": x}, ["p", "q"], "y") == [None, x]
    with pytest.raises(ValueError, match=r"y does not fit(.|\n)*3 entries(.|\n)*2"):
        spread_data([x, x, x], ["p", "q"], "y")


def two(**compile_arguments):
    """Return a compiled model of two outputs, p and q, of the same inputs."""
    x = Input((3,))
    ones = {"kernel_initializer": "ones"}
    outputs = [
        layers.Dense(n, name=name, **ones)(x) for n, name in ((2, "p"), (1, "q"))
    ]
    model = Model(x, outputs)
    model.compile(optimizers.SGD(0.1), **compile_arguments)
    return model


S = X.sum(axis=1, keepdims=True)
MSE_P, MAE_P = np.mean((S - P) ** 2), np.mean(abs(S - P))
MSE_Q, MAE_Q = np.mean((S - Q) ** 2), np.mean(abs(S - Q))

CASES = {
    "one_for_all": ({"loss": "mse"}, {"loss": MSE_P + MSE_Q, "p_loss": MSE_P}),
    "a_list": ({"loss": ["mse", "mae"]}, {"loss": MSE_P + MAE_Q, "q_loss": MAE_Q}),
    "a_dict": ({"loss": {"q": "mae", "p": "mse"}}, {"loss": MSE_P + MAE_Q}),
    "one_only": ({"loss": ["mse", None]}, {"loss": MSE_P}),
    "weights_in_a_list": (
        {"loss": "mse", "loss_weights": [0.5, 2.0]},
        {"loss": 0.5 * MSE_P + 2 * MSE_Q, "p_loss": MSE_P, "q_loss": MSE_Q},
    ),
    "weights_in_a_dict": (
        {"loss": {"p": "mse", "q": "mse"}, "loss_weights": {"p": 0.5, "q": 2.0}},
        {"loss": 0.5 * MSE_P + 2 * MSE_Q},
    ),
    "metrics_in_lists": (
        {"loss": "mse", "metrics": [["mae"], ["mae", "mse"]]},
        {"p_mae": MAE_P, "q_mae": MAE_Q, "q_mse": MSE_Q},
    ),
    "one_metric_each": (
        {"loss": "mse", "metrics": ["mae", "mse"]},
        {"p_mae": MAE_P, "q_mse": MSE_Q},
    ),
    "metrics_in_a_dict": (
        {"loss": "mse", "metrics": {"q": metrics.MeanAbsoluteError(name="far")}},
        {"q_far": MAE_Q},
    ),
    "weighted_metrics": (
        {"loss": "mse", "weighted_metrics": {"p": "mae"}},
        {"p_mae": MAE_P},
    ),
    "an_object": ({"loss": losses.MeanSquaredError()}, {"loss": MSE_P + MSE_Q}),
}


@pytest.mark.parametrize("name", CASES)
def test_several_outputs(name):
    arguments, expected = CASES[name]
    model = two(**arguments)
    found = model.evaluate(X, [P, Q], verbose=0, return_dict=True)
    for key, value in expected.items():
        assert found[key] == pytest.approx(value, rel=1e-5), key
    by_name = model.evaluate(X, {"q": Q, "p": P}, verbose=0, return_dict=True)
    assert by_name == pytest.approx(found)


def test_sample_weights_of_each_output():
    model = two(loss="mse", weighted_metrics=["mae", "mae"], metrics=["mae", None])
    w, v = np.array([1.0, 0, 0, 1]), np.array([0.0, 1, 2, 3])
    found = model.evaluate(X, [P, Q], sample_weight=[w, v], verbose=0, return_dict=True)
    p, q = ((S - P) ** 2).mean(1), ((S - Q) ** 2).mean(1)
    assert found["loss"] == pytest.approx((p * w).mean() + (q * v).mean(), rel=1e-5)
    far = np.average(abs(S - Q).mean(1), weights=v)
    assert found["q_mae"] == pytest.approx(far, rel=1e-5)
    alike = model.evaluate(X, [P, Q], sample_weight=w, verbose=0, return_dict=True)
    assert alike["loss"] == pytest.approx((p * w).mean() + (q * w).mean(), rel=1e-5)


def test_results_are_listed_with_losses_first_then_by_name():
    model = two(loss="mse", metrics=[["mae"], ["mse", "mae"]])
    found = model.evaluate(X, [P, Q], verbose=0)
    expected = [MSE_P + MSE_Q, MSE_P, MSE_Q, MAE_P, MAE_Q, MSE_Q]
    assert found == pytest.approx(expected, rel=1e-5)
    assert model.metrics_names == ["loss", "compile_metrics", "p_loss", "q_loss"]
    assert model.test_on_batch(X, [P, Q]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"loss": {"p": "mse", "r": "mse"}}, r"Unknown output in loss 'r'"),
        ({"loss": ["mse"]}, r"loss does not fit(.|\n)*1 entries(.|\n)*\['p', 'q'\]"),
        ({"loss": "mse", "loss_weights": [1.0]}, "loss_weights does not fit"),
        ({"loss": "mse", "metrics": {"r": "mae"}}, "Unknown output in metrics 'r'"),
        ({"loss": "mse", "metrics": ["mae"]}, "metrics does not fit"),
        ({"loss": "mse", "metrics": ["mae"] * 3}, "metrics does not fit"),
        ({"loss": "mse", "metrics": "mae"}, "metrics does not say which output"),
        ({"loss": [None, None]}, "No output has a loss"),
        ({"loss": ["mse", "msee"]}, r"'msee'(.|\n)*did you mean"),
    ],
)
def test_what_does_not_fit_the_outputs(arguments, text):
    with pytest.raises(ValueError, match=text):
        two(**arguments).fit(X, [P, Q], verbose=0)


def test_a_wrong_number_of_targets():
    with pytest.raises(ValueError, match="y does not fit the model's outputs"):
        two(loss="mse").fit(X, [P, Q, Q], verbose=0)


def keyed(**compile_arguments):
    x = Input((3,))
    model = Model(x, {"b": layers.Dense(1, name="one", kernel_initializer="ones")(x)})
    model.compile("sgd", **compile_arguments)
    return model


def test_one_output_in_a_dict_goes_by_its_key():
    model = keyed(loss={"b": "mae"}, metrics={"b": ["mse"]}, loss_weights={"b": 3.0})
    found = model.evaluate(X, {"b": Q}, verbose=0, return_dict=True)
    assert found == pytest.approx({"loss": 3 * MAE_Q, "mse": MSE_Q}, rel=1e-5)
    assert list(model.predict(X, verbose=0)) == ["b"]
    with pytest.raises(ValueError, match=r"Unknown output in loss 'c'"):
        keyed(loss={"c": "mae"}).fit(X, {"b": Q}, verbose=0)
