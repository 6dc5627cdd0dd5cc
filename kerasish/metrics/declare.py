"""`mean_of`: a metric declared by the function it is the running mean of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kerasish.losses.declare import C, constructed_from, own_arguments
from kerasish.metrics.directories import FUNCTIONS, METRICS
from kerasish.metrics.reduction import MeanMetricWrapper
from kerasish.saving.registry import snake_case

_SHARED = {"name": None, "dtype": None}
_DOCUMENTED = {"name": " Name of the metric.", "dtype": " Dtype of the state."}


class FunctionMean(MeanMetricWrapper):
    """Base of the metrics declared by `mean_of`, which writes their constructors."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def _check_arguments(self) -> None:
        """Raise if an argument is out of its range; called by the constructor."""


def mean_of(
    fn: Callable[..., Any],
    *aliases: str,
    order: str | None = None,
    **defaults: Any,
) -> Callable[[C], C]:
    """Return a class decorator: the metric is the running mean of what `fn` returns.

    The constructor's arguments are `name`, `dtype`, and those of the function after
    `y_true` and `y_pred`. The class is entered under its names, the function under its
    own among the functions.

    Args:
        fn: Function of targets and predictions.
        *aliases: Further names of the metric.
        order: The arguments in another order, or some of them, with spaces between.
        **defaults: Defaults that differ from the function's; the name's is the class's
            own in snake case.

    Example:
        >>> from kerasish.metrics.accuracy import BinaryAccuracy, binary_accuracy
        >>> metric = BinaryAccuracy(threshold=0.25)
        >>> metric.fn is binary_accuracy, metric.name, metric.threshold
        (True, 'binary_accuracy', 0.25)
    """
    names: Sequence[str] = order.split() if order else [*_SHARED, *own_arguments(fn)]

    def declare(cls: C) -> C:
        given = {"name": snake_case(cls.__name__), **defaults}
        made = constructed_from(fn, names, _SHARED, _DOCUMENTED, given)(cls)
        FUNCTIONS.add()(fn)
        return METRICS.add(*aliases)(made)

    return declare
