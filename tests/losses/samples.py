"""Every loss in some settings, with targets and predictions that suit it."""

import numpy as np


def reals(rng, shape):
    return (rng.normal(size=shape) * 2).astype("float32")


def positives(rng, shape):
    return rng.uniform(0.01, 3.0, shape).astype("float32")


def probabilities(rng, shape):
    return rng.uniform(0.0, 1.0, shape).astype("float32")


def bits(rng, shape):
    return rng.integers(0, 2, shape).astype("float32")


def signs(rng, shape):
    return bits(rng, shape) * 2 - 1


def rows(rng, shape):
    p = rng.uniform(0.01, 1.0, shape)
    return (p / p.sum(-1, keepdims=True)).astype("float32")


def one_hot(rng, shape):
    return np.eye(shape[-1], dtype="float32")[rng.integers(0, shape[-1], shape[:-1])]


# class name, arguments, function name, targets, predictions
PAIRS = [
    ("MeanSquaredError", {}, "mean_squared_error", reals, reals),
    ("MeanAbsoluteError", {}, "mean_absolute_error", reals, reals),
    (
        "MeanAbsolutePercentageError",
        {},
        "mean_absolute_percentage_error",
        positives,
        reals,
    ),
    (
        "MeanSquaredLogarithmicError",
        {},
        "mean_squared_logarithmic_error",
        reals,
        reals,
    ),
    ("BinaryCrossentropy", {}, "binary_crossentropy", bits, probabilities),
    (
        "BinaryCrossentropy",
        {"from_logits": True, "label_smoothing": 0.2},
        "binary_crossentropy",
        bits,
        reals,
    ),
    (
        "BinaryCrossentropy",
        {"label_smoothing": 0.1},
        "binary_crossentropy",
        probabilities,
        probabilities,
    ),
    ("Hinge", {}, "hinge", signs, reals),
    ("Hinge", {}, "hinge", bits, reals),
    ("SquaredHinge", {}, "squared_hinge", bits, reals),
    ("SquaredHinge", {}, "squared_hinge", reals, reals),
    ("CategoricalHinge", {}, "categorical_hinge", bits, reals),
    ("Huber", {}, "huber", reals, reals),
    ("Huber", {"delta": 0.3}, "huber", reals, reals),
    ("LogCosh", {}, "log_cosh", reals, reals),
    ("Poisson", {}, "poisson", positives, positives),
    ("KLDivergence", {}, "kl_divergence", rows, rows),
    ("CosineSimilarity", {}, "cosine_similarity", reals, reals),
    *[
        ("BinaryFocalCrossentropy", kwargs, "binary_focal_crossentropy", bits, given)
        for kwargs, given in [
            ({}, probabilities),
            ({"apply_class_balancing": True, "gamma": 0.5}, probabilities),
            ({"from_logits": True, "label_smoothing": 0.2, "alpha": 0.4}, reals),
            ({"axis": 0}, probabilities),
        ]
    ],
    ("Dice", {}, "dice", bits, probabilities),
    ("Dice", {"axis": 0}, "dice", probabilities, probabilities),
    ("Dice", {"axis": (0, 1)}, "dice", bits, probabilities),
    ("Tversky", {}, "tversky", bits, probabilities),
    ("Tversky", {"alpha": 0.3, "beta": 0.9, "axis": 1}, "tversky", bits, probabilities),
]
CLASSED = [
    ("CategoricalCrossentropy", {}, "categorical_crossentropy", one_hot, rows),
    ("CategoricalCrossentropy", {}, "categorical_crossentropy", rows, positives),
    (
        "CategoricalCrossentropy",
        {"from_logits": True, "label_smoothing": 0.3},
        "categorical_crossentropy",
        one_hot,
        reals,
    ),
    *[
        (
            "CategoricalFocalCrossentropy",
            kwargs,
            "categorical_focal_crossentropy",
            one_hot,
            given,
        )
        for kwargs, given in [
            ({}, rows),
            ({"alpha": [0.1, 0.2, 0.7], "gamma": 0.5}, positives),
            ({"from_logits": True, "label_smoothing": 0.3}, reals),
            ({"axis": 0, "label_smoothing": 0.3}, rows),
        ]
    ],
]
