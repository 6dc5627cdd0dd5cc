"""Attention layers in models: masks and weight files are exchanged with real Keras."""

import os

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", reason="the parity extra is not installed")

import kerasish

pytestmark = pytest.mark.parity

IDS = np.array([[1, 2, 3, 0, 0], [4, 5, 6, 7, 0]], "int32")
LAYERS = {
    "multi": lambda k, x: k.layers.MultiHeadAttention(2, 3)(x, x),
    "multi_dropout": lambda k, x: k.layers.MultiHeadAttention(
        2, 3, value_dim=5, dropout=0.2, use_gate=True
    )(x, x),
    "multi_causal": lambda k, x: k.layers.MultiHeadAttention(2, 3)(
        x, x, use_causal_mask=True
    ),
    "grouped": lambda k, x: k.layers.GroupQueryAttention(3, 4, 2, use_gate=True)(x, x),
    "grouped_dropout": lambda k, x: k.layers.GroupQueryAttention(3, 4, 2, dropout=0.2)(
        x, x, use_causal_mask=True
    ),
    "dot": lambda k, x: k.layers.Attention(use_scale=True)([x, x]),
    "additive": lambda k, x: k.layers.AdditiveAttention()([x, x], use_causal_mask=True),
}


def model_of(module, kind):
    """Return a model of words, with zeros masked, around one attention layer."""
    inputs = module.layers.Input((None,), dtype="int32")
    x = module.layers.Embedding(9, 4, mask_zero=True, embeddings_initializer="normal")(
        inputs
    )
    attended = LAYERS[kind](module, x)
    dense = module.layers.EinsumDense("abc,cd->abd", (None, 3), bias_axes="d")
    means = module.layers.GlobalAveragePooling1D()(attended)
    return module.Model(inputs, [dense(x), attended, means])


@pytest.mark.filterwarnings("ignore:(.|\n)*mask")
@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("ending", [".weights.h5", ".keras"])
def test_files_written_by_either_are_read_by_the_other(kind, ending, tmp_path, rng):
    keras.backend.clear_session()  # names are numbered anew
    theirs, ours = model_of(keras, kind), model_of(kerasish, kind)
    assert [w.path.split("/")[-2:] for w in ours.weights] == [
        w.path.split("/")[-2:] for w in theirs.weights
    ]
    for source, target, module in ((theirs, ours, kerasish), (ours, theirs, keras)):
        drawn = [rng.normal(size=w.shape) for w in source.get_weights()]
        source.set_weights(drawn)
        path = str(tmp_path / f"{source.__module__[:5]}{ending}")
        if ending == ".keras":
            source.save(path)
            reader = module.saving.load_model(path)
        else:
            source.save_weights(path)
            reader = target
            reader.load_weights(path)
        for one, other in zip(source(IDS), reader(IDS), strict=True):
            np.testing.assert_allclose(
                np.asarray(one), np.asarray(other), rtol=1e-4, atol=1e-5
            )
