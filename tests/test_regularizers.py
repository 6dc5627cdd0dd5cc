"""Penalties against their formulas, configs, names, and what is refused."""

import itertools

import numpy as np
import pytest

from kerasish import ops, regularizers
from kerasish.errors import ShapeError
from kerasish.gradients import grad


@pytest.fixture
def weights(rng):
    return rng.normal(size=(4, 3))


def mean_cosine(rows):
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    pairs = itertools.combinations(unit, 2)
    return np.mean([abs(a @ b) for a, b in pairs])


def test_l1(weights):
    expected = 0.3 * np.abs(weights).sum()
    assert float(regularizers.L1(0.3)(weights)) == pytest.approx(expected, rel=1e-12)


def test_l2(weights):
    expected = 0.3 * (weights**2).sum()
    assert float(regularizers.L2(0.3)(weights)) == pytest.approx(expected, rel=1e-12)


def test_l1_l2(weights):
    expected = 0.3 * np.abs(weights).sum() + 0.2 * (weights**2).sum()
    result = regularizers.L1L2(l1=0.3, l2=0.2)(weights)
    assert float(result) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("mode", ["rows", "columns"])
def test_orthogonal_is_the_mean_cosine(weights, mode):
    rows = weights if mode == "rows" else weights.T
    result = regularizers.OrthogonalRegularizer(0.3, mode)(weights)
    assert float(result) == pytest.approx(0.3 * mean_cosine(rows), rel=1e-6)


@pytest.mark.parametrize(
    "matrix", [np.eye(3), np.zeros((2, 3)), np.ones((1, 3)), np.full((2, 2), 0.0)]
)
def test_orthogonal_of_what_has_no_angles_is_zero(matrix):
    assert float(regularizers.OrthogonalRegularizer()(matrix)) == 0.0


@pytest.mark.parametrize(
    "regularizer",
    [
        regularizers.L1(0.3),
        regularizers.L2(0.3),
        regularizers.L1L2(0.1, 0.2),
        regularizers.OrthogonalRegularizer(0.3),
        regularizers.OrthogonalRegularizer(0.3, "columns"),
    ],
)
def test_gradient(rng, weights, regularizer):
    direction, step = rng.normal(size=weights.shape), 1e-6
    ahead, behind = (regularizer(weights + s * direction) for s in (step, -step))
    slope = (float(ahead) - float(behind)) / (2 * step)
    gradient = np.asarray(grad(regularizer)(weights))
    assert (gradient * direction).sum() == pytest.approx(slope, rel=1e-6)


def test_the_gradient_of_zero_rows_is_finite():
    gradient = grad(regularizers.OrthogonalRegularizer())(np.zeros((3, 2), "float32"))
    assert np.isfinite(np.asarray(gradient)).all()


def test_orthogonal_wants_a_matrix():
    with pytest.raises(ShapeError, match=r"matrices only.\n.*\(3,\)"):
        regularizers.OrthogonalRegularizer()(np.ones(3))


def test_a_wrong_mode_is_told_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'rows'"):
        regularizers.OrthogonalRegularizer(mode="row")


@pytest.mark.parametrize("factor", [-0.1, float("nan"), float("inf"), "a", [1.0]])
@pytest.mark.parametrize(
    "make",
    [
        regularizers.L1,
        regularizers.L2,
        regularizers.OrthogonalRegularizer,
        lambda factor: regularizers.L1L2(l2=factor),
    ],
)
def test_a_factor_is_finite_and_not_negative(make, factor):
    with pytest.raises(ValueError, match="finite number that is not negative"):
        make(factor)


def test_defaults_are_those_of_keras():
    assert regularizers.L1().get_config() == {"l1": 0.01}
    assert regularizers.L2(None).get_config() == {"l2": 0.01}
    assert regularizers.L1L2().get_config() == {"l1": 0.0, "l2": 0.0}
    config = regularizers.OrthogonalRegularizer().get_config()
    assert config == {"factor": 0.01, "mode": "rows"}


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("l1", regularizers.L1),
        ("l2", regularizers.L2),
        ("L1", regularizers.L1),
        ("l1l2", regularizers.L1L2),
        ("l1_l2", regularizers.L1L2),
        ("L1L2", regularizers.L1L2),
        ("orthogonal_regularizer", regularizers.OrthogonalRegularizer),
        ("OrthogonalRegularizer", regularizers.OrthogonalRegularizer),
    ],
)
def test_names(name, cls):
    assert type(regularizers.get(name)) is cls


def test_lower_case_names_are_the_classes():
    assert regularizers.l1 is regularizers.L1
    assert regularizers.l2 is regularizers.L2
    assert regularizers.l1_l2 is regularizers.L1L2
    assert regularizers.orthogonal_regularizer is regularizers.OrthogonalRegularizer


@pytest.mark.parametrize(
    "regularizer",
    [
        regularizers.L1(0.3),
        regularizers.L2(0.3),
        regularizers.L1L2(0.1, 0.2),
        regularizers.OrthogonalRegularizer(0.3, "columns"),
    ],
)
def test_config_round_trip(regularizer, weights):
    config = regularizers.serialize(regularizer)
    assert config["module"] == "keras.regularizers"
    again = regularizers.deserialize(config)
    assert type(again) is type(regularizer)
    assert again.get_config() == regularizer.get_config()
    assert float(again(weights)) == float(regularizer(weights))


def test_get_passes_none_objects_classes_and_callables():
    regularizer = regularizers.L2(0.5)
    assert regularizers.get(None) is None
    assert regularizers.get(regularizer) is regularizer
    assert isinstance(regularizers.get(regularizers.L1), regularizers.L1)
    assert regularizers.get(ops.sum) is ops.sum


def test_an_unknown_name_is_told_the_nearest():
    with pytest.raises(ValueError, match=r"Unknown regularizer 'l3'.\n.*'l"):
        regularizers.get("l3")


def test_the_base_class_charges_nothing():
    assert regularizers.Regularizer()(np.ones(3)) == 0.0
    assert regularizers.Regularizer().get_config() == {}
