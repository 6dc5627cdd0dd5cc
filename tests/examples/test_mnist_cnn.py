"""Tests of `examples/mnist_cnn.py`: a convolutional network on real MNIST."""

import mnist_cnn
import pytest


@pytest.mark.slow
def test_passes_98_and_a_half_percent_in_three_epochs(real_mnist):
    assert mnist_cnn.main(seed=0)["accuracy"] >= 0.985


# CNN-QUICK
@pytest.mark.parametrize("seed", range(3))
def test_begins_to_read_mnist(real_mnist, seed):
    assert mnist_cnn.main(seed=seed, epochs=2, samples=3000)["accuracy"] > 0.9


def test_the_model_is_as_large_as_the_docstring_says():
    model = mnist_cnn.build_model(steps=1)
    assert f"{model.count_params():,} weights" in mnist_cnn.__doc__
