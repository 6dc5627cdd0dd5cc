"""`CompileMetrics`: what `compile(metrics=, weighted_metrics=)` was given, for a step.

One output for now: lists, nested lists and dicts by output name are flattened. The
names of the results are Keras's: a name stays as it was written ("acc" stays "acc").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerasish.errors import explain, unknown_name
from kerasish.graph.variable import Variable
from kerasish.losses.inputs import Shape
from kerasish.metrics.base import Metric
from kerasish.metrics.directories import METRICS
from kerasish.metrics.lookup import get
from kerasish.metrics.reduction import MeanMetricWrapper
from kerasish.metrics.resolve import depends_on_shapes, resolve_accuracy


@dataclass
class Entry:
    """One metric of the container.

    Attributes:
        identifier: What the user gave for it.
        weighted: Whether it is given the sample weights.
        name: Name of its result.
        metric: The metric; None until `build` where it depends on shapes.
    """

    identifier: Any
    weighted: bool
    name: str
    metric: Metric | None


class CompileMetrics:
    """The metrics of a model.

    Args:
        metrics: Names, metrics or functions, in a list or a dict by output name; they
            see no sample weights.
        weighted_metrics: Likewise; they see the sample weights.
        output_names: Names of the model's outputs, to check the keys of a dict against;
            None if they are not known.

    Raises:
        ValueError: A name is unknown, or the argument is no list or dict.

    Example:
        >>> metrics = CompileMetrics(["mse", "accuracy"])
        >>> metrics.build((None, 1), (None, 1))
        >>> metrics.update_state([[1.0], [0.0]], [[0.5], [0.0]])
        >>> {name: float(value) for name, value in metrics.result().items()}
        {'mse': 0.125, 'accuracy': 0.5}
    """

    name = "compile_metrics"

    def __init__(
        self,
        metrics: Any = None,
        weighted_metrics: Any = None,
        output_names: Sequence[str] | None = None,
    ) -> None:
        self.output_names = list(output_names or [])
        plain = _flatten(metrics, self.output_names, "metrics")
        weighted = _flatten(weighted_metrics, self.output_names, "weighted_metrics")
        entries = [_entry(identifier, False) for identifier in plain]
        entries += [_entry(identifier, True) for identifier in weighted]
        _make_names_differ(entries)
        self.entries = entries
        self.built = False

    def build(self, y_true_shape: Shape, y_pred_shape: Shape) -> None:
        """Settle what depends on shapes, and make all variables.

        Args:
            y_true_shape: Shape of the targets, batch axis first; None where unknown.
            y_pred_shape: Shape of the predictions, likewise.

        Raises:
            ShapeError: A metric cannot work on such data.
        """
        for entry in self.entries:
            if entry.metric is None:
                kind = entry.identifier
                found = resolve_accuracy(kind, y_true_shape, y_pred_shape)
                entry.metric = found(name=kind)  # type: ignore[call-arg]
            entry.metric.create_variables(tuple(y_true_shape), tuple(y_pred_shape))
        self.built = True

    @property
    def metrics(self) -> list[Metric]:
        """The metrics, in the order given; complete once built."""
        return [e.metric for e in self.entries if e.metric is not None]

    @property
    def names(self) -> list[str]:
        """Names of the results, in the order given."""
        return [entry.name for entry in self.entries]

    @property
    def variables(self) -> list[Variable]:
        """All state of all metrics."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Args:
            y_true: Targets.
            y_pred: Predictions.
            sample_weight: Weights of the samples, or None.
        """
        if not self.built:
            self.build(_shape(y_true), _shape(y_pred))
        for entry in self.entries:
            assert entry.metric is not None
            if entry.weighted and sample_weight is not None:
                entry.metric.update_state(y_true, y_pred, sample_weight=sample_weight)
            else:
                entry.metric.update_state(y_true, y_pred)

    def result(self) -> dict[str, Any]:
        """Return all results by name."""
        results: dict[str, Any] = {}
        for entry in self.entries:
            if entry.metric is None:
                continue
            value = entry.metric.result()
            results.update(value if isinstance(value, dict) else {entry.name: value})
        return results

    def reset_state(self) -> None:
        """Set all state to zero."""
        for metric in self.metrics:
            metric.reset_state()


def _shape(value: Any) -> Shape:
    if hasattr(value, "shape"):
        return tuple(value.shape)
    if isinstance(value, (list, tuple)):
        return (len(value), *(_shape(value[0]) if value else ()))
    return ()


def _flatten(given: Any, output_names: list[str], what: str) -> list[Any]:
    """Return the identifiers for the only output, from any nesting of lists."""
    if given is None:
        return []
    if isinstance(given, Mapping) and "class_name" not in given:
        return _flatten(_of_output(given, output_names, what), output_names, what)
    if not isinstance(given, (list, tuple)):
        raise ValueError(
            explain(
                f"`{what}` must be a list, a tuple or a dict.",
                got=repr(given),
                fix=f"write {what}=[{given!r}]",
            )
        )
    flat: list[Any] = []
    for item in given:
        nested = isinstance(item, (list, tuple))
        flat.extend(_flatten(item, output_names, what) if nested else [item])
    return flat


def _of_output(given: Mapping[Any, Any], names: list[str], what: str) -> list[Any]:
    """Return the entries of a dict; a lone one may have any key, as in Keras."""
    strange = [str(key) for key in given if key not in names]
    if strange and names and len(given) > 1:
        raise ValueError(unknown_name(f"output in `{what}`", strange[0], names))
    return [value for value in given.values() if value is not None]


def _entry(identifier: Any, weighted: bool) -> Entry:
    if depends_on_shapes(identifier):
        return Entry(identifier, weighted, identifier, None)
    metric = as_metric(identifier)
    return Entry(identifier, weighted, metric.name, metric)


def as_metric(identifier: Any) -> Metric:
    """Return the metric that `identifier` stands for.

    Args:
        identifier: A name, which also becomes the metric's name; a metric, its class or
            config; or a function `fn(y_true, y_pred)`, wrapped in a running mean.

    Raises:
        ValueError: The identifier is not understood.
    """
    if identifier is None:
        raise ValueError(
            explain("None is not a metric.", fix="leave it out of the list of metrics")
        )
    if isinstance(identifier, str):
        found = METRICS.lookup(identifier)
        if isinstance(found, type):
            return found(name=identifier)  # type: ignore[no-any-return]
        identifier = found
    metric = get(identifier)
    if isinstance(metric, Metric):
        return metric
    return MeanMetricWrapper(metric, name=_name_of(metric))


def _name_of(fn: Any) -> str:
    name = getattr(fn, "__name__", None) or getattr(fn, "name", None) or "metric"
    return "lambda" if name == "<lambda>" else str(name)


def _make_names_differ(entries: list[Entry]) -> None:
    """Mark weighted metrics that repeat a plain one's name, and number further ones."""
    plain = {entry.name for entry in entries if not entry.weighted}
    taken: set[str] = set()
    for entry in entries:
        if entry.weighted and entry.name in plain:
            entry.name = f"weighted_{entry.name}"
        base, number = entry.name, 0
        while entry.name in taken:
            number += 1
            entry.name = f"{base}_{number}"
        taken.add(entry.name)
