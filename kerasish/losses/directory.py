"""The named losses, and `loss_of`, which declares one.

A loss is a function and a class. Both are entered here where the class is declared; a
class name stands for an instance, all other names for the function, as in Keras.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kerasish.losses.base import LossFunctionWrapper
from kerasish.losses.declare import C, constructed_from, own_arguments
from kerasish.saving.registry import Directory, snake_case

DIRECTORY = Directory("loss", "keras.losses", make_instances=True)
CLASSES: list[type[LossFunctionWrapper]] = []
FUNCTIONS: dict[Callable[..., Any], tuple[str, ...]] = {}  # with their other names

_SHARED = {"reduction": "sum_over_batch_size", "name": None, "dtype": None}
_DOCUMENTED = {
    "reduction": " What becomes of the values, as for `Loss`.",
    "name": " Name of the loss.",
    "dtype": " Dtype to compute in.",
}


class FunctionLoss(LossFunctionWrapper):
    """Base of the losses declared by `loss_of`, which writes their constructors."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def _check_arguments(self) -> None:
        """Raise if an argument is out of its range; called by the constructor."""


def loss_of(
    fn: Callable[..., Any],
    *aliases: str,
    order: str | None = None,
    **defaults: Any,
) -> Callable[[C], C]:
    """Return a class decorator: the loss weights and reduces what `fn` returns.

    The constructor's arguments are those of the function after `y_true` and `y_pred`,
    then `reduction`, `name` and `dtype`. The class and the function are entered under
    their names.

    Args:
        fn: Function of targets and predictions.
        *aliases: Further names of the function.
        order: The arguments in another order, or some of them, with spaces between.
        **defaults: Defaults that differ from the function's; the name's is the class's
            own in snake case.

    Example:
        >>> from kerasish.losses.regression import Huber, huber
        >>> FUNCTIONS[huber], DIRECTORY.get("huber") is huber, Huber(0.5).delta
        ((), True, 0.5)
    """
    names: Sequence[str] = order.split() if order else [*own_arguments(fn), *_SHARED]

    def declare(cls: C) -> C:
        given = {"name": snake_case(cls.__name__), **defaults}
        made = constructed_from(fn, names, _SHARED, _DOCUMENTED, given)(cls)
        FUNCTIONS[fn] = aliases
        CLASSES.append(made)
        DIRECTORY.add()(made)
        # after the class: its name in snake case stands for the function
        DIRECTORY.add(*aliases)(fn)
        return made

    return declare
