import numpy as np
import pytest

from kerasish import losses, ops
from kerasish.errors import ShapeError
from kerasish.losses.compile import CompileLoss, SparseTarget, resolve_crossentropy

Y_TRUE = np.float32([[1.0], [3.0]])
Y_PRED = np.float32([[0.0], [0.0]])


def mean_square(y_true, y_pred):
    return ops.square(y_true - y_pred)


@pytest.mark.parametrize(
    "loss",
    [
        "mse",
        "MeanSquaredError",
        losses.MeanSquaredError(),
        losses.MeanSquaredError,
        losses.mean_squared_error,
        mean_square,
        ["mse"],
        {"dense": "mse"},
        {"dense": ["mse"]},
        {"class_name": "MeanSquaredError", "config": {}},
    ],
)
def test_what_compile_may_be_given(loss):
    total = CompileLoss(loss, output_names=["dense"])
    assert float(total(Y_TRUE, Y_PRED)) == 5.0
    assert float(total(Y_TRUE, Y_PRED, np.float32([1.0, 0.0]))) == 0.5


@pytest.mark.parametrize("weights", [2.0, [2.0], {"dense": 2.0}])
def test_loss_weights(weights):
    assert float(CompileLoss("mse", weights, ["dense"])(Y_TRUE, Y_PRED)) == 10.0


def test_the_result_is_a_scalar_whatever_the_function_returns():
    assert CompileLoss(mean_square)(Y_TRUE, Y_PRED).shape == ()


def test_a_dict_without_known_output_names():
    assert float(CompileLoss({"any": "mse"})(Y_TRUE, Y_PRED)) == 5.0


def test_a_dict_with_a_wrong_name():
    with pytest.raises(ValueError, match="did you mean 'dense'"):
        CompileLoss({"dens": "mse"}, output_names=["dense"])


@pytest.mark.parametrize("loss", [None, [None], {"dense": None}])
def test_no_loss(loss):
    with pytest.raises(ValueError, match="no loss to train with"):
        CompileLoss(loss, output_names=["dense"])


def test_more_losses_than_outputs():
    with pytest.raises(ValueError, match="2 entries"):
        CompileLoss(["mse", "mae"])
    with pytest.raises(ValueError, match="loss_weights does not fit"):
        CompileLoss("mse", [1.0, 2.0])


def test_unknown_names_are_refused_at_once():
    with pytest.raises(ValueError, match="did you mean 'mse'"):
        CompileLoss("mse_")


def test_a_loss_that_is_not_reduced():
    total = CompileLoss(losses.MeanSquaredError(reduction=None))
    with pytest.raises(ShapeError, match="reduction='sum_over_batch_size'"):
        total(Y_TRUE, Y_PRED)


@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred"),
    [
        ("mse", (None,), (None, 1)),
        ("mse", (None, 3), (None, 3)),
        ("mse", (None, None, 3), (None, 7, 3)),
        ("sparse_categorical_crossentropy", (None,), (None, 10)),
        ("sparse_categorical_crossentropy", (None, 1), (None, 10)),
        ("sparse_categorical_crossentropy", (None, 5, 1), (None, 5, 10)),
        ("categorical_crossentropy", (None, 10), (None, 10)),
        ("binary_crossentropy", (None,), (None, 1)),
        (mean_square, (None, 1), (None, 3)),
    ],
)
def test_shapes_that_fit(loss, y_true, y_pred):
    total = CompileLoss(loss)
    total.build(y_true, y_pred)
    assert total.built


@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "message"),
    [
        ("mse", (None, 1), (None, 3), r"to_categorical\(y, 3\)"),
        ("mse", (None, 2), (None, 3), r"y_true of shape \(None, 2\)"),
        ("mse", (None, 3), (None, 1), "units of the last layer"),
        ("mae", (None,), (None, 4), r"to_categorical\(y, 4\)"),
        (losses.Huber(), (None, 4, 4), (None, 4), "cannot compare"),
        ("binary_crossentropy", (None, 2), (None, 1), "cannot compare"),
        ("categorical_crossentropy", (None,), (None, 10), "'sparse_categorical_cross"),
        ("categorical_crossentropy", (None, 1), (None, 10), "whole-number"),
        ("sparse_categorical_crossentropy", (None, 10), (None, 10), "one-hot rows"),
    ],
)
def test_shapes_that_do_not_fit(loss, y_true, y_pred, message):
    with pytest.raises(ShapeError, match=message):
        CompileLoss(loss).build(y_true, y_pred)


@pytest.mark.parametrize("name", ["crossentropy", "ce"])
@pytest.mark.parametrize(
    ("y_true", "y_pred", "cls"),
    [
        ((4,), (4, 1), losses.BinaryCrossentropy),
        ((4, 1), (4, 1), losses.BinaryCrossentropy),
        ((4,), (4, 3), losses.SparseCategoricalCrossentropy),
        ((4, 1), (4, 3), losses.SparseCategoricalCrossentropy),
        ((4, 3), (4, 3), losses.CategoricalCrossentropy),
    ],
)
def test_crossentropy_by_shape(name, y_true, y_pred, cls):
    assert resolve_crossentropy(y_true, y_pred) is cls
    total = CompileLoss(name)
    arrays = np.zeros(y_true, "float32"), np.full(y_pred, 0.25, "float32")
    assert float(total(*arrays)) == pytest.approx(float(cls()(*arrays)), rel=1e-6)


def test_what_is_known_of_class_labels():
    assert CompileLoss("mse").sparse_classes is None
    assert CompileLoss("crossentropy").sparse_classes is None
    name = "sparse_categorical_crossentropy"
    assert CompileLoss(name).sparse_classes == SparseTarget(-1, None)
    loss = losses.SparseCategoricalCrossentropy(ignore_class=0, axis=1)
    assert CompileLoss(loss).sparse_classes == SparseTarget(1, 0)
