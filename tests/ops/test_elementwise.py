"""Elementwise operations: broadcasting, special values, exactness, kinks."""

import math

import numpy as np
import pytest
from hypothesis import given

from kerasish import ops
from kerasish.errors import DTypeError, ShapeError
from kerasish.gradients import grad
from tests.ops.drawing import BROADCASTABLE

PLAIN = "add subtract multiply maximum minimum arctan2 less equal greater_equal".split()
STEEP = np.array([-np.inf, -1e30, -100, -1, -0.0, 0.0, 1, 100, 1e30, np.inf, np.nan])


@pytest.mark.parametrize("name", PLAIN)
@given(pair=BROADCASTABLE)
def test_operands_broadcast(name, pair):
    expected = getattr(np, name)(*pair)
    found = getattr(ops, name)(*pair)
    np.testing.assert_allclose(found, expected, rtol=1e-15, strict=True)


@given(pair=BROADCASTABLE)
def test_where_broadcasts_all_three(pair):
    x, y = pair
    np.testing.assert_array_equal(ops.where(x > 0, x, y), np.where(x > 0, x, y))
    np.testing.assert_array_equal(ops.where(x > 0, y, 1.5), np.where(x > 0, y, 1.5))


@pytest.mark.parametrize(
    "name",
    "exp expm1 tanh floor ceil sign absolute negative square isnan isinf isfinite "
    "arctan arcsinh".split(),
)
def test_special_values_are_numpys(name):
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(STEEP)
    np.testing.assert_allclose(getattr(ops, name)(STEEP), expected, rtol=1e-15)


LIMITS = {
    "relu": (0, np.inf),
    "relu6": (0, 6),
    "sigmoid": (0, 1),
    "log_sigmoid": (-np.inf, 0),
    "softplus": (0, np.inf),
    "hard_sigmoid": (0, 1),
    "hard_tanh": (-1, 1),
    "elu": (-1, np.inf),
    "erf": (-1, 1),
}


@pytest.mark.parametrize(("name", "ends"), LIMITS.items())
def test_saturating_functions_reach_their_limits(name, ends):
    function = getattr(ops, name)
    with np.errstate(all="ignore"):
        for size in (np.inf, 1e30, 1e4):
            low, high = function(np.array([-size, size]))
            assert low == pytest.approx(max(ends[0], -size), abs=1e-12)
            assert high == pytest.approx(min(ends[1], size))
        assert math.isnan(function(np.array(np.nan)))


def test_steep_gradients_do_not_overflow():
    x = np.array([-1e4, -100.0, 100.0, 1e4])
    for name in ("sigmoid", "softplus", "tanh", "log_sigmoid", "silu", "gelu", "mish"):
        slope = grad(lambda x, name=name: ops.sum(getattr(ops, name)(x)))(x)
        assert np.isfinite(slope).all(), name


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_erf_is_maths(dtype):
    x = np.concatenate([np.linspace(-7, 7, 2001), [0.5, -0.5, 1e-10, 0.0]])
    x = x.astype(dtype)
    exact = [math.erf(float(v)) for v in x]
    eps = float(np.finfo(dtype).eps)
    result = ops.erf(x)
    assert result.dtype == dtype
    np.testing.assert_allclose(result, exact, rtol=4 * eps, atol=1e-300)


def test_erf_is_odd_and_keeps_the_sign_of_zero():
    x = np.linspace(0, 7, 500)
    np.testing.assert_array_equal(ops.erf(-x), -ops.erf(x))
    assert np.signbit(ops.erf(np.array([-0.0]))).all()


KINKS = {
    "relu": 0.0,
    "absolute": 0.0,
    "sign": 0.0,
    "floor": 0.0,
    "round": 0.0,
}


@pytest.mark.parametrize(("name", "slope"), KINKS.items())
def test_gradient_at_a_kink(name, slope):
    assert grad(getattr(ops, name))(0.0) == slope


def test_equal_operands_share_the_gradient_of_their_extreme():
    for name in ("maximum", "minimum"):
        shares = grad(getattr(ops, name), (0, 1))(1.0, 1.0)
        assert [float(s) for s in shares] == [0.5, 0.5]


def test_power_of_zero_and_of_a_negative_base_has_a_gradient():
    with np.errstate(all="ignore"):
        at_zero = grad(ops.power, (0, 1))(0.0, 2.0)
        negative = grad(ops.power, (0, 1))(-2.0, 3.0)
    assert [float(g) for g in at_zero] == [0, 0]
    assert [float(g) for g in negative] == [12, 0]


def test_where_passes_nothing_to_the_other_side():
    x = np.array([-1.0, 4.0])
    slope = grad(lambda x: ops.sum(ops.where(x > 0, ops.square(x), -x)))(x)
    assert slope.tolist() == [-1, 8]


def test_round_goes_to_even_and_to_places():
    x = np.array([0.5, 1.5, 2.5, -0.5])
    assert ops.round(x).tolist() == [0, 2, 2, 0]
    assert ops.round(np.array([1.25, 3.375]), 1).tolist() == [1.2, 3.4]
    assert ops.round(np.array([17, 25], "int32"), -1).tolist() == [20, 20]
    assert ops.round(np.array([17], "int32"), -1).dtype == "int32"


def test_division_of_whole_numbers_gives_floats():
    assert ops.divide(np.array([3], "int32"), 2).dtype == "float32"
    assert ops.floor_divide(np.array([-3], "int32"), 2).tolist() == [-2]
    assert ops.mod(np.array([-3], "int32"), 2).tolist() == [1]


def test_shapes_that_do_not_broadcast():
    with pytest.raises(ShapeError) as caught:
        ops.add(np.ones((2, 3)), np.ones((4,)))
    text = str(caught.value)
    assert "These tensors do not broadcast together." in text
    assert "shapes (2, 3) and (4,)" in text
    assert "equal lengths, or 1, on each axis from the last on" in text


def test_an_empty_axis_does_not_broadcast_with_a_longer_one():
    with pytest.raises(ShapeError, match="do not broadcast"):
        ops.add(np.ones((0,)), np.ones((2,)))
    assert ops.add(np.ones((0,)), np.ones((1,))).shape == (0,)


def test_bits_need_whole_numbers():
    with pytest.raises(DTypeError) as caught:
        ops.bitwise_and(np.ones(2), np.ones(2, "int32"))
    text = str(caught.value)
    assert "Bit operations need whole numbers." in text
    assert "got:      float64, int32" in text
    assert "cast to an integer dtype first" in text
