"""Metrics against those of real Keras: states and results over several batches.

Tolerance: 1e-5 relative, ten float32 roundings; 1e-6 absolute, for values near zero.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

keras = pytest.importorskip("keras", reason="the parity extra is not installed")

from kerasish import metrics, ops
from kerasish.metrics.compile import CompileMetrics
from kerasish.metrics.resolve import resolve_accuracy
from kerasish.saving.registry import snake_case
from tests.metrics.samples import FROM_FUNCTIONS, data_for

CLOSE = {"rtol": 1e-5, "atol": 1e-6}


def host(x):
    return np.asarray(ops.convert_to_numpy(x))


def assert_same(mine, theirs):
    """Compare state, by name and order, and result."""
    assert [v.name for v in mine.variables] == [v.name for v in theirs.variables]
    for ours, reference in zip(mine.variables, theirs.variables, strict=True):
        assert ours.dtype == reference.dtype
        np.testing.assert_allclose(
            ours.numpy(), np.asarray(reference), err_msg=ours.name, **CLOSE
        )
    np.testing.assert_allclose(
        host(mine.result()), np.asarray(theirs.result()), **CLOSE
    )


def compare(name, kwargs, batches):
    mine = getattr(metrics, name)(**kwargs)
    theirs = getattr(keras.metrics, name)(**kwargs)
    for batch in batches:
        mine.update_state(*batch)
        theirs.update_state(*batch)
    assert_same(mine, theirs)
    mine.reset_state()
    theirs.reset_state()
    assert_same(mine, theirs)


IDS = [f"{name}-{'-'.join(kwargs)}" for name, kwargs in FROM_FUNCTIONS]


@pytest.mark.parametrize(("name", "kwargs"), FROM_FUNCTIONS, ids=IDS)
def test_two_batches_one_of_them_weighted(name, kwargs, rng):
    weights = rng.uniform(0, 2, 4).astype("float32")
    first, second = data_for(name, rng), data_for(name, rng)
    compare(name, kwargs, [first, (*second, weights)])


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("MeanSquaredError", {}),
        ("RootMeanSquaredError", {}),
        ("CategoricalCrossentropy", {}),
        ("SparseCategoricalCrossentropy", {"ignore_class": 1}),
        ("BinaryAccuracy", {}),
        ("CategoricalAccuracy", {}),
        ("SparseCategoricalAccuracy", {}),
        ("SparseTopKCategoricalAccuracy", {"k": 1}),
    ],
)
def test_sequences(name, kwargs, rng):
    batch = data_for(name, rng, (4, 3, 2))
    weights = np.float32([1, 0, 2, 1])
    if "ignore_class" in kwargs:  # here Keras needs one weight per value
        weights = np.repeat(weights[:, None], 3, axis=1)
    compare(name, kwargs, [batch, (*batch, weights)])


@pytest.mark.parametrize(
    "name",
    [
        "MeanSquaredError",
        "RootMeanSquaredError",
        "BinaryAccuracy",
        "Accuracy",
        "BinaryCrossentropy",
        "Precision",
        "TruePositives",
        "AUC",
    ],
)
@pytest.mark.parametrize("ranks", [((4,), (4, 1)), ((4, 1), (4,))])
def test_a_column_against_a_vector(name, ranks, rng):
    y_true, y_pred = rng.integers(0, 2, ranks[0]), rng.uniform(0, 1, ranks[1])
    if name == "BinaryCrossentropy":
        # here Keras refuses, and we match the ranks as everywhere else
        metric = metrics.BinaryCrossentropy()
        column = keras.metrics.BinaryCrossentropy()
        metric.update_state(y_true, y_pred)
        column.update_state(y_true.reshape(4, 1), y_pred.reshape(4, 1))
        assert_same(metric, column)
        return
    compare(name, {}, [(y_true, y_pred)])


@given(data=st.data())
@settings(max_examples=40)
def test_mean_and_sum(data):
    shape = data.draw(st.sampled_from([(), (4,), (4, 1), (4, 3), (4, 3, 2)]))
    weight_shape = data.draw(
        st.sampled_from(
            [None, (), (1,), (4,), (4, 1), (4, 3), (1, 3), (4, 3, 1), (4, 3, 2), (3,)]
        )
    )
    name = data.draw(st.sampled_from(["Mean", "Sum"]))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**31)))
    values = rng.normal(size=shape).astype("float32")
    weight = (
        None if weight_shape is None else rng.random(weight_shape).astype("float32")
    )
    mine, theirs = getattr(metrics, name)(), getattr(keras.metrics, name)()
    try:
        theirs.update_state(values, weight)
    except ValueError:
        with pytest.raises(ValueError, match="cannot use this sample_weight"):
            mine.update_state(values, weight)
        return
    mine.update_state(values, weight)
    assert_same(mine, theirs)


THRESHOLDED = [
    ("TruePositives", {}),
    ("TrueNegatives", {"thresholds": [0.2, 0.5, 0.8]}),
    ("FalsePositives", {"thresholds": 0.7}),
    ("FalseNegatives", {"thresholds": [0.0, 1.0]}),
    ("Precision", {}),
    ("Precision", {"thresholds": [0.2, 0.6]}),
    ("Precision", {"top_k": 2}),
    ("Precision", {"top_k": 2, "thresholds": 0.4}),
    ("Precision", {"class_id": 1}),
    ("Precision", {"class_id": 2, "top_k": 1}),
    ("Recall", {}),
    ("Recall", {"thresholds": [0.2, 0.6]}),
    ("Recall", {"top_k": 1}),
    ("Recall", {"class_id": 0}),
]


@pytest.mark.parametrize(("name", "kwargs"), THRESHOLDED)
def test_confusion_metrics(name, kwargs, rng):
    batches = []
    for weight in (None, rng.random(4), rng.random((4, 1))):
        y_true = rng.integers(0, 2, (4, 3))
        batches.append((y_true, rng.uniform(0, 1, (4, 3)), weight))
    if "class_id" in kwargs:  # here Keras takes weights of one axis only
        batches = batches[:2]
    compare(name, kwargs, batches)


def test_top_k_with_ties():
    y_true, y_pred = [[0, 1, 0], [1, 0, 0]], [[0.3, 0.3, 0.3], [0.2, 0.4, 0.4]]
    compare("Precision", {"top_k": 2}, [(np.array(y_true), np.array(y_pred))])
    for k in (1, 2):
        batch = np.array(y_true), np.array(y_pred)
        compare("TopKCategoricalAccuracy", {"k": k}, [batch])


def test_top_k_from_sorted_ids():
    batch = np.array([1, 0, 2]), np.array([[1, 2, 0], [2, 1, 0], [0, 2, 1]])
    for k in (1, 2):
        kwargs = {"k": k, "from_sorted_ids": True}
        compare("SparseTopKCategoricalAccuracy", kwargs, [batch])


@pytest.mark.parametrize("curve", ["ROC", "PR", "PRGAIN"])
@pytest.mark.parametrize("method", ["interpolation", "minoring", "majoring"])
def test_auc_curves(curve, method, rng):
    kwargs = {"curve": curve, "summation_method": method, "num_thresholds": 7}
    for agrees in (0.1, 0.9):
        y_pred = rng.uniform(0, 1, 40).astype("float32")
        y_true = np.where(rng.random(40) < agrees, y_pred > 0.5, y_pred < 0.5)
        compare("AUC", kwargs, [(y_true, y_pred), (y_true, y_pred[::-1])])


@pytest.mark.parametrize("curve", ["ROC", "PR", "PRGAIN"])
@pytest.mark.parametrize("label", [0, 1])
def test_auc_of_one_class_only(curve, label, rng):
    batch = np.full(10, label), rng.uniform(0, 1, 10)
    compare("AUC", {"curve": curve, "num_thresholds": 7}, [batch])


@pytest.mark.parametrize(
    "kwargs",
    [
        {"thresholds": [0.0, 0.3, 0.5, 0.9, 1.0]},
        {"num_thresholds": 2},
        {"from_logits": True, "num_thresholds": 7},
        {"label_weights": [1.0, 2.0, 0.5], "num_thresholds": 7},
        {"multi_label": True, "num_labels": 3, "num_thresholds": 7},
        {
            "multi_label": True,
            "label_weights": [1.0, 2.0, 0.5],
            "curve": "PR",
            "num_thresholds": 7,
        },
    ],
    ids=lambda kwargs: "-".join(kwargs),
)
def test_auc_options(kwargs, rng):
    y_pred = rng.uniform(0.01, 0.99, (4, 3)).astype("float32")
    weights = rng.random(4).astype("float32")
    compare("AUC", kwargs, [(rng.integers(0, 2, (4, 3)), y_pred, weights)])


def test_auc_with_all_its_thresholds(rng):
    y_pred = rng.uniform(0, 1, 500).astype("float32")
    compare("AUC", {}, [(y_pred + rng.normal(size=500) > 0.5, y_pred)])


BOUNDED = {
    "PrecisionAtRecall": "recall",
    "RecallAtPrecision": "precision",
    "SensitivityAtSpecificity": "specificity",
    "SpecificityAtSensitivity": "sensitivity",
}


@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.parametrize("bound", [0.01, 0.3, 0.6, 0.9, 1.0])
def test_the_best_where_another_rate_is_high_enough(name, bound, rng):
    y_true, y_pred = rng.integers(0, 2, 40), rng.uniform(0, 1, 40).astype("float32")
    weights = rng.random(40).astype("float32")
    kwargs = {BOUNDED[name]: bound, "num_thresholds": 9}
    compare(name, kwargs, [(y_true, y_pred), (y_true, y_pred[::-1], weights)])
    columns = y_true.reshape(10, 4), y_pred.reshape(10, 4), weights[:10]
    compare(name, {**kwargs, "class_id": 2}, [columns])


# inside Keras, on JAX
int64_is_int32 = pytest.mark.filterwarnings("ignore:Explicitly requested dtype int64")
MAPS = ("IoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU")


@int64_is_int32
@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("ignore_class", [None, 0, -1, 255])
@pytest.mark.parametrize("dtype", [None, "float32", "int32"])
def test_intersection_over_union(name, ignore_class, dtype, rng):
    kwargs = {"num_classes": 3, "ignore_class": ignore_class, "dtype": dtype}
    if not name.endswith("MeanIoU"):
        kwargs["target_class_ids"] = [0, 2]
    y_true, y_pred = (rng.integers(0, 3, 20) for _ in range(2))
    if "OneHot" in name:
        y_true, y_pred = (np.eye(3)[y] for y in (y_true, y_pred))
    weights = rng.integers(0, 3, 20).astype(dtype or "int32")
    compare(name, kwargs, [(y_true, y_pred), (y_true, y_pred[::-1], weights)])


@int64_is_int32
@pytest.mark.parametrize("name", MAPS[:2])
def test_intersection_over_union_of_predicted_rows(name, rng):
    kwargs = {"num_classes": 3, "sparse_y_pred": False}  # axis=1 fails in Keras
    if name == "IoU":
        kwargs["target_class_ids"] = [1]
    batch = rng.integers(0, 3, (2, 5)), rng.random((2, 5, 3))
    compare(name, kwargs, [batch])


@int64_is_int32
@pytest.mark.parametrize("kwargs", [{}, {"threshold": 0.2}, {"target_class_ids": [1]}])
def test_binary_intersection_over_union(kwargs, rng):
    y_pred = np.float32([0.1, 0.2, 0.4, 0.7, 0.5])
    compare("BinaryIoU", kwargs, [(rng.integers(0, 2, 5), y_pred)])


@pytest.mark.parametrize("name", ["F1Score", "FBetaScore"])
@pytest.mark.parametrize("average", [None, "micro", "macro", "weighted"])
@pytest.mark.parametrize("threshold", [None, 0.4])
def test_f_scores(name, average, threshold, rng):
    kwargs = {"average": average, "threshold": threshold}
    if name == "FBetaScore":
        kwargs["beta"] = 2.0
    y_pred = rng.uniform(0, 1, (8, 3)).astype("float32")
    y_pred[0] = 0.0
    y_pred[1] = 0.5
    y_true = rng.integers(0, 2, (8, 3))
    weights = rng.random(8).astype("float32")
    compare(name, kwargs, [(y_true, y_pred), (y_true, y_pred[::-1], weights)])


@pytest.mark.parametrize(
    "aggregation", [None, "uniform_average", "variance_weighted_average"]
)
@pytest.mark.parametrize("num_regressors", [0, 2])
def test_r2(aggregation, num_regressors, rng):
    y_true = rng.normal(size=(8, 2)).astype("float32")
    y_pred = y_true + rng.normal(size=(8, 2)).astype("float32") / 2
    weights = rng.random(8).astype("float32")
    mine = metrics.R2Score(aggregation, num_regressors)
    theirs = keras.metrics.R2Score(aggregation, num_regressors)
    for batch in [(y_true, y_pred), (y_true, y_pred[::-1], weights)]:
        mine.update_state(*batch)
        theirs.update_state(*batch)
    assert_same(mine, theirs)  # not after a reset: where Keras has NaN, we have 0


NEEDED = {
    **{name: {bounded: 0.5} for name, bounded in BOUNDED.items()},
    "IoU": {"num_classes": 3, "target_class_ids": [1]},
    "MeanIoU": {"num_classes": 3},
    "OneHotIoU": {"num_classes": 3, "target_class_ids": [1]},
    "OneHotMeanIoU": {"num_classes": 3},
}
SIMPLE = {"AUC", "Mean", "BinaryIoU", "F1Score", "FBetaScore", "R2Score"}
CLASSES = sorted({name for name, _ in FROM_FUNCTIONS + THRESHOLDED} | SIMPLE)


@pytest.mark.parametrize("name", [*CLASSES, *NEEDED])
def test_serialized_metrics_are_keras_s(name):
    mine = getattr(metrics, name)(name="m", **NEEDED.get(name, {}))
    theirs = getattr(keras.metrics, name)(name="m", **NEEDED.get(name, {}))
    assert metrics.serialize(mine) == keras.metrics.serialize(theirs)


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("AUC", {"thresholds": [0.2, 0.6], "curve": "PR", "from_logits": True}),
        ("Precision", {"thresholds": [0.1, 0.2], "class_id": 1}),
        ("Recall", {"top_k": 2}),
        ("MeanSquaredError", {"dtype": "float16"}),
        ("SparseCategoricalCrossentropy", {"ignore_class": 2, "axis": 1}),
    ],
)
def test_configs_with_arguments_are_keras_s(name, kwargs):
    mine = getattr(metrics, name)(name="m", **kwargs)
    theirs = getattr(keras.metrics, name)(name="m", **kwargs)
    assert mine.get_config() == theirs.get_config()
    again = keras.metrics.deserialize(metrics.serialize(mine))
    assert again.get_config() == theirs.get_config()


def test_we_read_a_function_metric_of_keras():
    theirs = keras.metrics.MeanMetricWrapper(
        keras.metrics.binary_accuracy, name="b", threshold=0.2
    )
    mine = metrics.deserialize(keras.metrics.serialize(theirs))
    batch = np.array([1, 0, 1]), np.array([0.3, 0.3, 0.1])
    mine.update_state(*batch)
    theirs.update_state(*batch)
    assert_same(mine, theirs)
    again = keras.metrics.deserialize(metrics.serialize(mine))
    again.update_state(*batch)
    assert_same(mine, again)


ALIASES = ["mse", "mae", "mape", "msle", "bce"]
UNKNOWN = ["acc", "kld", "log_cosh", "huber", "rmse", "nope"]
SNAKES = [snake_case(name) for name in CLASSES]
NAMES = [*CLASSES, *SNAKES, *ALIASES, *map(str.upper, ALIASES), *UNKNOWN]


@pytest.mark.parametrize("name", NAMES)
def test_get_knows_the_names_keras_knows(name):
    try:
        theirs = keras.metrics.get(name)
    except ValueError:
        with pytest.raises(ValueError, match="Unknown metric"):
            metrics.get(name)
        return
    assert type(metrics.get(name)).__name__ == type(theirs).__name__


def keras_result(model_metrics, weighted, y_true, y_pred, weights, output="dense"):
    """Return what `evaluate` of a model that answers `y_pred` reports."""
    inputs = keras.Input(y_pred.shape[1:])
    outputs = keras.layers.Activation("linear", name=output)(inputs)
    model = keras.Model(inputs, outputs)
    model.compile(
        loss=lambda a, b: 0.0 * keras.ops.sum(b),
        metrics=model_metrics,
        weighted_metrics=weighted,
        run_eagerly=True,
    )
    results = model.evaluate(
        y_pred, y_true, sample_weight=weights, verbose=0, return_dict=True
    )
    return {name: value for name, value in results.items() if name != "loss"}


@pytest.mark.parametrize(
    ("plain", "weighted"),
    [
        (["accuracy", "mse", "MSE"], None),
        (["acc"], ["acc", "mae"]),
        (["mse", "mse"], ["mse", "mse"]),
        ([["mse"], "mae"], []),
        ({"dense": ["mse", "Accuracy"]}, None),
        ({"other": "mse"}, None),
    ],
)
def test_names_and_values_of_a_compiled_model(plain, weighted, rng):
    y_true = rng.integers(0, 2, (6, 1)).astype("float32")
    y_pred = rng.uniform(0, 1, (6, 1)).astype("float32")
    weights = rng.uniform(0, 2, 6).astype("float32")
    expected = keras_result(plain, weighted, y_true, y_pred, weights)
    mine = CompileMetrics(plain, weighted, ["dense"])
    mine.update_state(y_true, y_pred, weights)
    results = {name: float(value) for name, value in mine.result().items()}
    assert results == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("y_true", "y_pred"),
    [
        ((6,), (6, 1)),
        ((6, 1), (6, 1)),
        ((6, 2), (6, 1)),
        ((6,), (6, 3)),
        ((6, 1), (6, 3)),
        ((6, 3), (6, 3)),
        ((6, 2), (6, 2)),
        ((6, 5), (6, 5, 1)),
        ((6, 5), (6, 5, 3)),
        ((6, 5, 1), (6, 5, 3)),
        ((6, 5, 3), (6, 5, 3)),
    ],
    ids=str,
)
def test_what_accuracy_means(y_true, y_pred):
    inputs = keras.Input(y_pred[1:])
    model = keras.Model(inputs, keras.layers.Activation("linear")(inputs))
    model.compile(
        loss=lambda a, b: 0.0 * keras.ops.sum(b), metrics=["accuracy"], run_eagerly=True
    )
    model.evaluate(np.zeros(y_pred), np.zeros(y_true), verbose=0)
    (container,) = [m for m in model.metrics if hasattr(m, "metrics")]
    (theirs,) = container.metrics
    mine = resolve_accuracy("accuracy", (None, *y_true[1:]), (None, *y_pred[1:]))
    assert mine.__name__ == type(theirs).__name__
