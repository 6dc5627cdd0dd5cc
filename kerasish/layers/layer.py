"""The layer base class: weights, building, calling, and what a layer knows of itself.

A layer defines `__init__` (settings), `build(input_shape)` (weights) and `call(inputs)`
(ops). Layers and variables held in attributes, lists or dicts are found there; nothing
is registered anywhere else.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from kerasish import constraints, initializers, ops, regularizers
from kerasish.backend import dtypes, standardize_dtype
from kerasish.errors import ShapeError, explain
from kerasish.graph import tree
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import scope, trace
from kerasish.graph.variable import Variable
from kerasish.layers.call_context import current_call, entered, new_call
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.nesting import current_owner, owning
from kerasish.saving.naming import auto_name
from kerasish.saving.registry import Configurable
from kerasish.saving.serialization import dtype_of, serialize_config, serialize_dtype

# batch sizes that stand for an unknown one; two, so that what depends on it shows.
# Both have many divisors, so that reshapes of unknown lengths rarely fail.
_STAND_INS = (5040, 2520)


def _recorded(build: Callable[..., None]) -> Callable[..., None]:
    """Make `build` note that it was done, and for which shape, however it is called.

    A layer that is built inside another's `build` or `call` gets a path below it.
    """

    @functools.wraps(build)
    def recorded(self: Layer, *args: Any, **kwargs: Any) -> None:
        owner = current_owner()
        if owner is not None and owner is not self and not self.built:
            self._path = f"{owner._path}/{self.name}"
        with owning(self):
            build(self, *args, **kwargs)
        given = [*args, *kwargs.values()]
        if given and given[0] is not None:
            self._build_shape = given[0]
        self.built = True

    return recorded


class Layer(Configurable):
    """Base class of layers.

    Args:
        activity_regularizer: Penalty on the output, added to the model's loss.
        trainable: Whether training changes the weights.
        dtype: Float dtype of weights and computation; `floatx()` by default.
        name: Name; the class in snake case, numbered, by default.
        input_shape: Shape of one sample, so that a Sequential model can build at once.
        input_dim: Short for `input_shape=(input_dim,)`.
        batch_size: Fixed batch size, with `input_shape`.
        **unknown: Refused, with the nearest name there is.

    Raises:
        ValueError: An argument is unknown or not understood.
    """

    input_spec: InputSpec | None = None

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        name: str | None = None,
        input_shape: Sequence[int | None] | None = None,
        input_dim: int | None = None,
        batch_size: int | None = None,
        **unknown: Any,
    ) -> None:
        self._refuse_arguments(unknown)
        self.name = _checked_name(name) or auto_name(type(self).__name__)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._trainable = trainable
        self.dtype = standardize_dtype(dtype_of(dtype) if dtype else None)
        self.built = False
        self._weights: list[Variable] = []
        self._state: list[Variable] = []
        self._added_losses: list[Any] = []
        self._build_shape: Any = None
        self._path = self.name
        if input_dim is not None:
            input_shape = (input_dim,)
        if input_shape is not None:
            self.batch_input_shape = (batch_size, *as_dimensions(input_shape))

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            cls.build = _recorded(cls.build)  # type: ignore[method-assign]

    # to be defined by subclasses ----------------------------------------------------

    @_recorded
    def build(self, input_shape: Any) -> None:
        """Make the weights; called once, before the first call.

        Args:
            input_shape: Shape of the input, its batch axis included; None where
                unknown.
        """
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Compute the output, in ops."""
        raise NotImplementedError(
            explain(
                f"Layer '{type(self).__name__}' cannot be called.",
                fix="define call(self, inputs) in it, written in kerasish.ops",
            )
        )

    # weights ------------------------------------------------------------------------

    def add_weight(
        self,
        shape: Sequence[int] | None = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Return a new weight of this layer.

        Args:
            shape: Its shape; a scalar by default.
            initializer: A name, an `Initializer` or a callable; Glorot uniform for
                floats, zeros for whole numbers by default.
            dtype: Its dtype; the layer's by default.
            trainable: Whether training changes it.
            regularizer: Penalty on it, added to the model's loss.
            constraint: Projection applied after each update.
            name: Last part of its path.
        """
        dtype = standardize_dtype(dtype or self.dtype)
        if initializer is None:
            initializer = "glorot_uniform" if dtypes.is_float(dtype) else "zeros"
        weight = Variable(
            initializers.get(initializer),
            shape=tuple(shape or ()),
            dtype=dtype,
            trainable=trainable,
            name=name,
        )
        weight.path = f"{self._path}/{weight.name}"
        weight.regularizer = regularizers.get(regularizer)
        weight.constraint = constraints.get(constraint)
        (self._weights if trainable else self._state).append(weight)
        return weight

    def _sublayers(self) -> Iterator[Layer]:
        """Yield the layers held in attributes, each once, in order of assignment."""
        seen: set[int] = set()
        for value in list(vars(self).values()):
            for item in _items(value):
                if (
                    isinstance(item, Layer)
                    and id(item) not in seen
                    and item is not self
                ):
                    seen.add(id(item))
                    yield item

    def _own_variables(self) -> list[Variable]:
        """Return this layer's variables, those made to be trained first.

        Freezing a weight later does not change its place: files hold weights by place.
        """
        held = [v for a in vars(self).values() for v in _items(a)]
        loose = [v for v in held if isinstance(v, Variable)]
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
        """All weights and other state."""
        return self.weights

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
        return self.non_trainable_weights

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

    # losses -------------------------------------------------------------------------

    def add_loss(self, loss: Any) -> None:
        """Add a scalar to the model's loss; called inside `call`."""
        context = current_call()
        (context.losses if context else self._added_losses).append(loss)

    @property
    def losses(self) -> list[Any]:
        """Penalties on the weights, of this layer and its sub-layers, as scalars."""
        penalties = [
            w.regularizer(w)
            for w in self.trainable_weights
            if w.regularizer is not None
        ]
        return [*self._added_losses, *penalties]

    # calling ------------------------------------------------------------------------

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Compute the output, having built the layer if need be.

        Args:
            inputs: A tensor or array, or a nested structure of them.
            *args: Further arguments of `call`.
            **kwargs: Further arguments of `call`; `training` reaches inner layers too.
        """
        if _is_nested_numbers(inputs):
            inputs = ops.convert_to_tensor(inputs)
        inputs = tree.map_structure(self._as_input, inputs)
        self._ensure_built(inputs)
        self._check_input(inputs)
        training = kwargs.pop("training", None)
        with entered(training) as context, scope(self.name), owning(self):
            if self._call_takes("training"):
                kwargs["training"] = bool(context.training)
            result = self.call(inputs, *args, **kwargs)
            if self.activity_regularizer is not None:
                for output in tree.leaves(result):
                    context.losses.append(self._activity_penalty(output))
        return result

    def _activity_penalty(self, output: Any) -> Any:
        return ops.divide(self.activity_regularizer(output), output.shape[0])

    def _as_input(self, value: Any) -> Any:
        if value is None:
            return None
        tensor = ops.convert_to_tensor(value)
        name = dtypes.dtype_name(tensor.dtype)
        if dtypes.is_float(name) and name != self.dtype:
            return ops.cast(tensor, self.dtype)
        return tensor

    def _ensure_built(self, inputs: Any) -> None:
        if self.built:
            return
        self._check_input(inputs)
        self.build_once(tree.map_structure(lambda x: tuple(x.shape), inputs))

    def build_once(self, input_shape: Any) -> None:
        """Build if not built yet, remembering the shape."""
        if not self.built:
            self.build(input_shape)
            self._build_shape = input_shape
            self.built = True

    def _check_input(self, inputs: Any) -> None:
        if inputs is None:
            raise ValueError(
                explain(
                    f"{self._who()} needs a tensor.",
                    got="None",
                    fix="check what the layer or function before it returns",
                )
            )
        if not isinstance(inputs, (list, tuple, dict)):
            self.check_shape(tuple(inputs.shape))

    def check_shape(self, shape: Any) -> None:
        """Raise a `ShapeError` if the layer cannot take an input of this shape."""
        if self.input_spec is not None:
            self.input_spec.check(tuple(shape), self._who())

    def _call_takes(self, argument: str) -> bool:
        cls = type(self)
        cached = cls.__dict__.get("_call_arguments")
        if cached is None:
            cached = frozenset(inspect.signature(cls.call).parameters)
            cls._call_arguments = cached  # type: ignore[attr-defined]
        return argument in cached

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for an input's, None where unknown.

        Worked out by tracing `call`; nothing is computed.
        """
        first = self._traced_shapes(input_shape, _STAND_INS[0])
        if None not in _flat_lengths(input_shape):
            return first
        second = self._traced_shapes(input_shape, _STAND_INS[1])
        return _merge_shapes(first, second)

    def _traced_shapes(self, input_shape: Any, stand_in: int) -> Any:
        def spec(shape: Sequence[int | None]) -> Spec:
            return Spec(tuple(stand_in if n is None else n for n in shape), self.dtype)

        with new_call(training=False):
            graph = trace(self.__call__, [_map_shapes(spec, input_shape)])
        shapes = [t.shape for t in graph.outputs]
        return tree.map_structure(lambda i: shapes[i], graph.structure)

    def _who(self) -> str:
        return f"{type(self).__name__} '{self.name}'"

    # config -------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, JSON-able, as Keras's files hold them."""
        base = {
            "name": self.name,
            "trainable": self._trainable,
            "dtype": serialize_dtype(self.dtype),
        }
        if self.activity_regularizer is not None:
            base["activity_regularizer"] = self.activity_regularizer
        hidden = ("input_shape", "input_dim", "batch_size", "activity_regularizer")
        own = {
            key: value
            for key, value in super().get_config().items()
            if key not in (*base, *hidden)
        }
        return serialize_config({**base, **own})

    def get_build_config(self) -> dict[str, Any] | None:
        """Return what `build_from_config` needs to build an equal layer."""
        return None if self._build_shape is None else {"input_shape": self._build_shape}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build from what `get_build_config` returned."""
        shape = config.get("input_shape")
        if shape is not None:
            self.build_once(tuple(shape))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _is_nested_numbers(inputs: Any) -> bool:
    """Whether inputs are numbers in lists, which mean one array, not many tensors."""
    if not isinstance(inputs, (list, tuple)):
        return False
    return all(isinstance(leaf, (bool, int, float)) for leaf in tree.leaves(inputs))


def _items(value: Any) -> Iterator[Any]:
    """Yield what an attribute holds: itself, or the members of a list or dict."""
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, (list, tuple)):
        yield from value
    else:
        yield value


def _is_shape(structure: Any) -> bool:
    return isinstance(structure, (list, tuple)) and all(
        n is None or isinstance(n, int) for n in structure
    )


def _map_shapes(function: Any, structure: Any) -> Any:
    if _is_shape(structure):
        return function(structure)
    if isinstance(structure, dict):
        return {key: _map_shapes(function, s) for key, s in structure.items()}
    return [_map_shapes(function, s) for s in structure]


def _flat_lengths(structure: Any) -> list[int | None]:
    return tree.flatten(structure)


def _merge_shapes(first: Any, second: Any) -> Any:
    """Return a shape with None where two traces differ."""
    if _is_shape(first):
        return tuple(a if a == b else None for a, b in zip(first, second, strict=True))
    if isinstance(first, dict):
        return {key: _merge_shapes(first[key], second[key]) for key in first}
    return [_merge_shapes(a, b) for a, b in zip(first, second, strict=True)]


def as_dimensions(shape: Any) -> tuple[int | None, ...]:
    """Return a shape given by a user as a tuple.

    Raises:
        ValueError: It is no tuple or list of positive numbers and None.
    """
    if isinstance(shape, int):
        raise ValueError(
            explain(
                "A shape is a tuple.", got=f"shape={shape}", fix=f"shape=({shape},)"
            )
        )
    lengths = tuple(shape)
    whole = all(n is None or isinstance(n, (int, np.integer)) for n in lengths)
    if not whole or any(n is not None and n < 0 for n in lengths):
        raise ValueError(
            explain(
                "This is no shape.",
                got=f"shape={shape!r}",
                expected="whole numbers, or None where a length is unknown",
            )
        )
    return tuple(None if n is None else int(n) for n in lengths)


def _checked_name(name: Any) -> str | None:
    if name is None:
        return None
    if not isinstance(name, str) or "/" in name:
        raise ValueError(
            explain(
                "A layer's name is a string without '/', which separates layers in "
                "paths.",
                got=repr(name),
            )
        )
    return name
