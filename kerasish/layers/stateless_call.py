"""`stateless_call`: a layer as a pure function of its variables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from kerasish.errors import explain
from kerasish.graph.stateless import StatelessScope
from kerasish.graph.variable import Variable
from kerasish.layers.call_context import new_call


class StatelessCall:
    """What lets a layer be called without changing its variables."""

    trainable_variables: Any
    non_trainable_variables: Any
    _require_built_for: Any
    _weight_penalties: Any
    _who: Any
    __call__: Any

    def stateless_call(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Call the layer as a pure function of its variables.

        Args:
            trainable_variables: Values for `self.trainable_variables`.
            non_trainable_variables: Values for `self.non_trainable_variables`.
            *args: For the call.
            return_losses: Whether to return the losses added on the way, too.
            **kwargs: For the call.

        Returns:
            `(outputs, non_trainable_variables)`, and `losses` if asked for.

        Raises:
            ValueError: The layer is not built, or the numbers of values do not fit.
        """
        self._require_built_for("stateless_call")
        mine = [self.trainable_variables, self.non_trainable_variables]
        pairs = [
            *_paired(self._who(), mine[0], trainable_variables, "trainable"),
            *_paired(self._who(), mine[1], non_trainable_variables, "non-trainable"),
        ]
        with StatelessScope(pairs) as held, new_call(None) as context:
            outputs = self(*args, **kwargs)
            losses = [*context.losses, *self._weight_penalties()]
        updated = [held.state_mapping[v] for v in mine[1]]
        return (outputs, updated, losses) if return_losses else (outputs, updated)


def _paired(
    who: str, variables: list[Variable], values: Sequence[Any], kind: str
) -> Iterable[tuple[Variable, Any]]:
    if len(variables) != len(values):
        raise ValueError(
            explain(
                f"{who} was given another number of {kind} variables than it has.",
                got=str(len(values)),
                expected=f"{len(variables)}: {[v.path for v in variables]}",
            )
        )
    return zip(variables, values, strict=True)
