"""How to make one layer and what to feed it: the form of all layer tables."""

from typing import Any, NamedTuple

BATCH = 6


class Sample(NamedTuple):
    """One set of arguments of a layer, and its input.

    Attributes:
        arguments: Of the constructor; a function of the module (`keras` or `kerasish`)
            where they hold layers.
        shape: Shape of one input sample; a list of shapes for a layer of several.
        high: Where inputs are whole numbers, from 0 to below this.
        spread: Whether several inputs are arguments of their own, not one list.
    """

    arguments: Any
    shape: Any
    high: int | None = None
    spread: bool = False

    def made_by(self, module, name, /, **more):
        """Return the layer of this sample, of a module that has Keras's layers."""
        given = self.arguments
        arguments = given(module) if callable(given) else given
        return getattr(module.layers, name)(**arguments, **more)

    def arguments_of(self, inputs):
        """Return what a layer is called with: the inputs one by one, or as one."""
        return inputs if self.spread else [inputs]

    def inputs(self, rng, batch=BATCH):
        """Return one batch: an array, or a list of arrays."""
        if isinstance(self.shape, list):
            return [self._one(rng, (batch, *shape)) for shape in self.shape]
        return self._one(rng, (batch, *self.shape))

    def _one(self, rng, shape):
        if self.high is not None:
            return rng.integers(0, self.high, shape).astype("int32")
        return rng.normal(size=shape).astype("float32")


def shapes_of(inputs, batch=...):
    """Return the shape of each input, with another batch size if one is given."""
    if isinstance(inputs, list):
        return [shapes_of(x, batch) for x in inputs]
    return tuple(inputs.shape) if batch is ... else (batch, *inputs.shape[1:])
