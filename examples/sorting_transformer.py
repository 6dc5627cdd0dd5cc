"""A transformer sorts ten digits.

The answer at each place depends on all the others: the third smallest is known only to
one who has looked everywhere. Attention lets each place look everywhere at once, and
two blocks of it are enough. A linear model of the same digits, which gives each place
and value a weight of its own, gets few rows right.

What to look at: `TokensAndPlaces`, a layer of one's own. Attention by itself does not
know where a digit stands, so each place adds a vector that says so.
"""

import argparse

import numpy as np

import kerasish as keras
from kerasish import layers, ops

LENGTH, DIGITS, WIDTH = 10, 10, 32


class TokensAndPlaces(layers.Layer):
    """Return the vector of each token plus that of its place: (..., length, width)."""

    def __init__(self, tokens, length, width, **kwargs):
        super().__init__(**kwargs)
        self.length = length
        self.tokens = layers.Embedding(tokens, width)
        self.places = layers.Embedding(length, width)

    def call(self, x):
        return self.tokens(x) + self.places(ops.arange(self.length))


def block(x, heads=4):
    """Return `x` with attention added, and then a dense network at each place."""
    y = layers.LayerNormalization()(x)
    y = layers.MultiHeadAttention(heads, key_dim=WIDTH // heads)(y, y)
    x = layers.Add()([x, y])
    y = layers.LayerNormalization()(x)
    y = layers.Dense(2 * WIDTH, activation="relu")(y)
    y = layers.Dense(WIDTH)(y)
    return layers.Add()([x, y])


def build_transformer():
    """Return a model of digits that says, for each place, what belongs there."""
    row = keras.Input(shape=(LENGTH,), dtype="int32")
    x = TokensAndPlaces(DIGITS, LENGTH, WIDTH)(row)
    x = block(block(x))
    x = layers.LayerNormalization()(x)
    return keras.Model(row, layers.Dense(DIGITS, activation="softmax")(x))


def build_linear():
    """Return a linear model of the same digits, one-hot."""
    row = keras.Input(shape=(LENGTH,), dtype="int32")
    x = layers.Flatten()(ops.one_hot(row, DIGITS))
    x = layers.Dense(LENGTH * DIGITS)(x)
    return keras.Model(row, layers.Softmax()(layers.Reshape((LENGTH, DIGITS))(x)))


def train(model, x, y, epochs):
    """Train a model on rows of digits and their sorted rows."""
    steps = epochs * -(-len(x) // 64)
    rate = keras.optimizers.schedules.CosineDecay(0.003, decay_steps=steps)
    adam = keras.optimizers.Adam(rate)
    model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=64, epochs=epochs, verbose=2)


def main(seed=0, epochs=10, samples=8000):
    """Return the shares of rows that the transformer and the linear model sort."""
    keras.utils.set_random_seed(seed)
    rows = np.random.default_rng(seed).integers(0, DIGITS, (samples + 1000, LENGTH))
    x, y = rows.astype("int32"), np.sort(rows, axis=1)

    found = {}
    for name, build in [("transformer", build_transformer), ("linear", build_linear)]:
        model = build()
        train(model, x[:samples], y[:samples], epochs)
        answers = np.argmax(model.predict(x[samples:], verbose=0), axis=-1)
        found[name] = np.mean(np.all(answers == y[samples:], axis=1))
        print(f"{name}: {found[name]:.3f} of all rows sorted rightly, such as")
        print(*x[samples], "->", *answers[0])
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=10)
    main(**vars(parser.parse_args()))
