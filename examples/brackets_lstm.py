"""Is this string of brackets balanced? An LSTM can tell, a linear model cannot.

`(()())` is balanced, `(()))(` is not: each bracket that closes needs one that opened
before it. To tell, one has to count from left to right, and that is what an LSTM's cell
can do. A linear model weighs each place of the string by itself, and there are no
weights that are right for every string: it stops at four in five.

All strings have as many `(` as `)`, and a string of one kind differs from one of the
other only in two neighbours, `()` or `)(`, at a place where nothing is open.
"""

import argparse

import numpy as np

import kerasish as keras
from kerasish import layers

OPEN, CLOSE = 0, 1


def balanced_string(rng, pairs):
    """Return a random balanced string, as an array of 2 * pairs numbers."""
    string = rng.permutation([OPEN, CLOSE] * pairs)
    # Turned so that it starts after its deepest point, any such string is balanced.
    depth = np.cumsum(1 - 2 * string)
    return np.roll(string, -1 - int(np.argmin(depth)))


def make_string(rng, pairs, balanced):
    """Return a balanced string with one more "()" within, or else one more ")("."""
    last = [OPEN, CLOSE] if balanced else [CLOSE, OPEN]
    while True:
        string = balanced_string(rng, pairs - 1)
        depth = np.cumsum(1 - 2 * string)
        places = np.flatnonzero(depth[:-1] == 0) + 1  # where nothing is open
        if len(places):
            return np.insert(string, rng.choice(places), last)


def make_data(rng, samples, pairs):
    """Return x, integers of shape (samples, 2 * pairs), and y: 1 where balanced."""
    y = rng.integers(0, 2, size=samples)
    x = np.stack([make_string(rng, pairs, balanced) for balanced in y])
    return x.astype("int32"), y.astype("float32")


def build_lstm():
    """Return an LSTM that reads the string and says how likely it is balanced."""
    return keras.Sequential(
        [
            layers.Embedding(2, 4),
            layers.LSTM(16),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def build_linear():
    """Return a linear model: one weight for each place of the string."""
    return keras.Sequential([layers.Dense(1, activation="sigmoid")])


def train(model, train_data, test_data, epochs):
    """Train a model and return its accuracy on the test strings."""
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.01),
        loss="binary_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(*train_data, batch_size=64, epochs=epochs, verbose=2)
    return model.evaluate(*test_data, batch_size=500, verbose=0)[1]


def main(seed=0, epochs=15, samples=4000, pairs=8):
    """Train both; return their accuracies on strings they have not seen."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    train_data = make_data(rng, samples, pairs)
    test_data = make_data(rng, 1000, pairs)

    lstm = train(build_lstm(), train_data, test_data, epochs)
    as_floats = [(x.astype("float32"), y) for x, y in (train_data, test_data)]
    linear = train(build_linear(), *as_floats, epochs)
    print(f"right: LSTM {lstm:.3f}, linear model {linear:.3f}")
    return {"lstm": lstm, "linear": linear}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--pairs", type=int, default=8, help="of brackets in a string")
    main(**vars(parser.parse_args()))
