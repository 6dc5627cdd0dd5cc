"""What is checked before a step is compiled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.errors import explain

# what subclasses of Keras's models may override and ours may not
_KERAS_STEPS = (
    "make_train_function",
    "make_test_function",
    "make_predict_function",
)


def refuse_own_steps(cls: type) -> None:
    """Raise if a class overrides a method that would never be called."""
    for name in _KERAS_STEPS:
        if hasattr(cls, name):
            raise ValueError(
                explain(
                    f"`{cls.__name__}.{name}` would never be called.",
                    got=f"a class with a method `{name}`",
                    expected="steps in kerasish.ops, which are compiled as a whole",
                    fix="override train_step or compute_loss, or write a loop of your "
                    "own with kerasish.value_and_grad and optimizer.apply",
                )
            )


def require_same_variables(optimizer: Any, variables: Sequence[Any]) -> None:
    """Raise if layers were frozen, thawed or added since the optimizer was built.

    Keras refuses too: the optimizer's state belongs to certain variables.
    """
    known = optimizer._trainable_variables
    if [id(v) for v in known] == [id(v) for v in variables]:
        return
    paths = [v.path for v in {*known} ^ {*variables}]
    raise ValueError(
        explain(
            "The model's trainable weights are not those its optimizer was built for.",
            got=f"{len(variables)} trainable weights; not in both: "
            + ", ".join(sorted(paths)),
            expected=f"the {len(known)} of the first training step",
            fix="call compile again, with a new optimizer, after changing "
            "`trainable` or adding layers",
        )
    )
