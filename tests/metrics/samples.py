"""Metrics in some settings, with targets and predictions that suit them."""

import numpy as np


def data_for(name, rng, shape=(4, 3)):
    """Return targets and predictions that suit a metric."""
    y_pred = rng.uniform(0.01, 1.0, shape).astype("float32")
    if name.startswith("Sparse"):
        return rng.integers(0, shape[-1], shape[:-1]), y_pred
    if name in ("MeanAbsolutePercentageError", "Poisson", "KLDivergence"):
        return rng.uniform(0.1, 2.0, shape).astype("float32"), y_pred
    if "Categorical" in name:
        rows = rng.integers(0, shape[-1], shape[:-1])
        return np.eye(shape[-1], dtype="float32")[rows], y_pred
    if name in ("PearsonCorrelation", "ConcordanceCorrelation"):
        return rng.normal(size=shape).astype("float32"), y_pred
    if name == "Accuracy":
        return rng.integers(0, 2, shape), rng.integers(0, 2, shape)
    return rng.integers(0, 2, shape).astype("float32"), y_pred


FROM_FUNCTIONS = [
    ("MeanSquaredError", {}),
    ("RootMeanSquaredError", {}),
    ("MeanAbsoluteError", {}),
    ("MeanAbsolutePercentageError", {}),
    ("MeanSquaredLogarithmicError", {}),
    ("LogCoshError", {}),
    ("CosineSimilarity", {}),
    ("BinaryCrossentropy", {}),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}),
    ("CategoricalCrossentropy", {}),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}),
    ("SparseCategoricalCrossentropy", {}),
    ("SparseCategoricalCrossentropy", {"from_logits": True}),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1}),
    ("Hinge", {}),
    ("SquaredHinge", {}),
    ("CategoricalHinge", {}),
    ("KLDivergence", {}),
    ("Poisson", {}),
    ("Accuracy", {}),
    ("BinaryAccuracy", {}),
    ("BinaryAccuracy", {"threshold": 0.3}),
    ("CategoricalAccuracy", {}),
    ("SparseCategoricalAccuracy", {}),
    ("TopKCategoricalAccuracy", {"k": 2}),
    ("TopKCategoricalAccuracy", {}),
    ("SparseTopKCategoricalAccuracy", {"k": 2}),
    ("SparseTopKCategoricalAccuracy", {"k": 1}),
    ("PearsonCorrelation", {}),
    ("ConcordanceCorrelation", {}),
]

# settings, the shape of the predictions, and whether the targets are classes
COUNTING = [
    *((name, {}, (8, 3)) for name in ("Precision", "Recall")),
    ("Precision", {"thresholds": [0.2, 0.8]}, (8, 3)),
    ("Recall", {"top_k": 2}, (8, 3)),
    ("TruePositives", {}, (8, 3)),
    ("FalsePositives", {"thresholds": 0.3}, (8, 3)),
    ("TrueNegatives", {}, (8, 3)),
    ("FalseNegatives", {}, (8, 3)),
    ("AUC", {"num_thresholds": 7}, (40,)),
    ("AUC", {"num_thresholds": 9, "curve": "PR"}, (40,)),
    ("AUC", {"num_thresholds": 7, "multi_label": True, "num_labels": 3}, (8, 3)),
    ("PrecisionAtRecall", {"recall": 0.4, "num_thresholds": 9}, (40,)),
    ("RecallAtPrecision", {"precision": 0.4, "num_thresholds": 9}, (40,)),
    ("SensitivityAtSpecificity", {"specificity": 0.4, "num_thresholds": 9}, (40,)),
    ("SpecificityAtSensitivity", {"sensitivity": 0.4, "num_thresholds": 9}, (40,)),
    ("BinaryIoU", {}, (20,)),
    ("F1Score", {"threshold": 0.4}, (8, 3)),
    ("FBetaScore", {"average": "macro", "beta": 2.0}, (8, 3)),
    ("R2Score", {}, (8, 2)),
]
