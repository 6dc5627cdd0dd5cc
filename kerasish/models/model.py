"""The model base class: a layer that can be trained, saved and summarised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.errors import explain
from kerasish.layers.layer import Layer
from kerasish.models.plan_text import explain_plan
from kerasish.models.summary import summarize
from kerasish.saving import api as saving
from kerasish.saving.registry import public
from kerasish.training.trainer import Trainer
from kerasish.utils.io import print_msg


@public("keras")
class Model(Trainer, Layer):
    """A layer with `compile`, `fit`, `evaluate`, `predict`, `save` and `summary`."""

    def __init__(self, **kwargs: Any) -> None:
        Layer.__init__(self, **kwargs)
        Trainer.__init__(self)

    def build(self, input_shape: Any = None) -> None:
        """Build the layers inside, by tracing a call on inputs of this shape.

        Args:
            input_shape: Shape of the input, its batch axis included; None for any
                length.
        """
        self.built = True
        if input_shape is not None:
            self.compute_output_shape(input_shape)

    @property
    def layers(self) -> list[Layer]:
        """The layers directly inside, without input layers."""
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
        return [None] * len(self.layers)

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

    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        """Save the weights to a name ending in `.weights.h5`."""
        saving.save_weights(self, filepath, overwrite)

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
