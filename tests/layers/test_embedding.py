"""Embeddings: rows, initial values, zeros masked, the way back, messages."""

import numpy as np
import pytest

import kerasish
from kerasish import layers, models, ops
from kerasish.errors import ShapeError
from kerasish.graph.masks import get_mask

TABLE = np.arange(12, dtype="float32").reshape(4, 3)


def values(tensor):
    return ops.convert_to_numpy(tensor)


@pytest.mark.parametrize("shape", [(), (2,), (2, 3), (1, 2, 3)])
@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "float32"])
def test_indices_of_any_shape_find_rows(shape, dtype):
    x = np.random.default_rng(0).integers(0, 4, shape).astype(dtype)
    y = values(layers.Embedding(4, 3, weights=TABLE)(x))
    np.testing.assert_array_equal(y, TABLE[x.astype("int64")])
    assert y.dtype == np.float32


def test_initial_values_come_as_a_matrix_or_a_list_of_one():
    for weights in (TABLE, [TABLE]):
        layer = layers.Embedding(4, 3, weights=weights)
        np.testing.assert_array_equal(layer.embeddings.numpy(), TABLE)
        assert "weights" not in layer.get_config()


def test_initial_values_must_fit():
    with pytest.raises(ShapeError, match=r"cannot begin with(.|\n)*\(4, 3\)(.|\n)*5"):
        layers.Embedding(5, 3, weights=TABLE)


@pytest.mark.parametrize("sizes", [(0, 3), (4, -1), (4.5, 3), (None, 3), (4, "3")])
def test_sizes_are_positive_whole_numbers(sizes):
    with pytest.raises(ValueError, match="needs a positive whole number"):
        layers.Embedding(*sizes)


def test_the_input_length_of_keras_2_is_ignored_with_a_warning():
    with pytest.warns(UserWarning, match="input_length"):
        layer = layers.Embedding(4, 3, input_length=7)
    assert "input_length" not in layer.get_config()


def test_quantization_is_refused():
    with pytest.raises(ValueError, match="quantization_config"):
        layers.Embedding(4, 3, quantization_config="int8")


def test_zero_stands_for_nothing_if_it_is_masked():
    x = np.array([[1, 0, 2], [0, 0, 3]])
    y = layers.Embedding(4, 3, mask_zero=True)(x)
    assert values(get_mask(y)).tolist() == (x != 0).tolist()
    assert get_mask(layers.Embedding(4, 3)(x)) is None


def test_masked_zeros_change_nothing_for_what_comes_behind():
    embedding, lstm = layers.Embedding(6, 3, mask_zero=True), layers.LSTM(2)
    short = values(lstm(embedding(np.array([[4, 2]]))))
    long = values(lstm(embedding(np.array([[4, 2, 0, 0]]))))
    np.testing.assert_allclose(long, short, rtol=1e-6)


def test_masks_flow_through_functional_models():
    tokens = layers.Input((4,), dtype="int32")
    vectors = layers.Embedding(6, 3, mask_zero=True)(tokens)
    model = models.Model(tokens, layers.LSTM(2)(layers.Dropout(0.5)(vectors)))
    x = np.array([[4, 2, 0, 0], [1, 1, 1, 1]])
    y = model.predict(x, verbose=0)
    alone = model.predict(np.array([[4, 2, 0, 0]]), verbose=0)
    np.testing.assert_allclose(y[:1], alone, rtol=1e-6)
    found = values(model.layers[-1](vectors_of(model, x[:1, :2])))
    np.testing.assert_allclose(y[:1], found, rtol=1e-5)


def vectors_of(model, tokens):
    (embedding,) = (x for x in model.layers if isinstance(x, layers.Embedding))
    return embedding(tokens)


def test_gradients_add_up_where_an_index_is_repeated():
    layer = layers.Embedding(4, 3, weights=TABLE)
    x = ops.convert_to_tensor(np.array([1, 3, 1], "int32"))
    weighted = kerasish.grad(
        lambda f: ops.sum(ops.multiply(layer(x), f)), variables=layer.trainable_weights
    )
    factors = np.array([[1.0] * 3, [2.0] * 3, [4.0] * 3], "float32")
    (slope,) = weighted(factors)
    assert values(slope)[:, 0].tolist() == [0.0, 5.0, 0.0, 2.0]


def test_training_moves_only_the_rows_that_were_read():
    model = models.Sequential(
        [layers.Input((2,), dtype="int32"), layers.Embedding(4, 3, weights=TABLE)]
    )
    model.compile(kerasish.optimizers.SGD(1.0), "mse")
    model.fit(np.array([[0, 2]]), np.zeros((1, 2, 3)), verbose=0)
    moved = (model.get_weights()[0] != TABLE).any(axis=1)
    assert moved.tolist() == [True, False, True, False]


def test_large_indices_stay_exact_in_half_precision():
    layer = layers.Embedding(3000, 1, dtype="mixed_float16")
    layer.build()
    layer.set_weights([np.arange(3000.0).reshape(3000, 1) / 3000])
    y = values(layer(np.array([2049.0, 2051.0], "float32")))  # no float16 holds these
    assert y.dtype == np.float16
    np.testing.assert_allclose(y[:, 0], np.array([2049, 2051]) / 3000, rtol=1e-3)


# the way back -------------------------------------------------------------------------


@pytest.mark.parametrize("tie", [True, False])
def test_scores_are_products_with_the_rows(tie):
    layer = layers.ReversibleEmbedding(4, 3, tie_weights=tie)
    layer.build()
    matrices = [TABLE] if tie else [TABLE, TABLE.T + 1]
    layer.set_weights(matrices)
    x = np.array([[0.5, -1.0, 2.0]], "float32")
    kernel = matrices[-1].T if tie else matrices[-1]
    np.testing.assert_allclose(values(layer(x, reverse=True)), x @ kernel, rtol=1e-6)


def test_scores_may_be_capped():
    layer = layers.ReversibleEmbedding(4, 3, logit_soft_cap=5.0)
    layer.build()
    layer.set_weights([TABLE])
    x = np.ones((1, 3), "float32")
    expected = 5 * np.tanh(x @ TABLE.T / 5)
    np.testing.assert_allclose(values(layer(x, reverse=True)), expected, rtol=1e-5)


def test_scores_in_a_functional_model():
    layer = layers.ReversibleEmbedding(7, 3, reverse_dtype="float32", mask_zero=True)
    tokens = layers.Input((4,), dtype="int32")
    model = models.Model(tokens, layer(layer(tokens), reverse=True))
    assert model.output_shape == (None, 4, 7)
    x = np.array([[1, 2, 6, 0]])
    rows = layer.embeddings.numpy()[x]
    expected = rows @ layer.embeddings.numpy().T
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=1e-6)
