"""A neuron, a network of three, a loss, and its derivatives by hand and by machine.

    neuron      y = sigmoid(w . x + b)
    network     h1, h2 = two neurons that both see x;  o1 = a neuron that sees h1 and h2
    loss        mean of (true - predicted)^2
    derivative  how much the loss changes when one weight changes: the chain rule

Everything is computed in float64, so that the numbers are those of a pocket calculator.
The last part takes the derivative of the loss by each of the nine weights and biases
twice: with the chain rule written out, and by `kerasish.grad`, which applies the same
rule to whatever function it is given.

What to look at: layers with weights of our own, and `grad` on a plain function.
"""

import math

import numpy as np
import workbench

import kerasish as keras
from kerasish import layers, ops

PARAMETERS = ["w1", "w2", "w3", "w4", "w5", "w6", "b1", "b2", "b3"]


# 1. and 2. forwards -------------------------------------------------------------------


def dense(units):
    return layers.Dense(units, activation="sigmoid", dtype="float64")


def neuron_output():
    """Return sigmoid(w . x + b) for w = [0, 1], b = 4, x = [2, 3]: sigmoid(7)."""
    neuron = keras.Sequential([keras.Input(shape=(2,), dtype="float64"), dense(1)])
    neuron.set_weights([np.array([[0.0], [1.0]]), np.array([4.0])])
    return float(neuron.predict(np.array([[2.0, 3.0]]), verbose=0)[0, 0])


def network_output():
    """Return the output of three equal neurons, w = [0, 1] and b = 0, for x = [2, 3].

    A layer keeps the weights of its neurons side by side: one column each.
    """
    inputs = keras.Input(shape=(2,), dtype="float64")
    network = keras.Sequential([inputs, dense(2), dense(1)])
    column = np.array([[0.0], [1.0]])
    hidden = np.concatenate([column, column], axis=1)
    network.set_weights([hidden, np.zeros(2), column, np.zeros(1)])
    return float(network.predict(np.array([[2.0, 3.0]]), verbose=0)[0, 0])


# 3. the loss --------------------------------------------------------------------------


def mse_loss(true, predicted):
    """Return the mean of the squared differences of two arrays of shape (samples,)."""
    return ops.mean(ops.square(ops.subtract(true, predicted)))


# 4. derivatives -----------------------------------------------------------------------


def network_loss(parameters, x, true):
    """Return the loss of the 2-2-1 network for one sample.

    Args:
        parameters: The nine numbers, in the order of `PARAMETERS`.
        x: The two inputs.
        true: The target.
    """
    w1, w2, w3, w4, w5, w6, b1, b2, b3 = (parameters[i] for i in range(9))
    h1 = ops.sigmoid(w1 * x[0] + w2 * x[1] + b1)
    h2 = ops.sigmoid(w3 * x[0] + w4 * x[1] + b2)
    o1 = ops.sigmoid(w5 * h1 + w6 * h2 + b3)
    return mse_loss(true, o1)


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


def slope(output):
    """Return the slope of the sigmoid where its output is this: f' = f (1 - f)."""
    return output * (1 - output)


def derivatives_by_hand(parameters, x, true):
    """Return the derivative of `network_loss` by each parameter: the chain rule.

    Each factor answers "how much does this change if that changes": the loss with o1,
    o1 with h1, h1 with w1.
    """
    w1, w2, w3, w4, w5, w6, b1, b2, b3 = parameters
    h1 = sigmoid(w1 * x[0] + w2 * x[1] + b1)
    h2 = sigmoid(w3 * x[0] + w4 * x[1] + b2)
    o1 = sigmoid(w5 * h1 + w6 * h2 + b3)

    loss_by_o1 = -2 * (true - o1)
    o1_by_h1 = w5 * slope(o1)
    o1_by_h2 = w6 * slope(o1)
    return {
        "w1": loss_by_o1 * o1_by_h1 * x[0] * slope(h1),
        "w2": loss_by_o1 * o1_by_h1 * x[1] * slope(h1),
        "w3": loss_by_o1 * o1_by_h2 * x[0] * slope(h2),
        "w4": loss_by_o1 * o1_by_h2 * x[1] * slope(h2),
        "w5": loss_by_o1 * h1 * slope(o1),
        "w6": loss_by_o1 * h2 * slope(o1),
        "b1": loss_by_o1 * o1_by_h1 * slope(h1),
        "b2": loss_by_o1 * o1_by_h2 * slope(h2),
        "b3": loss_by_o1 * slope(o1),
    }


