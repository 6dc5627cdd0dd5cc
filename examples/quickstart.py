"""Train a small classifier on handwritten digits, save it, load it, use it.

Needs no network and no GPU: the digits (1,797 images of 8 x 8 pixels) come with the
package. Run it with

    python examples/quickstart.py

Change the backend with `KERASISH_BACKEND=cupy python examples/quickstart.py`.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

import kerasish as keras
from kerasish import layers

BRIGHTEST = 16.0  # pixels of the digits data set lie in [0, 16]


def load_digits():
    """Return training and test pairs (x, y): float32[n, 64] in [0, 1], labels."""
    train, test = keras.datasets.digits.load_data()
    return tuple(
        (x.reshape(len(x), -1).astype("float32") / BRIGHTEST, y)
        for x, y in (train, test)
    )


def build_model():
    """Return a compiled classifier: 64 pixels in, 10 class probabilities out."""
    model = keras.Sequential(
        [
            keras.Input(shape=(64,)),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.1),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=3e-3),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def save_and_load(model):
    """Return the model after a round trip through a `.keras` file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits.keras"
        model.save(path)
        print(f"saved {path.name}: {path.stat().st_size / 1024:.0f} KiB")
        return keras.models.load_model(path)


def main(epochs):
    """Train for `epochs` passes and return the accuracy on the test set."""
    keras.utils.set_random_seed(0)
    (x_train, y_train), (x_test, y_test) = load_digits()

    model = build_model()
    model.summary()
    model.fit(x_train, y_train, batch_size=32, epochs=epochs, validation_split=0.1)

    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"test loss {loss:.3f}, test accuracy {accuracy:.3f}")

    loaded = save_and_load(model)
    probabilities = loaded.predict(x_test[:5], verbose=0)
    print("predicted:", np.argmax(probabilities, axis=1), "true:", y_test[:5])
    return accuracy


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train on handwritten digits.")
    parser.add_argument("--epochs", type=int, default=15)
    main(parser.parse_args().epochs)
