"""Short scripts of the kind that Keras's guides hold, for any implementation `k`.

A script returns what can be compared: shapes, names, numbers, kinds of errors. `fill`
gives a model weights that depend on nothing but their order and shapes.
"""

import numpy as np

from kerasish.graph.masks import get_mask

GUIDES = {}


def guide(script):
    """List a script."""
    GUIDES[script.__name__] = script
    return script


def fill(*models):
    """Set all weights to the same random numbers everywhere."""
    for model in models:
        rng = np.random.default_rng(7)
        model.set_weights([0.3 * rng.random(w.shape) for w in model.get_weights()])


def data(*shape, seed=1):
    """Return random float32 numbers."""
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def labels(num_samples, num_classes, seed=2):
    """Return random class labels."""
    return np.random.default_rng(seed).integers(0, num_classes, num_samples)


def host(k, value):
    """Return a tensor as a NumPy array."""
    return np.asarray(k.ops.convert_to_numpy(value))


def kind_of_error(action):
    """Return the name of the built-in error that an action raises."""
    try:
        action()
    except Exception as error:
        kinds = (AttributeError, ValueError, TypeError, NotImplementedError)
        return next(kind.__name__ for kind in kinds if isinstance(error, kind))
    return None


def mask_of(k, tensor):
    """Return a tensor's mask: Keras's is an attribute, which NumPy's arrays refuse."""
    mask = getattr(tensor, "_keras_mask", None)
    return host(k, get_mask(tensor) if mask is None else mask)


def names(items):
    """Return names."""
    return [item.name for item in items]


def trainable_paths(model):
    """Return which weights are trained."""
    return [w.path for w in model.trainable_weights]
