"""Data sets to try a model on: `mnist` and `fashion_mnist` as in Keras, and `digits`.

Each is a module with a function `load_data`. `digits` is shipped with the package; the
others are kept in `$KERAS_HOME/datasets` (`~/.keras/datasets`), shared with Keras.
"""

from kerasish.datasets import digits, fashion_mnist, mnist

__all__ = ["digits", "fashion_mnist", "mnist"]
