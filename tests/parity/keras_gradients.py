"""Real Keras's gradients of a layer's outputs, by JAX."""

import inspect

import jax
import keras

from tests.layers.slopes import weighted_total


def their_gradients(sample, layer, x, factors, training):
    """Return what `tests.layers.slopes.our_gradients` does, of a layer of Keras."""
    trainable = [v.value for v in layer.trainable_variables]
    others = [v.value for v in layer.non_trainable_variables]
    takes_mode = "training" in inspect.signature(layer.call).parameters
    mode = {"training": training} if takes_mode else {}

    def total(weights, inputs):
        given = sample.arguments_of(inputs)
        outputs, _ = layer.stateless_call(weights, others, *given, **mode)
        return weighted_total(keras, outputs, factors)

    by = (0, 1) if sample.high is None else 0
    return jax.tree_util.tree_leaves(jax.jit(jax.grad(total, by))(trainable, x))
