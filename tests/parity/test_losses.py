"""Losses against those of real Keras: random data, weights, reductions, odd ranks.

Tolerance: 1e-5 relative, ten float32 roundings; 1e-6 absolute, for values near zero.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

keras = pytest.importorskip("keras", reason="the parity extra is not installed")

import jax

from kerasish import losses, ops, value_and_grad
from kerasish.losses.base import REDUCTIONS
from tests.losses.samples import (
    CLASSED,
    PAIRS,
    bits,
    positives,
    probabilities,
    reals,
    rows,
)

CLOSE = {"rtol": 1e-5, "atol": 1e-6}


def host(x):
    return np.asarray(ops.convert_to_numpy(x))


IDS = [f"{name}-{'-'.join(map(str, kwargs))}" for name, kwargs, *_ in PAIRS + CLASSED]


def both(name, kwargs, *arguments, **more):
    mine = getattr(losses, name)(**kwargs)(*arguments, **more)
    theirs = getattr(keras.losses, name)(**kwargs)(*arguments, **more)
    return host(mine), np.asarray(theirs)


@pytest.mark.parametrize(
    ("name", "kwargs", "function", "targets", "predictions"), PAIRS + CLASSED, ids=IDS
)
def test_every_loss_and_its_function(name, kwargs, function, targets, predictions, rng):
    y_true, y_pred = targets(rng, (4, 3)), predictions(rng, (4, 3))
    mine = getattr(losses, function)(y_true, y_pred, **kwargs)
    theirs = getattr(keras.losses, function)(y_true, y_pred, **kwargs)
    np.testing.assert_allclose(host(mine), np.asarray(theirs), **CLOSE)
    np.testing.assert_allclose(*both(name, kwargs, y_true, y_pred), **CLOSE)


@pytest.mark.parametrize(
    "kwargs", [{}, {"from_logits": True}, {"ignore_class": 2}, {"ignore_class": -1}]
)
@pytest.mark.parametrize(("shape", "column"), [((4, 3), True), ((4, 3, 2), False)])
@pytest.mark.parametrize("reduction", REDUCTIONS, ids=str)
def test_sparse_categorical_crossentropy(kwargs, shape, column, reduction, rng):
    y_pred = reals(rng, shape) if "from_logits" in kwargs else rows(rng, shape)
    low = -1 if kwargs.get("ignore_class") == -1 else 0
    y_true = rng.integers(low, shape[-1], shape[:-1])
    weights = rng.uniform(0, 2, shape[:-1]).astype("float32")
    if column:
        y_true = y_true[..., None]
    kwargs = {**kwargs, "reduction": reduction}
    name = "SparseCategoricalCrossentropy"
    for weight in (None, weights):
        np.testing.assert_allclose(
            *both(name, kwargs, y_true, y_pred, sample_weight=weight), **CLOSE
        )


def test_sparse_categorical_crossentropy_where_every_sample_is_ignored(rng):
    y_true, y_pred = np.full(5, -1), rows(rng, (5, 3))
    mine, theirs = both(
        "SparseCategoricalCrossentropy", {"ignore_class": -1}, y_true, y_pred
    )
    assert mine == theirs == 0


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("BinaryCrossentropy", {"axis": 1}),
        ("CategoricalCrossentropy", {"axis": 1, "label_smoothing": 0.1}),
        ("CategoricalCrossentropy", {"axis": 1, "from_logits": True}),
        ("CosineSimilarity", {"axis": 1}),
    ],
)
def test_axis(name, kwargs, rng):
    y_true, y_pred = bits(rng, (4, 3, 2)), probabilities(rng, (4, 3, 2))
    mine, theirs = both(name, {**kwargs, "reduction": "none"}, y_true, y_pred)
    np.testing.assert_allclose(mine, theirs, **CLOSE)


EXTREMES = [
    ("binary_crossentropy", [[0.0, 1.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]),
    ("categorical_crossentropy", [[0.0, 1.0], [1.0, 0.0]], [[1.0, 0.0], [2.0, 0.0]]),
    ("categorical_crossentropy", [[0.0, 1.0], [1.0, 0.0]], [[3.0, 9.0], [0.0, 5.0]]),
    ("kl_divergence", [[0.0, 1.0], [0.5, 0.5]], [[1.0, 0.0], [0.0, 2.0]]),
    ("mean_absolute_percentage_error", [[0.0, 2.0], [-1.0, 1.0]], [[1.0, 1.0]] * 2),
    ("mean_squared_logarithmic_error", [[-3.0, 0.0], [1.0, 2.0]], [[2.0, -1.0]] * 2),
    ("poisson", [[0.0, 2.0], [1.0, 1.0]], [[0.0, 1e-9], [1.0, 0.0]]),
    ("log_cosh", [[500.0, -1.0], [0.0, 1e-4]], [[-500.0, -1.0], [0.0, 0.0]]),
    ("cosine_similarity", [[0.0, 0.0], [1e-12, 0.0]], [[1.0, 0.0], [1.0, 0.0]]),
    ("hinge", [[0.0, 1.0], [1.0, -1.0]], [[0.3, 0.4], [0.5, 0.6]]),
]


@pytest.mark.parametrize(("function", "y_true", "y_pred"), EXTREMES)
def test_clipping_at_the_edges(function, y_true, y_pred):
    y_true, y_pred = np.float32(y_true), np.float32(y_pred)
    mine = getattr(losses, function)(y_true, y_pred)
    theirs = getattr(keras.losses, function)(y_true, y_pred)
    np.testing.assert_allclose(host(mine), np.asarray(theirs), **CLOSE)


@pytest.mark.parametrize("extreme", [-200.0, -20.0, 0.0, 20.0, 200.0])
def test_logits_far_from_zero(extreme):
    logits = np.float32([[extreme, 0.0, 1.0], [1.0, extreme, -extreme]])
    kwargs = {"from_logits": True, "reduction": "none"}
    for name, y_true in (
        ("BinaryCrossentropy", np.float32([[0, 1, 1], [1, 0, 1]])),
        ("CategoricalCrossentropy", np.float32([[1, 0, 0], [0, 0, 1]])),
        ("SparseCategoricalCrossentropy", np.array([0, 2])),
    ):
        np.testing.assert_allclose(*both(name, kwargs, y_true, logits), **CLOSE)


RANKS = [(4,), (4, 1), (4, 3), (4, 3, 1), (4, 3, 2)]


@pytest.mark.parametrize("first", RANKS, ids=str)
@pytest.mark.parametrize("second", RANKS, ids=str)
def test_ranks_and_sizes_that_differ(first, second, rng):
    y_true, y_pred = reals(rng, first), reals(rng, second)
    kwargs = {"reduction": "none"}
    try:
        theirs = keras.losses.MeanSquaredError(**kwargs)(y_true, y_pred)
    except (TypeError, ValueError):
        with pytest.raises(ValueError, match="mean_squared_error"):
            losses.MeanSquaredError()(y_true, y_pred)
        return
    mine = losses.MeanSquaredError(**kwargs)(y_true, y_pred)
    np.testing.assert_allclose(host(mine), np.asarray(theirs), **CLOSE)


@pytest.mark.parametrize("name", ["KLDivergence", "CosineSimilarity", "Hinge"])
@pytest.mark.parametrize("shapes", [((4,), (4, 1)), ((4, 3, 1), (4, 3))], ids=str)
def test_ranks_that_differ_in_other_losses(name, shapes, rng):
    y_true, y_pred = (positives(rng, shape) for shape in shapes)
    mine, theirs = both(name, {"reduction": "none"}, y_true, y_pred)
    np.testing.assert_allclose(mine, theirs, **CLOSE)


@given(data=st.data())
def test_weights_and_reductions(data):
    shape = data.draw(st.sampled_from([(4,), (4, 1), (4, 3), (4, 3, 2)]))
    weight_shape = data.draw(
        st.sampled_from([None, (), (1,), (4,), (4, 1), (4, 3), (4, 3, 1), (4, 3, 2)])
    )
    reduction = data.draw(st.sampled_from(REDUCTIONS))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**31)))
    y_true, y_pred = reals(rng, shape), reals(rng, shape)
    weight = None if weight_shape is None else positives(rng, weight_shape)
    kwargs = {"reduction": reduction}
    try:
        theirs = keras.losses.MeanAbsoluteError(**kwargs)(y_true, y_pred, weight)
    except (TypeError, ValueError):
        with pytest.raises(ValueError, match="sample_weight does not fit"):
            losses.MeanAbsoluteError(**kwargs)(y_true, y_pred, weight)
        return
    mine = losses.MeanAbsoluteError(**kwargs)(y_true, y_pred, weight)
    np.testing.assert_allclose(host(mine), np.asarray(theirs), **CLOSE)


@pytest.mark.parametrize("weight", [[0.0, 0.0], [1.0, -1.0], [1e-9, 1e-9], [0.0, 2.0]])
@pytest.mark.parametrize("reduction", REDUCTIONS, ids=str)
def test_weights_that_vanish(weight, reduction):
    y_true, y_pred = np.float32([[1.0], [3.0]]), np.float32([[0.0], [0.0]])
    kwargs = {"reduction": reduction}
    mine, theirs = both("MeanSquaredError", kwargs, y_true, y_pred, np.float32(weight))
    np.testing.assert_allclose(mine, theirs, **CLOSE)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("shape", [(4, 3), (4, 5, 3)])
def test_generalized_cross_entropy(q, shape, rng):
    y_true, y_pred = rng.integers(0, 3, shape[:-1]), rows(rng, shape)
    name = "CategoricalGeneralizedCrossEntropy"
    for reduction in REDUCTIONS:
        kwargs = {"q": q, "reduction": reduction}
        np.testing.assert_allclose(*both(name, kwargs, y_true, y_pred), **CLOSE)


def embeddings(rng, count):
    values = rng.normal(size=(count, 4))
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype("float32")


@pytest.mark.parametrize("kwargs", [{}, {"gamma": 2.0, "margin": 0.1}])
@pytest.mark.parametrize("remove_diagonal", [True, False])
@pytest.mark.parametrize("reduction", REDUCTIONS, ids=str)
def test_circle(kwargs, remove_diagonal, reduction, rng):
    labels, y_pred = np.array([0, 1, 0, 1, 2]), embeddings(rng, 5)
    kwargs = {**kwargs, "remove_diagonal": remove_diagonal, "reduction": reduction}
    for y_true in (labels, labels[:, None]):
        for weight in (None, np.float32([1.0, 2.0, 0.0, 1.0, 1.0])):
            pair = both("Circle", kwargs, y_true, y_pred, sample_weight=weight)
            np.testing.assert_allclose(*pair, **CLOSE)


@pytest.mark.parametrize("remove_diagonal", [True, False])
def test_circle_with_references(remove_diagonal, rng):
    arguments = (
        np.array([0, 1, 0, 1, 2]),
        embeddings(rng, 5),
        np.array([0, 1, 2]),
        embeddings(rng, 3),
        remove_diagonal,
    )
    mine, theirs = losses.circle(*arguments), keras.losses.circle(*arguments)
    np.testing.assert_allclose(host(mine), np.asarray(theirs), **CLOSE)


def test_gradient_of_circle(rng):
    labels, y_pred = np.array([0, 1, 0, 1, 2]), embeddings(rng, 5)
    mine = value_and_grad(lambda x: losses.Circle(gamma=2.0)(labels, x))(y_pred)[1]
    theirs = jax.grad(lambda x: keras.losses.Circle(gamma=2.0)(labels, x))(y_pred)
    np.testing.assert_allclose(host(mine), np.asarray(theirs), **CLOSE)


@pytest.mark.parametrize("reduction", REDUCTIONS, ids=str)
def test_ctc(reduction, rng):
    y_true = np.array([[1, 2, 0], [3, 3, 4], [2, 0, 0], [0, 0, 0]])
    y_pred = reals(rng, (4, 8, 5))
    for labels in (y_true, y_true.astype("float32")):
        pair = both("CTC", {"reduction": reduction}, labels, y_pred)
        np.testing.assert_allclose(*pair, **CLOSE)
    mine, theirs = losses.ctc(y_true, y_pred), keras.losses.ctc(y_true, y_pred)
    np.testing.assert_allclose(host(mine), np.asarray(theirs), **CLOSE)


ALIASES = ["mse", "mae", "mape", "msle", "bce", "kld"]
UNKNOWN = ["nope", "mse_", "cce", "huber_loss", "crossentropy"]
PUBLIC = sorted({*losses.__all__} - {"Loss", "get", "serialize", "deserialize"})
# Keras exports this loss but forgot to enter it in the table of `get`
FORGOTTEN = {
    "CategoricalGeneralizedCrossEntropy",
    "categorical_generalized_cross_entropy",
}
NAMES = [*sorted({*PUBLIC} - FORGOTTEN), *ALIASES, *map(str.upper, ALIASES), *UNKNOWN]


@pytest.mark.parametrize("name", NAMES)
def test_get_knows_the_names_keras_knows(name):
    try:
        theirs = keras.losses.get(name)
    except ValueError:
        with pytest.raises(ValueError, match="Unknown loss"):
            losses.get(name)
        return
    mine = losses.get(name)
    if isinstance(theirs, keras.losses.Loss):
        assert type(mine).__name__ == type(theirs).__name__
        assert mine.name == theirs.name
    else:
        assert mine.__name__ == theirs.__name__


@pytest.mark.parametrize("name", [n for n in PUBLIC if n[0].isupper()])
def test_serialized_losses_are_keras_s(name):
    mine, theirs = getattr(losses, name)(), getattr(keras.losses, name)()
    assert losses.serialize(mine) == keras.losses.serialize(theirs)


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("Huber", {"delta": 0.5, "reduction": "sum"}),
        ("CosineSimilarity", {"axis": 1}),
        ("BinaryCrossentropy", {"from_logits": True, "dtype": "float16"}),
    ],
)
def test_keras_reads_our_configs(name, kwargs, rng):
    mine = getattr(losses, name)(**kwargs)
    theirs = keras.losses.deserialize(losses.serialize(mine))
    y_true = bits(rng, (4, 3, 2))
    y_pred = probabilities(rng, (4, 3, 2))
    tolerance = {"rtol": 2e-3} if "dtype" in kwargs else CLOSE  # float16 has 11 bits
    np.testing.assert_allclose(
        host(mine(y_true, y_pred)), np.asarray(theirs(y_true, y_pred)), **tolerance
    )
