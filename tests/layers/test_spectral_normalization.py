"""Spectral normalization: the norm it reaches, training against Keras's, messages."""

import numpy as np
import pytest

import kerasish
from kerasish import layers, models, ops

KERNEL = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.25]], "float32")
X = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]], "float32")
Y = np.array([[1.0, 0.0], [0.0, 1.0]], "float32")


def normalized_dense(iterations):
    layer = layers.SpectralNormalization(layers.Dense(2), power_iterations=iterations)
    layer.build((None, 3))
    layer.set_weights([KERNEL, np.array([[0.6, 0.8]]), np.zeros(2)])
    return layer


def test_many_iterations_bring_the_norm_to_one():
    layer = normalized_dense(50)
    layer(X, training=True)
    norm = np.linalg.svd(layer.kernel.numpy(), compute_uv=False)[0]
    np.testing.assert_allclose(norm, 1.0, rtol=1e-5)
    largest = np.linalg.svd(KERNEL, compute_uv=False)[0]
    np.testing.assert_allclose(layer.kernel.numpy(), KERNEL / largest, rtol=1e-5)


def test_inference_changes_nothing():
    layer = normalized_dense(3)
    np.testing.assert_allclose(ops.convert_to_numpy(layer(X)), X @ KERNEL, rtol=1e-5)
    np.testing.assert_array_equal(layer.kernel.numpy(), KERNEL)


def test_training_gives_the_numbers_of_keras_on_tensorflow():
    # Keras 3.15.1 on TensorFlow, two steps of SGD(0.5) on these very numbers
    model = models.Sequential([layers.Input((3,)), normalized_dense(2)])
    model.compile(kerasish.optimizers.SGD(0.5), "mse")
    losses = [float(model.train_on_batch(X, Y)) for _ in range(2)]
    np.testing.assert_allclose(losses, [0.8837363719940186, 0.1621445119380951], 1e-5)
    kernel, vector, bias = model.get_weights()
    expected = [
        [0.32198113203048706, 0.6149091720581055],
        [0.7226755619049072, 0.06461189687252045],
        [0.39553701877593994, -0.3365859389305115],
    ]
    np.testing.assert_allclose(kernel, expected, rtol=1e-5)
    np.testing.assert_allclose(vector, [[0.9892875552, -0.1459800303]], rtol=1e-5)
    np.testing.assert_allclose(bias, [-0.2275566757, 0.371904552], rtol=1e-5)


@pytest.mark.parametrize(
    ("make", "x"),
    [
        (lambda: layers.Conv2D(3, 2), np.ones((1, 4, 4, 2), "float32")),
        (lambda: layers.Embedding(5, 3), np.array([[1, 4]])),
    ],
)
def test_kernels_of_any_rank_are_read_as_matrices(make, x):
    inner = make()
    layer = layers.SpectralNormalization(inner, power_iterations=60)
    y = layer(x, training=True)
    matrix = layer.kernel.numpy().reshape(-1, layer.kernel.shape[-1])
    np.testing.assert_allclose(np.linalg.norm(matrix, 2), 1.0, rtol=1e-4)
    np.testing.assert_allclose(
        ops.convert_to_numpy(y), ops.convert_to_numpy(inner(x)), rtol=1e-6
    )


@pytest.mark.parametrize("iterations", [0, -1])
def test_iterations_are_positive(iterations):
    with pytest.raises(ValueError, match=f"power_iterations={iterations}"):
        layers.SpectralNormalization(layers.Dense(2), power_iterations=iterations)


def test_a_layer_without_a_kernel_is_refused():
    layer = layers.SpectralNormalization(layers.ReLU(name="inside"))
    with pytest.raises(ValueError, match=r"nothing to normalize(.|\n)*ReLU 'inside'"):
        layer(X)
