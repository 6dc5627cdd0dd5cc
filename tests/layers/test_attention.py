"""Attention and AdditiveAttention: formulas, masks, scores, dropout, refusals."""

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops

BOTH = pytest.mark.parametrize("kind", [layers.Attention, layers.AdditiveAttention])


@pytest.fixture
def qv(rng):
    """A query of length 3 and a value of length 5."""
    return [rng.normal(size=(2, n, 4)).astype("float32") for n in (3, 5)]


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def host(x):
    return ops.convert_to_numpy(x)


def test_dot_scores_are_products_times_the_scale(qv):
    query, value = (a.astype("float64") for a in qv)
    layer = layers.Attention(use_scale=True, dtype="float64")
    layer.build([query.shape, value.shape])
    layer.set_weights([2.0])
    expected = softmax(2 * query @ value.swapaxes(1, 2)) @ value
    np.testing.assert_allclose(layer([query, value]), expected, rtol=1e-12)


@pytest.mark.parametrize("additive", [False, True])
def test_sums_are_scored_by_their_tanh(qv, additive, rng):
    query, value = (a.astype("float64") for a in qv)
    key = rng.normal(size=(2, 5, 4))
    sums = query[:, :, None] + key[:, None]
    if additive:
        layer = layers.AdditiveAttention(dtype="float64")
        layer.build([query.shape, value.shape, key.shape])
        scale = np.arange(4.0)
        layer.set_weights([scale])
        scores = (np.tanh(sums) * scale).sum(-1)
    else:
        layer = layers.Attention(True, "concat", dtype="float64")
        layer.build([query.shape, value.shape, key.shape])
        layer.set_weights([0.5, 3.0])
        scores = 3 * np.tanh(0.5 * sums).sum(-1)
    output, weights = layer([query, value, key], return_attention_scores=True)
    np.testing.assert_allclose(weights, softmax(scores), rtol=1e-12)
    np.testing.assert_allclose(output, softmax(scores) @ value, rtol=1e-12)


@BOTH
def test_masked_values_do_not_count(kind, qv):
    query, value = qv
    mask = [None, np.array([[1, 1, 0, 0, 0], [1, 1, 1, 1, 0]], bool)]
    layer = kind()
    output, weights = layer(qv, mask=mask, return_attention_scores=True)
    assert (host(weights)[~np.repeat(mask[1][:, None], 3, 1)] == 0).all()
    changed = np.where(mask[1][..., None], value, 7).astype("float32")
    np.testing.assert_allclose(layer([query, changed], mask=mask), output, rtol=1e-6)


@BOTH
def test_masked_queries_give_0_and_the_mask_goes_on(kind, qv):
    mask = [np.array([[1, 0, 1], [1, 1, 0]], bool), None]
    layer = kind()
    output = host(layer(qv, mask=mask))
    assert (output[~mask[0]] == 0).all()
    assert (output[mask[0]] != 0).all()
    np.testing.assert_array_equal(layer.compute_mask(qv, mask), mask[0])


@BOTH
def test_causal_masks_hide_what_is_later(kind, qv):
    value = qv[1]
    layer = kind()
    before = host(layer([value, value], use_causal_mask=True))
    changed = value.copy()
    changed[:, 3:] += 1
    after = host(layer([value, changed, changed], use_causal_mask=True))
    np.testing.assert_allclose(after[:, :3], before[:, :3], rtol=1e-5)
    assert abs(after[:, 3:] - before[:, 3:]).min() > 1e-5


@BOTH
def test_dropout_acts_in_training_alone(kind, qv):
    layer = kind(dropout=0.5, seed=1)
    plain = host(layer(qv))
    _, weights = layer(qv, training=True, return_attention_scores=True)
    assert (host(weights) == 0).any()
    np.testing.assert_array_equal(layer(qv), plain)


@BOTH
def test_forms_with_unknown_lengths(kind):
    query, value = layers.Input((None, 4)), layers.Input((None, 4))
    output, weights = kind()([query, value], return_attention_scores=True)
    assert output.shape == (None, None, 4)
    assert weights.shape == (None, None, None)


@BOTH
def test_a_model_with_masked_embeddings_learns(kind, rng):
    inputs = layers.Input((None,), dtype="int32")
    x = layers.Embedding(9, 4, mask_zero=True)(inputs)
    x = layers.GlobalAveragePooling1D()(kind(dropout=0.1)([x, x]))
    model = kerasish.Model(inputs, layers.Dense(1)(x))
    model.compile(kerasish.optimizers.Adam(0.05), "mse")
    ids = rng.integers(1, 9, (16, 6)).astype("int32")
    ids[:, 4:] = 0
    losses = model.fit(ids, ids[:, :1] / 9.0, epochs=6, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    longer = np.pad(ids, [(0, 0), (0, 3)])
    np.testing.assert_allclose(
        model.predict(longer, verbose=0), model.predict(ids, verbose=0), rtol=1e-4
    )


@BOTH
def test_refusals(kind, qv):
    with pytest.raises(ValueError, match="list of two or three tensors"):
        kind()(qv[0])
    with pytest.raises(ValueError, match=r"got: +4 of them"):
        kind()([*qv, *qv])
    with pytest.raises(ValueError, match="list of two or three masks"):
        kind()(qv, mask=np.ones((2, 3), bool))


def test_an_unknown_score_mode_is_named():
    with pytest.raises(ValueError, match=r"Unknown score_mode 'dott'(.|\n)*'dot'"):
        layers.Attention(score_mode="dott")
