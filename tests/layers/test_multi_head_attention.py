"""Attention of several heads: the formula, masks, scores, axes, dropout, refusals."""

import functools

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops

MULTI = functools.partial(layers.MultiHeadAttention, 4, 3)
GROUPED = functools.partial(layers.GroupQueryAttention, 3, 4, 2)
BOTH = pytest.mark.parametrize("kind", [MULTI, GROUPED], ids=["multi", "grouped"])


@pytest.fixture
def x(rng):
    """Two sequences of 5."""
    return rng.normal(size=(2, 5, 4)).astype("float32")


@pytest.fixture
def other(rng):
    """Two sequences of 7."""
    return rng.normal(size=(2, 7, 4)).astype("float32")


def host(x):
    return ops.convert_to_numpy(x)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@BOTH
@pytest.mark.parametrize("use_gate", [False, True])
def test_the_formula_head_by_head(kind, use_gate, x, other):
    layer = kind(use_gate=use_gate, bias_initializer="normal", dtype="float64")
    output, scores = layer(x, other, return_attention_scores=True)
    weights = {w.path.split("/", 1)[1]: w.numpy() for w in layer.weights}

    def heads(name, of):
        kernel, bias = (weights[f"{name}/{part}"] for part in ("kernel", "bias"))
        projected = np.einsum("btm,mhk->bhtk", of, kernel) + bias[None, :, None]
        return np.repeat(projected, 4 // kernel.shape[1], axis=1)

    q, k, v = heads("query", x), heads("key", other), heads("value", other)
    expected = softmax(q @ k.swapaxes(-1, -2) / np.sqrt(3))
    sums = expected @ v
    if use_gate:
        sums = sums / (1 + np.exp(-heads("gate", x)))
    kernel, bias = (weights[f"attention_output/{p}"] for p in ("kernel", "bias"))
    np.testing.assert_allclose(scores, expected, rtol=1e-6)
    result = np.einsum("bhtk,hkm->btm", sums, kernel) + bias
    np.testing.assert_allclose(output, result, rtol=1e-6, atol=1e-8)


@BOTH
def test_causal_masks_hide_what_is_later(kind, x):
    layer = kind()
    before = host(layer(x, x, use_causal_mask=True))
    changed = x.copy()
    changed[:, 3:] += 1
    after = host(layer(changed, changed, use_causal_mask=True))
    np.testing.assert_allclose(after[:, :3], before[:, :3], rtol=1e-4, atol=1e-6)
    assert abs(after[:, 3:] - before[:, 3:]).max() > 1e-3


@BOTH
@pytest.mark.parametrize("argument", ["value_mask", "key_mask", "attention_mask"])
def test_masked_values_do_not_count(kind, argument, x, other):
    layer = kind()
    mask = np.array([[1, 1, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1, 0]], bool)
    whole = np.repeat(mask[:, None], 5, 1)
    given = {argument: whole if argument == "attention_mask" else mask}
    output, scores = layer(x, other, **given, return_attention_scores=True)
    assert (host(scores)[~np.repeat(whole[:, None], 4, 1)] == 0).all()
    changed = np.where(mask[..., None], other, 7).astype("float32")
    np.testing.assert_allclose(layer(x, changed, **given), output, rtol=1e-5, atol=1e-6)


@BOTH
def test_masks_of_each_head_and_of_all_samples(kind, x, other, rng):
    layer = kind()
    per_head = rng.random((2, 4, 5, 7)) < 0.7
    per_head[..., 0] = True
    for mask in (per_head, per_head[:, 0], per_head[0, 0]):
        _, scores = layer(x, other, attention_mask=mask, return_attention_scores=True)
        whole = mask[:, None] if mask.ndim == 3 else mask
        assert ((host(scores) > 0) == whole).all()


@BOTH
def test_queries_that_see_nothing(kind, x, other):
    """They see nothing where scores are asked for, else all alike, as in Keras."""
    layer = kind(bias_initializer="zeros")
    mask = np.zeros((2, 7), bool)
    output, scores = layer(x, other, value_mask=mask, return_attention_scores=True)
    assert (host(scores) == 0).all()
    assert (host(output) == 0).all()
    alike = host(layer(x, other, value_mask=mask))
    np.testing.assert_allclose(alike, alike[:, :1].repeat(5, 1), rtol=1e-4, atol=1e-6)
    assert abs(alike).min() > 0


@BOTH
def test_a_sliding_window_hides_what_is_far(kind, x):
    _, scores = kind(sliding_window=2)(x, x, return_attention_scores=True)
    places = np.arange(5)
    near = abs(places[:, None] - places) < 2
    assert ((host(scores)[0, 0] > 0) == near).all()


def test_axes_that_are_not_attended_belong_to_the_batch(rng):
    x = rng.normal(size=(2, 3, 5, 4)).astype("float32")
    layer = layers.MultiHeadAttention(2, 3, attention_axes=(-2,))
    output, scores = layer(x, x, use_causal_mask=True, return_attention_scores=True)
    assert scores.shape == (2, 3, 2, 5, 5)
    alone = layers.MultiHeadAttention(2, 3)
    alone(x[0], x[0])
    alone.set_weights(layer.get_weights())
    expected = alone(x[0], x[0], use_causal_mask=True)
    np.testing.assert_allclose(host(output)[0], expected, rtol=1e-5, atol=1e-6)


def test_the_first_of_two_axes_can_be_attended_alone(rng):
    x = rng.normal(size=(2, 3, 5, 4)).astype("float32")
    layer = layers.MultiHeadAttention(2, 3, attention_axes=1)
    mask = np.ones((2, 3, 5), bool)
    mask[:, 2] = False
    output, scores = layer(x, x, value_mask=mask, return_attention_scores=True)
    assert output.shape == x.shape
    assert scores.shape == (2, 5, 2, 3, 3)
    assert (host(scores)[..., 2] == 0).all()


@BOTH
def test_dropout_acts_in_training_alone(kind, x):
    layer = kind(dropout=0.5, seed=1)
    plain = host(layer(x, x))
    _, scores = layer(x, x, training=True, return_attention_scores=True)
    assert (host(scores) == 0).any()
    np.testing.assert_array_equal(layer(x, x), plain)


@BOTH
def test_forms_with_unknown_lengths(kind):
    query, value = layers.Input((None, 4)), layers.Input((None, 6))
    output, scores = kind()(query, value, return_attention_scores=True)
    assert output.shape == (None, None, 4)
    assert scores.shape == (None, 4, None, None)


@BOTH
def test_a_model_with_masked_embeddings_learns(kind, rng):
    inputs = layers.Input((None,), dtype="int32")
    x = layers.Embedding(9, 8, mask_zero=True)(inputs)
    x = layers.GlobalAveragePooling1D()(kind(dropout=0.1)(x, x))
    model = kerasish.Model(inputs, layers.Dense(1)(x))
    model.compile(kerasish.optimizers.Adam(0.02), "mse")
    ids = rng.integers(1, 9, (16, 6)).astype("int32")
    ids[:, 4:] = 0
    losses = model.fit(ids, ids[:, :1] / 9.0, epochs=6, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    longer = np.pad(ids, [(0, 0), (0, 3)])
    np.testing.assert_allclose(
        model.predict(longer, verbose=0),
        model.predict(ids, verbose=0),
        rtol=1e-4,
        atol=1e-6,
    )


def test_projections_draw_their_own_initial_values(x):
    layer = layers.MultiHeadAttention(2, 3)
    layer(x, x)
    query, key = layer.query_dense.kernel.numpy(), layer.key_dense.kernel.numpy()
    assert abs(query - key).min() > 0


def test_penalties_reach_the_projections(x):
    layer = layers.MultiHeadAttention(
        2, 3, activity_regularizer="l2", kernel_regularizer="l1", use_bias=False
    )
    layer(x, x)
    assert len(layer.losses) == 8
    grouped = GROUPED(activity_regularizer="l2")
    grouped(x, x)
    assert len(grouped.losses) == 5


REFUSED = {
    "heads": (lambda: layers.MultiHeadAttention(0, 3), "num_heads=0"),
    "key_dim": (lambda: layers.MultiHeadAttention(2, 0), "key_dim=0"),
    "value_dim": (lambda: layers.MultiHeadAttention(2, 3, 0), "value_dim=0"),
    "axes": (lambda: MULTI(attention_axes="a"), "attention_axes='a'"),
    "window": (lambda: MULTI(sliding_window=0), "sliding_window=0"),
    "flash": (lambda: MULTI(flash_attention=True, dropout=0.1), "dropout=0.1"),
    "groups": (lambda: layers.GroupQueryAttention(3, 4, 3), "a multiple of"),
    "no groups": (lambda: layers.GroupQueryAttention(3, 4, 0), "num_key_value_heads=0"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_settings(case):
    make, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        make()


@BOTH
def test_refused_calls(kind, x, other):
    with pytest.raises(ValueError, match="cannot take this query, value and key"):
        kind()(x, other, other[:, :6])
    with pytest.raises(ValueError, match="cannot take this query, value and key"):
        kind()(x, other[0])
    with pytest.raises(ValueError, match="makes no table of weights"):
        kind(flash_attention=True)(x, x, return_attention_scores=True)
    assert kind(flash_attention=True)(x, x).shape == x.shape
