"""Tests of `examples/brackets_lstm.py`: the strings, and who can tell them apart."""

import brackets_lstm
import numpy as np
import pytest


def is_balanced(string):
    depth = 0
    for bracket in string:
        depth += 1 if bracket == brackets_lstm.OPEN else -1
        if depth < 0:
            return False
    return depth == 0


def test_strings_are_what_their_labels_say(rng):
    x, y = brackets_lstm.make_data(rng, 300, pairs=5)
    assert x.shape == (300, 10)
    assert [is_balanced(string) for string in x] == y.astype(bool).tolist()
    assert np.all(x.sum(axis=1) == 5)  # as many that close as that open
    assert 0.4 < y.mean() < 0.6


# Over 10 seeds: LSTM 0.998 to 1.000; linear 0.820, standard deviation 0.017.
@pytest.mark.parametrize("seed", range(3))
def test_an_lstm_counts_and_a_linear_model_cannot(seed):
    found = brackets_lstm.main(seed=seed)
    assert found["lstm"] > 0.99
    assert found["linear"] < 0.820 + 4 * 0.017
