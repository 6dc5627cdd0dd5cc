"""Random tensors: the right distributions, independent steps, reproducible bits.

Seeds are fixed, so the bounds on chance below either hold or do not; each is five
standard deviations, or the Kolmogorov-Smirnov distance that one draw in 1000 exceeds.
"""

import math
from statistics import NormalDist

import numpy as np
import pytest

from kerasish import ops, random
from kerasish.backend import get_backend
from kerasish.errors import DTypeError, ShapeError
from kerasish.gradients import grad
from kerasish.graph.replay import compile_graph
from kerasish.graph.trace import trace
from kerasish.random import SeedGenerator
from kerasish.random.draws import _QUANTILE, _WITHIN_TWO

SIZE = 100_001  # odd: Box-Muller draws pairs
KS_BOUND = 1.95 / math.sqrt(SIZE)
FLOATS = ["float16", "float32", "float64"]


def host(x):
    return np.asarray(ops.convert_to_numpy(x), dtype=np.float64)


def normal_cdf(x):
    return 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def truncated_cdf(x):
    low, high = normal_cdf(np.array([-2.0, 2.0]))
    return (normal_cdf(x) - low) / (high - low)


def distance(values, cdf):
    """Return the Kolmogorov-Smirnov distance of a sample from a distribution."""
    exact = cdf(np.sort(values))
    places = np.arange(len(values) + 1) / len(values)
    return max((places[1:] - exact).max(), (exact - places[:-1]).max())


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_uniform(dtype, seed):
    values = random.uniform((SIZE,), dtype=dtype, seed=seed)
    assert str(values.dtype) == dtype
    values = host(values)
    assert values.min() >= 0
    assert values.max() < 1
    rounding = 2.0**-11 if dtype == "float16" else 0
    assert distance(values, lambda x: x) < KS_BOUND + rounding


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_normal(dtype, seed):
    values = random.normal((SIZE,), mean=1.0, stddev=2.0, dtype=dtype, seed=seed)
    assert str(values.dtype) == dtype
    values = (host(values) - 1) / 2
    assert np.isfinite(values).all()
    rounding = 2.0**-10 if dtype == "float16" else 0
    assert distance(values, normal_cdf) < KS_BOUND + rounding
    assert abs(values.mean()) < 5 / math.sqrt(SIZE)
    assert abs(values.var() - 1) < 5 * math.sqrt(2 / SIZE)
    # its two halves come from the same pairs
    first, second = values[: SIZE // 2], values[SIZE // 2 + 1 :]
    assert abs((first * second).mean()) < 5 / math.sqrt(SIZE // 2)
    assert abs((first**2 * second**2).mean() - 1) < 5 * math.sqrt(8 / (SIZE // 2))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_truncated_normal(dtype, seed):
    values = random.truncated_normal((SIZE,), 1.0, 2.0, dtype=dtype, seed=seed)
    assert str(values.dtype) == dtype
    values = (host(values) - 1) / 2
    assert np.abs(values).max() <= 2
    rounding = 2.0**-9 if dtype == "float16" else 0
    assert distance(values, truncated_cdf) < KS_BOUND + rounding
    assert abs(values.std() - 0.87962566) < 5 / math.sqrt(2 * SIZE)


def test_the_quantile_function_is_right():
    x = np.linspace(1e-6, _WITHIN_TWO, 2001)
    w = -np.log1p(-x * x)
    exact = [NormalDist().inv_cdf((1 + value) / 2) for value in x]
    fitted = x * sum(c * w**i for i, c in enumerate(_QUANTILE))
    np.testing.assert_allclose(fitted, exact, rtol=0, atol=3e-8)


@pytest.mark.parametrize(
    ("minval", "maxval"), [(-2.0, 3.0), (0.0, 0.1), (1e6, 1e6 + 1)]
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_uniform_range_includes_the_lower_end_only(minval, maxval, dtype):
    values = host(random.uniform((SIZE,), minval, maxval, dtype=dtype, seed=4))
    ends = np.array([minval, maxval], dtype=dtype)
    assert values.min() >= ends[0]
    assert values.max() < ends[1]


@pytest.mark.parametrize(
    ("minval", "maxval", "dtype"),
    [
        (0, 7, "int32"),
        (-5, 3, "int64"),
        (250, 256, "uint8"),
        (-(2**31), 2**31, "int32"),
        (0, 2**32, "int64"),
        (2**40, 2**40 + 3, "int64"),
    ],
)
def test_randint(minval, maxval, dtype):
    values = random.randint((SIZE,), minval, maxval, dtype=dtype, seed=3)
    assert str(values.dtype) == dtype
    values = host(values)
    assert values.min() >= minval
    assert values.max() < maxval
    assert distance(values, lambda x: (x + 1 - minval) / (maxval - minval)) < (
        KS_BOUND + 1 / min(maxval - minval, SIZE)
    )


def test_randint_draws_every_number_equally():
    counts = np.bincount(random.randint((60_000,), 0, 6, seed=1), minlength=6)
    # the chi-squared statistic of 5 degrees of freedom exceeds 20.5 once in 1000
    assert ((counts - 10_000) ** 2 / 10_000).sum() < 20.5


def test_categorical_draws_by_softmax():
    probabilities = np.array([[0.1, 0.2, 0.7], [0.5, 0.5, 0.0]])
    with np.errstate(divide="ignore"):
        logits = np.log(probabilities).astype("float32")
    drawn = host(random.categorical(logits, 20_000, seed=1))
    assert drawn.shape == (2, 20_000)
    for row, expected in zip(drawn, probabilities, strict=True):
        share = np.bincount(row.astype(int), minlength=3) / 20_000
        np.testing.assert_allclose(share, expected, atol=5 * 0.5 / math.sqrt(20_000))


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_shuffle_keeps_lines_together(axis):
    x = np.arange(60).reshape(5, 12)
    shuffled = np.moveaxis(np.asarray(random.shuffle(x, axis, seed=2)), axis, 0)
    lines = np.moveaxis(x, axis, 0)
    assert not np.array_equal(shuffled, lines)
    assert sorted(map(tuple, shuffled)) == sorted(map(tuple, lines))


def test_shuffle_gives_all_orders_equally():
    generator = SeedGenerator(1)
    orders = [tuple(random.shuffle([0, 1, 2], seed=generator)) for _ in range(600)]
    counts = np.unique(orders, axis=0, return_counts=True)[1]
    assert len(counts) == 6
    assert ((counts - 100) ** 2 / 100).sum() < 20.5


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_drops_the_share_and_keeps_the_mean(rate):
    x = np.full((SIZE,), 3.0, dtype="float32")
    y = host(random.dropout(x, rate, seed=5))
    np.testing.assert_allclose(np.unique(y), [0, 3 / (1 - rate)], rtol=1e-6)
    deviation = math.sqrt(rate * (1 - rate) / SIZE)
    assert abs((y == 0).mean() - rate) < 5 * deviation
    assert abs(y.mean() - 3) < 5 * 3 * deviation / (1 - rate)


def test_dropout_s_gradient_is_its_mask():
    x = np.linspace(1.0, 2.0, 50, dtype="float32")
    mask = np.asarray(random.dropout(np.ones_like(x), 0.5, seed=5))
    gradient = grad(lambda x: ops.sum(random.dropout(x, 0.5, seed=5)))(x)
    np.testing.assert_array_equal(gradient, mask)


def test_dropout_of_nothing_and_of_everything():
    x = np.array([1.0, -2.0], dtype="float32")
    np.testing.assert_array_equal(random.dropout(x, 0.0, seed=1), x)
    np.testing.assert_array_equal(random.dropout(x, 1.0, seed=1), [0.0, 0.0])


@pytest.mark.parametrize("noise_shape", [(4, 1, 6), (None, 1, None), (1, 6)])
def test_dropout_drops_whole_axes(noise_shape):
    x = np.ones((4, 5, 6), dtype="float32")
    y = np.asarray(random.dropout(x, 0.5, noise_shape=noise_shape, seed=1))
    assert set(np.unique(y)) == {0.0, 2.0}
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :1], y.shape))
    if len(noise_shape) == 2:
        np.testing.assert_array_equal(y, np.broadcast_to(y[:1], y.shape))


@pytest.mark.parametrize("noise_shape", [(3, 1), (2, 4, 5), (4, 7)])
def test_dropout_refuses_a_mask_that_does_not_fit(noise_shape):
    with pytest.raises(ShapeError, match=r"noise_shape.\n.*inputs of shape \(4, 5\)"):
        random.dropout(np.ones((4, 5)), 0.5, noise_shape=noise_shape)


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan")])
def test_dropout_refuses_rates_that_are_no_fraction(rate):
    with pytest.raises(ValueError, match=r"rate.\n.*\n.*\[0, 1\]"):
        random.dropout(np.ones(3), rate)


DRAWS = {
    "uniform": lambda seed: random.uniform((3, 5), seed=seed),
    "normal": lambda seed: random.normal((3, 5), seed=seed),
    "truncated_normal": lambda seed: random.truncated_normal((3, 5), seed=seed),
    "randint": lambda seed: random.randint((3, 5), 0, 1000, seed=seed),
    "categorical": lambda seed: random.categorical(np.zeros((3, 9)), 5, seed=seed),
    "shuffle": lambda seed: random.shuffle(np.arange(15).reshape(15, 1), seed=seed),
    "dropout": lambda seed: random.dropout(np.ones((3, 50)), 0.5, seed=seed),
}


@pytest.mark.parametrize("name", DRAWS)
def test_an_integer_gives_the_same_values_every_time(name):
    draw = DRAWS[name]
    np.testing.assert_array_equal(draw(3), draw(3))
    assert not np.array_equal(draw(3), draw(4))


@pytest.mark.parametrize("name", DRAWS)
def test_without_a_seed_values_differ_and_follow_set_random_seed(name):
    random.set_random_seed(5)
    first, second = DRAWS[name](None), DRAWS[name](None)
    random.set_random_seed(5)
    np.testing.assert_array_equal(DRAWS[name](None), first)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("name", DRAWS)
def test_replaying_a_step_gives_what_eager_calls_give(name):
    backend = get_backend()
    traced, eager = SeedGenerator(9), SeedGenerator(9)
    run = compile_graph(trace(lambda: DRAWS[name](traced), []), backend)
    for _ in range(4):
        np.testing.assert_allclose(
            backend.to_host(run()), DRAWS[name](eager), rtol=1e-6, atol=1e-7
        )


def correlation(first, second):
    """Return the largest correlation of two sequences over all circular shifts."""
    a, b = ((x - x.mean()) / x.std() for x in (first, second))
    crossed = np.fft.irfft(np.fft.rfft(a) * np.conj(np.fft.rfft(b)), len(a)) / len(a)
    return np.abs(crossed).max()


def test_steps_are_independent_at_every_shift():
    generator = SeedGenerator(0)
    masks = [
        host(random.dropout(np.ones(2**14, "float32"), 0.5, seed=generator))
        for _ in range(6)
    ]
    bound = 6 / math.sqrt(2**14)  # of 2^14 shifts, none lies 6 deviations out
    for i, first in enumerate(masks):
        for second in masks[:i]:
            assert correlation(first, second) < bound


@pytest.mark.parametrize(
    ("one", "other"),
    [((0, 1), (1, 1)), ((0, 1), (0, 2)), ((1, 2), (2, 1)), ((0, 0),) * 2],
)
def test_keys_give_independent_bits(one, other):
    bits = [
        ops.convert_to_numpy(ops.random_bits(np.array(k, "uint32"), (2**14,)))
        for k in (one, other)
    ]
    if one == other:
        np.testing.assert_array_equal(*bits)
        return
    first, second = (host(b) for b in bits)
    assert correlation(first, second) < 6 / math.sqrt(2**14)


def test_every_bit_is_even():
    bits = ops.convert_to_numpy(ops.random_bits(np.array([1, 2], "uint32"), (SIZE,)))
    ones = (bits[:, None] >> np.arange(32, dtype=np.uint32)) & np.uint32(1)
    assert np.abs(ones.mean(axis=0) - 0.5).max() < 5 * 0.5 / math.sqrt(SIZE)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 0), 4])
