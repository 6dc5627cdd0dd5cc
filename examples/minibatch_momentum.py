"""Mini-batches, momentum and a better start: 97% in nine epochs.

Full-batch gradient descent looks at all 60,000 samples before it takes one step. Three
changes, each of a line, turn that into the way networks are trained today:

    mini-batches   a step after every 128 samples, in a new order each epoch
    start          weights drawn with standard deviation 1 / sqrt(inputs of the neuron),
                   so that sums of many inputs do not saturate the sigmoids
    momentum       v = 0.9 v - rate * gradient;  w = w + v

The lesson trains the network of `ten_classes.py` four times for nine epochs, with one
change after the other. The whole recipe reads more than 97% of the test digits.

Momentum is written in two ways. Some courses average the gradients, v = 0.9 v + 0.1 g,
and take steps of size 4; Keras adds them up, so the same steps have a rate of 0.1 * 4.

What to look at: `VarianceScaling` makes the start, `SGD(momentum=)` the momentum.
"""

import math

import numpy as np
import workbench

import kerasish as keras
from kerasish import layers

EPOCHS = 9
MOMENTUM = 0.9
RATE = 4.0 * (1 - MOMENTUM)

# name -> samples a step (None: all), start of the weights, momentum, rate. The rate
# without momentum, 1, is that of the lessons before. With it, steps that agree add up
# to ten times their size: 0.4 goes as far as 4 would, and 4 by itself would jump about.
RECIPES = {
    "full batch": (None, "normal", 0.0, 1.0),
    "mini-batches": (128, "normal", 0.0, 1.0),
    "+ 1/sqrt(n) start": (128, "scaled", 0.0, 1.0),
    "+ momentum": (128, "scaled", MOMENTUM, RATE),
}


def initializer(start):
    """Return normal weights with standard deviation 1, or 1 / sqrt(inputs)."""
    if start == "normal":
        return keras.initializers.RandomNormal(stddev=1.0)
    return keras.initializers.VarianceScaling(
        scale=1.0, mode="fan_in", distribution="untruncated_normal"
    )


def build_model(num_pixels, start, momentum, rate):
    """Return the network: pixels, 64 sigmoids, 10 probabilities."""
    model = keras.Sequential(
        [
            keras.Input(shape=(num_pixels,)),
            layers.Dense(
                64, activation="sigmoid", kernel_initializer=initializer(start)
            ),
            layers.Dense(
                10, activation="softmax", kernel_initializer=initializer(start)
            ),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate=rate, momentum=momentum),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def train(images, recipe, epochs):
    """Train a new network by one of the recipes.

    Returns:
        The accuracy on the test samples after each epoch.
    """
    batch_size, start, momentum, rate = RECIPES[recipe]
    x_train, x_test = (
        workbench.flatten(images.x_train),
        workbench.flatten(images.x_test),
    )
    model = build_model(x_train.shape[1], start, momentum, rate)
    history = model.fit(
        *(x_train, images.y_train),
        batch_size=batch_size or len(x_train),
        epochs=epochs,
        validation_data=(x_test, images.y_test),
        validation_batch_size=1000,
        verbose=0,
    )
    return history.history["val_accuracy"]


def draw(path, curves):
    """Draw the error on the test samples after each epoch, for each recipe."""
    colours = [
        workbench.GREY,
        workbench.ORANGE,
        workbench.GREEN,
        workbench.BLUE,
    ]
    with workbench.figure(path, 7.5, 4.2) as figure:
        axes = figure.subplots()
        for (name, curve), colour in zip(curves.items(), colours, strict=True):
            epochs = np.arange(1, len(curve) + 1)
            axes.plot(epochs, 1 - np.array(curve), "o-", color=colour, markersize=4)
            axes.annotate(
                f"{name}: {curve[-1]:.1%} right",
                (epochs[-1], 1 - curve[-1]),
                (8, 0),
                textcoords="offset points",
                color=colour,
                va="center",
                fontsize="small",
            )
        axes.set(title="One change after the other", xlabel="epoch", yscale="log")
        axes.set(ylabel="test samples misread", xlim=(0.7, len(curve) * 1.45))
        axes.set_yticks(
            [0.02, 0.05, 0.1, 0.2, 0.5, 1], "2% 5% 10% 20% 50% 100%".split()
        )
        axes.set_xticks(epochs)
        axes.minorticks_off()


def main(quick=False, seed=0, output=None, data="auto", recipes=tuple(RECIPES)):
    """Train by each of the recipes.

    Args:
        quick: Whether to train on 5,000 samples only.
        seed: Of the initial weights and the shuffling.
        output: File for the figure, or None.
        data: "mnist", "digits" or "auto".
        recipes: Names in `RECIPES`.

    Returns:
        For each recipe the accuracy on the test samples after each epoch, a list.
    """
    data = workbench.choose_data(data, ["mnist", "digits"])
    images = workbench.load_images(data, limit=5_000 if quick else None)
    print(f"{data}: test accuracy after each of {EPOCHS} epochs\n")
    curves = {}
    for recipe in recipes:
        keras.utils.set_random_seed(seed)
        curves[recipe] = curve = train(images, recipe, EPOCHS)
        batch_size = RECIPES[recipe][0] or len(images.x_train)
        steps = EPOCHS * math.ceil(len(images.x_train) / batch_size)
        print(f"{recipe:18s}", *(f"{a:.3f}" for a in curve), f" ({steps:,} steps)")
    if output:
        draw(output, curves)
    return curves


if __name__ == "__main__":
    parser = workbench.make_parser(__doc__, "minibatch_momentum.png")
    workbench.add_data_argument(parser, "mnist", "digits")
    workbench.run(main, parser)
