"""`Loss`: from one value per sample to the number that training lowers.

A loss computes values (`call`), weights them by `sample_weight`, and reduces them. What
others rely on: `Loss.__call__`, the reductions, and `LossFunctionWrapper`, which makes
a loss of any `fn(y_true, y_pred)`.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from kerasish import ops
from kerasish.errors import ShapeError, explain, unknown_name
from kerasish.graph.masks import get_mask
from kerasish.losses.inputs import compute_dtype, divide_no_nan, match_ranks
from kerasish.saving.registry import Configurable, public, snake_case

F = TypeVar("F", bound=Callable[..., Any])

_MEANS = ("sum_over_batch_size", "mean", "mean_with_sample_weight")
REDUCTIONS = (*_MEANS, "sum", "none", None)


def check_reduction(reduction: Any) -> None:
    """Raise `ValueError` unless `reduction` is one of `REDUCTIONS`."""
    if reduction not in REDUCTIONS:
        known = [str(name) for name in REDUCTIONS]
        raise ValueError(unknown_name("reduction", reduction, known))


def accepts(cls: type, argument: str) -> bool:
    """Return whether the constructor of `cls` takes an argument of this name."""
    # not of the class: `Configurable.__new__` takes anything
    parameters = inspect.signature(cls.__init__).parameters  # type: ignore[misc]
    return argument in parameters or any(
        p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()
    )


def without_defaults(
    config: dict[str, Any], defaults: dict[str, Any]
) -> dict[str, Any]:
    """Return a config without the entries that equal those of `defaults`."""
    return {
        name: value
        for name, value in config.items()
        if name not in defaults or value != defaults[name]
    }


@public("keras.losses")
class Loss(Configurable):
    """Base class of losses; a subclass writes `call(y_true, y_pred)` in ops.

    Args:
        name: Name of the loss; the class's name in snake case by default.
        reduction: What becomes of the values: "sum_over_batch_size" (or "mean") divides
            their sum by their number, "mean_with_sample_weight" by the sum of the
            weights, "sum" only adds, "none" (or None) returns them as they are.
        dtype: Dtype to compute in; `floatx()` by default.

    Raises:
        ValueError: The reduction is unknown.

    Example:
        >>> from kerasish import ops
        >>> class Fourth(Loss):
        ...     def call(self, y_true, y_pred):
        ...         return ops.mean((y_true - y_pred) ** 4, axis=-1)
        >>> float(Fourth()([[0.0, 2.0]], [[0.0, 0.0]]))
        8.0
    """

    # arguments Keras leaves out of the config; ours holds them when they are changed
    config_if_changed: ClassVar[dict[str, Any]] = {"dtype": None}

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        check_reduction(reduction)
        self.name = name or snake_case(type(self).__name__)
        self.reduction = reduction
        self._given_dtype = dtype
        self._dtype = compute_dtype(dtype)

    @property
    def dtype(self) -> str:
        """Dtype in which the loss is computed."""
        return self._dtype

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the values before weighting: one per sample, or any other shape."""
        raise NotImplementedError(
            explain(
                f"Loss '{self.name}' computes nothing.",
                fix=f"write `def call(self, y_true, y_pred)` in {type(self).__name__}",
            )
        )

    def valid_mask(self, y_true: Any, y_pred: Any) -> Any:
        """Return True where a value counts, of the values' shape; None: everywhere."""
        return None

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the reduced loss.

        Args:
            y_true: Targets.
            y_pred: Predictions; where they carry a mask, only what it keeps counts.
            sample_weight: Factors of the values, of a shape that broadcasts with them.

        Raises:
            ShapeError: The shapes do not fit.
        """
        carried = get_mask(y_pred)
        y_pred = ops.convert_to_tensor(y_pred, dtype=self._dtype)
        y_true = self._targets(y_true)
        y_true, y_pred = match_ranks(y_true, y_pred)
        values = ops.convert_to_tensor(self.call(y_true, y_pred), dtype=self._dtype)
        mask = _both(carried, self.valid_mask(y_true, y_pred))
        if sample_weight is not None:
            sample_weight = ops.convert_to_tensor(sample_weight, dtype=self._dtype)
        if mask is not None:
            sample_weight = self._masked_weight(mask, sample_weight)
        return reduce_weighted(values, sample_weight, self.reduction)

    def _targets(self, y_true: Any) -> Any:
        return ops.convert_to_tensor(y_true, dtype=self._dtype)

    def _masked_weight(self, mask: Any, sample_weight: Any) -> Any:
        """Return weights of 0 where masked, scaled so that means leave those out."""
        weight = ops.cast(mask, self._dtype)
        if self.reduction in _MEANS:
            total = float(math.prod(weight.shape))
            weight = weight * (total / ops.maximum(ops.sum(weight), 1.0))
        if sample_weight is None:
            return weight
        sample_weight, weight = match_ranks(sample_weight, weight)
        return sample_weight * weight

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments by name."""
        config = super().get_config()
        if "dtype" in config:
            config["dtype"] = None if self._given_dtype is None else self._dtype
        for name in ("name", "reduction"):
            if accepts(type(self), name):
                config.setdefault(name, getattr(self, name))
        return without_defaults(config, self.config_if_changed)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, reduction={self.reduction}>"


