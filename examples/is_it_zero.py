"""Is it a zero? One neuron, then 64 hidden ones, by full-batch gradient descent.

Logistic regression is one neuron that sees every pixel: p = sigmoid(w . x + b), trained
on the cross-entropy

    cost = -mean( y log p + (1 - y) log(1 - p) )

A hidden layer of 64 sigmoids between the pixels and that neuron is the first step up.
Each epoch here is a single step of gradient descent over all samples at once.

Only one digit in ten is a zero, so that "never" is right in 90% of the cases: accuracy
alone says little, and the confusion matrix and the report of scikit-learn say where the
mistakes are. Both models end at about 99%; 200 steps are few for 50,305 weights, and
the hidden layer has yet to gain on the single neuron.

What to look at: `batch_size=len(x)` makes `fit` full-batch gradient descent, a callback
prints the cost now and then, and scikit-learn's functions take what `predict` returns.
"""

import numpy as np
import workbench

import kerasish as keras
from kerasish import layers


def build_models(num_pixels, rate):
    """Return the two models by name."""
    logistic = keras.Sequential(
        [
            keras.Input(shape=(num_pixels,)),
            layers.Dense(1, activation="sigmoid"),
        ],
        name="logistic_regression",
    )
    hidden = keras.Sequential(
        [
            keras.Input(shape=(num_pixels,)),
            layers.Dense(64, activation="sigmoid"),
            layers.Dense(1, activation="sigmoid"),
        ],
        name="hidden_layer",
    )
    for model in (logistic, hidden):
        model.compile(
            optimizer=keras.optimizers.SGD(learning_rate=rate),
            loss="binary_crossentropy",
            metrics=["accuracy"],
        )
    return {model.name: model for model in (logistic, hidden)}


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


def judge(model, x, y):
    """Print and return how the model does on samples it has not seen.

    Returns:
        "accuracy", in [0, 1]; "confusion": counts, truth down and prediction across;
        "precision" and "recall" of the zeros.
    """
    metrics = workbench.require("sklearn.metrics")
    is_zero = model.predict(x, batch_size=1000, verbose=0).ravel() > 0.5
    confusion = metrics.confusion_matrix(y, is_zero)
    # A model that never says "zero" has no precision; it counts as 0.
    options = {"target_names": ["other", "zero"], "zero_division": 0}
    print("\nconfusion matrix (truth down, prediction across)")
    print(confusion)
    print(metrics.classification_report(y, is_zero, digits=3, **options))
    report = metrics.classification_report(y, is_zero, output_dict=True, **options)
    return {
        "accuracy": float(np.mean(is_zero == y)),
        "confusion": confusion,
        "precision": report["zero"]["precision"],
        "recall": report["zero"]["recall"],
    }


def draw(path, costs, found, logistic):
    """Draw the costs, the confusion matrices, and what the one neuron looks for."""
    with workbench.figure(path, 11, 6.4) as figure:
        cost, weights, *confusions = figure.subplots(2, 2).flat
        for name, values in costs.items():
            label = name.replace("_", " ")
            cost.plot(np.arange(1, len(values) + 1), values, label=label)
        cost.set(title="Learning", xlabel="step", ylabel="cost", yscale="log")
        cost.legend()

        kernel = logistic.get_weights()[0]
        side = int(len(kernel) ** 0.5)
        reach = np.abs(kernel).max()
        shown = weights.imshow(
            kernel.reshape(side, side), cmap="RdBu", vmin=-reach, vmax=reach
        )
        weights.set_title("Weights of the one neuron")
        weights.axis("off")
        bar = figure.colorbar(shown, ax=weights, ticks=[-reach, 0, reach])
        bar.ax.set_yticklabels(["against a zero", "neither way", "for a zero"])
        bar.set_label("ink here speaks")

        for axes, (name, judged) in zip(confusions, found.items(), strict=True):
            title = f"{name.replace('_', ' ').capitalize()}: {judged['accuracy']:.1%}"
            counts = judged["confusion"]
            workbench.show_confusion(axes, counts, ["other", "zero"], title)


def main(quick=False, seed=0, output=None, data="auto", epochs=200, rate=1.0):
    """Train both models and judge them on the test samples.

    Args:
        quick: Whether to train on 5,000 samples only.
        seed: Of the initial weights.
        output: File for the figure, or None.
        data: "mnist", "digits" or "auto".
        epochs: Steps of gradient descent.
        rate: Learning rate.

    Returns:
        What `judge` returns, for "logistic_regression" and "hidden_layer".
    """
    workbench.require("sklearn.metrics")
    keras.utils.set_random_seed(seed)
    data = workbench.choose_data(data, ["mnist", "digits"])
    images = workbench.load_images(data, limit=5_000 if quick else None)
    x_train, x_test = (
        workbench.flatten(images.x_train),
        workbench.flatten(images.x_test),
    )
    y_train, y_test = images.y_train == 0, images.y_test == 0
    print(f"{data}: {len(x_train):,} samples, {y_train.mean():.1%} of them zeros")
    print(f'answering "never" is right in {1 - y_test.mean():.1%} of the test samples')

    models = build_models(x_train.shape[1], rate)
    costs, found = {}, {}
    for name, model in models.items():
        print(f"\n== {name.replace('_', ' ')}: {model.count_params():,} parameters")
        costs[name] = train(model, x_train, y_train.astype("float32"), epochs)
        found[name] = judge(model, x_test, y_test)
    if output:
        draw(output, costs, found, models["logistic_regression"])
    return found


if __name__ == "__main__":
    parser = workbench.make_parser(__doc__, "is_it_zero.png")
    workbench.add_data_argument(parser, "mnist", "digits")
    parser.add_argument("--epochs", type=int, default=200, help="(default: 200)")
    parser.add_argument("--rate", type=float, default=1.0, help="learning rate")
    workbench.run(main, parser)