def derivatives_by_machine(parameters, x, true):
    """Return the same from `kerasish.grad`."""
    gradient = keras.grad(network_loss)(np.array(parameters), np.array(x), true)
    values = ops.convert_to_numpy(gradient).tolist()
    return dict(zip(PARAMETERS, values, strict=True))


# the lesson ---------------------------------------------------------------------------


def draw(path, parameters, x, true, derivative):
    """Draw the sigmoid with our neuron on it, and the loss with its slope at w1 = 1."""
    with workbench.figure(path, 9, 3.5) as figure:
        left, right = figure.subplots(1, 2)
        z = np.linspace(-9, 9, 200)
        left.plot(z, [sigmoid(value) for value in z])
        left.plot(7, sigmoid(7), "o", color=workbench.RED)
        left.annotate("our neuron:\nsigmoid(7)", (7, sigmoid(7)), (4.2, 0.8))
        left.set(title="The sigmoid", xlabel="w · x + b", ylabel="output")
        left.set_xticks(range(-8, 9, 4))

        w1 = np.linspace(-3, 5, 200)
        rest = np.array(parameters[1:])
        losses = [float(network_loss(np.array([w, *rest]), x, true)) for w in w1]
        here = float(network_loss(np.array(parameters), x, true))
        right.plot(w1, losses)
        tangent = np.array([-0.7, 2.7])
        right.plot(tangent, here + derivative * (tangent - 1), color=workbench.RED)
        right.plot(1, here, "o", color=workbench.RED)
        right.annotate(
            f"slope at w1 = 1:\n{derivative:.4f}",
            *((1, here), (10, -30)),
            textcoords="offset points",
        )
        right.set(title="The loss, as w1 changes", xlabel="w1", ylabel="loss")


def main(quick=False, seed=0, output=None):
    """Compute the numbers of the lesson.

    Args:
        quick: Has no effect: it takes no time as it is.
        seed: Has no effect: nothing is random.
        output: File for the figure, or None.

    Returns:
        "neuron", "network" and "loss"; and the derivatives "by hand" and "by machine",
        dicts by the names in `PARAMETERS`.
    """
    found = {
        "neuron": neuron_output(),
        "network": network_output(),
        "loss": float(mse_loss(np.array([1.0, 0, 0, 1]), np.array([0.0, 0, 0, 0]))),
    }
    print("a neuron,  w = [0, 1], b = 4, x = [2, 3]:", found["neuron"])
    print("a network, w = [0, 1], b = 0, x = [2, 3]:", found["network"])
    print("loss of [0, 0, 0, 0] for [1, 0, 0, 1]:   ", found["loss"])

    # all weights 1, all biases 0; a sample of class 1
    parameters, x, true = [1.0] * 6 + [0.0] * 3, [-2.0, -1.0], 1.0
    found["by hand"] = derivatives_by_hand(parameters, x, true)
    found["by machine"] = derivatives_by_machine(parameters, x, true)
    print("\nDerivatives of the loss for x = [-2, -1], true = 1:")
    print("          by hand               kerasish.grad")
    for name in PARAMETERS:
        print(
            f"  dL/d{name}  {found['by hand'][name]:+.16f}"
            f"  {found['by machine'][name]:+.16f}"
        )
    if output:
        draw(output, parameters, x, true, found["by machine"]["w1"])
    return found


if __name__ == "__main__":
    workbench.run(main, workbench.make_parser(__doc__, "neuron.png"))