def test_odd_shapes(shape):
    wanted = (shape,) if isinstance(shape, int) else shape
    for draw in (random.uniform, random.normal, random.truncated_normal):
        for dtype in FLOATS:
            assert draw(shape, dtype=dtype, seed=1).shape == wanted
    assert random.randint(shape, 0, 3, seed=1).shape == wanted


@pytest.mark.parametrize(
    "draw", [random.uniform, random.normal, random.truncated_normal]
)
def test_floats_are_not_drawn_as_integers(draw):
    with pytest.raises(DTypeError, match=r"dtype.\n.*int32\n.*floating"):
        draw((2,), dtype="int32")


def test_integers_are_not_drawn_as_floats():
    with pytest.raises(DTypeError, match=r"dtype.\n.*float32\n.*integer"):
        random.randint((2,), 0, 3, dtype="float32")


@pytest.mark.parametrize(("minval", "maxval"), [(3, 3), (3, 2), (0, 2**32 + 1)])
def test_randint_refuses_empty_and_endless_ranges(minval, maxval):
    with pytest.raises(ValueError, match=r"range.\n.*minval=.*\n.*2\*\*32"):
        random.randint((2,), minval, maxval, dtype="int64")


def test_categorical_wants_rows_of_logits():
    with pytest.raises(ShapeError, match=r"logits.\n.*\(3,\)"):
        random.categorical(np.zeros(3), 2)
