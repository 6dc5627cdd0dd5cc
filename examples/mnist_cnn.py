"""A small convolutional network reads MNIST.

Convolution - pooling, twice, then dropout and one dense layer: 34,826 weights, fewer
than the dense network of `mnist.py` has, and a third of its errors. The pictures keep
their two dimensions, so a stroke is found by the same nine weights wherever it lies.

    python examples/mnist_cnn.py             # about a minute on one core
    python examples/mnist_cnn.py --samples 6000
"""

import argparse

import kerasish as keras
from kerasish import layers

BATCH = 64


def load(samples):
    """Return training and test pairs (x, y): float32[n, 28, 28, 1] in [0, 1], labels.

    Args:
        samples: Number of training samples to use, the first ones; None for all.
    """
    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    x_train = x_train[:samples, ..., None].astype("float32") / 255
    x_test = x_test[..., None].astype("float32") / 255
    return (x_train, y_train[:samples]), (x_test, y_test)


def build_model(steps):
    """Return a compiled classifier, whose learning rate ends at 0 after `steps`."""
    model = keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            layers.Conv2D(32, kernel_size=3, activation="relu"),
            layers.MaxPooling2D(pool_size=2),
            layers.Conv2D(64, kernel_size=3, activation="relu"),
            layers.MaxPooling2D(pool_size=2),
            layers.Flatten(),
            layers.Dropout(0.25),
            layers.Dense(10, activation="softmax"),
        ]
    )
    rate = keras.optimizers.schedules.CosineDecay(0.002, decay_steps=steps)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def main(seed=0, epochs=3, samples=None):
    """Train on MNIST; return the loss and the accuracy on its test pictures."""
    keras.utils.set_random_seed(seed)
    (x_train, y_train), (x_test, y_test) = load(samples)

    model = build_model(steps=epochs * len(x_train) // BATCH)
    model.summary()
    model.fit(x_train, y_train, batch_size=BATCH, epochs=epochs)

    loss, accuracy = model.evaluate(x_test, y_test, batch_size=256, verbose=0)
    print(f"test loss {loss:.4f}, test accuracy {accuracy:.4f}")
    return {"loss": loss, "accuracy": accuracy}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--samples", type=int, help="training samples (default: all)")
    main(**vars(parser.parse_args()))
