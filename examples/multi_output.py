"""Two inputs, two outputs: what digit is it, and how bright was the light?

A digit is seen under a light of unknown strength, by two noisy eyes. One network looks
at both pictures and answers two questions: which digit, ten probabilities, and how
strong the light was, one number. Each output has a loss and metrics of its own, and
`loss_weights` says what an error in one is worth in the other.

What to look at: dicts by name say everywhere which is meant: in the data, in the
losses and metrics, and in what comes back.
"""

import argparse

import numpy as np

import kerasish as keras
from kerasish import layers


def look(rng, pictures, light):
    """Return what an eye sees of pictures in a light: float32[n, 8, 8, 1], noisy."""
    seen = pictures * light[:, None, None] + 0.3 * rng.normal(size=pictures.shape)
    return seen[..., None].astype("float32")


def make_data(rng, pictures, labels):
    """Return inputs and targets as dicts of arrays."""
    pictures = pictures / 16
    light = rng.uniform(0.5, 1.5, size=len(pictures)).astype("float32")
    x = {"left": look(rng, pictures, light), "right": look(rng, pictures, light)}
    return x, {"digit": labels, "light": light[:, None]}


def build_model():
    """Return a compiled model of two pictures with two answers."""
    left = keras.Input(shape=(8, 8, 1), name="left")
    right = keras.Input(shape=(8, 8, 1), name="right")
    both = layers.Concatenate()([left, right])
    x = layers.Conv2D(16, kernel_size=3, padding="same", activation="relu")(both)
    x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    x = layers.Dense(64, activation="relu")(x)
    digit = layers.Dense(10, activation="softmax", name="digit")(x)
    light = layers.Dense(1, name="light")(x)
    model = keras.Model(
        inputs={"left": left, "right": right},
        outputs={"digit": digit, "light": light},
    )
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.002),
        loss={"digit": "sparse_categorical_crossentropy", "light": "mse"},
        loss_weights={"digit": 1.0, "light": 5.0},
        metrics={"digit": ["accuracy"], "light": ["mae"]},
    )
    return model


def main(seed=0, epochs=15):
    """Return the metrics on test pictures, and the error of guessing the mean light."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    train, test = keras.datasets.digits.load_data()
    x_train, y_train = make_data(rng, *train)
    x_test, y_test = make_data(rng, *test)

    model = build_model()
    model.fit(
        x_train,
        y_train,
        batch_size=32,
        epochs=epochs,
        validation_data=(x_test, y_test),
        verbose=2,
    )
    found = model.evaluate(x_test, y_test, return_dict=True, verbose=0)
    guess = np.abs(y_test["light"] - y_train["light"].mean()).mean()
    print(f"digits: {found['digit_accuracy']:.3f} right")
    print(f"light: off by {found['light_mae']:.3f}, by guessing {guess:.3f}")

    answers = model.predict({eye: seen[:1] for eye, seen in x_test.items()}, verbose=0)
    print({name: answer.shape for name, answer in answers.items()})
    return found | {"guess": guess}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=15)
    main(**vars(parser.parse_args()))
