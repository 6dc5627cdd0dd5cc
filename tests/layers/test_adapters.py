"""Low-rank adapters: what they add, what trains, and what files hold of them."""

import numpy as np
import pytest

from kerasish import Input, Sequential, layers, models, ops

RNG = np.random.default_rng(5)
FLOATS = RNG.normal(size=(2, 4)).astype("float32")
IMAGES = RNG.normal(size=(1, 5, 5, 3)).astype("float32")
NUMBERS = np.array([[1, 2, 0]])

CASES = {
    "Dense": (lambda **k: layers.Dense(3, **k), FLOATS),
    "EinsumDense": (
        lambda **k: layers.EinsumDense("ab,bc->ac", 3, bias_axes="c", **k),
        FLOATS,
    ),
    "Embedding": (lambda **k: layers.Embedding(5, 3, **k), NUMBERS),
    "ReversibleEmbedding": (
        lambda **k: layers.ReversibleEmbedding(5, 3, tie_weights=False, **k),
        NUMBERS,
    ),
    "Conv2D": (lambda **k: layers.Conv2D(3, 2, **k), IMAGES),
}
TAKING_A_RANK = ("Dense", "EinsumDense", "Embedding", "Conv2D")


def learnt(layer):
    """Give adapters something to add."""
    layer._lora_b.assign(RNG.normal(size=layer._lora_b.shape))


def adapted(name):
    """Return a layer with adapters that add something, and its input."""
    make, x = CASES[name]
    layer = make()
    layer(x)
    layer.enable_lora(2, lora_alpha=3.0)
    learnt(layer)
    return layer, x


@pytest.mark.parametrize("name", CASES)
def test_new_adapters_change_nothing_and_alone_are_trained(name):
    make, x = CASES[name]
    layer = make()
    before = ops.convert_to_numpy(layer(x))
    layer.enable_lora(2)
    np.testing.assert_array_equal(ops.convert_to_numpy(layer(x)), before)
    assert [w.name for w in layer.non_trainable_variables] == [layer.weights[0].name]
    trained = [w.name for w in layer.trainable_variables]
    assert trained[-2:] == [f"lora_{layer._adapted}_{part}" for part in "ab"]
    assert layer.lora_enabled
    assert layer.lora_rank == layer.lora_alpha == 2


@pytest.mark.parametrize("name", CASES)
def test_they_add_their_scaled_product_to_the_weight(name):
    layer, x = adapted(name)
    with_adapters = ops.convert_to_numpy(layer(x))
    merged = ops.convert_to_numpy(getattr(layer, layer._adapted))
    plain = CASES[name][0]()
    plain(x)
    plain.set_weights([merged, *(w.numpy() for w in layer.weights[1:-2])])
    expected = ops.convert_to_numpy(plain(x))
    np.testing.assert_allclose(with_adapters, expected, rtol=1e-5, atol=1e-6)
    thin = layer._lora_a.numpy() @ layer._lora_b.numpy()
    added = merged - layer.weights[0].numpy()
    np.testing.assert_allclose(added, thin * 1.5, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_files_hold_the_sum_which_a_layer_without_adapters_can_load(name):
    layer, x = adapted(name)
    store = {}
    layer.save_own_variables(store)
    plain = CASES[name][0]()
    plain(x)
    plain.load_own_variables(store)
    expected = ops.convert_to_numpy(layer(x))
    np.testing.assert_allclose(
        ops.convert_to_numpy(plain(x)), expected, rtol=1e-5, atol=1e-6
    )
    layer.load_own_variables(store)
    np.testing.assert_allclose(
        ops.convert_to_numpy(layer(x)), expected, rtol=1e-5, atol=1e-6
    )
    assert not layer._lora_b.numpy().any()
    assert layer._lora_a.numpy().any(), "no gradient leads away from two zeros"


@pytest.mark.parametrize("name", TAKING_A_RANK)
def test_the_constructor_adds_them_too(name):
    make, x = CASES[name]
    layer = make(lora_rank=2, lora_alpha=4)
    layer(x)
    assert layer.lora_enabled
    config = layer.get_config()
    assert (config["lora_rank"], config["lora_alpha"]) == (2, 4)
    again = type(layer).from_config(config)
    again(x)
    assert [w.shape for w in again.weights] == [w.shape for w in layer.weights]
    assert "lora_rank" not in make().get_config()


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_training_goes_on_from_a_file(tmp_path, ending):
    model = Sequential([Input((4,)), layers.Dense(3), layers.Dense(1)])
    model.layers[0].enable_lora(1)
    model.compile("adam", "mse")
    frozen = model.layers[0].weights[0].numpy()
    y = FLOATS.sum(axis=1, keepdims=True)
    model.fit(FLOATS, y, epochs=3, verbose=0)
    np.testing.assert_array_equal(model.layers[0].weights[0].numpy(), frozen)
    path = tmp_path / f"m{ending}"
    model.save(path)
    loaded = models.load_model(path)
    expected = model.predict(FLOATS, verbose=0)
    np.testing.assert_allclose(loaded.predict(FLOATS, verbose=0), expected, rtol=1e-5)
    before = loaded.layers[0]._lora_b.numpy()
    loaded.fit(FLOATS, y, epochs=1, verbose=0)
    assert (loaded.layers[0]._lora_b.numpy() != before).any()


def test_messages():
    with pytest.raises(ValueError, match="not built"):
        layers.Dense(3).enable_lora(2)
    layer, _ = adapted("Dense")
    with pytest.raises(ValueError, match="adapters already"):
        layer.enable_lora(2)
    bounded = layers.Dense(3, kernel_constraint="non_neg")
    bounded(FLOATS)
    with pytest.raises(ValueError, match="leave kernel_constraint out"):
        bounded.enable_lora(2)
    with pytest.raises(ValueError, match="positive rank"):
        layers.Dense(3, lora_rank=0)
    with pytest.raises(ValueError, match="no quantization"):
        layers.Dense(3, quantization_config="int8")
