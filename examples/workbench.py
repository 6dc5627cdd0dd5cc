"""What the lessons share: data sets at hand, figures, the command line.

There is nothing about neural networks in here, so that the lessons themselves hold all
there is to learn. Every lesson has a function `main(..., quick, seed, output)` that
returns its numbers in a dict; `run` calls it with what the command line says.
"""

import argparse
import contextlib
import importlib
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

import kerasish as keras

INSTALL = 'pip install "kerasish[examples]"  (in a clone: pip install -e ".[examples]")'
FOLDER = Path("figures")  # where figures go by default, below the current folder

# Where Keras keeps its data sets, below $KERAS_HOME/datasets or ~/.keras/datasets.
FILES = {
    "mnist": "mnist.npz",
    "fashion": "fashion-mnist/train-images-idx3-ubyte.gz",
}
CLOTHES = "T-shirt Trouser Pullover Dress Coat Sandal Shirt Sneaker Bag Boot".split()

# Colours that stay apart for colour-blind readers (Okabe and Ito, 2008).
BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#8A8A8A"
STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#555555",
    "axes.grid": True,
    "axes.prop_cycle": f"cycler('color', {[BLUE, ORANGE, GREEN, RED, GREY]})",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": "medium",
    "axes.titleweight": "bold",
    "font.size": 10,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.8,
    "image.cmap": "gray_r",
    "legend.frameon": False,
    "lines.linewidth": 2,
    "savefig.dpi": 150,
    "xtick.color": "#555555",
    "ytick.color": "#555555",
}


class MissingPackage(ImportError):
    """A lesson needs a package that is not installed."""


class Images(NamedTuple):
    """A data set of small pictures, cut in two.

    Attributes:
        name: "mnist", "fashion" or "digits".
        x_train: float32 of shape (samples, height, width), in [0, 1].
        y_train: Class numbers, integers of shape (samples,).
        x_test: As `x_train`.
        y_test: As `y_train`.
        classes: The ten names of the classes.
    """

    name: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    classes: list[str]


# data ---------------------------------------------------------------------------------


def is_at_hand(name):
    """Return whether a data set can be loaded without the network."""
    if name == "digits":
        return True  # comes with the package
    home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    return (home / "datasets" / FILES[name]).exists()


def choose_data(wanted, candidates):
    """Return the name of the data set to use.

    Args:
        wanted: A name, which is taken at its word (and downloaded if need be), or
            "auto": the first of the candidates that is at hand.
        candidates: Names, best first.
    """
    if wanted != "auto":
        return wanted
    chosen = next(name for name in candidates if is_at_hand(name))
    if chosen != candidates[0]:
        print(f"{candidates[0]} is not on this machine; using {chosen} instead.")
        print(f"(--data {candidates[0]} downloads it.)\n")
    return chosen


def load_images(name, limit=None):
    """Return `Images` with pixels in [0, 1].

    Args:
        name: "mnist", "fashion" or "digits".
        limit: Number of training samples to use, the first ones; all by default.
    """
    modules = {"fashion": "fashion_mnist"}
    module = getattr(keras.datasets, modules.get(name, name))
    (x_train, y_train), (x_test, y_test) = module.load_data()
    brightest = np.float32(x_train.max())  # 255, or 16 for the digits
    return Images(
        name,
        x_train[:limit] / brightest,
        y_train[:limit],
        x_test / brightest,
        y_test,
        CLOTHES if name == "fashion" else [str(digit) for digit in range(10)],
    )


def flatten(images):
    """Return pictures as rows of pixels: (samples, height * width)."""
    return images.reshape(len(images), -1)


# optional packages --------------------------------------------------------------------


