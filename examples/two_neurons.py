"""The smallest network that learns something: two hidden neurons, four samples.

Each sample is a person: weight (in pounds, less 135) and height (in inches, less 66).
The network, two inputs, two hidden neurons, one output, learns to answer 1 or 0 by
stochastic gradient descent in its plainest form: one sample at a time, in order,

    w = w - rate * dL/dw,        L = (true - predicted)^2

for 1000 rounds at a rate of 0.1. Asked about two people it has never seen, it answers
about 0.95 for the first and 0.04 for the second. Try several seeds: the answers differ
a little, because the loss is not convex and each start leads down its own way.

What to look at: `fit` with `batch_size=1, shuffle=False` is this loop.
"""

import numpy as np
import workbench

import kerasish as keras
from kerasish import layers

PEOPLE = np.array([[-2, -1], [25, 6], [17, 4], [-15, -6]], "float32")
LABELS = np.array([[1], [0], [0], [1]], "float32")
UNSEEN = np.array([[-7, -3], [20, 2]], "float32")


def build_network(rate):
    """Return the 2-2-1 network; weights and biases start from a standard normal."""

    def neurons(units):
        # An initializer gives the same numbers each time it is asked: one for each use.
        normal = keras.initializers.RandomNormal
        return layers.Dense(
            units,
            activation="sigmoid",
            kernel_initializer=normal(stddev=1.0),
            bias_initializer=normal(stddev=1.0),
        )

    model = keras.Sequential([keras.Input(shape=(2,)), neurons(2), neurons(1)])
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate=rate), loss="mean_squared_error"
    )
    return model


def draw(path, model, losses):
    """Draw the loss over time, and what the network answers everywhere."""
    with workbench.figure(path, 9.5, 3.8) as figure:
        left, right = figure.subplots(1, 2)
        left.plot(np.arange(1, len(losses) + 1), losses)
        left.set(title="Learning", xlabel="epoch", ylabel="mean loss", yscale="log")
        draw_answers(figure, right, model)


def draw_answers(figure, axes, model):
    across, up = np.linspace(-22, 32, 120), np.linspace(-9, 9, 120)
    grid = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    answers = model.predict(grid, batch_size=1000, verbose=0).reshape(120, 120)
    filled = axes.contourf(
        across, up, answers, levels=np.linspace(0, 1, 11), cmap="RdBu", alpha=0.6
    )
    figure.colorbar(filled, ax=axes, label="answer", ticks=[0, 0.5, 1])
    for value, marker in ((1, "o"), (0, "s")):
        points = PEOPLE[LABELS.ravel() == value]
        axes.scatter(
            *points.T, marker=marker, s=60, color="#222222", label=f"labelled {value}"
        )
    axes.scatter(
        *UNSEEN.T, marker="*", s=150, color="white", edgecolor="#222222", label="unseen"
    )
    axes.set(title="What it answers", xlabel="weight - 135", ylabel="height - 66")
    axes.legend(fontsize="small", loc="lower right")
    axes.grid(False)


def main(quick=False, seed=0, output=None, epochs=1000, rate=0.1):
    """Train the network and ask it about two people it has not seen.

    Args:
        quick: Has no effect: it takes less than a second as it is.
        seed: Of the initial weights.
        output: File for the figure, or None.
        epochs: Rounds through the four samples.
        rate: Learning rate.

    Returns:
        "answers": two numbers in (0, 1), for (-7, -3) and (20, 2); "loss": the mean
        loss over the four samples after training; "before": the weights at the start.
    """
    keras.utils.set_random_seed(seed)
    model = build_network(rate)
    before = model.get_weights()
    history = model.fit(
        PEOPLE, LABELS, batch_size=1, shuffle=False, epochs=epochs, verbose=0
    )
    losses = history.history["loss"]
    for epoch in range(0, epochs, max(1, epochs // 10)):
        print(f"epoch {epoch + 1:4d}  mean loss {losses[epoch]:.4f}")

    answers = model.predict(UNSEEN, verbose=0).ravel().tolist()
    loss = model.evaluate(PEOPLE, LABELS, verbose=0)
    print(f"\nloss after training: {loss:.4f}")
    print(f"(-7, -3): {answers[0]:.3f}   about 0.95 is expected: a 1")
    print(f"(20, 2):  {answers[1]:.3f}   about 0.04 is expected: a 0")
    if output:
        draw(output, model, losses)
    return {"answers": answers, "loss": loss, "before": before}


if __name__ == "__main__":
    parser = workbench.make_parser(__doc__, "two_neurons.png")
    parser.add_argument("--epochs", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=0.1, help="learning rate")
    workbench.run(main, parser)
