"""Data sets to try a model on: those of `keras.datasets`, and `digits`.

Each is a module with a function `load_data`. `digits` is shipped with the package; the
others are kept in `$KERAS_HOME/datasets` (`~/.keras/datasets`), shared with Keras.
"""

from kerasish.datasets import (
    boston_housing,
    california_housing,
    cifar10,
    cifar100,
    digits,
    fashion_mnist,
    imdb,
    mnist,
    reuters,
)

__all__ = [
    "boston_housing",
    "california_housing",
    "cifar10",
    "cifar100",
    "digits",
    "fashion_mnist",
    "imdb",
    "mnist",
    "reuters",
]
