"""Forward propagation, step by step: is a handwritten digit odd?

The pictures are the 8 x 8 digits that come with the package. A network of 64 inputs, 16
hidden neurons and one output computes, for all samples at once,

    z1 = x W1 + b1      a1 = f(z1)          f: the activation function
    z2 = a1 W2 + b2     p = sigmoid(z2)     p: the probability of "odd"
    loss = -mean( y log p + (1 - y) log(1 - p) )

The lesson writes these lines out, checks that a Keras model with the same weights gives
the same numbers, and shows what the common activation functions, and their slopes, look
like. An untrained network knows nothing: it does about as well as saying "one half" to
everything, which costs log 2 = 0.693. A little training brings the loss down.

What to look at: the arithmetic in `keras.ops`; the slopes come from `kerasish.grad`.
"""

import math

import numpy as np
import workbench

import kerasish as keras
from kerasish import activations, layers, ops

NUM_HIDDEN = 16
ACTIVATIONS = {
    "step": lambda z: ops.cast(z > 0, z.dtype),
    "sigmoid": activations.sigmoid,
    "tanh": activations.tanh,
    "relu": activations.relu,
    "leaky_relu": activations.leaky_relu,
    "gelu": activations.gelu,
}


def load_odd_even():
    """Return training and test pairs: pixels in [0, 1], and 1 for odd digits."""
    images = workbench.load_images("digits")
    return (
        (workbench.flatten(images.x_train), odd(images.y_train)),
        (workbench.flatten(images.x_test), odd(images.y_test)),
        images,
    )


def odd(digits):
    """Return float32 of shape (samples, 1): 1 for odd digits, 0 for even ones."""
    return (digits % 2).astype("float32")[:, np.newaxis]


def forward(x, weights, activation):
    """Return all that the network computes on the way, in order, as NumPy arrays.

    Args:
        x: Pixels, (samples, 64).
        weights: [W1, b1, W2, b2], of shapes (64, 16), (16,), (16, 1) and (1,).
        activation: Function of the hidden neurons.
    """
    W1, b1, W2, b2 = (ops.convert_to_tensor(weight) for weight in weights)
    z1 = ops.matmul(x, W1) + b1
    a1 = activation(z1)
    z2 = ops.matmul(a1, W2) + b2
    values = {"z1": z1, "a1": a1, "z2": z2, "p": ops.sigmoid(z2)}
    return {name: ops.convert_to_numpy(value) for name, value in values.items()}


def odd_even_loss(y, p):
    """Return the mean cross-entropy of labels and probabilities, both (samples, 1)."""
    y, p = ops.convert_to_tensor(y), ops.convert_to_tensor(p)
    return -ops.mean(y * ops.log(p) + (1 - y) * ops.log(1 - p))


def build_model(activation):
    """Return the same network as a Keras model."""
    model = keras.Sequential(
        [
            keras.Input(shape=(64,)),
            layers.Dense(NUM_HIDDEN, activation=activation),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


def slope_of(function, z):
    """Return the slope of an elementwise function at each of the points z.

    Each output depends on its own input only, so the gradient of their sum is what we
    want.
    """
    return keras.grad(lambda z: ops.sum(function(z)))(z)


def draw(path, images, model):
    """Draw the activation functions, and one digit on its way through the network."""
    with workbench.figure(path, 11, 6.2) as figure:
        top, bottom = figure.subfigures(2, 1, height_ratios=[1.6, 1])
        z = np.linspace(-4, 4, 401, dtype="float32")
        panels = top.subplots(2, 3, sharex=True).flat
        for axes, (name, function) in zip(panels, ACTIVATIONS.items(), strict=True):
            values = ops.convert_to_numpy(function(ops.convert_to_tensor(z)))
            slopes = ops.convert_to_numpy(slope_of(function, z))
            axes.plot(z, values, label="value")
            axes.plot(z, slopes, "--", label="slope", linewidth=1.5)
            axes.set(title=name.replace("_", " "), ylim=(-1.3, 2.3))
        axes.legend(fontsize="small", loc="upper left")
        draw_journey(bottom, images, model)


def draw_journey(figure, images, model):
    picture, digit = images.x_test[0], images.y_test[0]
    values = forward(
        picture.reshape(1, 64), model.get_weights(), model.layers[0].activation
    )
    first, second, third, last = figure.subplots(1, 4, width_ratios=[1, 2, 2, 1])
    workbench.show_picture(first, picture, f"x: a {digit}")
    for axes, name, title in (
        (second, "z1", "z1 = x W1 + b1"),
        (third, "a1", "a1 = f(z1)"),
    ):
        axes.bar(range(NUM_HIDDEN), values[name].ravel(), color=workbench.BLUE)
        axes.set(title=title, xticks=[0, NUM_HIDDEN - 1], xlabel="hidden neuron")
    p = float(values["p"][0, 0])
    last.bar(["even", "odd"], [1 - p, p], color=[workbench.GREY, workbench.GREEN])
    last.set(title=f"p = {p:.3f}", ylim=(0, 1))


def main(quick=False, seed=0, output=None, activation="tanh", epochs=30):
    """Propagate the digits through an untrained and through a trained network.

    Args:
        quick: Has no effect: it takes a second as it is.
        seed: Of the initial weights and the shuffling.
        output: File for the figure, or None.
        activation: Of the hidden neurons; a name in `ACTIVATIONS`, but for "step",
            which has no slope to learn from.
        epochs: Rounds of training.

    Returns:
        "loss": by hand, untrained; "keras loss": the same from the model; "difference":
        the largest between the probabilities; "trained loss" and "trained accuracy" on
        the test samples.
    """
    keras.utils.set_random_seed(seed)
    (x_train, y_train), (x_test, y_test), images = load_odd_even()
    model = build_model(activation)

    values = forward(x_test, model.get_weights(), ACTIVATIONS[activation])
    print(f"{len(x_test)} test samples, {y_test.mean():.1%} of them odd\n")
    print(f"x   {x_test.shape}")
    for name, value in values.items():
        low, high = value.min(), value.max()
        print(f"{name:3s} {value.shape!s:10s} from {low:+.3f} to {high:+.3f}")

    loss = float(odd_even_loss(y_test, values["p"]))
    keras_loss = model.evaluate(x_test, y_test, verbose=0)[0]
    difference = np.abs(values["p"] - model.predict(x_test, verbose=0)).max()
    print(f"\nloss, untrained: {loss:.4f}, by Keras's model: {keras_loss:.4f}")
    print(f"always saying one half would cost log 2 = {math.log(2):.4f}")

    model.fit(x_train, y_train, epochs=epochs, verbose=0)
    trained_loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"loss after {epochs} epochs of training: {trained_loss:.4f}", end="")
    print(f" ({accuracy:.1%} of the test samples right)")
    if output:
        draw(output, images, model)
    return {
        "loss": loss,
        "keras loss": keras_loss,
        "difference": float(difference),
        "trained loss": trained_loss,
        "trained accuracy": accuracy,
    }


if __name__ == "__main__":
    parser = workbench.make_parser(__doc__, "digits_forward.png")
    parser.add_argument(
        "--activation",
        choices=[name for name in ACTIVATIONS if name != "step"],
        default="tanh",
        help="of the hidden neurons (default: tanh)",
    )
    parser.add_argument("--epochs", type=int, default=30, help="(default: 30)")
    workbench.run(main, parser)
