"""`Metric`: a running measure whose state lives in variables.

`update_state` is written in ops and traced inside the compiled step, `result` reads the
state, `reset_state` clears it. What others rely on: `variables` (own ones in order of
making, then those of metrics held as attributes) and `create_variables`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from kerasish import ops
from kerasish.errors import explain
from kerasish.graph.variable import Variable
from kerasish.initializers.lookup import get as get_initializer
from kerasish.losses.base import accepts, without_defaults
from kerasish.losses.inputs import Shape, compute_dtype
from kerasish.saving.naming import auto_name
from kerasish.saving.registry import Configurable, public


@public("keras.metrics")
class Metric(Configurable):
    """Base class of metrics; a subclass writes `update_state` and `result` in ops.

    Args:
        dtype: Dtype of the state; `floatx()` by default.
        name: Name of the metric; by default the class's name in snake case, numbered
            from the second on.

    Example:
        >>> from kerasish import ops
        >>> class Largest(Metric):
        ...     def __init__(self, name="largest", **kwargs):
        ...         super().__init__(name=name, **kwargs)
        ...         self.best = self.add_weight(name="best")
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         self.best.assign(ops.maximum(self.best, ops.max(y_pred)))
        ...     def result(self):
        ...         return self.best.value
        >>> float(Largest()([0.0], [3.0]))
        3.0
    """

    # arguments Keras leaves out of the config; ours holds them when they are changed
    config_if_changed: ClassVar[dict[str, Any]] = {}

    _own_variables: list[Variable]
    _inner_metrics: list[Metric]

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        object.__setattr__(self, "_own_variables", [])
        object.__setattr__(self, "_inner_metrics", [])
        self.name = name or auto_name(type(self).__name__)
        self._dtype = compute_dtype(dtype)

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Variable):
            self._track(self._own_variables, value)
        for item in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(item, Metric):
                self._track(self._inner_metrics, item)
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        if name in ("_own_variables", "_inner_metrics"):
            raise RuntimeError(
                explain(
                    f"Metric '{type(self).__name__}' was given state too early.",
                    fix="call `super().__init__()` first in its `__init__`",
                )
            )
        raise AttributeError(
            f"'{type(self).__name__}' object has no attribute '{name}'"
        )

    @staticmethod
    def _track(known: list[Any], item: Any) -> None:
        if not any(item is other for other in known):
            known.append(item)

    @property
    def dtype(self) -> str:
        """Dtype of the state."""
        return self._dtype

    @property
    def variables(self) -> list[Variable]:
        """All state: the metric's own variables, then those of metrics inside it."""
        found = list(self._own_variables)
        for metric in self._inner_metrics:
            found.extend(metric.variables)
        return found

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any,
        dtype: Any = None,
        aggregation: str | None = "sum",
        name: str | None = None,
    ) -> Variable:
        """Make a variable of the metric's state.

        Args:
            shape: Its shape.
            initializer: Name, initializer or callable for the first value.
            dtype: Its dtype; the metric's by default.
            aggregation: How copies on several devices are joined; unused on one.
            name: Last part of its path.

        Returns:
            The variable, listed in `variables`.
        """
        name = name or "variable"
        variable = Variable(
            get_initializer(initializer or "zeros"),
            shape=tuple(shape),
            dtype=compute_dtype(dtype) if dtype else self._dtype,
            trainable=False,
            name=name,
            path=f"{self.name}/{name}",
        )
        self._track(self._own_variables, variable)
        return variable

    def add_weight(
        self,
        shape: Sequence[int] = (),
        initializer: Any = None,
        dtype: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Make a variable of the metric's state, of zeros by default.

        Args:
            shape: Its shape.
            initializer: Name, initializer or callable for the first value.
            dtype: Its dtype; the metric's by default.
            name: Last part of its path.
        """
        return self.add_variable(shape, initializer, dtype=dtype, name=name)

    def create_variables(self, y_true_shape: Shape, y_pred_shape: Shape) -> None:
        """Make variables whose shape depends on the data; called before any update.

        Args:
            y_true_shape: Shape of the targets; None where unknown.
            y_pred_shape: Shape of the predictions.
        """

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take a batch into account."""
        raise NotImplementedError(self._missing("update_state"))

    def result(self) -> Any:
        """Return the measure so far: a tensor, or a dict of tensors by name."""
        raise NotImplementedError(self._missing("result"))

    def _missing(self, method: str) -> str:
        return explain(
            f"Metric '{self.name}' cannot be used.",
            got=f"class {type(self).__name__} without `{method}`",
            fix=f"write `{method}` in {type(self).__name__}",
        )

    def reset_state(self) -> None:
        """Set all state to zero."""
        for variable in self.variables:
            variable.assign(ops.zeros(variable.shape, variable.dtype))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take a batch into account and return the measure so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    @contextmanager
    def _holding(self, metric_variables: Sequence[Any] | None) -> Iterator[None]:
        """Lend the state the given values for the block, then put its own back."""
        own = [variable.value for variable in self.variables]
        try:
            if metric_variables is None:
                self.reset_state()
            else:
                self._assign(metric_variables)
            yield
        finally:
            self._assign(own)

    def _assign(self, values: Sequence[Any]) -> None:
        variables = self.variables
        if len(values) != len(variables):
            raise ValueError(
                explain(
                    f"Metric '{self.name}' cannot take these variables.",
                    got=f"{len(values)} values",
                    expected=f"{len(variables)}, one per entry of its `variables`",
                )
            )
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

    def stateless_update_state(
        self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any
    ) -> list[Any]:
        """Return what `metric_variables` become by an update; the state stays as it is.

        Args:
            metric_variables: Values, one per entry of `variables`.
            *args: Arguments of `update_state`.
            **kwargs: Further ones.
        """
        with self._holding(metric_variables):
            self.update_state(*args, **kwargs)
            return [variable.value for variable in self.variables]

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """Return the result that these variables stand for; the state stays."""
        with self._holding(metric_variables):
            return self.result()

    def stateless_reset_state(self) -> list[Any]:
        """Return the variables of a fresh start; the state stays as it is."""
        with self._holding(None):
            return [variable.value for variable in self.variables]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments by name."""
        config = super().get_config()
        for name in ("name", "dtype"):
            if name in config or accepts(type(self), name):
                config[name] = getattr(self, name)
        return without_defaults(config, self.config_if_changed)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
