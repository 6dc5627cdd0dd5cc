import numpy as np
import pytest

from kerasish import losses, metrics
from kerasish.errors import ShapeError
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace


def state(metric):
    return [float(v.numpy()) for v in metric.variables]


def test_mean():
    metric = metrics.Mean()
    assert float(metric.result()) == 0.0
    metric.update_state([1.0, 3.0])
    metric.update_state(5.0)
    assert state(metric) == [9.0, 3.0]
    assert float(metric.result()) == 3.0


def test_mean_of_weighted_values():
    metric = metrics.Mean()
    metric.update_state([1.0, 3.0, 5.0], sample_weight=[1.0, 0.0, 2.0])
    assert state(metric) == [11.0, 3.0]
    metric.update_state(6.0, sample_weight=2.0)
    assert state(metric) == [23.0, 5.0]


def test_each_sample_counts_once():
    metric = metrics.Mean()
    metric.update_state([[0.0, 2.0], [4.0, 6.0]])
    assert state(metric) == [6.0, 2.0]


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([1.0, 3.0], [16.0, 4.0]),
        ([[1.0], [3.0]], [16.0, 4.0]),
        ([[0.0, 1.0], [2.0, 3.0]], [14.0, 3.0]),
        ([[0.0, 1.0]], [4.0, 1.0]),
        (2.0, [6.0, 2.0]),
    ],
)
def test_weights_of_several_shapes(weights, expected):
    metric = metrics.Mean()
    metric.update_state([[0.0, 2.0], [4.0, 6.0]], weights)
    assert state(metric) == expected


def test_sum():
    metric = metrics.Sum()
    metric.update_state([1.0, 3.0])
    metric.update_state([[1.0, 2.0], [3.0, 4.0]], sample_weight=[1.0, 2.0])
    assert float(metric.result()) == 21.0


@pytest.mark.parametrize("cls", [metrics.Mean, metrics.Sum])
@pytest.mark.parametrize("shape", [(3,), (2, 2, 2)])
def test_weights_that_do_not_fit(cls, shape):
    with pytest.raises(ShapeError, match=r"(?s)got: .*\(2, 2\).*fix: "):
        cls(name="m").update_state(np.ones((2, 2)), np.ones((*shape, 2)))


def test_a_function_with_arguments():
    metric = metrics.MeanMetricWrapper(losses.huber, name="near", delta=2.0)
    metric.update_state([[0.0]], [[4.0]])
    assert float(metric.result()) == 2.0 * 4.0 - 2.0
    assert metric.name == "near"


def test_config_of_a_function_metric():
    metric = metrics.MeanMetricWrapper(losses.huber, name="near", delta=2.0)
    assert metric.get_config() == {
        "name": "near",
        "dtype": "float32",
        "fn": {
            "module": "builtins",
            "class_name": "function",
            "config": "huber",
            "registered_name": "function",
        },
        "delta": 2.0,
    }
    again = metrics.deserialize(metrics.serialize(metric))
    again.update_state([[0.0]], [[4.0]])
    assert float(again.result()) == 6.0


def test_an_update_costs_few_operations():
    metric = metrics.Mean()
    graph = trace(metric.update_state, [Spec((8,), "float32")])
    made = [t.op.name for t in graph.nodes() if t.inputs]
    assert sorted(made) == ["add", "add", "reduce_sum"]
