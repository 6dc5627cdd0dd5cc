"""Activations against their formulas in float64, and the names they are found by."""

import math

import numpy as np
import pytest

from kerasish import activations, ops
from kerasish.errors import ShapeError
from kerasish.saving.registry import register_keras_serializable

GRID = np.concatenate([np.linspace(-8, 8, 161), [-1.0, -0.5, 0.0, 0.5, 1.0]])


def logistic(x):
    return 1 / (1 + np.exp(-x))


def softplus(x):
    return np.log1p(np.exp(x))


FORMULAS = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "selu": lambda x: (
        1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))
    ),
    "celu": lambda x: np.maximum(x, 0) + np.minimum(0, np.expm1(x)),
    "gelu": lambda x: x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2))),
    "silu": lambda x: x * logistic(x),
    "hard_silu": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "mish": lambda x: x * np.tanh(softplus(x)),
    "softplus": softplus,
    "squareplus": lambda x: (x + np.sqrt(x * x + 4)) / 2,
    "sparse_plus": lambda x: np.where(x <= -1, 0, np.where(x < 1, (x + 1) ** 2 / 4, x)),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "tanh": np.tanh,
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "tanh_shrink": lambda x: x - np.tanh(x),
    "hard_shrink": lambda x: np.where(np.abs(x) > 0.5, x, 0),
    "soft_shrink": lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0),
    "sigmoid": logistic,
    "log_sigmoid": lambda x: -softplus(-x),
    "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "sparse_sigmoid": lambda x: np.clip((x + 1) / 2, 0, 1),
    "exponential": np.exp,
    "linear": lambda x: x,
}
ALONG_AN_AXIS = {"softmax", "log_softmax", "sparsemax", "glu"}
ALIASES = {"swish": "silu", "hard_swish": "hard_silu"}
NOT_ACTIVATIONS = {"get", "serialize", "deserialize"}


def names():
    return sorted(set(activations.__all__) - NOT_ACTIVATIONS)


def test_every_activation_is_checked_here():
    checked = {*FORMULAS, *ALONG_AN_AXIS, *ALIASES, "threshold"}
    assert set(names()) == checked


@pytest.mark.parametrize("name", FORMULAS)
def test_formula(name):
    result = getattr(activations, name)(GRID)
    np.testing.assert_allclose(
        ops.convert_to_numpy(result), FORMULAS[name](GRID), rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("name", FORMULAS)
def test_float32_stays_float32(name):
    x = ops.convert_to_tensor(GRID, dtype="float32")
    assert str(getattr(activations, name)(x).dtype) == "float32"


@pytest.mark.parametrize("name", FORMULAS)
def test_no_overflow_far_out(name):
    if name == "exponential":
        return
    with np.errstate(over="raise", invalid="raise"):
        result = getattr(activations, name)(np.array([-1e4, 1e4], dtype="float32"))
    assert np.isfinite(ops.convert_to_numpy(result)).all()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"negative_slope": 0.1}, [-0.3, -0.1, 0.0, 1.0, 4.0]),
        ({"max_value": 2.0}, [0.0, 0.0, 0.0, 1.0, 2.0]),
        ({"threshold": 1.0}, [0.0, 0.0, 0.0, 0.0, 4.0]),
        ({"threshold": -2.0}, [0.0, -1.0, 0.0, 1.0, 4.0]),
        ({"threshold": -2.0, "max_value": 0.5}, [0.0, 0.0, 0.0, 0.5, 0.5]),
        (
            {"negative_slope": 0.1, "max_value": 2.0, "threshold": 1.0},
            [-0.4, -0.2, -0.1, 0.0, 2.0],
        ),
    ],
)
def test_relu_arguments(settings, expected):
    x = np.array([-3.0, -1.0, 0.0, 1.0, 4.0])
    np.testing.assert_allclose(activations.relu(x, **settings), expected, atol=1e-15)


