"""Read model files with real Keras, in a process of its own; see `test_corpus.py`.

    KERAS_BACKEND=numpy python keras_corpus.py FOLDER

FOLDER holds files `<archive>-<model>.<ending>`. Writes, pickled, what Keras said as it
read each of them and what the model predicts, or the error.
"""

import logging
import pickle
import sys
import warnings
from pathlib import Path

import keras
import numpy as np

from tests.layers import samples
from tests.saving import corpus

samples.make("Lambda", keras)  # registers the function that the corpus's Lambda calls


class Heard(logging.Handler):
    """Keeps what is logged."""

    def __init__(self):
        super().__init__()
        self.said = []

    def emit(self, record):
        self.said.append(record.getMessage())


def is_of_numpy(warning):
    """Return whether a warning is about arrays: Keras works out shapes with any."""
    numeric = issubclass(warning.category, RuntimeWarning)
    return numeric or "__array__" in str(warning.message)


def opened(path, heard):
    """Return what Keras says of a file and what its model predicts."""
    which, _, name = path.stem.partition("-")
    heard.said.clear()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model = keras.saving.load_model(path)
        except Exception as error:  # the test says which one it should not have been
            return [repr(error)], []
    said = [str(w.message) for w in caught if not is_of_numpy(w)]
    inputs = corpus.fed(model, corpus.recorded(which, name, "x"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outputs = corpus.flat(model(inputs, training=False))
    return said + heard.said, [np.asarray(output) for output in outputs]


def main(folder):
    """Print the pickled results for all files of a folder."""
    heard = Heard()
    logging.getLogger("absl").handlers = [heard]
    results = {path.name: opened(path, heard) for path in sorted(folder.iterdir())}
    sys.stdout.buffer.write(pickle.dumps(results))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
