"""Fashion-MNIST with a training loop of our own, fed by a loader.

The network is 784 - 512 - 512 - 10 with ReLU; its outputs are logits (no softmax), and
the loss knows (`from_logits=True`). A small `Loader` class cuts arrays into batches of
64, and `train` and `test` go through them one batch at a time and print

    loss: 2.338356  [   64/60000]
    Test Error:
     Accuracy: 72.5%, Avg loss: 1.651738

Plain SGD with a rate of 0.001 is slow: five epochs are only the beginning. Where
Fashion-MNIST is not at hand, MNIST or the 8 x 8 digits do.

What to look at: `train_on_batch` and `test_on_batch` return the loss and the metrics of
one batch, and leave the loop to you. (`fit` takes a loader like this one as well.)
"""

import math
import time

import numpy as np
import workbench

import kerasish as keras
from kerasish import layers


class Loader:
    """Batches of two arrays that go together; can be gone through any number of times.

    Args:
        x: Inputs, (samples, ...).
        y: Targets, (samples,).
        batch_size: Samples a batch; the last one may be smaller.
        shuffle: Whether to draw a new order each time.
    """

    def __init__(self, x, y, batch_size=64, shuffle=False):
        self.x, self.y = x, y
        self.batch_size = batch_size
        self.shuffle = shuffle

    def __len__(self):
        return math.ceil(len(self.x) / self.batch_size)

    def __iter__(self):
        order = np.arange(len(self.x))
        if self.shuffle:
            np.random.shuffle(order)  # seeded by keras.utils.set_random_seed
        for start in range(0, len(order), self.batch_size):
            chosen = order[start : start + self.batch_size]
            yield self.x[chosen], self.y[chosen]


def build_model(input_shape, rate):
    """Return the network: pictures in, ten logits out."""
    model = keras.Sequential(
        [
            keras.Input(shape=input_shape),
            layers.Flatten(),
            layers.Dense(512, activation="relu"),
            layers.Dense(512, activation="relu"),
            layers.Dense(10),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate=rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def train(loader, model, print_every=100):
    """Go through the training samples once; return the loss of each batch."""
    size, done, losses = len(loader.x), 0, []
    for batch, (x, y) in enumerate(loader):
        loss, _ = model.train_on_batch(x, y)
        losses.append(loss)
        done += len(x)
        if batch % print_every == 0:
            print(f"loss: {loss:>8f}  [{done:>5d}/{size:>5d}]")
    return losses


def test(loader, model):
    """Print and return the accuracy and the loss on the test samples."""
    correct, total = 0.0, 0.0
    for x, y in loader:
        loss, accuracy = model.test_on_batch(x, y)
        correct += accuracy * len(x)
        total += loss * len(x)
    size = len(loader.x)
    accuracy, loss = correct / size, total / size
    print(f"Test Error:\n Accuracy: {100 * accuracy:.1f}%, Avg loss: {loss:>8f}\n")
    return accuracy, loss


def draw(path, losses, model, images):
    """Draw the loss of every batch, and some answers."""
    with workbench.figure(path, 10, 4) as figure:
        left, right = figure.subfigures(1, 2)
        axes = left.subplots()
        axes.plot(losses, color=workbench.GREY, linewidth=0.4, alpha=0.6)
        window = min(len(losses), 50)
        smooth = np.convolve(losses, np.ones(window) / window, mode="valid")
        axes.plot(np.arange(len(smooth)) + window / 2, smooth)
        axes.set(title="Loss of each batch, and its mean over 50", xlabel="batch")
        answers = model.predict(images.x_test[:12], verbose=0).argmax(axis=1)
        right.suptitle("First test samples", fontsize="medium", fontweight="bold")
        for index, axes in enumerate(right.subplots(3, 4).flat):
            said, true = answers[index], images.y_test[index]
            workbench.show_picture(axes, images.x_test[index], images.classes[said])
            axes.title.set_color(workbench.GREEN if said == true else workbench.RED)


def main(
    quick=False, seed=0, output=None, data="auto", epochs=5, rate=1e-3, batch_size=64
):
    """Train and test the network in a loop of our own.

    Args:
        quick: Whether to train on 6,400 samples and test on 1,000 only.
        seed: Of the initial weights and the shuffling.
        output: File for the figure, or None.
        data: "fashion", "mnist", "digits" or "auto".
        epochs: Rounds through the training samples.
        rate: Learning rate.
        batch_size: Samples a batch.

    Returns:
        "data": the data set used; "losses": of each training batch; "accuracies" and
        "test losses" after each epoch.
    """
    keras.utils.set_random_seed(seed)
    data = workbench.choose_data(data, ["fashion", "mnist", "digits"])
    images = workbench.load_images(data, limit=6_400 if quick else None)
    num_tested = 1_000 if quick else None
    train_loader = Loader(images.x_train, images.y_train, batch_size, shuffle=True)
    test_loader = Loader(
        images.x_test[:num_tested], images.y_test[:num_tested], batch_size
    )
    x, y = next(iter(test_loader))
    print(f"data: {data}; shape of x: {x.shape} {x.dtype}; of y: {y.shape} {y.dtype}\n")

    model = build_model(x.shape[1:], rate)
    model.summary()
    losses, results = [], []
    started = time.perf_counter()
    for epoch in range(epochs):
        print(f"Epoch {epoch + 1}\n-------------------------------")
        losses += train(train_loader, model)
        results.append(test(test_loader, model))
    seconds = time.perf_counter() - started
    print(f"Done: {len(losses):,} steps in {seconds:.0f} s.")
    if output:
        draw(output, losses, model, images)
    accuracies, test_losses = zip(*results, strict=True)
    return {
        "data": data,
        "losses": losses,
        "accuracies": list(accuracies),
        "test losses": list(test_losses),
    }


if __name__ == "__main__":
    parser = workbench.make_parser(__doc__, "fashion.png")
    workbench.add_data_argument(parser, "fashion", "mnist", "digits")
    parser.add_argument("--epochs", type=int, default=5, help="(default: 5)")
    parser.add_argument("--rate", type=float, default=1e-3, help="learning rate")
    parser.add_argument("--batch-size", type=int, default=64, help="(default: 64)")
    workbench.run(main, parser)
