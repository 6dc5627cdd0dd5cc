"""CIFAR-100: 60,000 small colour pictures of 100 kinds of things in 20 groups.

(A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.)
"""

from __future__ import annotations

from kerasish.datasets import cifar
from kerasish.errors import unknown_name

ORIGIN = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
FILE_HASH = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"
_NAME, _FOLDER = "cifar-100-python-target", "cifar-100-python"
_TRAIN, _TEST = 50_000, 10_000


def load_data(label_mode: str = "fine") -> tuple[cifar.Split, cifar.Split]:
    """Return `(x_train, y_train), (x_test, y_test)` of CIFAR-100.

    The archive is looked for in `$KERAS_HOME/datasets`, and downloaded (161 MiB) if it
    is not there. Nothing in it is run.

    Args:
        label_mode: "fine" for the kinds, "coarse" for the groups.

    Returns:
        Pictures, uint8 of shape `(50000, 32, 32, 3)` and `(10000, 32, 32, 3)`, 0 to
        255, channels first if that is the setting in force; and kinds, int64 of shape
        `(50000, 1)` and `(10000, 1)`, 0 to 99 ("coarse": 0 to 19).

    Raises:
        OSError: The archive is not there, and cannot be downloaded.
        FileFormatError: A file in it is missing or damaged.
        ValueError: Another `label_mode`.
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(unknown_name("`label_mode`", label_mode, ("fine", "coarse")))
    folder = cifar.fetch(_NAME, ORIGIN, FILE_HASH, _FOLDER)
    name = f"{label_mode}_labels"
    train = cifar.read_file(folder / "train", name, _TRAIN)
    return train, cifar.read_file(folder / "test", name, _TEST)
