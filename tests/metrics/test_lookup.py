import pytest

from kerasish import losses, metrics
from kerasish.metrics.directories import FUNCTIONS

BUILT_IN = sorted(n for n in metrics.__all__ if n[0].isupper() and n not in ("Metric",))
ARGUMENTS = {
    "IoU": {"num_classes": 3, "target_class_ids": [0, 2]},
    "MeanIoU": {"num_classes": 3},
    "OneHotIoU": {"num_classes": 3, "target_class_ids": [0, 2]},
    "OneHotMeanIoU": {"num_classes": 3},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
}
SIMPLE = [n for n in BUILT_IN if n != "MeanMetricWrapper"]


@pytest.mark.parametrize(
    ("names", "cls"),
    [
        (("mse", "MSE", "mean_squared_error"), metrics.MeanSquaredError),
        (("mae", "MAE"), metrics.MeanAbsoluteError),
        (("mape", "MAPE"), metrics.MeanAbsolutePercentageError),
        (("msle", "MSLE"), metrics.MeanSquaredLogarithmicError),
        (("bce", "BCE", "binary_crossentropy"), metrics.BinaryCrossentropy),
        (("auc", "AUC"), metrics.AUC),
        (("accuracy", "Accuracy"), metrics.Accuracy),
        (("kl_divergence",), metrics.KLDivergence),
        (("log_cosh_error",), metrics.LogCoshError),
        (("true_positives",), metrics.TruePositives),
    ],
)
def test_names(names, cls):
    for name in names:
        assert type(metrics.get(name)) is cls


@pytest.mark.parametrize("name", SIMPLE)
def test_configs_come_back(name):
    arguments = ARGUMENTS.get(name, {})
    metric = getattr(metrics, name)(name="mine", dtype="float64", **arguments)
    stored = metrics.serialize(metric)
    assert stored["module"] == "keras.metrics"
    assert stored["class_name"] == name
    again = metrics.deserialize(stored)
    assert type(again) is type(metric)
    assert again.get_config() == metric.get_config()
    assert metrics.get(stored).name == "mine"


def test_functions():
    fn = metrics.binary_accuracy
    assert metrics.serialize(fn) == "binary_accuracy"
    stored = {"class_name": "function", "config": "binary_accuracy"}
    assert metrics.deserialize({**stored, "registered_name": "function"}) is fn
    assert FUNCTIONS.get("mse") is losses.mean_squared_error


def test_a_metric_stored_by_keras_2():
    metric = metrics.deserialize(
        {
            "class_name": "MeanMetricWrapper",
            "config": {"name": "accuracy", "fn": "sparse_categorical_accuracy"},
        }
    )
    assert metric.name == "accuracy"
    assert metric.fn is metrics.sparse_categorical_accuracy


def test_a_metric_of_ones_own_comes_back_by_custom_objects():
    class Mine(metrics.Sum):
        pass

    stored = metrics.serialize(Mine(name="mine"))
    again = metrics.deserialize(stored, custom_objects={"Mine": Mine})
    assert type(again) is Mine


def test_a_wrong_name_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'accuracy'"):
        metrics.get("acuracy")
    with pytest.raises(ValueError, match="Cannot understand this metric"):
        metrics.get(3)
    assert metrics.get(None) is None
