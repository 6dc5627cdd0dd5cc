"""What a layer holds: weights, layers inside it, other state.

Layers and variables are found in attributes, in lists, tuples and dicts of any depth;
nothing is registered anywhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from kerasish.errors import ShapeError, explain
from kerasish.graph.variable import Variable
from kerasish.random import SeedGenerator

# attributes that refer to layers without holding them
_NOT_HELD = frozenset(
    {
        "_compile_arguments",
        "_compile_loss",
        "_compile_metrics",
        "_function",
        "_inbound_nodes",
        "_init_arguments",
        "_loss_tracker",
        "_outbound_nodes",
        "history",
        "loss",
        "optimizer",
    }
)


_PLAIN = frozenset({bool, int, float, str, type(None)})  # they hold nothing


class Tracking:
    """The weights and state of a layer, and of the layers in its attributes."""

    name: str
    built: bool
    _path: str
    _trainable: bool
    _weights: list[Variable]
    _state: list[Variable]

    def _who(self) -> str:
        return f"{type(self).__name__} '{self.name}'"

    def _sublayers(self) -> Iterator[Any]:
        """Yield the layers held in attributes, each once, in order of assignment."""
        seen: set[int] = {id(self)}
        for item in self._held():
            if isinstance(item, Tracking) and id(item) not in seen:
                seen.add(id(item))
                yield item

    def _held(self) -> list[Any]:
        """Return what attributes hold, the members of lists, tuples and dicts too."""
        found: list[Any] = []
        for name, value in tuple(vars(self).items()):
            if type(value) not in _PLAIN and name not in _NOT_HELD:
                found.extend(_items(value))
        return found

    def _own_variables(self) -> list[Variable]:
        """Return this layer's variables, those made to be trained first.

        Freezing a weight later does not change its place: files hold weights by place.
        """
        loose = [v for v in self._held() if isinstance(v, Variable)]
        known = {*self._weights, *self._state}
        trained = [v for v in loose if v.trainable and v not in known]
        return list(dict.fromkeys([*self._weights, *trained, *self._state, *loose]))

    @property
    def weights(self) -> list[Variable]:
        """All weights: this layer's, then its sub-layers'."""
        nested = [w for layer in self._sublayers() for w in layer.weights]
        return list(dict.fromkeys([*self._own_variables(), *nested]))

    @property
    def path(self) -> str:
        """The names of the layers around it and its own, joined by `/`."""
        return self._path

    @property
    def variables(self) -> list[Variable]:
        """All weights, and the states of seed generators."""
        others = [v for owner in self._state_owners() for v in owner]
        return list(dict.fromkeys([*self.weights, *others]))

    def _state_owners(self) -> Iterator[list[Variable]]:
        for item in self._held():
            if isinstance(item, SeedGenerator):
                yield [item.state]
            elif isinstance(item, Tracking) and item is not self:
                yield from item._state_owners()

    @property
    def metrics(self) -> list[Any]:
        """The metrics held in attributes, here and in layers inside."""
        return self._inner_metrics()

    @property
    def metrics_variables(self) -> list[Variable]:
        """The variables of `metrics`."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def _inner_metrics(self) -> list[Any]:
        found = [item for item in self._held() if _is_metric(item)]
        for layer in self._sublayers():
            found.extend(layer._inner_metrics())
        return list(dict.fromkeys(found))

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes."""
        if not self.trainable:
            return []
        own = [w for w in self._own_variables() if w.trainable]
        nested = [w for layer in self._sublayers() for w in layer.trainable_weights]
        return list(dict.fromkeys([*own, *nested]))

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that training changes."""
        return self.trainable_weights

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves alone."""
        trainable = set(self.trainable_weights)
        return [w for w in self.weights if w not in trainable]

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The variables that training leaves alone."""
        trainable = set(self.trainable_weights)
        return [v for v in self.variables if v not in trainable]

    @property
    def trainable(self) -> bool:
        """Whether training changes the weights; setting it sets the sub-layers too."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for layer in self._sublayers():
            layer.trainable = value

    def get_weights(self) -> list[np.ndarray]:
        """Return copies of the weights on the host."""
        return [w.numpy() for w in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set the weights, in the order of `get_weights`.

        Raises:
            ValueError: The number of weights, or a shape, does not fit; nothing is set.
        """
        mine = self.weights
        given = [np.asarray(w) for w in weights]
        if [w.shape for w in given] != [w.shape for w in mine]:
            raise ShapeError(
                explain(
                    f"{self._who()} cannot take these weights.",
                    got=f"shapes {[w.shape for w in given]}",
                    expected=f"shapes {[w.shape for w in mine]}",
                    fix=None if self.built else "build the layer first",
                )
            )
        for weight, value in zip(mine, given, strict=True):
            weight.assign(value)

    def _variables_to_store(self) -> list[Any]:
        """Return what files hold of this layer alone, in order."""
        inner = {id(w) for layer in self._sublayers() for w in layer.weights}
        own = [w for w in self._own_variables() if id(w) not in inner]
        return self._stored_variables(own)

    def _stored_variables(self, own: list[Any]) -> list[Any]:
        """Return what files hold in place of this layer's own variables."""
        return own

    def save_own_variables(self, store: Any) -> None:
        """Put the layer's own variables into a store, for a file.

        A layer may override this, and `load_own_variables` with it.

        Args:
            store: Takes an array at each key, which is text.
        """
        for number, variable in enumerate(self._variables_to_store()):
            store[str(number)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Set the layer's own variables from what `save_own_variables` put there.

        Args:
            store: Has an array at each key.

        Raises:
            ValueError: The number of arrays, or a shape, does not fit.
        """
        mine = self._variables_to_store()
        keys = [str(number) for number in range(len(mine))]
        got = {key: np.shape(store[key]) for key in store}
        expected = {k: tuple(v.shape) for k, v in zip(keys, mine, strict=True)}
        if got != expected:
            raise ShapeError(
                explain(
                    f"{self._who()} does not fit what is stored for it.",
                    got=f"arrays of shapes {got}",
                    expected=f"{expected}",
                    fix=None if self.built else "build the layer first",
                )
            )
        for key, variable in zip(keys, mine, strict=True):
            variable.assign(store[key])

    @property
    def _loads_itself(self) -> bool:
        """Whether a class reads files in a way of its own."""
        return type(self).load_own_variables is not Tracking.load_own_variables

    def count_params(self) -> int:
        """Return the number of elements of all weights.

        Raises:
            ValueError: The layer is not built.
        """
        if not self.built:
            raise ValueError(
                explain(
                    f"{self._who()} has no weights yet.",
                    fix="call it on data, or build(input_shape)",
                )
            )
        return sum(w.size for w in self.weights)


def _is_metric(item: Any) -> bool:
    # metrics stand beside this room, which does not import them
    return hasattr(item, "update_state") and hasattr(item, "result")


def _items(value: Any) -> Sequence[Any]:
    """Return what an attribute holds: itself, or the members of a list or dict."""
    if isinstance(value, dict):
        value = list(value.values())
    elif not isinstance(value, (list, tuple)):
        return (value,)
    return [item for member in value for item in _items(member)]