def _both(first: Any, second: Any) -> Any:
    """Return what two masks keep, either of which may be missing."""
    if first is None or second is None:
        return second if first is None else first
    return ops.logical_and(first, second)


def takes_class_numbers(fn: F) -> F:
    """Mark a loss function whose targets must stay whole numbers.

    A float32 cannot hold every class number beyond 2^24, and the casts cost time.
    """
    fn.takes_class_numbers = True  # type: ignore[attr-defined]
    return fn


class LossFunctionWrapper(Loss):
    """The loss that a function `fn(y_true, y_pred, **kwargs)` computes.

    Args:
        fn: Function of targets and predictions that returns values of any shape.
        reduction: As for `Loss`.
        name: Name of the loss; the function's own by default.
        dtype: Dtype to compute in.
        **kwargs: Further arguments of `fn`.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        name = name or getattr(fn, "__name__", None) or "loss"
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn = fn
        self.fn_arguments = kwargs

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return what the function returns."""
        return self.fn(y_true, y_pred, **self.fn_arguments)

    def _targets(self, y_true: Any) -> Any:
        if getattr(self.fn, "takes_class_numbers", False):
            return ops.convert_to_tensor(y_true)
        return super()._targets(y_true)


def reduce_weighted(values: Any, sample_weight: Any, reduction: str | None) -> Any:
    """Return `values`, weighted and reduced.

    Args:
        values: Tensor of any shape.
        sample_weight: Tensor of factors, or None.
        reduction: One of `REDUCTIONS`.

    Raises:
        ShapeError: The weights do not broadcast with the values.
    """
    if sample_weight is not None:
        values, sample_weight = match_ranks(values, sample_weight)
        _check_weights(tuple(values.shape), tuple(sample_weight.shape))
        values = values * sample_weight
    if reduction in (None, "none") or tuple(values.shape) in ((), (0,)):
        return values
    if reduction == "sum":
        return ops.sum(values)
    if reduction == "mean_with_sample_weight" and sample_weight is not None:
        return divide_no_nan(ops.sum(values), ops.sum(sample_weight))
    return ops.mean(values)


def _check_weights(values: tuple[int, ...], weights: tuple[int, ...]) -> None:
    pairs = zip(reversed(values), reversed(weights), strict=False)
    if all(v == w or 1 in (v, w) for v, w in pairs):
        return
    fix = "give one weight per value, or one per sample"
    if len(weights) < len(values) and values[: len(weights)] == weights:
        fix = f"reshape the weights to {weights + (1,) * (len(values) - len(weights))}"
    raise ShapeError(
        explain(
            "sample_weight does not fit the values of the loss.",
            got=f"sample_weight of shape {weights}, values of shape {values}",
            expected=f"a shape that broadcasts with {values}",
            fix=fix,
        )
    )
