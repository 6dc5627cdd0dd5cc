"""Constraints: the norms they leave behind, configs, and names."""

import numpy as np
import pytest

from kerasish import constraints, ops


@pytest.fixture
def weights(rng):
    return rng.normal(size=(4, 3)) * [[0.1, 1.0, 10.0]]


def norms(w, axis=0):
    return np.sqrt((np.asarray(w) ** 2).sum(axis=axis, keepdims=True))


@pytest.mark.parametrize("axis", [0, 1, (0, 1), [0, 1]])
def test_max_norm_bounds_and_leaves_the_rest(weights, axis):
    axes = tuple(axis) if isinstance(axis, list) else axis
    before = norms(weights, axes)
    expected = weights * np.minimum(before, 2.0) / before
    result = constraints.MaxNorm(2.0, axis=axis)(weights)
    np.testing.assert_allclose(result, expected, rtol=1e-5)


def test_unit_norm(weights):
    result = constraints.UnitNorm()(weights)
    np.testing.assert_allclose(norms(result), 1.0, rtol=1e-5)


@pytest.mark.parametrize("rate", [1.0, 0.25])
def test_min_max_norm_goes_part_of_the_way(weights, rate):
    before = norms(weights, 1)
    wanted = rate * np.clip(before, 0.5, 2.0) + (1 - rate) * before
    constraint = constraints.MinMaxNorm(0.5, 2.0, rate=rate, axis=1)
    np.testing.assert_allclose(norms(constraint(weights), 1), wanted, rtol=1e-5)


def test_non_neg():
    w = np.array([-1.0, 0.0, 2.0, -np.inf], dtype="float32")
    np.testing.assert_array_equal(constraints.NonNeg()(w), [0.0, 0.0, 2.0, 0.0])


@pytest.mark.parametrize(
    "constraint",
    [
        constraints.MaxNorm(1.0),
        constraints.UnitNorm(),
        constraints.MinMaxNorm(0.0, 1.0),
        constraints.NonNeg(),
    ],
)
def test_zero_weights_stay_zero(constraint):
    w = np.zeros((3, 2), dtype="float32")
    np.testing.assert_array_equal(constraint(w), w)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtype_is_kept(dtype):
    w = ops.convert_to_tensor([[1.0, 2.0]], dtype=dtype)
    for name in ("max_norm", "unit_norm", "min_max_norm", "non_neg"):
        assert str(constraints.get(name)(w).dtype) == dtype


def test_the_base_class_allows_all(weights):
    np.testing.assert_array_equal(constraints.Constraint()(weights), weights)


def test_defaults_are_those_of_keras():
    assert constraints.MaxNorm().get_config() == {"max_value": 2, "axis": 0}
    assert constraints.UnitNorm().get_config() == {"axis": 0}
    assert constraints.NonNeg().get_config() == {}
    assert constraints.MinMaxNorm().get_config() == {
        "min_value": 0.0,
        "max_value": 1.0,
        "rate": 1.0,
        "axis": 0,
    }


@pytest.mark.parametrize(
    "constraint",
    [
        constraints.MaxNorm(1.5, axis=[0, 1]),
        constraints.UnitNorm(axis=1),
        constraints.MinMaxNorm(0.5, 2.0, 0.5, 1),
        constraints.NonNeg(),
    ],
)
def test_config_round_trip(constraint, weights):
    config = constraints.serialize(constraint)
    assert config["module"] == "keras.constraints"
    again = constraints.deserialize(config)
    assert type(again) is type(constraint)
    np.testing.assert_array_equal(again(weights), constraint(weights))


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("max_norm", constraints.MaxNorm),
        ("MaxNorm", constraints.MaxNorm),
        ("min_max_norm", constraints.MinMaxNorm),
        ("non_neg", constraints.NonNeg),
        ("unit_norm", constraints.UnitNorm),
    ],
)
def test_names(name, cls):
    assert type(constraints.get(name)) is cls


def test_lower_case_names_are_the_classes():
    assert constraints.max_norm is constraints.MaxNorm
    assert constraints.min_max_norm is constraints.MinMaxNorm
    assert constraints.non_neg is constraints.NonNeg
    assert constraints.unit_norm is constraints.UnitNorm


def test_get_passes_none_and_callables():
    assert constraints.get(None) is None
    assert constraints.get(ops.relu) is ops.relu


def test_an_unknown_name_is_told_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'max_norm'"):
        constraints.get("maxx_norm")


def test_an_argument_nobody_takes_raises():
    with pytest.raises(TypeError, match="argument"):
        constraints.NonNeg(3)
