"""Values against the formulas, worked out in float64 by NumPy."""

import numpy as np
import pytest

from kerasish import losses
from kerasish.errors import ShapeError
from kerasish.gradients import grad

# float32 data of size about 1, and a handful of operations
CLOSE = {"rtol": 1e-5, "atol": 1e-6}


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def one_hot(labels, num_classes):
    return np.eye(num_classes)[labels]


@pytest.fixture
def logits(rng):
    return rng.normal(size=(6, 4)) * 3


@pytest.fixture
def labels(rng):
    return rng.integers(0, 4, 6)


def test_binary_crossentropy(rng):
    t, p = rng.integers(0, 2, (5, 3)), rng.uniform(0.05, 0.95, (5, 3))
    expected = -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean(-1)
    values = losses.binary_crossentropy(t, p.astype("float32"))
    np.testing.assert_allclose(values, expected, **CLOSE)
    x = np.log(p / (1 - p)).astype("float32")
    values = losses.binary_crossentropy(t, x, from_logits=True)
    np.testing.assert_allclose(values, expected, **CLOSE)


def test_label_smoothing_draws_binary_targets_to_one_half():
    smoothed = losses.binary_crossentropy([[1.0]], [[0.3]], label_smoothing=0.2)
    expected = -(0.9 * np.log(0.3) + 0.1 * np.log(0.7))
    np.testing.assert_allclose(smoothed, [expected], rtol=1e-6)


def test_certain_and_wrong_is_finite():
    # -log(1e-7); in float32 1 - 1e-7 is 1 - 2^-23, so the other end is -log(2^-23)
    values = losses.binary_crossentropy([[1.0], [0.0]], [[0.0], [1.0]])
    np.testing.assert_allclose(values, [16.118095, 15.942385], rtol=1e-6)
    values = losses.categorical_crossentropy([[1.0, 0.0]], [[0.0, 1.0]])
    np.testing.assert_allclose(values, [16.118095], rtol=1e-6)


def test_categorical_crossentropy(logits, labels):
    p = softmax(logits)
    expected = -np.log(p[np.arange(6), labels])
    targets = one_hot(labels, 4)
    values = losses.categorical_crossentropy(targets, p.astype("float32"))
    np.testing.assert_allclose(values, expected, **CLOSE)
    unscaled = losses.categorical_crossentropy(targets, (7 * p).astype("float32"))
    np.testing.assert_allclose(unscaled, expected, **CLOSE)
    values = losses.categorical_crossentropy(
        targets, logits.astype("float32"), from_logits=True
    )
    np.testing.assert_allclose(values, expected, **CLOSE)


def test_label_smoothing_draws_rows_to_even_ones(logits, labels):
    targets = one_hot(labels, 4) * 0.9 + 0.1 / 4
    expected = -(targets * np.log(softmax(logits))).sum(-1)
    loss = losses.CategoricalCrossentropy(
        from_logits=True, label_smoothing=0.1, reduction=None
    )
    values = loss(one_hot(labels, 4), logits.astype("float32"))
    np.testing.assert_allclose(values, expected, **CLOSE)


@pytest.mark.parametrize("dtype", ["int32", "uint8", "int64", "float32"])
@pytest.mark.parametrize("column", [False, True])
def test_sparse_categorical_crossentropy(logits, labels, dtype, column):
    p = softmax(logits)
    expected = -np.log(p[np.arange(6), labels])
    y_true = labels.astype(dtype)
    y_true = y_true[:, None] if column else y_true
    for call in (
        losses.sparse_categorical_crossentropy,
        losses.SparseCategoricalCrossentropy(reduction=None),
    ):
        values = call(y_true, p.astype("float32"))
        np.testing.assert_allclose(values, expected, **CLOSE)


def test_sparse_categorical_crossentropy_along_another_axis(rng):
    logits, labels = rng.normal(size=(2, 4, 3)), rng.integers(0, 4, (2, 3))
    p = softmax(logits, axis=1)
    expected = -np.log(np.take_along_axis(p, labels[:, None], 1)[:, 0])
    values = losses.sparse_categorical_crossentropy(
        labels, logits.astype("float32"), from_logits=True, axis=1
    )
    np.testing.assert_allclose(values, expected, **CLOSE)


def test_an_ignored_class_counts_in_no_mean(logits, labels):
    y_true = labels.copy()
    y_true[[1, 4]] = -1
    kept = y_true >= 0
    expected = -np.log(softmax(logits)[np.arange(6), labels])[kept]
    kwargs = {"from_logits": True, "ignore_class": -1}
    p = logits.astype("float32")
    values = losses.sparse_categorical_crossentropy(y_true, p, **kwargs)
    np.testing.assert_allclose(np.asarray(values)[kept], expected, **CLOSE)
    assert not np.asarray(values)[~kept].any()
    loss = losses.SparseCategoricalCrossentropy(**kwargs)
    np.testing.assert_allclose(loss(y_true, p), expected.mean(), **CLOSE)
    weights = np.arange(6.0)
    loss = losses.SparseCategoricalCrossentropy(
        **kwargs, reduction="mean_with_sample_weight"
    )
    expected = (expected * weights[kept]).sum() / weights[kept].sum()
    np.testing.assert_allclose(loss(y_true, p, weights), expected, **CLOSE)


