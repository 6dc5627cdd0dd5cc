"""All ten digits: 64 hidden sigmoids, softmax, full-batch gradient descent.

Ten output neurons, one for each digit, and softmax, which turns their sums z into
probabilities; the cost is the cross-entropy of the true class,

    p_k = exp(z_k) / (exp(z_0) + ... + exp(z_9)),        cost = -mean( log p_true )

Each epoch is one step of gradient descent over all samples. 200 steps from Keras's
usual start (`glorot_uniform`) pass 90% on the test samples. `--start normal` begins
with standard normal weights instead, which are far too large for 784 inputs: the hidden
neurons are stuck in the flat ends of the sigmoid, and the same 200 steps end below 85%
(`minibatch_momentum.py` mends that, and the slowness).

What to look at: `sparse_categorical_crossentropy` takes class numbers as they are.
"""

import numpy as np
import workbench

import kerasish as keras
from kerasish import layers


def build_model(num_pixels, rate, start):
    """Return the network: pixels, 64 sigmoids, 10 probabilities.

    Args:
        num_pixels: Number of inputs.
        rate: Learning rate.
        start: "glorot" or "normal": how the weights are drawn.
    """

    def initializer():
        if start == "normal":
            return keras.initializers.RandomNormal(stddev=1.0)
        return keras.initializers.GlorotUniform()

    model = keras.Sequential(
        [
            keras.Input(shape=(num_pixels,)),
            layers.Dense(
                64,
                activation="sigmoid",
                kernel_initializer=initializer(),
                name="hidden",
            ),
            layers.Dense(10, activation="softmax", kernel_initializer=initializer()),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate=rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def train(model, x, y, epochs):
    """Do one step of gradient descent over all samples in each epoch.

    Returns:
        The cost in each epoch.
    """
    history = model.fit(
        *(x, y),
        batch_size=len(x),
        shuffle=False,  # the sum over all samples does not depend on their order
        epochs=epochs,
        verbose=0,
        callbacks=[workbench.PrintCost(every=max(1, epochs // 10))],
    )
    return history.history["loss"]


def confusion_matrix(true, predicted):
    """Return counts of shape (10, 10): truth down, prediction across."""
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (true, predicted), 1)
    return counts


def draw(path, model, confusion, classes):
    """Draw the confusion matrix, and what each hidden neuron looks for."""
    with workbench.figure(path, 11, 5) as figure:
        left, right = figure.subfigures(1, 2, width_ratios=[1.15, 1])
        correct = confusion.trace() / confusion.sum()
        title = f"Test samples: {correct:.1%} right"
        workbench.show_confusion(left.subplots(), confusion, classes, title)

        kernel = model.get_layer("hidden").get_weights()[0]
        side = int(len(kernel) ** 0.5)
        reach = np.percentile(np.abs(kernel), 99.5)
        right.suptitle(
            "Weights of the 64 hidden neurons", fontsize="medium", fontweight="bold"
        )
        for axes, weights in zip(right.subplots(8, 8).flat, kernel.T, strict=True):
            picture = weights.reshape(side, side)
            workbench.show_picture(axes, picture, cmap="RdBu", vmin=-reach, vmax=reach)


def main(
    quick=False,
    seed=0,
    output=None,
    data="auto",
    epochs=200,
    rate=1.0,
    start="glorot",
):
    """Train the network and count what it mistakes for what.

    Args:
        quick: Whether to train on 5,000 samples only.
        seed: Of the initial weights.
        output: File for the figure, or None.
        data: "mnist", "digits" or "auto".
        epochs: Steps of gradient descent.
        rate: Learning rate.
        start: "glorot" or "normal": how the weights are drawn.

    Returns:
        "accuracy" and "loss" on the test samples; "confusion": counts, truth down and
        prediction across; "costs": the cost in each epoch.
    """
    keras.utils.set_random_seed(seed)
    data = workbench.choose_data(data, ["mnist", "digits"])
    images = workbench.load_images(data, limit=5_000 if quick else None)
    x_train, x_test = (
        workbench.flatten(images.x_train),
        workbench.flatten(images.x_test),
    )

    model = build_model(x_train.shape[1], rate, start)
    print(f"{data}: {len(x_train):,} samples, {model.count_params():,} parameters\n")
    costs = train(model, x_train, images.y_train, epochs)
    loss, accuracy = model.evaluate(x_test, images.y_test, batch_size=1000, verbose=0)
    predicted = model.predict(x_test, batch_size=1000, verbose=0).argmax(axis=1)
    confusion = confusion_matrix(images.y_test, predicted)
    print(f"\ntest cost {loss:.4f}, test accuracy {accuracy:.4f}")
    print("\nconfusion matrix (truth down, prediction across)")
    print(confusion)
    if output:
        draw(output, model, confusion, images.classes)
    return {
        "accuracy": accuracy,
        "loss": loss,
        "confusion": confusion,
        "costs": costs,
    }


if __name__ == "__main__":
    parser = workbench.make_parser(__doc__, "ten_classes.png")
    workbench.add_data_argument(parser, "mnist", "digits")
    parser.add_argument("--epochs", type=int, default=200, help="(default: 200)")
    parser.add_argument("--rate", type=float, default=1.0, help="learning rate")
    parser.add_argument("--start", choices=["glorot", "normal"], default="glorot")
    workbench.run(main, parser)
