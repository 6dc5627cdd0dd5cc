"""Tests of `examples/mnist_cnn.py`: a convolutional network on real MNIST."""

import mnist_cnn
import pytest


# Over 3 seeds: 0.9888 to 0.9891.
@pytest.mark.slow
def test_passes_98_and_a_half_percent_in_three_epochs(real_mnist):
    assert mnist_cnn.main(seed=0)["accuracy"] >= 0.985


# Over 4 seeds: 0.931 to 0.936, standard deviation 0.0025.
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_begins_to_read_mnist(real_mnist, seed):
    found = mnist_cnn.main(seed=seed, samples=3000)
    assert found["accuracy"] > 0.933 - 4 * 0.0025


def test_the_model_is_as_large_as_the_docstring_says():
    model = mnist_cnn.build_model(steps=1)
    assert f"{model.count_params():,} weights" in mnist_cnn.__doc__
