import numpy as np
import pytest

from kerasish import losses, metrics, ops
from kerasish.backend import get_backend
from kerasish.errors import ShapeError
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace
from kerasish.metrics.compile import CompileMetrics

Y_TRUE = np.float32([[1.0], [0.0]])
Y_PRED = np.float32([[0.5], [0.25]])


def gap(y_true, y_pred):
    return ops.absolute(y_true - y_pred)


def results(container):
    return {name: float(value) for name, value in container.result().items()}


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (["mse", "MSE", "mean_squared_error"], ["mse", "MSE", "mean_squared_error"]),
        (("accuracy", "acc"), ["accuracy", "acc"]),
        (["AUC", "auc"], ["AUC", "auc"]),
        ([gap, gap, gap], ["gap", "gap_1", "gap_2"]),
        ([lambda y_true, y_pred: y_pred], ["lambda"]),
        ([metrics.MeanSquaredError(name="own")], ["own"]),
        ([metrics.MeanSquaredError], ["mean_squared_error"]),
        ([losses.MeanSquaredError()], ["mean_squared_error"]),
        ([losses.mean_squared_error], ["mean_squared_error"]),
        ([["mse"], "mae"], ["mse", "mae"]),
        ({"dense": "mse"}, ["mse"]),
        ({"dense": ["mse", "mae"]}, ["mse", "mae"]),
        ({"any": "mse"}, ["mse"]),
        ({"dense": None}, []),
        ([{"class_name": "AUC", "config": {"name": "area"}}], ["area"]),
        (None, []),
        ([], []),
    ],
)
def test_names(given, names):
    container = CompileMetrics(given, output_names=["dense"])
    assert container.names == names
    container.update_state(Y_TRUE, Y_PRED)
    assert list(container.result()) == names


def test_weighted_metrics_see_the_weights():
    container = CompileMetrics(["mse", "mse"], ["mse", "mae", "mse"])
    container.update_state(Y_TRUE, Y_PRED, np.float32([0.0, 2.0]))
    assert results(container) == {
        "mse": 0.15625,
        "mse_1": 0.15625,
        "weighted_mse": 0.0625,
        "mae": 0.25,
        "weighted_mse_1": 0.0625,
    }


def test_state_over_batches():
    container = CompileMetrics(["mse", gap])
    container.build((None, 1), (None, 1))
    assert [v.path for v in container.variables] == [
        "mse/total",
        "mse/count",
        "gap/total",
        "gap/count",
    ]
    container.update_state(Y_TRUE, Y_PRED)
    container.update_state(Y_TRUE[:1], Y_TRUE[:1])
    assert results(container) == pytest.approx({"mse": 0.3125 / 3, "gap": 0.25})
    container.reset_state()
    assert results(container) == {"mse": 0.0, "gap": 0.0}


def test_accuracy_is_settled_by_shapes():
    container = CompileMetrics(["accuracy", "crossentropy"])
    assert container.metrics == []
    container.build((None,), (None, 10))
    assert [type(m).__name__ for m in container.metrics] == [
        "SparseCategoricalAccuracy",
        "SparseCategoricalCrossentropy",
    ]
    assert [m.name for m in container.metrics] == ["accuracy", "crossentropy"]


def test_metrics_that_need_the_number_of_labels():
    container = CompileMetrics([metrics.AUC(multi_label=True, name="auc")])
    assert container.variables == []
    container.build((None, 3), (None, 3))
    assert [v.shape for v in container.variables] == [(200, 3)] * 4
    with pytest.raises(ShapeError, match="needs columns"):
        CompileMetrics([metrics.AUC(multi_label=True)]).build((None,), (None,))


def test_a_metric_with_several_results():
    class Ends(metrics.Mean):
        def result(self):
            return {"low": self.total.value, "high": self.count.value}

    container = CompileMetrics([metrics.Sum(name="sum"), Ends()])
    for metric in container.metrics:
        metric.update_state([2.0])
    assert results(container) == {"sum": 2.0, "low": 2.0, "high": 1.0}


def test_lists_are_taken_for_arrays():
    container = CompileMetrics(["accuracy"])
    container.update_state([[1], [0]], [[0.9], [0.8]])
    assert results(container) == {"accuracy": 0.5}


@pytest.mark.parametrize("given", ["mse", metrics.Mean(), 3])
def test_what_is_no_list(given):
    with pytest.raises(
        ValueError, match=r"`metrics` must be a list.*\n.*\n.*metrics=\["
    ):
        CompileMetrics(given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["acuracy"], "Unknown metric 'acuracy'.*\n.*did you mean 'accuracy'"),
        (["mse", "rmsee"], "Unknown metric 'rmsee'"),
        ([None], "None is not a metric"),
        ([3], "Cannot understand this metric"),
        ({"dens": ["mse"], "dense": ["mae"]}, "did you mean 'dense'"),
    ],
)
def test_what_is_no_metric(given, message):
    with pytest.raises(ValueError, match=message):
        CompileMetrics(given, output_names=["dense"])


def test_a_compiled_step_updates_all_state():
    container = CompileMetrics(["mse", "accuracy", "AUC"], ["mae"])
    arrays = [Y_TRUE, Y_PRED, np.float32([1.0, 3.0])]
    graph = trace(container.update_state, [Spec(a.shape, "float32") for a in arrays])
    step = compile_graph(graph, get_backend())
    for _ in range(2):
        step(*arrays)
    assert results(container) == {
        "mse": 0.15625,
        "accuracy": 0.5,
        "AUC": 1.0,
        "mae": pytest.approx(0.3125),
    }
