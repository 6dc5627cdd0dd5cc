"""Gamma and beta draws: distributions with a closed form, moments, reproducibility.

Seeds are fixed. Bounds are the Kolmogorov-Smirnov distance that one draw in 1000
exceeds, and five standard deviations of a mean.
"""

import math

import numpy as np
import pytest

from kerasish import ops, random
from kerasish.backend import get_backend
from kerasish.errors import DTypeError
from kerasish.graph.replay import compile_graph
from kerasish.graph.trace import trace
from tests.random.test_draws import FLOATS, KS_BOUND, SIZE, distance, host

ROUNDING = {"float16": 2.0**-11, "float32": 0, "float64": 0}


def erlang(k):
    """Return the distribution function of gamma values, for a whole alpha."""

    def cdf(x):
        terms = [x**i / math.factorial(i) for i in range(k)]
        return 1 - np.exp(-x) * sum(terms)

    return cdf


def half(x):
    return np.vectorize(math.erf)(np.sqrt(x))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("alpha", "cdf"), [(0.5, half), (1.0, erlang(1)), (2.0, erlang(2)), (7, erlang(7))]
)
def test_gamma(dtype, alpha, cdf):
    values = random.gamma((SIZE,), alpha, dtype=dtype, seed=1)
    assert str(values.dtype) == dtype
    rounding = 2.0**-8 if dtype == "float16" else 0  # steep near zero
    assert distance(host(values), cdf) < KS_BOUND + rounding


@pytest.mark.parametrize("alpha", [0.05, 0.3, 1.5, 40.0, 1e4])
def test_moments_of_gamma(alpha):
    values = host(random.gamma((SIZE,), alpha, dtype="float64", seed=2))
    error = 5 * math.sqrt(alpha / SIZE)
    assert abs(values.mean() - alpha) < error
    # the variance of a squared deviation is 2 alpha^2 + 6 alpha
    error = 5 * math.sqrt((2 * alpha**2 + 6 * alpha) / SIZE)
    assert abs(values.var() - alpha) < error


# where F is the polynomial of a whole alpha and beta
BETAS = [
    (1, 1, lambda x: x),
    (2, 1, lambda x: x**2),
    (1, 3, lambda x: 1 - (1 - x) ** 3),
    (2, 3, lambda x: 6 * x**2 - 8 * x**3 + 3 * x**4),
    (0.5, 0.5, lambda x: 2 / math.pi * np.arcsin(np.sqrt(x))),
]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("alpha", "beta", "cdf"), BETAS)
def test_beta(dtype, alpha, beta, cdf):
    values = random.beta((SIZE,), alpha, beta, dtype=dtype, seed=3)
    assert str(values.dtype) == dtype
    values = host(values)
    assert values.min() >= 0
    assert values.max() <= 1
    # the arcsine law falls off like a root at 1, where values are rounded
    steep = 2.0 if alpha == 1 or alpha == 2 else 32.0
    assert distance(values, cdf) < KS_BOUND + steep * ROUNDING[dtype]


def test_small_parameters_give_no_nan():
    values = host(random.beta((1000,), 0.001, 0.001, seed=4))
    assert np.isfinite(values).all()
    assert 0.3 < values.mean() < 0.7


def test_small_values_are_not_rounded_to_zero():
    values = host(random.beta((10000,), 0.1, 5.0, seed=5))
    assert (values < 1e-20).any()
    assert (values > 0).mean() > 0.99


def test_parameters_may_be_arrays():
    alpha = np.float32([[0.5], [50.0]])
    values = host(random.gamma((2, SIZE), alpha, seed=6))
    np.testing.assert_allclose(values.mean(axis=1), [0.5, 50.0], rtol=0.02)
    values = host(random.beta((2, SIZE), alpha, np.float32([[0.5], [50.0]]), seed=6))
    np.testing.assert_allclose(values.mean(axis=1), [0.5, 0.5], rtol=0.02)
    assert values[1].std() < 0.2 * values[0].std()


DRAWS = {
    "gamma": lambda seed: random.gamma((5, 3), 0.7, seed=seed),
    "beta": lambda seed: random.beta((5, 3), 0.7, 2.0, seed=seed),
    "binomial": lambda seed: random.binomial((5, 3), 30, 0.4, seed=seed),
}


@pytest.mark.parametrize("name", DRAWS)
def test_a_seed_gives_the_same_values_on_every_backend(name, backend):
    draw = DRAWS[name]
    values = host(draw(7))
    np.testing.assert_array_equal(values, host(draw(7)))
    assert (values != host(draw(8))).any()
    known = {
        "gamma": [0.391398, 1.332978, 0.589475],
        "beta": [0.078467, 0.302123, 0.324293],
        "binomial": [12.0, 8.0, 9.0],
    }
    np.testing.assert_allclose(values[0], known[name], rtol=1e-4)


@pytest.mark.parametrize("name", DRAWS)
def test_a_replayed_step_draws_anew(name):
    generator = random.SeedGenerator(3)
    step = compile_graph(trace(lambda: DRAWS[name](generator), []), get_backend())
    replayed = [host(step()) for _ in range(3)]
    generator = random.SeedGenerator(3)
    for values in replayed:
        # the compiler may reorder a sum: a rounding or two
        np.testing.assert_allclose(values, host(DRAWS[name](generator)), rtol=1e-5)
    assert (replayed[0] != replayed[1]).any()


def test_no_value_is_drawn_of_an_empty_shape():
    assert ops.convert_to_numpy(random.gamma((0, 2), 1.0, seed=1)).shape == (0, 2)
    assert random.gamma((), 1.0, seed=1).shape == ()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: random.gamma((2,), 0.0), r"gamma cannot draw(.|\n)*alpha=0.0"),
        (lambda: random.beta((2,), 1.0, -1), r"beta cannot draw(.|\n)*beta=-1"),
    ],
)
def test_parameters_must_be_positive(call, text):
    with pytest.raises(ValueError, match=text):
        call()


def test_whole_numbers_cannot_be_drawn():
    with pytest.raises(DTypeError, match=r"gamma cannot draw values(.|\n)*int32"):
        random.gamma((2,), 1.0, dtype="int32")
