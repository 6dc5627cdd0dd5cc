import numpy as np
import pytest

from kerasish import metrics, ops
from kerasish.metrics.base import Metric
from kerasish.saving.naming import reset_names


class Largest(Metric):
    def __init__(self, name="largest", floor=0.0, **kwargs):
        super().__init__(name=name, **kwargs)
        self.floor = floor
        self.best = self.add_weight(shape=(2,), initializer="ones", name="best")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.best.assign(ops.maximum(self.best, ops.max(y_pred, axis=0)))

    def result(self):
        return self.best.value


def test_a_metric_of_ones_own():
    metric = Largest()
    (variable,) = metric.variables
    assert (variable.name, variable.path) == ("best", "largest/best")
    assert variable.dtype == "float32"
    assert not variable.trainable
    np.testing.assert_array_equal(variable.numpy(), [1.0, 1.0])
    result = metric(None, np.float32([[0.0, 2.0], [3.0, 1.0]]))
    np.testing.assert_array_equal(result, [3.0, 2.0])
    metric.reset_state()
    np.testing.assert_array_equal(metric.result(), [0.0, 0.0])


def test_config_holds_name_dtype_and_own_arguments():
    config = Largest(floor=2.0).get_config()
    assert config == {"name": "largest", "dtype": "float32", "floor": 2.0}
    again = Largest.from_config(config)
    assert (again.floor, again.name) == (2.0, "largest")


def test_variables_of_metrics_inside_come_last():
    class Pair(Metric):
        def __init__(self):
            super().__init__(name="pair")
            self.mean = metrics.Mean()
            self.others = [metrics.Sum(), metrics.Sum(name="second")]
            self.own = self.add_weight(name="own")

        def update_state(self, values):
            self.mean.update_state(values)

    pair = Pair()
    assert [v.path for v in pair.variables] == [
        "pair/own",
        "mean/total",
        "mean/count",
        "sum/total",
        "second/total",
    ]
    pair.update_state([2.0, 4.0])
    assert float(pair.mean.result()) == 3.0
    pair.reset_state()
    assert float(pair.mean.result()) == 0.0


def test_a_variable_is_listed_once():
    metric = Largest()
    metric.again = metric.best
    metric.best = metric.best
    assert len(metric.variables) == 1


def test_default_names_are_numbered():
    reset_names()
    assert [metrics.AUC().name for _ in range(3)] == ["auc", "auc_1", "auc_2"]
    assert metrics.Precision().name == "precision"


def test_state_without_super_init():
    class Hasty(Metric):
        def __init__(self):
            self.mean = metrics.Mean()

    with pytest.raises(RuntimeError, match=r"call `super\(\).__init__\(\)` first"):
        Hasty()


def test_an_attribute_that_is_not_there():
    with pytest.raises(AttributeError, match="'Mean' object has no attribute 'nope'"):
        metrics.Mean().nope  # noqa: B018


def test_what_must_be_written():
    with pytest.raises(NotImplementedError, match="write `update_state` in Metric"):
        Metric().update_state()
    with pytest.raises(NotImplementedError, match="write `result` in Metric"):
        Metric().result()


def test_stateless_use_leaves_the_state_alone():
    metric = metrics.Mean()
    metric.update_state([4.0])
    fresh = metric.stateless_reset_state()
    assert [float(v) for v in fresh] == [0.0, 0.0]
    updated = metric.stateless_update_state(fresh, [1.0, 3.0])
    assert [float(v) for v in updated] == [4.0, 2.0]
    assert float(metric.stateless_result(updated)) == 2.0
    assert float(metric.result()) == 4.0


def test_stateless_use_with_too_few_variables():
    metric = metrics.Mean()
    metric.update_state([4.0])
    with pytest.raises(ValueError, match=r"got: +1 values"):
        metric.stateless_result([1.0])
    assert float(metric.result()) == 4.0


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [(None, "float32"), ("float16", "float16"), ("mixed_float16", "float16")],
)
def test_dtype(dtype, expected):
    metric = metrics.MeanSquaredError(dtype=dtype)
    assert metric.dtype == expected
    assert {v.dtype for v in metric.variables} == {expected}
    metric.update_state([[1.0]], [[0.0]])
    assert str(metric.result().dtype) == expected
