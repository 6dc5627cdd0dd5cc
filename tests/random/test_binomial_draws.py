"""Binomial draws against their probabilities, by both methods and at their border.

Seeds are fixed. A sample's share of a value with probability q lies within five
standard deviations, sqrt(q (1 - q) / size), of q.
"""

import math

import numpy as np
import pytest

from kerasish import random
from kerasish.errors import DTypeError
from kerasish.random.binomial_draws import _log_factorial
from tests.random.test_draws import SIZE, host

CASES = [
    (1, 0.3),
    (5, 0.5),
    (30, 0.9),
    (99, 0.1),  # 9.9 expected: summed up
    (100, 0.1),  # 10: by rejection
    (20, 0.5),
    (40, 0.6),
    (1000, 0.97),
]


def probabilities(n, p):
    return np.array([math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)])


@pytest.mark.parametrize(("n", "p"), CASES)
def test_shares(n, p):
    values = host(random.binomial((SIZE,), n, p, seed=1)).astype(int)
    exact = probabilities(n, p)
    shares = np.bincount(values, minlength=n + 1) / SIZE
    error = 5 * np.sqrt(exact * (1 - exact) / SIZE) + 5 / SIZE  # one in rare values
    assert (abs(shares - exact) <= error).all()


@pytest.mark.parametrize(
    ("n", "p"), [*CASES, (10**6, 0.3), (2 * 10**9, 0.5), (10**7, 2e-6)]
)
def test_moments(n, p):
    values = host(random.binomial((SIZE,), n, p, dtype="float64", seed=2))
    variance = n * p * (1 - p)
    assert abs(values.mean() - n * p) < 5 * math.sqrt(variance / SIZE)
    kurtosis = 2 + (1 - 6 * p * (1 - p)) / variance
    assert abs(values.var() / variance - 1) < 5 * math.sqrt(kurtosis / SIZE)


@pytest.mark.parametrize(("n", "p", "value"), [(0, 0.5, 0), (20, 0, 0), (20, 1, 20)])
def test_certain_numbers(n, p, value):
    assert set(host(random.binomial((100,), n, p, seed=3))) == {value}


def test_arrays_of_numbers():
    counts, shares = np.array([[1], [50], [1000]]), np.array([0.1, 0.8])
    values = host(random.binomial((SIZE // 10, 3, 2), counts, shares, seed=4))
    expected = counts * shares
    error = 5 * np.sqrt(expected * (1 - shares) / (SIZE // 10))
    assert (abs(values.mean(axis=0) - expected) < error).all()


def test_logarithms_of_factorials():
    k = np.arange(0.0, 200.0)
    exact = [math.lgamma(x + 1) for x in k]
    np.testing.assert_allclose(host(_log_factorial(k)), exact, atol=1e-9)


@pytest.mark.parametrize("numbers", [(-1, 0.5), (3, 1.5), (3, -0.1)])
def test_numbers_out_of_range(numbers):
    with pytest.raises(ValueError, match=r"binomial cannot draw with these(.|\n)*got:"):
        random.binomial((2,), *numbers)


def test_whole_dtypes_are_refused_as_in_keras():
    with pytest.raises(DTypeError, match="binomial cannot draw values"):
        random.binomial((2,), 3, 0.5, dtype="int32")
