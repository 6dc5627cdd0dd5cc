"""Dtype policies: global, per layer, by path; mixed precision in training."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import Input, Model, Sequential, dtype_policies, layers, optimizers
from kerasish.dtype_policies import DTypePolicy, DTypePolicyMap

X = np.arange(24, dtype="float32").reshape(8, 3) / 24


@pytest.fixture(autouse=True)
def _put_back():
    before = dtype_policies.dtype_policy()
    yield
    dtype_policies.set_dtype_policy(before)


@pytest.mark.parametrize(
    ("name", "compute", "variable"),
    [
        ("float32", "float32", "float32"),
        ("float16", "float16", "float16"),
        ("float64", "float64", "float64"),
        ("mixed_float16", "float16", "float32"),
        (None, "float32", "float32"),
    ],
)
def test_policies(name, compute, variable):
    policy = DTypePolicy(name)
    assert (policy.compute_dtype, policy.variable_dtype) == (compute, variable)
    assert policy == DTypePolicy.from_config(policy.get_config())
    assert dtype_policies.get(dtype_policies.serialize(policy)) == policy
    assert hash(policy) == hash(DTypePolicy(policy.name))
    assert policy.name in repr(policy)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("int8_from_float32", "no quantized policies"),
        ("mixed_flaot16", r"Unknown dtype 'mixed_flaot16'(.|\n)*'mixed_float16'"),
    ],
)
def test_unknown_policies(name, text):
    with pytest.raises(ValueError, match=text):
        layers.Dense(2, dtype=name)


def test_what_is_no_policy():
    with pytest.raises(TypeError, match="made from a name"):
        DTypePolicy(3)
    with pytest.raises((ValueError, TypeError), match=r"policy|dtype"):
        layers.Dense(2, dtype=3.5)


@pytest.mark.parametrize("given", ["float64", np.float64, DTypePolicy("float64")])
def test_layers_take_names_dtypes_and_policies(given):
    layer = layers.Dense(2, dtype=given)
    assert (layer.dtype, layer.compute_dtype) == ("float64", "float64")
    result = layer(X)
    assert str(result.dtype) == "float64"
    assert layer.kernel.dtype == "float64"


def test_mixed_layers_compute_in_half_precision():
    layer = layers.Dense(2, dtype="mixed_float16")
    result = layer(X)
    assert str(result.dtype) == "float16"
    assert layer.kernel.dtype == layer.variable_dtype == "float32"
    assert layer.compute_dtype == layer.input_dtype == "float16"
    expected = X @ layer.kernel.numpy() + layer.bias.numpy()
    np.testing.assert_allclose(result, expected, rtol=2e-3, atol=2e-3)


def test_without_autocast_inputs_stay_as_they_are():
    class Same(layers.Layer):
        def call(self, inputs):
            return inputs

    half = X.astype("float16")
    assert str(Same()(half).dtype) == "float32"
    assert str(Same(autocast=False)(half).dtype) == "float16"
    assert str(Same()(np.ones(2, "int32")).dtype) == "int32"


def test_weights_may_be_kept_out_of_autocast():
    class Two(layers.Layer):
        def build(self, input_shape):
            self.low = self.add_weight((2,), "ones", name="low")
            self.exact = self.add_weight((2,), "ones", autocast=False, name="exact")

        def call(self, inputs):
            self.seen = (str((self.low * 1).dtype), str((self.exact * 1).dtype))
            return inputs

    layer = Two(dtype="mixed_float16")
    layer(X)
    assert layer.seen == ("float16", "float32")


def test_the_global_policy_is_for_layers_made_from_then_on():
    before = layers.Dense(2)
    keras.mixed_precision.set_global_policy("mixed_float16")
    assert dtype_policies.dtype_policy().name == "mixed_float16"
    assert layers.Dense(2).compute_dtype == "float16"
    assert before.compute_dtype == "float32"
    keras.config.set_dtype_policy("float64")
    assert layers.Dense(2).dtype == "float64"


def test_the_policy_is_part_of_the_config():
    layer = layers.Dense(2, dtype="mixed_float16")
    held = layer.get_config()["dtype"]
    assert held["config"] == {"name": "mixed_float16"}
    assert layers.Dense.from_config(layer.get_config()).compute_dtype == "float16"


def test_policies_of_each_layer_in_one_model():
    x = Input((3,))
    h = layers.Dense(4, dtype="mixed_float16", name="half")(x)
    h = layers.Dense(4, dtype="float64", name="double")(h)
    model = Model(x, layers.Dense(1, name="single")(h))
    dtypes = [layer.output.dtype for layer in model.layers]
    assert dtypes == ["float32", "float16", "float64", "float32"]
    assert [w.dtype for w in model.weights[::2]] == ["float32", "float64", "float32"]
    assert model.predict(X, verbose=0).dtype == "float32"
    model.compile("adam", "mse")
    model.fit(X, X[:, :1], verbose=0)


def trained(policy, **compile_arguments):
    """Return the losses of a model under a policy, and the model."""
    dtype_policies.set_dtype_policy(policy)
    keras.utils.set_random_seed(3)
    model = Sequential(
        [Input((3,)), layers.Dense(8, "tanh"), layers.Dense(1, dtype="float32")]
    )
    model.compile(optimizers.SGD(0.1), "mse", **compile_arguments)
    rng = np.random.default_rng(1)
    model.set_weights([0.3 * rng.normal(size=w.shape) for w in model.weights])
    y = X.sum(axis=1, keepdims=True)
    return model.fit(X, y, epochs=20, verbose=0).history["loss"], model


def test_mixed_training_scales_the_loss_and_follows_single_precision():
    single, _ = trained("float32")
    mixed, model = trained("mixed_float16")
    assert isinstance(model.optimizer, optimizers.LossScaleOptimizer)
    assert all(w.dtype == "float32" for w in model.weights)
    # steps whose scaled gradient overflows are left out, and the scale is halved
    skipped = mixed.count(mixed[0]) - 1
    assert skipped < 5
    np.testing.assert_allclose(mixed[skipped:], single[: 20 - skipped], rtol=2e-2)


def test_double_precision_follows_single_precision():
    single, _ = trained("float32")
    double, model = trained("float64")
    assert model.weights[0].dtype == "float64"
    np.testing.assert_allclose(double, single, rtol=1e-4)


def test_maps_give_policies_by_path():
    policies = DTypePolicyMap(default_policy="float32")
    policies["d"] = "mixed_float16"
    assert layers.Dense(2, name="d", dtype=policies).compute_dtype == "float16"
    assert layers.Dense(2, name="e", dtype=policies).compute_dtype == "float32"
    assert (len(policies), list(policies)) == (1, ["d"])
    twin = DTypePolicyMap.from_config(policies.get_config())
    assert twin["d"] == policies["d"]
    with pytest.raises(ValueError, match="has a policy already"):
        policies["d"] = "float32"
    del policies["d"]
    assert policies["d"].name == "float32"
