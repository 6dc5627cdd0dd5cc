"""Run as a script: what Keras gives for every call in `tests/ops/calls.py`, pickled.

Keras computes on NumPy here. On JAX, where the other parity tests run, it would compile
each of some 600 calls; its backend is chosen once a process, hence a script. The
results, by name, are lists of arrays for each call; None for a call that Keras's NumPy
backend cannot do.
"""

import operator
import pickle
import sys

import numpy as np

from kerasish.graph import tree
from tests.ops.calls import CALLS


def single(value):
    """Return an argument with its float arrays in float32."""
    if isinstance(value, tuple | slice):
        return value
    return tree.map_structure(
        lambda leaf: (
            leaf.astype("float32")
            if isinstance(leaf, np.ndarray) and leaf.dtype == "float64"
            else leaf
        ),
        value,
    )


def flat(result):
    """Return a result's leaves; arrays are copied, shapes stay whole."""
    if isinstance(result, list):
        return [leaf for item in result for leaf in flat(item)]
    if isinstance(result, tuple) and any(hasattr(item, "shape") for item in result):
        return flat(list(result))
    return [np.array(result) if hasattr(result, "shape") else result]


def results(module, names):
    """Return the leaves of every call of these operations of a module."""
    found = {}
    for name in names:
        operation = operator.attrgetter(name)(module)
        found[name] = [
            attempt(operation, [single(a) for a in args], kwargs)
            for args, kwargs in CALLS[name]
        ]
    return found


def has(module, name):
    """Return whether a module has an operation; the name may have dots."""
    for part in name.split("."):
        module = getattr(module, part, None)
    return module is not None


def attempt(operation, args, kwargs):
    try:
        return flat(operation(*args, **kwargs))
    except IndexError:  # one_hot of classes that do not exist: zeros elsewhere
        return None


if __name__ == "__main__":
    import keras

    common = [name for name in CALLS if has(keras.ops, name)]
    sys.stdout.buffer.write(pickle.dumps(results(keras.ops, common)))