@pytest.mark.parametrize(
    ("name", "settings", "formula"),
    [
        ("leaky_relu", {"negative_slope": 0.5}, lambda x: np.where(x > 0, x, x / 2)),
        ("elu", {"alpha": 2.0}, lambda x: np.where(x > 0, x, 2 * np.expm1(x))),
        ("celu", {"alpha": 2.0}, lambda x: np.where(x > 0, x, 2 * np.expm1(x / 2))),
        (
            "gelu",
            {"approximate": True},
            lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
        ),
        ("squareplus", {"b": 1.0}, lambda x: (x + np.sqrt(x * x + 1)) / 2),
        ("hard_shrink", {"threshold": 2.0}, lambda x: np.where(abs(x) > 2, x, 0)),
        (
            "soft_shrink",
            {"threshold": 2.0},
            lambda x: np.sign(x) * np.maximum(abs(x) - 2, 0),
        ),
        (
            "threshold",
            {"threshold": 0.5, "default_value": -3.0},
            lambda x: np.where(x > 0.5, x, -3.0),
        ),
    ],
)
def test_settings(name, settings, formula):
    result = getattr(activations, name)(GRID, **settings)
    np.testing.assert_allclose(result, formula(GRID), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("axis", [0, 1, -1, (0, 1)])
def test_softmax_and_its_logarithm(rng, axis):
    x = rng.normal(size=(3, 4)) * 50
    exact = np.exp(x - x.max(axis=axis, keepdims=True))
    exact /= exact.sum(axis=axis, keepdims=True)
    np.testing.assert_allclose(activations.softmax(x, axis=axis), exact, atol=1e-15)
    np.testing.assert_allclose(
        np.exp(activations.log_softmax(x, axis=axis)), exact, atol=1e-14
    )


def test_softmax_of_a_vector():
    np.testing.assert_allclose(activations.softmax([0.0, math.log(3.0)]), [0.25, 0.75])


def test_softmax_of_a_number_says_what_is_wrong():
    with pytest.raises(ShapeError, match="no such axis"):
        activations.softmax(1.0)


def nearest_on_simplex(z):
    """Return the projection of a vector on the simplex, found by bisection."""
    low, high = z.min() - 1.0, z.max()
    for _ in range(200):
        middle = (low + high) / 2
        above = np.maximum(z - middle, 0).sum() > 1
        low, high = (middle, high) if above else (low, middle)
    return np.maximum(z - low, 0)


@pytest.mark.parametrize("axis", [0, -1])
def test_sparsemax_projects_on_the_simplex(rng, axis):
    x = rng.normal(size=(6, 5))
    exact = np.apply_along_axis(nearest_on_simplex, axis, x)
    np.testing.assert_allclose(activations.sparsemax(x, axis=axis), exact, atol=1e-6)


@pytest.mark.parametrize("axis", [0, -1])
def test_glu_gates_one_half_with_the_other(rng, axis):
    x = rng.normal(size=(4, 6))
    values, gates = np.split(x, 2, axis=axis)
    np.testing.assert_allclose(
        activations.glu(x, axis=axis), values * logistic(gates), rtol=1e-12
    )


@pytest.mark.parametrize("name", names())
def test_found_by_name_and_written_as_name(name):
    found = activations.get(name)
    assert found is getattr(activations, name)
    assert activations.serialize(found) == ALIASES.get(name, name)
    assert activations.deserialize(name) is found


def test_none_is_linear():
    assert activations.get(None) is activations.linear


def test_the_op_of_the_same_name_is_written_as_the_name():
    assert activations.serialize(ops.relu) == "relu"


def test_a_misspelt_name_is_told_the_nearest():
    with pytest.raises(ValueError, match=r"Unknown activation 'rleu'.*\n.*'relu'"):
        activations.get("rleu")


def test_what_is_no_activation_is_refused():
    with pytest.raises(ValueError, match=r"Cannot understand this activation.\n.*3"):
        activations.get(3)


def test_any_callable_will_do():
    def double(x):
        return ops.multiply(x, 2)

    assert activations.get(double) is double


def test_a_registered_function_goes_to_a_config_and_back():
    @register_keras_serializable("tests", "half")
    def half(x):
        return ops.multiply(x, 0.5)

    config = activations.serialize(half)
    assert config["config"] == "tests>half"
    assert activations.get(config) is half


def test_custom_objects_are_found():
    assert activations.deserialize("mine", {"mine": activations.relu}) is (
        activations.relu
    )
