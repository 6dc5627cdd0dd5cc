"""The perceptron: one neuron with a hard threshold learns AND, OR and NAND.

A perceptron weighs its inputs, adds a bias and answers 1 if the sum is above zero, else
0. It learns from its mistakes only (Rosenblatt, 1958): for each sample,

    error  = target - answer          0 if it was right, +1 or -1 if it was wrong
    weight = weight + rate * error * input
    bias   = bias + rate * error

If any line separates the ones from the zeros, this finds one in finitely many steps.
For XOR there is none, and it goes on for ever; three perceptrons that have learned
their gates compute XOR together.

What to look at: a custom activation and a custom loss, both plain functions over
`keras.ops`, whose gradient is the perceptron rule. So SGD is the perceptron algorithm.
"""

import numpy as np
import workbench

import kerasish as keras
from kerasish import layers, ops

INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
GATES = {
    "AND": np.array([[0], [0], [0], [1]], "float32"),
    "OR": np.array([[0], [1], [1], [1]], "float32"),
    "NAND": np.array([[1], [1], [1], [0]], "float32"),
    "XOR": np.array([[0], [1], [1], [0]], "float32"),
}


def step(z):
    """Return 1 where z > 0, else 0; backwards, let the gradient through as it is.

    The true slope of a step is zero, from which nothing can be learned. The second term
    is exactly zero forwards, and has slope 1 backwards.
    """
    return ops.cast(z > 0, z.dtype) + (z - ops.stop_gradient(z))


def half_squared_error(target, answer):
    """Return (target - answer)^2 / 2, whose slope is -(target - answer): the error."""
    return ops.square(target - answer) / 2


def build_perceptron():
    """Return a perceptron for two inputs; any weights will do to start from."""
    anything = keras.initializers.RandomUniform(-1, 1)
    model = keras.Sequential(
        [
            keras.Input(shape=(2,)),
            layers.Dense(1, activation=step, kernel_initializer=anything),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate=1.0), loss=half_squared_error
    )
    return model


def answers(model):
    """Return what the model says to the four inputs, as a list of 0 and 1."""
    return model.predict(INPUTS, verbose=0).ravel().astype(int).tolist()


def train(model, targets, max_epochs):
    """Show the four samples in turn until an epoch passes without a mistake.

    Returns:
        Number of mistakes in each epoch.
    """
    mistakes = []
    while len(mistakes) < max_epochs and (not mistakes or mistakes[-1] > 0):
        losses = [
            model.train_on_batch(INPUTS[i : i + 1], targets[i : i + 1])
            for i in range(len(INPUTS))
        ]
        mistakes.append(round(2 * sum(losses)))  # a mistake costs 1/2
    return mistakes


def xor_from_gates(models):
    """Return XOR of the four inputs, as AND(OR(a, b), NAND(a, b))."""
    either = models["OR"].predict(INPUTS, verbose=0)
    not_both = models["NAND"].predict(INPUTS, verbose=0)
    joined = np.concatenate([either, not_both], axis=1)
    return models["AND"].predict(joined, verbose=0).ravel().astype(int).tolist()


def draw(path, models, histories):
    """Draw the four inputs, and the line each perceptron has put between them."""
    with workbench.figure(path, 11, 3.4) as figure:
        figure.supxlabel(
            "Blue stands for 1: dots for what is wanted, areas for what is answered.",
            fontsize="small",
        )
        for axes, gate in zip(figure.subplots(1, 4), GATES, strict=True):
            draw_gate(axes, gate, models[gate], histories[gate])


def draw_gate(axes, gate, model, mistakes):
    ticks = np.linspace(-0.5, 1.5, 200, dtype="float32")
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1)
    regions = model.predict(grid.reshape(-1, 2), batch_size=1000, verbose=0)
    axes.contourf(
        *(ticks, ticks, regions.reshape(200, 200)),
        levels=[-0.5, 0.5, 1.5],
        colors=["#F3F3F3", "#CFE3F1"],
    )
    for value, colour in ((0, "white"), (1, workbench.BLUE)):
        points = INPUTS[GATES[gate].ravel() == value]
        axes.scatter(*points.T, s=110, color=colour, edgecolor="#333333", zorder=3)
    settled = mistakes[-1] == 0
    note = f"epochs: {len(mistakes)}" if settled else "never settles"
    axes.set(title=f"{gate}   {note}", xlabel="a", xticks=[0, 1], yticks=[0, 1])
    axes.set_ylabel("b", rotation=0)
    axes.set_aspect("equal")
    axes.grid(False)


def main(quick=False, seed=0, output=None):
    """Train a perceptron for each gate.

    Args:
        quick: Whether to give up on XOR sooner.
        seed: Of the initial weights.
        output: File for the figure, or None.

    Returns:
        For each gate its "answers" and "epochs"; and "XOR from gates".
    """
    keras.utils.set_random_seed(seed)
    models, histories, found = {}, {}, {}
    print("inputs (a, b):      ", "  ".join(f"{a:.0f}{b:.0f}" for a, b in INPUTS))
    for gate, targets in GATES.items():
        models[gate] = model = build_perceptron()
        histories[gate] = mistakes = train(model, targets, 20 if quick else 100)
        found[gate] = {"answers": answers(model), "epochs": len(mistakes)}
        report(gate, model, mistakes, found[gate]["answers"])
    found["XOR from gates"] = xor_from_gates(models)
    print("AND(OR, NAND) = XOR: ", "   ".join(map(str, found["XOR from gates"])))
    if output:
        draw(output, models, histories)
    return found


def report(gate, model, mistakes, said):
    kernel, bias = model.get_weights()
    print(
        f"{gate:4s} after {len(mistakes):3d} epochs: ",
        "   ".join(map(str, said)),
        f"   weights {kernel[0, 0]:+.2f} {kernel[1, 0]:+.2f}, bias {bias[0]:+.2f}",
        "" if mistakes[-1] == 0 else "  (still making mistakes)",
    )


if __name__ == "__main__":
    workbench.run(main, workbench.make_parser(__doc__, "perceptron.png"))
