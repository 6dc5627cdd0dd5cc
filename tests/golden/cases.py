"""What is recorded: cases that run on Keras and on kerasish alike.

A case is a function of the module (`keras` or `kerasish`) and of a function that takes
gradients with it; it returns arrays. Both libraries are given equal float64 inputs.
"""

import zlib

import numpy as np

from kerasish.graph import tree
from tests.losses.samples import CLASSED, PAIRS
from tests.metrics.samples import COUNTING, FROM_FUNCTIONS, data_for
from tests.ops.calls import CALLS
from tests.parity import grids, keras_optimizers
from tests.parity.keras_results import flat

# not compared, and why
OPS_WITHOUT = {
    **dict.fromkeys(("eig", "polar"), "complex there, pairs here"),
    **dict.fromkeys(("empty", "empty_like"), "memory as it was found"),
    **dict.fromkeys(("image.elastic_transform",), "random"),
    "sparsemax": "that of Keras 3.15 does not sum to 1",
    **dict.fromkeys(("svd", "eigh", "qr"), "signs are left open"),
    **dict.fromkeys(("mish", "random_bits"), "ours only"),
    "top_k": "which of two equal elements comes first is left open",
    **dict.fromkeys(
        ("image.gaussian_blur", "image.sobel_edges", "unique"),
        "Keras's backends disagree (edges; padding): ours is as on NumPy",
    ),
    **dict.fromkeys(("view", "nextafter", "saturate_cast", "view_as_real"), "bits"),
}


def seeded(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))


def double(value):
    """Return a structure with its float arrays in float64."""
    return tree.map_structure(
        lambda x: (
            x.astype("float64")
            if isinstance(x, np.ndarray) and x.dtype.kind == "f"
            else x
        ),
        value,
    )


def operation(name):
    """Return a case: every call of an operation."""

    def run(module, differentiate):
        function = module.ops
        for part in name.split("."):
            function = getattr(function, part)
        results = []
        for args, kwargs in CALLS[name]:
            try:
                results += flat(function(*args, **kwargs))
            except IndexError:  # one_hot of classes that do not exist, on NumPy
                results.append(np.zeros(0))
        return [np.asarray(r) for r in results if not isinstance(r, str)]

    return run


def layer(name, sample, training):
    """Return a case: outputs, weights after, gradients by weights and inputs."""

    def run(module, differentiate):
        rng = seeded(f"{name}{sample.shape}")
        x = double(sample.inputs(rng))
        made = sample.made_by(module, name, name="mine")
        made(*sample.arguments_of(x))
        made.set_weights([_drawn(rng, w) for w in made.weights])
        before = made.get_weights()
        outputs = tree.flatten(made(*sample.arguments_of(x), training=training))
        after = made.get_weights()
        made.set_weights(before)
        factors = [rng.normal(size=tuple(o.shape)) for o in outputs]
        return [*outputs, *after, *differentiate(sample, made, x, factors, training)]

    return run


def _drawn(rng, weight):
    value = np.asarray(weight)
    if value.dtype.kind != "f":
        return value
    positive = any(word in weight.name for word in ("variance", "stddev", "count"))
    return rng.uniform(0.1 if positive else -0.5, 0.6, value.shape)


def loss(name, kwargs, targets, predictions):
    def run(module, differentiate):
        rng = seeded(name)
        y_true, y_pred = double((targets(rng, (4, 3)), predictions(rng, (4, 3))))
        weights = rng.uniform(0, 2, (4,))
        mean = getattr(module.losses, name)(**kwargs)
        each = getattr(module.losses, name)(**kwargs, reduction=None)
        results = [mean(y_true, y_pred), each(y_true, y_pred)]
        if kwargs.get("axis", -1) == -1:
            results.append(mean(y_true, y_pred, sample_weight=weights))
        return results

    return run


def metric(name, kwargs, shape):
    def run(module, differentiate):
        rng = seeded(name)
        made = getattr(module.metrics, name)(**kwargs)
        results = []
        for weighted in (False, True):
            batch = double(data_for(name, rng, shape))
            weights = rng.uniform(0, 2, shape[:1])
            if name == "BinaryIoU":  # it counts whole numbers
                weights = weights.round().astype("int32")
            made.update_state(*batch, *([weights] if weighted else []))
            results += [*(v for v in made.variables), made.result()]
        return results

    return run


def optimizer(case):
    def run(module, differentiate):
        weights, state = keras_optimizers.run(module, case, "float64")
        return [*weights[-1], *(value for _, value in state)]

    return run


def families():
    """Return all cases, by family and name."""
    return {
        "ops": {n: operation(n) for n in sorted(CALLS) if n not in OPS_WITHOUT},
        "layers": {key: layer(*case) for key, case in grids.CASES.items()},
        "losses": {
            f"{name}-{i}": loss(name, kwargs, targets, predictions)
            for i, (name, kwargs, _, targets, predictions) in enumerate(PAIRS + CLASSED)
        },
        "metrics": {
            f"{name}-{i}": metric(name, kwargs, shape)
            for i, (name, kwargs, shape) in enumerate(
                [*((n, k, (4, 3)) for n, k in FROM_FUNCTIONS), *COUNTING]
            )
        },
        "optimizers": {"-".join(c): optimizer(c) for c in keras_optimizers.CASES},
    }
