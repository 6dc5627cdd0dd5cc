"""The model base class: a layer that can be trained, saved and summarised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerasish.backend import dtypes
from kerasish.errors import explain
from kerasish.graph import tree
from kerasish.graph.keras_tensor import KerasTensor
from kerasish.layers.call_arguments import signature_of
from kerasish.layers.call_context import new_call
from kerasish.layers.input_layer import InputLayer
from kerasish.layers.layer import Layer
from kerasish.models.functional import (
    functional_arguments,
    input_shapes,
    layer_order,
    make_function,
    output_names,
    output_shapes,
    run,
    shapes_for,
)
from kerasish.models.graph_config import (
    graph_config,
    graph_from_config,
    is_graph_config,
)
from kerasish.models.plan_text import explain_plan
from kerasish.models.state_tree import set_state_tree, state_tree
from kerasish.models.summary import summarize
from kerasish.ops.function import Function
from kerasish.ops.operation import known_shape, node_of, output_spec
from kerasish.saving import api as saving
from kerasish.saving.registry import public
from kerasish.training.trainer import Trainer
from kerasish.utils.io import print_msg


@public("keras")
@public("keras.models")
class Model(Trainer, Layer):
    """A layer with `compile`, `fit`, `evaluate`, `predict`, `save` and `summary`.

    Made from symbolic tensors, `Model(inputs, outputs)`, or subclassed with a `call` of
    its own.

    Args:
        *args: Inputs and outputs: `KerasTensor`s, alone or nested in lists and dicts.
        **kwargs: `inputs` and `outputs` by name, and what `Layer` takes.

    Example:
        >>> import kerasish as keras
        >>> x = keras.Input((3,))
        >>> keras.Model(x, keras.layers.Dense(2)(x)).output_shape
        (None, 2)
    """

    supports_masking = True
    _function: Function | None = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make a `Functional` of `Model(inputs, outputs)`."""
        if cls is Model and functional_arguments(args, kwargs) is not None:
            return super().__new__(Functional, *args, **kwargs)
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = functional_arguments(args, kwargs)
        if given is None and args:
            raise TypeError(
                explain(
                    f"`{type(self).__name__}` takes inputs and outputs, or neither.",
                    got=f"{len(args)} positional arguments",
                    fix="Model(inputs, outputs), or subclass Model with a call()",
                )
            )
        rest = {k: v for k, v in kwargs.items() if k not in ("inputs", "outputs")}
        Layer.__init__(self, **rest)
        Trainer.__init__(self)
        if given is not None:
            self._set_function(make_function(*given))

    def _set_function(self, function: Function) -> None:
        self._function = function
        self._layers = layer_order(function)
        self.built = True

    @property
    def inputs(self) -> list[Any]:
        """The symbolic inputs of a functional model."""
        return list(self._require_function("inputs").inputs)

    @property
    def outputs(self) -> list[Any]:
        """The symbolic outputs of a functional model."""
        return list(self._require_function("outputs").outputs)

    @property
    def input(self) -> Any:
        """The symbolic input, nested as the model was given it."""
        return self._require_function("input").inputs_struct

    @property
    def output(self) -> Any:
        """The symbolic output, nested as the model was given it."""
        return self._require_function("output").outputs_struct

    @property
    def input_shape(self) -> Any:
        """Shape of the input, None for the batch axis.

        Raises:
            AttributeError: The model was not made from symbolic tensors.
        """
        return input_shapes(self._require_function("input_shape"))

    @property
    def output_shape(self) -> Any:
        """Shape of the output, None for the batch axis.

        Raises:
            AttributeError: The model was not made from symbolic tensors.
        """
        return output_shapes(self._require_function("output_shape"))

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs."""
        function = self._require_function("input_names")
        return [node_of(t).operation.name for t in function.inputs]

    @property
    def output_names(self) -> list[str] | None:
        """Names of the outputs: keys, or the layers they come from; None if unknown."""
        if self._function is None:
            return None
        return output_names(self._function)

    def _require_function(self, attribute: str) -> Function:
        if self._function is None:
            raise AttributeError(
                explain(
                    f"{self._who()} has no {attribute}"
                    + (
                        ": it is subclassed."
                        if self.built
                        else " yet: it is not built."
                    ),
                    fix="call it on data, or begin it with Input(shape)"
                    if not self.built
                    else "make it with Model(inputs, outputs)",
                )
            )
        return self._function

    def build(self, input_shape: Any = None) -> None:
        """Build the layers inside, by tracing a call on inputs of this shape.

        Args:
            input_shape: Shape of the input, its batch axis included; None for any
                length.
        """
        self.built = True
        if input_shape is not None and self._function is None:
            self.compute_output_shape(input_shape)

    def _ensure_built(self, tensors: dict[str, Any]) -> None:
        if self._function is not None or type(self).build is not Model.build:
            super()._ensure_built(tensors)
        elif tensors and not self.built:
            first = next(iter(tensors.values()))
            self._check_input(first)
            self.build_for_inputs(tree.map_structure(self._stand_in, first))

    def _stand_in(self, tensor: Any) -> KerasTensor | None:
        """Return a symbolic tensor like an input; floats become the compute dtype."""
        if tensor is None:
            return None
        name = dtypes.dtype_name(tensor.dtype)
        name = self.compute_dtype if dtypes.is_float(name) else name
        return KerasTensor(known_shape(tensor.shape), name)

    def build_for_inputs(self, inputs: Any) -> None:
        """Build for symbolic inputs, nested as `call` is given them."""
        if self.built:
            return
        if type(self).build is not Model.build:
            self.build_once(tree.map_structure(lambda t: t.shape, inputs))
            return
        with new_call(training=False):
            output_spec(self._called, (inputs,), {})
        shapes = tree.map_structure(lambda t: t.shape, inputs)
        self._build_shapes = {"input_shape": shapes}
        self.built = True

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Return the outputs; a subclass that has no symbolic tensors defines it."""
        if self._function is None:
            return Layer.call(self, inputs)
        return run(self, self._function, inputs, training, mask)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Return None: outputs carry the masks that the layers inside gave them."""
        return None

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the outputs for inputs of a shape."""
        if self._function is None:
            return Layer.compute_output_shape(self, input_shape)
        return shapes_for(self._function, input_shape, self.compute_dtype)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return `KerasTensor`s of the form of the outputs, from tracing `call`."""
        return output_spec(self._called, args, kwargs)

    @property
    def layers(self) -> list[Layer]:
        """The layers directly inside, input layers of a functional model included."""
        return list(self._sublayers())

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return a layer by name or by index.

        Raises:
            ValueError: There is none; those there are, are named.
        """
        if (name is None) == (index is None):
            raise ValueError(
                explain(
                    "A layer is found by its name or by its index.",
                    got=f"name={name!r}, index={index}",
                    expected="one of the two",
                )
            )
        if index is not None:
            if index >= len(self.layers):
                raise ValueError(
                    explain(
                        f"{self._who()} has no such layer.",
                        got=f"index {index}",
                        expected=f"0 to {len(self.layers) - 1}",
                    )
                )
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ValueError(
            explain(
                f"{self._who()} has no such layer.",
                got=f"name {name!r}",
                expected="one of " + ", ".join(layer.name for layer in self.layers),
            )
        )

    def layer_output_shapes(self) -> list[Any]:
        """Return the shape of each layer's output; None where it is not known."""
        return [_output_shape(layer) for layer in self.layers]

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict[str, Any]:
        """Return copies of the variables' values, as nested dicts by path.

        Args:
            value_format: "backend_tensor" or "numpy_array".

        Returns:
            Dicts under "trainable_variables", "non_trainable_variables",
            "optimizer_variables" and "metrics_variables".
        """
        return state_tree(self, value_format)

    def set_state_tree(self, state_tree: Mapping[str, Any]) -> None:
        """Set variables to what `get_state_tree` returned, or a part of it.

        Raises:
            ValueError: Something in it does not fit the model; nothing is set.
        """
        set_state_tree(self, state_tree)

    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Any = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Print the layers, their output shapes and numbers of parameters.

        Args:
            line_length: Width of the table in characters.
            positions: Relative or absolute column positions, four or five numbers.
            print_fn: Called with the text; printed to stdout by default.
            expand_nested: Whether to list the layers of nested models.
            show_trainable: Whether to say which layers are trainable.
            layer_range: Names (or patterns) of the first and last layer to list.
        """
        text = summarize(
            self, line_length, positions, expand_nested, show_trainable, layer_range
        )
        (print_fn or print_msg)(text)

    def explain_plan(self, batch: Any, kind: str = "train") -> str:
        """Return the compiled step as text: operations, buffers, bytes, views saved.

        Args:
            batch: One batch: `x`, or `(x, y)`, or `(x, y, sample_weight)`.
            kind: "train", "test" or "predict"; the first two need a compiled model and
                targets.

        Raises:
            ValueError: The kind is unknown, or steps are not planned.
        """
        return explain_plan(self, batch, kind)

    # files --------------------------------------------------------------------------

    def save(
        self,
        filepath: Any,
        overwrite: bool = True,
        zipped: bool | None = None,
        include_optimizer: bool = True,
    ) -> None:
        """Save the whole model: architecture, weights, compilation, optimizer state.

        Args:
            filepath: Name ending in `.keras` or `.h5`.
            overwrite: Whether to replace a file there.
            zipped: For `.keras`: must be None or true.
            include_optimizer: For `.h5`: whether to keep what `compile` set.
        """
        saving.save_model(self, filepath, overwrite, zipped, include_optimizer)

    def save_weights(
        self,
        filepath: Any,
        overwrite: bool = True,
        max_shard_size: float | None = None,
    ) -> None:
        """Save the weights to a name ending in `.weights.h5`.

        Args:
            filepath: The file; with `max_shard_size` its name ends in `.weights.json`.
            overwrite: Whether a file of that name may be replaced.
            max_shard_size: Most of arrays in one file, in GiB; None for one file.
        """
        saving.save_weights(self, filepath, overwrite, max_shard_size)

    def load_weights(
        self,
        filepath: Any,
        skip_mismatch: bool = False,
        by_name: bool = False,
        objects_to_skip: Sequence[Any] | None = None,
    ) -> None:
        """Load weights that `save_weights`, `save` or Keras wrote.

        Args:
            filepath: The file.
            skip_mismatch: Whether to leave out layers that do not fit.
            by_name: For the older `.h5` layout: whether to match layers by name.
            objects_to_skip: For `.weights.h5`: layers to leave as they are.
        """
        saving.load_weights(
            self,
            filepath,
            skip_mismatch=skip_mismatch,
            by_name=by_name,
            objects_to_skip=objects_to_skip,
        )

    def to_json(self, **kwargs: Any) -> str:
        """Return the architecture as JSON; `kwargs` go to `json.dumps`."""
        return saving.model_to_json(self, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Return the config: of a functional model its graph, in Keras's form."""
        if self._function is None or _has_own_arguments(type(self)):
            return super().get_config()
        return graph_config(self, self._function)

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Any:
        """Return a model made from what `get_config` returned."""
        if not is_graph_config(config) or _has_own_arguments(cls):
            return cls(**config)
        return graph_from_config(cls, config, custom_objects)


@public("keras.src.models.functional")
@public("keras.models")
class Functional(Model):
    """A model made from symbolic tensors: `Model(inputs, outputs)`."""


def _has_own_arguments(cls: type) -> bool:
    """Return whether a class of models has a constructor unlike `Model`'s."""
    constructor: Any = cls.__init__  # type: ignore[misc]
    names = signature_of(constructor).names
    return bool(names) and not {"inputs", "outputs"} <= set(names)


def _output_shape(layer: Any) -> Any:
    """Return the shape of what a layer gives, as far as a summary can say it."""
    nodes = layer._inbound_nodes
    if isinstance(layer, InputLayer):
        return layer.batch_shape
    if nodes:
        shapes = {tuple(t.shape for t in node.outputs): None for node in nodes}
        first = next(iter(shapes))
        return first[0] if len(first) == 1 else list(first)
    if getattr(layer, "_function", None) is not None:
        return layer.output_shape
    if layer.built and len(layer._build_shapes) == 1:
        (shape,) = layer._build_shapes.values()
        return layer.compute_output_shape(shape)
    return None
