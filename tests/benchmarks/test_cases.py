"""The models and data of the benchmarks: sizes, range, and that there is a signal."""

import numpy as np
import pytest

from benchmarks.cases import CASES, initial_weights, make_data


@pytest.mark.parametrize(
    ("name", "num_weights"),
    [
        # (784 + 1) * 64 + (64 + 1) * 64 + (64 + 1) * 10
        ("mlp64-adam-b32", 55_050),
        ("mlp64-adam-b128", 55_050),
        # (784 + 1) * 512 + (512 + 1) * 512 + (512 + 1) * 10
        ("mlp512-sgd-b64", 669_706),
    ],
)
def test_number_of_weights(name, num_weights):
    case = CASES[name]
    made = sum(kernel.size + bias.size for kernel, bias in initial_weights(case))
    assert case.num_weights == made == num_weights


def test_steps_count_the_smaller_last_batch():
    case = CASES["mlp64-adam-b128"]
    assert [case.num_steps(n) for n in (128, 129, 60_000)] == [1, 2, 469]


def test_title():
    assert CASES["mlp64-adam-b32"].title == "784-64-64-10, Adam, batch size 32"


def test_data_have_the_promised_form():
    data = make_data(2500)
    assert data.x.shape == (2500, 784)
    assert data.x.dtype == np.float32
    assert data.x.min() >= -0.5
    assert data.x.max() <= 0.5
    assert set(data.labels.tolist()) == set(range(10))
    np.testing.assert_array_equal(data.one_hot.argmax(axis=1), data.labels)
    np.testing.assert_array_equal(data.one_hot.sum(axis=1), 1)


def test_data_are_the_same_every_time():
    first, second = make_data(100), make_data(100)
    np.testing.assert_array_equal(first.x, second.x)
    np.testing.assert_array_equal(first.labels, second.labels)


def test_data_can_be_learned_but_not_without_error():
    """The mean of a class finds its other samples; redrawn labels stay out of reach."""
    data = make_data(4000)
    known, asked = slice(0, 2000), slice(2000, 4000)
    means = np.stack(
        [data.x[known][data.labels[known] == label].mean(axis=0) for label in range(10)]
    )
    distances = ((data.x[asked, None] - means) ** 2).sum(axis=2)
    accuracy = (distances.argmin(axis=1) == data.labels[asked]).mean()
    assert 0.8 < accuracy < 0.95
