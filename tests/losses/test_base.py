import numpy as np
import pytest

from kerasish import losses, ops
from kerasish.backend import get_backend
from kerasish.errors import ShapeError
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace
from kerasish.losses.base import Loss, LossFunctionWrapper

BUILT_IN = sorted(n for n in losses.__all__ if n[0].isupper() and n != "Loss")
GENERALIZED = "CategoricalGeneralizedCrossEntropy"
Y_TRUE = np.float32([[1.0], [2.0], [3.0]])
Y_PRED = np.float32([[0.0], [0.0], [0.0]])


class Plain(Loss):
    def call(self, y_true, y_pred):
        return ops.mean(ops.absolute(y_true - y_pred), axis=-1)


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [
        ("sum_over_batch_size", 2.0),
        ("mean", 2.0),
        ("mean_with_sample_weight", 2.0),
        ("sum", 6.0),
        ("none", [1.0, 2.0, 3.0]),
        (None, [1.0, 2.0, 3.0]),
    ],
)
def test_reductions(reduction, expected):
    np.testing.assert_allclose(Plain(reduction=reduction)(Y_TRUE, Y_PRED), expected)


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [
        ("sum_over_batch_size", 7.0 / 3.0),
        ("mean", 7.0 / 3.0),
        ("mean_with_sample_weight", 7.0 / 3.0),
        ("sum", 7.0),
        ("none", [0.5, 2.0, 4.5]),
    ],
)
def test_weights(reduction, expected):
    loss = Plain(reduction=reduction)
    weights = np.array([0.5, 1.0, 1.5])
    expected = np.asarray(expected, "float32")
    np.testing.assert_allclose(loss(Y_TRUE, Y_PRED, weights), expected, rtol=1e-6)
    column = loss(Y_TRUE, Y_PRED, weights[:, None])
    np.testing.assert_allclose(np.ravel(column), np.ravel(expected), rtol=1e-6)


def test_zero_weights_give_zero():
    loss = Plain(reduction="mean_with_sample_weight")
    assert float(loss(Y_TRUE, Y_PRED, [0.0, 0.0, 0.0])) == 0.0


def test_weights_that_do_not_fit():
    with pytest.raises(ShapeError, match=r"sample_weight of shape \(2,\)"):
        Plain()(Y_TRUE, Y_PRED, [1.0, 2.0])


def test_weights_of_samples_for_sequences_say_how_to_reshape():
    sequences = np.zeros((4, 3, 2))
    with pytest.raises(ShapeError, match=r"fix: +reshape the weights to \(4, 1\)"):
        losses.MeanSquaredError()(sequences, sequences, np.ones(4))


def test_unknown_reduction_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'mean'"):
        Plain(reduction="meen")


def test_a_loss_without_call_says_what_to_write():
    with pytest.raises(NotImplementedError, match="write `def call"):
        Loss()(Y_TRUE, Y_PRED)


def test_default_name_is_the_class_in_snake_case():
    assert Plain().name == "plain"
    assert LossFunctionWrapper(losses.huber).name == "huber"


def test_results_are_in_the_dtype_of_the_loss():
    assert str(Plain()(Y_TRUE.astype("int64"), Y_PRED.astype("float64")).dtype) == (
        "float32"
    )
    half = Plain(dtype="float16")
    assert half.dtype == "float16"
    assert str(half(Y_TRUE, Y_PRED).dtype) == "float16"
    assert Plain(dtype="mixed_float16").dtype == "float16"


def test_targets_of_a_column_meet_predictions_of_a_vector():
    assert float(Plain()(Y_TRUE[:, 0], Y_PRED)) == 2.0
    assert float(Plain()(Y_TRUE, Y_PRED[:, 0])) == 2.0


def test_any_function_is_wrapped_and_reduced():
    loss = LossFunctionWrapper(lambda y_true, y_pred, scale: scale * y_true, scale=2.0)
    assert float(loss(Y_TRUE, Y_PRED)) == 4.0


def test_config_of_a_subclass_holds_its_arguments():
    class Scaled(Loss):
        def __init__(self, scale=1.0, **kwargs):
            super().__init__(**kwargs)
            self.scale = scale

        def call(self, y_true, y_pred):
            return self.scale * y_true

    config = Scaled(scale=3.0, reduction="sum").get_config()
    assert config == {"scale": 3.0, "reduction": "sum", "name": "scaled"}
    again = Scaled.from_config(config)
    assert (again.scale, again.reduction, again.name) == (3.0, "sum", "scaled")


def test_config_of_a_subclass_that_takes_no_name():
    class Fixed(Loss):
        def __init__(self, scale=1.0):
            super().__init__(name="fixed", reduction="sum")
            self.scale = scale

    config = Fixed(2.0).get_config()
    assert config == {"scale": 2.0}
    assert Fixed.from_config(config).scale == 2.0


def test_config_leaves_out_what_keras_leaves_out_unless_it_was_changed():
    assert losses.Huber().get_config() == {
        "reduction": "sum_over_batch_size",
        "name": "huber_loss",
    }
    assert losses.Huber(delta=2.0).get_config()["delta"] == 2.0
    assert losses.Huber(dtype="float64").get_config()["dtype"] == "float64"


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_loss_compiles_to_what_it_is_eagerly(name, rng):
    loss = getattr(losses, name)()
    y_pred = rng.uniform(0.1, 1.0, (4, 3)).astype("float32")
    y_true = rng.integers(0, 2, (4, 3)).astype("float32")
    if name in ("SparseCategoricalCrossentropy", "Circle", GENERALIZED):
        y_true = rng.integers(0, 3, 4).astype("int32")
    if name == "CTC":
        y_true = np.array([[1, 2, 0], [2, 2, 1], [1, 0, 0], [2, 1, 0]], "int32")
        y_pred = rng.normal(size=(4, 6, 3)).astype("float32")
    weights = rng.uniform(0.0, 2.0, 4).astype("float32")
    arrays = [y_true, y_pred, weights]
    graph = trace(loss, [Spec(a.shape, a.dtype.name) for a in arrays])
    replayed = compile_graph(graph, get_backend())(*arrays)
    # the compiler may reorder sums: a few float32 roundings
    np.testing.assert_allclose(replayed, loss(*arrays), rtol=1e-5)