def test_labels_beyond_what_float32_holds_stay_exact():
    loss = losses.SparseCategoricalCrossentropy()
    wide = np.array([2**24 + 1])
    assert loss._targets(wide)[0] == 2**24 + 1


def test_the_gradient_of_logits_is_probability_minus_target(logits, labels):
    slope = grad(
        lambda x: losses.SparseCategoricalCrossentropy(
            from_logits=True, reduction="sum"
        )(labels, x)
    )
    expected = softmax(logits) - one_hot(labels, 4)
    np.testing.assert_allclose(slope(logits.astype("float32")), expected, **CLOSE)


def test_poisson(rng):
    t, p = rng.uniform(0, 3, (5, 3)), rng.uniform(0.1, 3, (5, 3))
    values = losses.poisson(t.astype("float32"), p.astype("float32"))
    expected = (p - t * np.log(p + 1e-7)).mean(-1)
    np.testing.assert_allclose(values, expected, **CLOSE)


def test_kl_divergence(rng):
    t, p = softmax(rng.normal(size=(5, 3))), softmax(rng.normal(size=(5, 3)))
    values = losses.kl_divergence(t.astype("float32"), p.astype("float32"))
    np.testing.assert_allclose(values, (t * np.log(t / p)).sum(-1), **CLOSE)
    same = losses.KLDivergence()(t.astype("float32"), t.astype("float32"))
    assert float(same) == 0.0


@pytest.mark.parametrize("shape", [(8,), (8, 1)])
def test_whole_number_labels_for_one_hot_targets(shape):
    y_true, y_pred = np.zeros(shape), np.full((8, 10), 0.1)
    for call in (losses.categorical_crossentropy, losses.CategoricalCrossentropy()):
        with pytest.raises(ShapeError) as raised:
            call(y_true, y_pred)
        message = str(raised.value)
        assert f"y_true of shape {shape}, which looks like whole-number" in message
        assert "expected: y_true of shape (8, 10)" in message
        assert "SparseCategoricalCrossentropy" in message
        assert "to_categorical(y, 10)" in message


def test_one_hot_targets_for_whole_number_labels():
    y_true = y_pred = np.full((8, 10), 0.1)
    for call in (
        losses.sparse_categorical_crossentropy,
        losses.SparseCategoricalCrossentropy(),
    ):
        with pytest.raises(ShapeError) as raised:
            call(y_true, y_pred)
        message = str(raised.value)
        assert "which looks like one-hot rows" in message
        assert "expected: y_true of shape (8,)" in message
        assert "'categorical_crossentropy'" in message
        assert "argmax" in message


@pytest.mark.parametrize(
    ("function", "y_true", "expected"),
    [
        (losses.categorical_crossentropy, (8, 9), "one column per class"),
        (losses.sparse_categorical_crossentropy, (7,), r"\(8,\), numbers of classes"),
        (losses.binary_crossentropy, (8, 9), r"y_true of shape \(8, 10\)"),
        (losses.binary_crossentropy, (8, 1), r"y_true of shape \(8, 10\)"),
        (losses.kl_divergence, (8, 9), r"y_true of shape \(8, 10\)"),
        (losses.poisson, (8, 9), r"y_true of shape \(8, 10\)"),
    ],
)
def test_another_last_axis(function, y_true, expected):
    with pytest.raises(ShapeError, match=expected):
        function(np.zeros(y_true), np.full((8, 10), 0.1))


@pytest.mark.parametrize("q", [0.2, 0.5, 0.9])
def test_generalized_cross_entropy(q, logits, labels):
    p = softmax(logits)
    expected = (1 - p[np.arange(6), labels] ** q) / q
    loss = losses.CategoricalGeneralizedCrossEntropy(q, reduction=None)
    p = p.astype("float32")
    np.testing.assert_allclose(loss(labels, p), expected, **CLOSE)
    np.testing.assert_allclose(loss(labels[:, None], p), expected, **CLOSE)


def test_generalized_cross_entropy_of_a_zero_has_a_finite_gradient():
    loss = losses.CategoricalGeneralizedCrossEntropy()
    p = np.float32([[0.0, 1.0]])
    assert float(loss([0], p)) == 2.0
    assert np.isfinite(grad(lambda x: loss(np.array([0]), x))(p)).all()


@pytest.mark.parametrize("q", [0, 1, -0.5, 2.0])
def test_generalized_cross_entropy_needs_q_in_the_unit_interval(q):
    with pytest.raises(ValueError, match=rf"cannot use this q(.|\n)*got: +q={q}"):
        losses.CategoricalGeneralizedCrossEntropy(q)
