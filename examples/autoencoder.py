"""An autoencoder against principal components: eight numbers for each digit.

Both squeeze the 64 pixels of a digit into eight numbers and make 64 pixels of them
again. Principal component analysis (PCA) is the best that can be done with straight
lines; the autoencoder bends them, and its pictures are closer to the originals. One
without activation functions shows the rest: it comes close to PCA, and never passes it
on the pictures that it has seen.
"""

import argparse

import numpy as np

import kerasish as keras
from kerasish import layers


def load_digits():
    """Return training and test pictures as float32[n, 64], pixels in [0, 1]."""
    (x_train, _), (x_test, _) = keras.datasets.digits.load_data()
    return tuple(x.reshape(-1, 64).astype("float32") / 16 for x in (x_train, x_test))


def build_autoencoder(size, activation):
    """Return an autoencoder, and the encoder in it, which shares its weights."""
    pixels = keras.Input(shape=(64,), name="pixels")
    hidden = layers.Dense(128, activation=activation)(pixels)
    code = layers.Dense(size, name="code")(hidden)
    hidden = layers.Dense(128, activation=activation)(code)
    again = layers.Dense(64, name="again")(hidden)
    return keras.Model(pixels, again), keras.Model(pixels, code)


def train(x_train, size, activation, epochs):
    """Return a trained autoencoder and its encoder."""
    autoencoder, encoder = build_autoencoder(size, activation)
    steps = epochs * -(-len(x_train) // 32)
    rate = keras.optimizers.schedules.CosineDecay(3e-3, decay_steps=steps)
    autoencoder.compile(optimizer=keras.optimizers.Adam(rate), loss="mse")
    autoencoder.fit(x_train, x_train, batch_size=32, epochs=epochs, verbose=2)
    return autoencoder, encoder


def principal_components(x_train, size):
    """Return a function that squeezes pictures into `size` numbers and back."""
    mean = x_train.mean(axis=0)
    directions = np.linalg.svd(x_train - mean, full_matrices=False)[2][:size]
    return lambda x: (x - mean) @ directions.T @ directions + mean


def main(seed=0, epochs=40, size=8):
    """Return the mean squared errors on test pictures, and those of training for two.

    Args:
        seed: Of all random numbers.
        epochs: Rounds through the training pictures.
        size: How many numbers a picture is squeezed into.
    """
    keras.utils.set_random_seed(seed)
    x_train, x_test = load_digits()

    pca = principal_components(x_train, size)
    bent, encoder = train(x_train, size, "relu", epochs)
    straight, _ = train(x_train, size, "linear", epochs)
    code = encoder.predict(x_test, verbose=0)
    print(f"each picture of 64 pixels became {code.shape[1]} numbers")

    errors = {
        "pca": np.mean((pca(x_test) - x_test) ** 2),
        "autoencoder": bent.evaluate(x_test, x_test, verbose=0),
        "straight": straight.evaluate(x_test, x_test, verbose=0),
        "pca, training": np.mean((pca(x_train) - x_train) ** 2),
        "straight, training": straight.evaluate(x_train, x_train, verbose=0),
    }
    for name, error in errors.items():
        print(f"mean squared error, {name}: {error:.5f}")
    return errors


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--size", type=int, default=8, help="of the code")
    main(**vars(parser.parse_args()))
