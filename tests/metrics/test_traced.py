"""Every metric's update runs in a compiled step and equals the eager one."""

import numpy as np
import pytest

from kerasish import metrics
from kerasish.backend import get_backend
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace

ARGUMENTS = {
    "IoU": {"num_classes": 3, "target_class_ids": [0, 2], "dtype": "float32"},
    "MeanIoU": {"num_classes": 3, "ignore_class": 1},
    "OneHotIoU": {"num_classes": 3, "target_class_ids": [0, 2]},
    "OneHotMeanIoU": {"num_classes": 3},
    "MeanMetricWrapper": {"fn": metrics.log_cosh},
    "PrecisionAtRecall": {"recall": 0.5, "num_thresholds": 7},
    "RecallAtPrecision": {"precision": 0.5, "num_thresholds": 7},
    "SensitivityAtSpecificity": {"specificity": 0.5, "class_id": 1},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
}
NAMES = sorted(n for n in metrics.__all__ if n[0].isupper() and n != "Metric")


def data_for(name, rng):
    y_pred = rng.uniform(0.1, 1.0, (6, 3)).astype("float32")
    y_true = rng.integers(0, 2, (6, 3)).astype("float32")
    if name.startswith("Sparse"):
        y_true = rng.integers(0, 3, 6).astype("int32")
    if name in ("IoU", "MeanIoU"):
        y_true, y_pred = (rng.integers(0, 3, 6).astype("int32") for _ in range(2))
    if name in ("Mean", "Sum"):
        y_true = y_true[:, 0]
        y_pred = y_pred[:, 0]  # these are the weights
    return [y_true, y_pred]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("weighted", [False, True])
def test_replayed_updates_equal_eager_ones(name, weighted, rng):
    make = getattr(metrics, name)
    eager, traced = (make(**ARGUMENTS.get(name, {})) for _ in range(2))
    batches = [data_for(name, rng) for _ in range(3)]
    if weighted and name not in ("Mean", "Sum"):
        for batch in batches:
            batch.append(np.array([1, 2, 0, 1, 3, 1], eager.dtype))
    shapes = [(None, *array.shape[1:]) for array in batches[0]]
    traced.create_variables(*shapes[:2])
    specs = [Spec(array.shape, array.dtype.name) for array in batches[0]]
    step = compile_graph(trace(traced.update_state, specs), get_backend())
    for batch in batches:
        eager.update_state(*batch)
        step(*batch)
    for a, b in zip(traced.variables, eager.variables, strict=True):
        # the compiler may reorder sums: a few float32 roundings
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5, err_msg=a.path)


@pytest.mark.parametrize("name", NAMES)
def test_results_can_be_traced(name, rng):
    metric = getattr(metrics, name)(**ARGUMENTS.get(name, {}))
    metric.update_state(*data_for(name, rng))
    replayed = compile_graph(trace(metric.result, []), get_backend())()
    np.testing.assert_allclose(replayed, metric.result(), rtol=1e-5)
