"""Gradients of a layer's outputs by its weights and inputs, as one list of arrays."""

import kerasish
from kerasish import ops
from kerasish.graph import tree


def weighted_total(module, outputs, factors):
    """Return one number that depends on every element of the outputs.

    Args:
        module: `keras` or `kerasish`, whichever made the outputs.
        outputs: What a layer returned.
        factors: One array for each output.
    """
    dtype = factors[0].dtype.name
    parts = [
        module.ops.sum(module.ops.multiply(module.ops.cast(o, dtype), f))
        for o, f in zip(tree.flatten(outputs), factors, strict=True)
    ]
    return sum(parts[1:], parts[0])


def our_gradients(sample, layer, x, factors, training):
    """Return the gradients of `weighted_total` by trainable weights, then inputs."""

    def total(*inputs):
        given = sample.arguments_of(list(inputs) if isinstance(x, list) else inputs[0])
        return weighted_total(kerasish, layer(*given, training=training), factors)

    arrays = [ops.convert_to_tensor(a) for a in (x if isinstance(x, list) else [x])]
    found = []
    if layer.trainable_weights:
        before = layer.get_weights()
        by_weight = kerasish.value_and_grad(total, variables=layer.trainable_weights)
        found += by_weight(*arrays)[1]
        layer.set_weights(before)
    if sample.high is None:
        found += kerasish.grad(total, argnums=tuple(range(len(arrays))))(*arrays)
    return [ops.convert_to_numpy(g) for g in found]
