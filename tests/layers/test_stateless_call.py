"""A layer as a pure function of its variables."""

import numpy as np
import pytest

from kerasish import Sequential, StatelessScope, layers, ops, random


@pytest.fixture
def norm():
    layer = layers.BatchNormalization(momentum=0.5, name="norm")
    layer.build((None, 2))
    return layer


X = np.array([[1.0, 2.0], [3.0, 6.0]], "float32")


def test_the_layer_s_variables_stay_as_they_are(norm):
    before = norm.get_weights()
    trainable = [np.full(2, 2.0, "float32"), np.full(2, 1.0, "float32")]
    others = [np.zeros(2, "float32"), np.ones(2, "float32")]
    outputs, updated = norm.stateless_call(trainable, others, X, training=True)
    np.testing.assert_allclose(outputs, [[-1, -1], [3, 3]], atol=2e-3)
    np.testing.assert_allclose(updated[0], [1.0, 2.0])
    np.testing.assert_allclose(updated[1], [1.0, 2.5])
    for now, then in zip(norm.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_what_is_not_updated_is_returned_as_given(norm):
    given = [np.full(2, 5.0, "float32"), np.full(2, 4.0, "float32")]
    weights = [np.ones(2, "float32"), np.zeros(2, "float32")]
    _, updated = norm.stateless_call(weights, given, X, training=False)
    for one, other in zip(updated, given, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(one), other)


def test_losses_are_those_of_the_call():
    class Penalized(layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight((), "ones", regularizer="l2", name="w")

        def call(self, inputs):
            self.add_loss(ops.sum(inputs) * self.w)
            return inputs * self.w

    layer = Penalized()
    layer.build((None, 2))
    outputs, updated, losses = layer.stateless_call(
        [np.float32(2.0)], [], X, return_losses=True
    )
    np.testing.assert_array_equal(outputs, 2 * X)
    assert updated == []
    assert sorted(float(loss) for loss in losses) == pytest.approx([0.04, 24.0])


def test_seeds_are_state():
    layer = layers.Dropout(0.5, seed=3)
    layer.build((None, 2))
    before = layer.seed_generator.state.numpy()
    state = [v.value for v in layer.non_trainable_variables]
    x = np.ones((4, 8), "float32")
    first, updated = layer.stateless_call([], state, x, training=True)
    again, _ = layer.stateless_call([], state, x, training=True)
    other, _ = layer.stateless_call([], updated, x, training=True)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    np.testing.assert_array_equal(layer.seed_generator.state.numpy(), before)


def test_models_are_layers_too():
    model = Sequential([layers.Dense(2, name="d")])
    model.build((None, 2))
    kernel, bias = np.eye(2, dtype="float32"), np.ones(2, "float32")
    outputs, _ = model.stateless_call([kernel, bias], [], X)
    np.testing.assert_array_equal(outputs, X + 1)


def test_an_unbuilt_layer_is_refused():
    with pytest.raises(ValueError, match="'d' is not built, which `stateless_call`"):
        layers.Dense(2, name="d").stateless_call([], [], X)


@pytest.mark.parametrize("kind", ["trainable", "non-trainable"])
def test_the_numbers_of_values_must_fit(norm, kind):
    two = [np.ones(2, "float32")] * 2
    given = ([], two) if kind == "trainable" else (two, two[:1])
    with pytest.raises(ValueError, match=f"number of {kind} variables") as error:
        norm.stateless_call(*given, X)
    assert "norm/" in str(error.value)


def test_random_draws_inside_a_scope_leave_the_generator():
    generator = random.SeedGenerator(1)
    before = generator.state.numpy()
    with StatelessScope():
        random.normal((2,), seed=generator)
    np.testing.assert_array_equal(generator.state.numpy(), before)