def require(name):
    """Return a module of the `examples` extra.

    Args:
        name: Such as "matplotlib" or "sklearn.metrics".

    Raises:
        MissingPackage: It is not installed; the message says what to do.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = {"sklearn": "scikit-learn"}.get(name.split(".")[0], name)
        hint = ", or leave out the figure: --no-figure" if name == "matplotlib" else ""
        raise MissingPackage(
            f"This lesson needs {package}, which is not installed.\n"
            f"  fix: {INSTALL}{hint}"
        ) from error


# figures ------------------------------------------------------------------------------


@contextlib.contextmanager
def figure(path, width, height):
    """Give a matplotlib figure to draw on, and save it to `path` at the end.

    Args:
        path: File to write; its ending says the format.
        width: Inches.
        height: Inches.
    """
    matplotlib = require("matplotlib")
    # A `Figure` of its own, without pyplot: opens no window, and leaves nothing behind.
    figures = require("matplotlib.figure")
    with matplotlib.rc_context(STYLE):
        drawn = figures.Figure(figsize=(width, height), layout="constrained")
        yield drawn
        path = Path(path)
        make_folder(path.parent)
        drawn.savefig(path)
    print(f"\nFigure: {path}")


def make_folder(folder):
    """Make a folder; ours is one that git overlooks, like the caches of many tools."""
    if folder.exists():
        return
    folder.mkdir(parents=True)
    if folder == FOLDER:
        (folder / ".gitignore").write_text("*\n")


def show_picture(axes, pixels, title="", **options):
    """Draw a picture, without ticks or a frame.

    Args:
        axes: Matplotlib axes.
        pixels: Of shape (height, width).
        title: Text above it.
        **options: As for `axes.imshow`.
    """
    axes.imshow(pixels, **options)
    axes.set_title(title, fontsize="small", fontweight="normal", loc="center")
    axes.axis("off")


def show_confusion(axes, counts, classes, title):
    """Draw a confusion matrix: truth down, prediction across.

    Each row is coloured by its share, so that rare classes show as well as common ones.

    Args:
        axes: Matplotlib axes.
        counts: Integers of shape (classes, classes).
        classes: Names.
        title: Text above it.
    """
    shares = counts / counts.sum(axis=1, keepdims=True)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if shares[row, column] > 0.5 else "#333333"
        text = f"{count:,}" if count else "·"
        axes.text(
            column, row, text, color=colour, ha="center", va="center", fontsize="small"
        )
    axes.set_xticks(range(len(classes)), classes)
    axes.set_yticks(range(len(classes)), classes)
    axes.set(title=title, xlabel="predicted", ylabel="true")
    axes.grid(False)


class PrintCost(keras.callbacks.Callback):
    """Print the cost and accuracy now and then, rather than a line for each epoch.

    Args:
        every: Epochs between two lines.
    """

    def __init__(self, every):
        super().__init__()
        self.every = every

    def on_epoch_end(self, epoch, logs=None):
        if epoch % self.every == 0 or epoch == self.params["epochs"] - 1:
            print(
                f"epoch {epoch + 1:4d}  cost {logs['loss']:.4f}"
                f"  training accuracy {logs['accuracy']:.4f}"
            )


# the command line ---------------------------------------------------------------------


def make_parser(text, figure_name):
    """Return a parser with the arguments that all lessons have.

    Args:
        text: The lesson's docstring, which becomes its help.
        figure_name: File name of its figure, such as "perceptron.png".
    """
    parser = argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="less of everything: done in seconds"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of all random numbers (default: 0)"
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        default=FOLDER / figure_name,
        help="where the figure goes (default: %(default)s)",
    )
    parser.add_argument(
        "--no-figure", action="store_true", help="draw nothing; needs no matplotlib"
    )
    return parser


def add_data_argument(parser, *candidates):
    """Add `--data`, with the data sets that a lesson can use, best first."""
    parser.add_argument(
        "--data",
        choices=["auto", *candidates],
        default="auto",
        help="auto: the first of these that is on this machine (default: auto)",
    )


def run(main, parser):
    """Call a lesson's `main` with what the command line says."""
    arguments = vars(parser.parse_args())
    if arguments.pop("no_figure"):
        arguments["output"] = None
    try:
        if arguments["output"]:
            require("matplotlib")  # told now, not after minutes of training
        main(**arguments)
    except MissingPackage as missing:
        parser.exit(1, f"{missing}\n")
