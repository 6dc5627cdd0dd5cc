"""Cells on top of each other, as one cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.errors import explain
from kerasish.layers.layer import Layer
from kerasish.layers.recurrent.sizes import initial_states_of, lengths_of_output
from kerasish.layers.wrapper import as_layer
from kerasish.saving.registry import public


@public("keras.layers")
class StackedRNNCells(Layer):
    """Cells of which each is given the output of the one before.

    Args:
        cells: The cells, from the input on.
        **kwargs: As for `Layer`.

    Raises:
        ValueError: A cell has no `call` or no `state_size`.
    """

    def __init__(self, cells: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for cell in cells:
            if not hasattr(cell, "call") or not hasattr(cell, "state_size"):
                raise ValueError(
                    explain(
                        f"{self._who()} is made of cells.",
                        got=repr(cell),
                        expected="objects with `call` and `state_size`",
                    )
                )
        self.cells = list(cells)

    @property
    def is_plain(self) -> bool:
        """Whether this is no subclass that calls its cells in a way of its own."""
        return type(self).call is StackedRNNCells.call

    @property
    def state_size(self) -> list[Any]:
        """The sizes of each cell's states."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> Any:
        """Length, or shape, of the last cell's output."""
        lengths = lengths_of_output(self.cells[-1])
        return lengths[0] if len(lengths) == 1 else lengths

    def build(self, input_shape: Any) -> None:
        """Build each cell for the output of the one before."""
        for cell in self.cells:
            if isinstance(cell, Layer):
                cell.build_once(input_shape)
            input_shape = (input_shape[0], *lengths_of_output(cell))
        self.built = True

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        """Return the last cell's output and the new states of all.

        Args:
            inputs: (batch, features).
            states: One entry for each cell.
            training: Whether the cells behave as in training.
        """
        new = []
        for cell, held in zip(self.cells, states, strict=True):
            takes = isinstance(cell, Layer) and cell._call_takes("training")
            extra = {"training": training} if takes else {}
            function = cell if isinstance(cell, Layer) else cell.call
            given = held if isinstance(held, (list, tuple)) else [held]
            inputs, state = function(inputs, given, **extra)
            new.append(state)
        return inputs, new

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Return zeros for each cell's states."""
        dtype = self.compute_dtype
        return [initial_states_of(cell, batch_size, dtype) for cell in self.cells]

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return new cells made from what `get_config` returned."""
        return cls(**{**config, "cells": [as_layer(cell) for cell in config["cells"]]})
