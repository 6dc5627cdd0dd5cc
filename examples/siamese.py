"""Are these two the same digit? A siamese network, with one encoder for both.

Both pictures go through the same encoder, layer by layer the same weights, and the
distance between the two answers decides. The contrastive loss (Hadsell, Chopra and
LeCun, 2006, equation 4) pulls pairs of the same digit together and pushes others apart,
until they are a margin from one another.

The distance between the pixels themselves does far worse, at its best threshold.
"""

import argparse

import numpy as np

import kerasish as keras
from kerasish import layers, ops

MARGIN = 1.0


def load_digits():
    """Return (x, y) for training and test: float32[n, 64] in [0, 1], labels."""
    train, test = keras.datasets.digits.load_data()
    return tuple(
        (x.reshape(-1, 64).astype("float32") / 16, y) for x, y in (train, test)
    )


def make_pairs(rng, x, y, count):
    """Return two arrays of pictures, and 1.0 for a pair of one digit, half of them."""
    first = rng.integers(len(x), size=count)
    second = rng.integers(len(x), size=count)
    same = y[first] == y[second]
    same_places = [np.flatnonzero(y == digit) for digit in range(10)]
    for i in np.flatnonzero(rng.uniform(size=count) < 0.45):
        second[i] = rng.choice(same_places[y[first[i]]])
        same[i] = True
    return [x[first], x[second]], same.astype("float32")[:, None]


def contrastive_loss(same, distance):
    """Return the loss of each pair: far apart costs if same, near costs if not."""
    near = ops.square(distance)
    apart = ops.square(ops.maximum(MARGIN - distance, 0.0))
    return ops.mean(same * near + (1 - same) * apart, axis=-1)


def near_means_same(same, distance):
    """Return 1.0 for each pair that half of the margin sorts rightly."""
    return ops.cast(ops.equal(distance < MARGIN / 2, same > 0.5), "float32")


def build_model():
    """Return a compiled model of two pictures, which gives their distance."""
    encoder = keras.Sequential(
        [
            keras.Input(shape=(64,)),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(16),
        ],
        name="encoder",
    )
    left, right = keras.Input(shape=(64,)), keras.Input(shape=(64,))
    difference = layers.Subtract()([encoder(left), encoder(right)])
    squares = ops.sum(ops.square(difference), axis=-1, keepdims=True)
    # the slope of a square root is infinite at 0
    distance = ops.sqrt(ops.maximum(squares, keras.config.epsilon()))
    model = keras.Model([left, right], distance)
    model.compile("adam", loss=contrastive_loss, metrics=[near_means_same])
    return model


def main(seed=0, epochs=12, pairs=6000):
    """Return the share of test pairs told rightly, by the network and by pixels."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    train, test = load_digits()
    x_train, y_train = make_pairs(rng, *train, pairs)
    x_test, y_test = make_pairs(rng, *test, 2000)

    model = build_model()
    model.fit(x_train, y_train, batch_size=64, epochs=epochs, verbose=2)
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)

    pixels = np.linalg.norm(x_test[0] - x_test[1], axis=1, keepdims=True)
    thresholds = np.linspace(pixels.min(), pixels.max(), 200)
    by_pixels = max(np.mean((pixels < t) == (y_test > 0.5)) for t in thresholds)
    print(f"told rightly: network {accuracy:.3f}, pixels {by_pixels:.3f}")
    return {"accuracy": accuracy, "by pixels": by_pixels}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=12)
    main(**vars(parser.parse_args()))
