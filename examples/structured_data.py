"""A table with numbers and words, and preprocessing layers that learn from it.

Who cancels a contract? A data frame of customers, made here by a known rule, with two
columns of numbers and two of strings. `StringLookup` learns the words and makes numbers
of them before they reach the model, since no backend computes with strings;
`Normalization` learns means and variances, and is a layer of the model.

The rule gives odds that no model can know better, so its accuracy is printed beside.
"""

import argparse

import numpy as np
import pandas as pd

import kerasish as keras
from kerasish import layers

NUMBERS = ["age", "monthly_fee"]
WORDS = {"plan": ["basic", "plus", "pro"], "payment": ["card", "invoice", "transfer"]}


def make_customers(rng, count):
    """Return a data frame of customers, and the odds that each of them cancels."""
    words = {name: rng.choice(values, count) for name, values in WORDS.items()}
    numbers = {
        "age": rng.integers(18, 90, count),
        "monthly_fee": rng.gamma(4.0, 8.0, count).round(2),
    }
    frame = pd.DataFrame(numbers | words)
    fee = frame["monthly_fee"] / 16 - 2
    # the fee drives away those who pay it for the basic plan, and keeps the others
    effect = np.where(frame["plan"] == "basic", 3 * fee, -2 * fee)
    effect += 2.0 * (frame["payment"] == "invoice") - (frame["age"] - 50) / 20
    return frame, 1 / (1 + np.exp(-effect))


def learn_words(frame):
    """Return a layer for each column of strings, which makes one-hot rows of them."""
    lookups = {name: layers.StringLookup(output_mode="one_hot") for name in WORDS}
    for name, look_up in lookups.items():
        look_up.adapt(frame[name])
    return lookups


def columns_of(frame, lookups):
    """Return a data frame as the model's inputs: arrays by name, of shape (rows, n)."""
    numbers = {name: frame[[name]].to_numpy("float32") for name in NUMBERS}
    return numbers | {name: look_up(frame[name]) for name, look_up in lookups.items()}


def build_model(x_train):
    """Return a compiled model of columns by name."""
    inputs = {name: keras.Input(x.shape[1:], name=name) for name, x in x_train.items()}
    features = dict(inputs)
    for name in NUMBERS:
        normalize = layers.Normalization()
        normalize.adapt(x_train[name])
        features[name] = normalize(inputs[name])

    x = layers.Concatenate()(list(features.values()))
    x = layers.Dense(32, activation="relu")(x)
    odds = layers.Dense(1, activation="sigmoid", name="cancels")(x)
    model = keras.Model(inputs, odds)
    adam = keras.optimizers.Adam(learning_rate=0.005)
    model.compile(adam, loss="binary_crossentropy", metrics=["accuracy"])
    return model


def main(seed=0, epochs=15, count=4000):
    """Return the accuracy of the model, of knowing the odds, and one new customer's."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    frame, odds = make_customers(rng, count + 2000)
    frame["cancelled"] = (rng.uniform(size=len(frame)) < odds).astype("float32")
    train, test = frame[:count], frame[count:]

    lookups = learn_words(train)
    x_train = columns_of(train, lookups)
    model = build_model(x_train)
    model.fit(x_train, train["cancelled"], epochs=epochs, verbose=2)
    x_test = columns_of(test, lookups)
    _, accuracy = model.evaluate(x_test, test["cancelled"], verbose=0)
    best = np.mean((odds[count:] > 0.5) == (test["cancelled"] > 0.5))
    print(f"accuracy {accuracy:.3f}; of one who knows the rule {best:.3f}")

    new = test[:1].assign(payment="cash")
    chance = float(model.predict(columns_of(new, lookups), verbose=0)[0, 0])
    print(f"a new customer, who pays as nobody did, cancels with odds {chance:.2f}")
    return {"accuracy": accuracy, "best": best, "new": chance}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=15)
    main(**vars(parser.parse_args()))
