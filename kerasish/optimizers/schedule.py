"""What every learning rate schedule is, and the helpers they share."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.backend import floatx
from kerasish.errors import explain
from kerasish.saving.registry import Configurable, Directory

DIRECTORY = Directory(
    "learning rate schedule", "keras.optimizers.schedules", make_instances=True
)


class LearningRateSchedule(Configurable):
    """Base class of schedules: subclasses define `__call__`.

    Example:
        >>> class Inverse(LearningRateSchedule):
        ...     def __init__(self, start):
        ...         self.start = start
        ...     def __call__(self, step):
        ...         return ops.divide(self.start, ops.add(step, 1))
        >>> float(Inverse(1.0)(3))
        0.25
    """

    def __init__(self) -> None:
        # object's own constructor would swallow arguments that nobody takes
        super().__init__()

    def __call__(self, step: Any) -> Any:
        """Return the learning rate at a step.

        Args:
            step: Number of updates done so far: a number, or a scalar tensor.
        """
        raise NotImplementedError(
            explain(
                f"Learning rate schedule '{type(self).__name__}' cannot be called.",
                fix="define __call__(self, step) in it, written in kerasish.ops",
            )
        )


def rate_dtype() -> str:
    """Return the dtype of rates; float16 could not even count the steps."""
    return "float64" if floatx() == "float64" else "float32"


def as_float(step: Any) -> Any:
    """Return a step number as a float that rates can be computed with."""
    return ops.cast(step, rate_dtype())


def check_steps(who: str, name: str, steps: Any) -> None:
    """Raise unless a number of steps is positive.

    Args:
        who: Name of the schedule.
        name: Name of its argument.
        steps: The number.

    Raises:
        ValueError: It is not.
    """
    if steps > 0:
        return
    raise ValueError(
        explain(
            f"{who} cannot use this `{name}`.",
            got=repr(steps),
            expected="a positive number of steps",
        )
    )
