"""The layer base class: weights, building, calling, and what a layer knows of itself.

A layer defines `__init__` (settings), `build(input_shape)` (weights) and `call(inputs)`
(ops). Layers and variables held in attributes, lists or dicts are found there; nothing
is registered anywhere else.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from kerasish import constraints, dtype_policies, initializers, ops, regularizers
from kerasish.backend import dtypes, standardize_dtype
from kerasish.errors import explain
from kerasish.graph import tree
from kerasish.graph.keras_tensor import KerasTensor
from kerasish.graph.masks import get_mask, set_mask
from kerasish.graph.stateless import autocast_scope, current_stateless
from kerasish.graph.trace import scope
from kerasish.graph.variable import Variable
from kerasish.layers.call_arguments import (
    Signature,
    fill_masks,
    is_tensor_like,
    signature_of,
    tensor_arguments,
)
from kerasish.layers.call_context import current_call, entered, new_call
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.nesting import current_owner, owning
from kerasish.layers.shapes import as_dimensions, is_shape, map_shapes
from kerasish.layers.stateless_call import StatelessCall
from kerasish.layers.tracking import Tracking
from kerasish.left_out import leaving_out
from kerasish.ops.operation import (
    Operation,
    has_keras_tensors,
    known_shape,
    output_spec,
)
from kerasish.saving.naming import auto_name
from kerasish.saving.serialization import serialize_config

# arguments of constructors that Keras's configs do not hold
_HIDDEN = frozenset(
    "activity_regularizer autocast batch_size input_dim input_shape "
    "lora_alpha lora_rank quantization_config".split()
)


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
        given = signature_of(type(self).build).bound(args, kwargs)
        shapes = {name: shape for name, shape in given.items() if shape is not None}
        if shapes:
            self._build_shapes = shapes
        self.built = True

    return recorded


@leaving_out(
    "add_metric", "quantize", "quantized_build", "quantized_call", "quantization_mode"
)
class Layer(StatelessCall, Tracking, Operation):
    """Base class of layers.

    Args:
        activity_regularizer: Penalty on the output, added to the model's loss.
        trainable: Whether training changes the weights.
        dtype: Dtype policy, or float dtype of weights and computation; the global
            policy by default.
        autocast: Whether float inputs are cast to the compute dtype.
        name: Name; the class in snake case, numbered, by default.
        input_shape: Shape of one sample, so that a Sequential model can build at once.
        input_dim: Short for `input_shape=(input_dim,)`.
        batch_size: Fixed batch size, with `input_shape`.
        **unknown: Refused, with the nearest name there is.

    Raises:
        ValueError: An argument is unknown or not understood.
    """

    input_spec: InputSpec | None = None
    supports_masking: bool = False
    # layers of text and other things that are no numbers set these
    _convert_input_args: bool = True
    _allow_non_tensor_positional_args: bool = False

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        input_shape: Sequence[int | None] | None = None,
        input_dim: int | None = None,
        batch_size: int | None = None,
        **unknown: Any,
    ) -> None:
        self._refuse_arguments(unknown)
        Operation.__init__(self, _checked_name(name) or auto_name(type(self).__name__))
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._trainable = trainable
        self.autocast = autocast
        self._policy = dtype
        if not isinstance(dtype, dtype_policies.DTypePolicyMap):
            self._policy = dtype_policies.get(dtype)
        self.built = False
        self._weights: list[Variable] = []
        self._state: list[Variable] = []
        self._added_losses: list[Any] = []
        self._build_shapes: dict[str, Any] = {}
        self._path = self.name
        if input_dim is not None:
            input_shape = (input_dim,)
        if input_shape is not None:
            self.batch_input_shape = (batch_size, *as_dimensions(input_shape))

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            cls.build = _recorded(cls.build)  # type: ignore[method-assign]
        if "compute_mask" in cls.__dict__ and "supports_masking" not in cls.__dict__:
            cls.supports_masking = True

    # to be defined by subclasses ----------------------------------------------------

    @_recorded
    def build(self, input_shape: Any) -> None:
        """Make the weights; called once, before the first call.

        Args:
            input_shape: Shape of the input, its batch axis included; None where
                unknown.
        """
        self.built = True

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output, in ops."""
        raise NotImplementedError(
            explain(
                f"Layer '{type(self).__name__}' cannot be called.",
                fix="define call(self, inputs) in it, written in kerasish.ops",
            )
        )

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the mask of the output; the input's, unless a layer says otherwise."""
        return previous_mask

    # dtypes -------------------------------------------------------------------------

    @property
    def dtype_policy(self) -> dtype_policies.DTypePolicy:
        """The policy: which dtype to compute in, and which variables have."""
        if isinstance(self._policy, dtype_policies.DTypePolicyMap):
            return self._policy[self._path]
        policy: dtype_policies.DTypePolicy = self._policy
        return policy

    @dtype_policy.setter
    def dtype_policy(self, policy: Any) -> None:
        self._policy = dtype_policies.get(policy)

    @property
    def compute_dtype(self) -> str:
        """Dtype of inputs and of the computation."""
        return self.dtype_policy.compute_dtype

    @property
    def variable_dtype(self) -> str:
        """Dtype of the weights."""
        return self.dtype_policy.variable_dtype

    @property
    def dtype(self) -> str:
        """Dtype of the weights, as in Keras."""
        return self.variable_dtype

    @property
    def input_dtype(self) -> str:
        """Dtype that float inputs are cast to."""
        return self.compute_dtype

    # weights ------------------------------------------------------------------------

    def add_weight(
        self,
        shape: Sequence[int] | None = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str | None = "none",
        layout: Any = None,
        name: str | None = None,
        overwrite_with_gradient: bool = False,
    ) -> Variable:
        """Return a new weight of this layer.

        Args:
            shape: Its shape; a scalar by default.
            initializer: A name, an `Initializer` or a callable; Glorot uniform for
                floats, zeros for whole numbers by default.
            dtype: Its dtype; the layer's by default.
            trainable: Whether training changes it.
            autocast: Whether it is read in the compute dtype.
            regularizer: Penalty on it, added to the model's loss.
            constraint: Projection applied after each update.
            aggregation: Accepted as in Keras; there is one replica here.
            layout: Must be None: nothing is distributed here.
            name: Last part of its path.
            overwrite_with_gradient: Must be false.
        """
        dtype = standardize_dtype(dtype or self.variable_dtype)
        if initializer is None:
            initializer = "glorot_uniform" if dtypes.is_float(dtype) else "zeros"
        weight = Variable(
            initializers.get(initializer),
            shape=tuple(shape or ()),
            dtype=dtype,
            trainable=trainable,
            autocast=autocast,
            aggregation=aggregation,
            name=name or auto_name("variable"),
        )
        weight.path = f"{self._path}/{weight.name}"
        weight.regularizer = regularizers.get(regularizer)
        weight.constraint = constraints.get(constraint)
        (self._weights if trainable else self._state).append(weight)
        return weight

    # losses -------------------------------------------------------------------------

    def add_loss(self, loss: Any) -> None:
        """Add a scalar, or a list of them, to the model's loss; inside `call`."""
        context, stateless = current_call(), current_stateless()
        for one in tree.leaves(loss):
            if stateless is not None and stateless.collect_losses:
                stateless.add_loss(one)
            (context.losses if context else self._added_losses).append(one)

    @property
    def losses(self) -> list[Any]:
        """What layers added to the loss in the last call, and penalties on the weights.

        Scalars, of this layer and its sub-layers.
        """
        context = current_call()
        added = self._added_losses if context is None else context.losses
        return [*added, *self._weight_penalties()]

    def _weight_penalties(self) -> list[Any]:
        return [
            w.regularizer(w)
            for w in self.trainable_weights
            if w.regularizer is not None
        ]

    # calling ------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output, having built the layer if need be.

        Args:
            *args: Tensors or arrays, or nested structures of them, for `call`.
            **kwargs: Further arguments of `call`; `training` reaches inner layers too.
        """
        signature = signature_of(type(self).call)
        args, kwargs = self._converted(args, kwargs)
        given = signature.bound(args, kwargs)
        if not signature.takes("training") and not signature.takes_any:
            kwargs.pop("training", None)  # it is for layers inside, by the context
        tensors = tensor_arguments(given)
        self._require_tensors(signature, given, args)
        self._ensure_built(tensors)
        first = next(iter(tensors.values()), None)
        if first is not None:
            self._check_input(first)
        fill_masks(signature, tensors, given, kwargs)
        is_outermost = current_call() is None
        with entered(given.get("training")) as context:
            if has_keras_tensors((args, kwargs)):
                outputs = self.symbolic_call(*args, **kwargs)
            else:
                if signature.takes("training") and given.get("training") is None:
                    kwargs["training"] = _training(context.training, signature)
                outputs = self._called(*args, **kwargs)
                self._penalize(outputs, context)
            if is_outermost:
                self._added_losses = context.losses
        self._set_masks(first, outputs)
        return outputs

    def _called(self, *args: Any, **kwargs: Any) -> Any:
        """Return `call`'s result, with names, paths and dtypes as inside this layer."""
        wanted = self.compute_dtype if self.autocast else None
        with scope(self.name), owning(self), autocast_scope(wanted):
            return self.call(*args, **kwargs)

    def _penalize(self, outputs: Any, context: Any) -> None:
        if self.activity_regularizer is None:
            return
        for output in tree.leaves(outputs):
            penalty = self.activity_regularizer(output)
            context.losses.append(ops.divide(penalty, output.shape[0]))

    def _converted(self, args: Any, kwargs: Any) -> tuple[Any, dict[str, Any]]:
        """Return the arguments, with arrays as tensors of the compute dtype."""
        if not self._convert_input_args:
            return args, dict(kwargs)
        if args and self._is_unknown(args[0]):
            args = (ops.convert_to_tensor(args[0]), *args[1:])
        return (
            tuple(tree.map_structure(self._as_input, arg) for arg in args),
            {k: tree.map_structure(self._as_input, v) for k, v in kwargs.items()},
        )

    def _is_unknown(self, value: Any) -> bool:
        """Whether a first argument is no tensor yet: numbers in lists, say."""
        if value is None or self._allow_non_tensor_positional_args:
            return False
        leaves = tree.leaves(value)
        return not any(leaf is None or is_tensor_like(leaf) for leaf in leaves)

    def _as_input(self, value: Any) -> Any:
        if isinstance(value, KerasTensor) or not is_tensor_like(value):
            return value
        tensor = ops.convert_to_tensor(value)
        name = dtypes.dtype_name(tensor.dtype)
        if self.autocast and dtypes.is_float(name) and name != self.compute_dtype:
            tensor = ops.cast(tensor, self.compute_dtype)
        if tensor is not value:
            mask = get_mask(value)
            if mask is not None:
                set_mask(tensor, mask)
        return tensor

    def _require_tensors(
        self, signature: Signature, given: dict[str, Any], args: Any
    ) -> None:
        if self._allow_non_tensor_positional_args or not self._convert_input_args:
            return
        name = next(iter(signature.positional), None)
        if name is None or name in signature.defaults or signature.is_variadic:
            return
        value = given.get(name)
        if value is None and (name in given or not args):
            raise ValueError(
                explain(
                    f"{self._who()} needs a tensor.",
                    got=f"{name}=None" if name in given else "no argument",
                    fix="check what the layer or function before it returns",
                )
            )

    def _set_masks(self, inputs: Any, outputs: Any) -> None:
        """Give the outputs the masks that `compute_mask` says they have."""
        previous = tree.map_structure(get_mask, inputs)
        is_masked = any(mask is not None for mask in tree.leaves(previous))
        if not is_masked and type(self).compute_mask is Layer.compute_mask:
            return
        if not self.supports_masking:
            if is_masked:
                warnings.warn(
                    f"{self._who()} was passed a masked input, but does not support "
                    "masking: the mask ends here.",
                    stacklevel=3,
                )
            return
        masks = self.compute_mask(inputs, previous)
        if masks is None:
            return
        leaves = tree.flatten(outputs)
        flat = tree.flatten(masks) if len(leaves) > 1 else [masks]
        for output, mask in zip(leaves, flat, strict=False):
            if mask is not None and get_mask(output) is None:
                set_mask(output, mask)

    def _require_built_for(self, action: str) -> None:
        if not self.built:
            raise ValueError(
                explain(
                    f"{self._who()} is not built, which `{action}` needs.",
                    fix="call it on data once, or build(input_shape)",
                )
            )

    # building and forms -------------------------------------------------------------

    def _ensure_built(self, tensors: dict[str, Any]) -> None:
        if self.built or not tensors:
            return
        first = next(iter(tensors.values()))
        self._check_input(first)
        self.build_with(
            {
                f"{name}_shape": tree.map_structure(_shape_of, value)
                for name, value in tensors.items()
            }
        )

    def build_with(self, shapes: dict[str, Any]) -> None:
        """Build if not built yet.

        Args:
            shapes: Shape of each tensor argument of `call`, by `<argument>_shape`. A
                `build` of one parameter, or of other names, is given the first.
        """
        if self.built:
            return
        wanted = signature_of(type(self).build)
        taken = {n: s for n, s in shapes.items() if wanted.takes(n)}
        if len(wanted.names) > 1 and taken:
            self.build(**taken)
        else:
            self.build(next(iter(shapes.values())))
        self.built = True

    def build_once(self, input_shape: Any) -> None:
        """Build if not built yet, for one input."""
        self.build_with({"input_shape": input_shape})

    def _check_input(self, inputs: Any) -> None:
        if self.input_spec is None:
            return
        specs, values = tree.flatten(self.input_spec), tree.flatten(inputs)
        if len(specs) == 1 and len(values) == 1:
            self.check_shape(tuple(values[0].shape))
            return
        if len(specs) != len(values):
            raise ValueError(
                explain(
                    f"{self._who()} takes several inputs.",
                    got=f"{len(values)} tensors",
                    expected=f"{len(specs)}",
                )
            )
        for spec, value in zip(specs, values, strict=True):
            if spec is not None and value is not None:
                spec.check(tuple(value.shape), self._who())

    def check_shape(self, shape: Any) -> None:
        """Raise a `ShapeError` if the layer cannot take an input of this shape."""
        if isinstance(self.input_spec, InputSpec) and is_shape(shape):
            self.input_spec.check(tuple(shape), self._who())

    def _call_takes(self, argument: str) -> bool:
        return signature_of(type(self).call).takes(argument)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Return `KerasTensor`s for the results, and remember the call."""
        with new_call(training=None):
            return Operation.symbolic_call(self, *args, **kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return `KerasTensor`s of the form of the outputs.

        From `compute_output_shape`, where a class has one and inputs are floats;
        otherwise by tracing `call`.
        """
        given = signature_of(type(self).call).bound(args, kwargs)
        tensors = tensor_arguments(given)
        leaves = tree.flatten(list(tensors.values()))
        has_rule = type(self).compute_output_shape is not Layer.compute_output_shape
        if has_rule and all(dtypes.is_float(t.dtype) for t in leaves if t is not None):
            return self._spec_by_rule(tensors)
        return output_spec(self._called, args, kwargs)

    def _spec_by_rule(self, tensors: dict[str, Any]) -> Any:
        shapes = {
            f"{name}_shape": tree.map_structure(_shape_of, value)
            for name, value in tensors.items()
        }
        wanted = signature_of(type(self).compute_output_shape)
        if len(wanted.names) > 1:
            kept = {n: s for n, s in shapes.items() if wanted.takes(n)}
            found = self.compute_output_shape(**kept)
        else:
            found = self.compute_output_shape(next(iter(shapes.values())))
        return map_shapes(lambda s: KerasTensor(s, self.compute_dtype), found)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for an input's, None where unknown.

        Worked out by tracing `call`; nothing is computed.
        """
        inputs = map_shapes(lambda s: KerasTensor(s, self.compute_dtype), input_shape)
        self.build_once(input_shape)
        with new_call(training=False):
            found = output_spec(self._called, (inputs,), {})
        return tree.map_structure(lambda t: None if t is None else t.shape, found)

    # config -------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, JSON-able, as Keras's files hold them."""
        base = {
            "name": self.name,
            "trainable": self._trainable,
            "dtype": self._serialized_policy(),
        }
        if self.activity_regularizer is not None:
            base["activity_regularizer"] = self.activity_regularizer
        own = {
            key: value
            for key, value in super().get_config().items()
            if key not in base and key not in _HIDDEN
        }
        return serialize_config({**base, **own})

    def _serialized_policy(self) -> Any:
        if isinstance(self._policy, dtype_policies.DTypePolicyMap):
            return self._policy.get_config()
        return dtype_policies.serialize(self.dtype_policy)

    def get_build_config(self) -> dict[str, Any] | None:
        """Return what `build_from_config` needs to build an equal layer."""
        shapes = self._build_shapes
        if not shapes:
            return None
        if len(shapes) == 1:
            return {"input_shape": next(iter(shapes.values()))}
        return {"shapes_dict": shapes}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build from what `get_build_config` returned."""
        if config.get("shapes_dict"):
            shapes = config["shapes_dict"]
            self.build_with({k: map_shapes(tuple, v) for k, v in shapes.items()})
        elif config.get("input_shape") is not None:
            self.build_once(map_shapes(tuple, config["input_shape"]))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


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


def _shape_of(tensor: Any) -> Any:
    """Return a tensor's shape, None where a stand-in is for an unknown length."""
    return None if tensor is None else known_shape(tensor.shape)


def _training(given: bool | None, signature: Signature) -> bool | None:
    """Return whether to behave as in training: as said, or the call's default."""
    return signature.defaults.get("training") if given is None else given
