"""Losses and metrics of a model by its outputs.

`CompileLoss` and `CompileMetrics` know one output. Here the arguments of `compile` are
spread over the outputs, as soon as a first batch shows how many there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kerasish import losses, metrics, ops
from kerasish.errors import explain, unknown_name
from kerasish.graph import tree
from kerasish.losses.compile import CompileLoss, SparseTarget, as_loss
from kerasish.metrics.compile import CompileMetrics


def is_single(structure: Any) -> bool:
    """Return whether a structure has one leaf."""
    return len(tree.flatten(structure)) == 1


def only_leaf(structure: Any) -> Any:
    """Return the leaf of a structure that has one, and others as they are."""
    leaves = tree.flatten(structure)
    return leaves[0] if len(leaves) == 1 else structure


def names_of(y_pred: Any, known: Sequence[str] | None) -> list[str]:
    """Return a name for each output: as known, a dict's keys, or counted."""
    if isinstance(y_pred, Mapping):
        return sorted(y_pred)
    if _has_names(y_pred, known):
        return list(known or ())
    return [f"output_{i + 1}" for i in range(len(tree.flatten(y_pred)))]


def _has_names(y_pred: Any, known: Sequence[str] | None) -> bool:
    """Return whether results are called by their output, not by the loss or metric."""
    is_known = known is not None and len(known) == len(tree.flatten(y_pred))
    return isinstance(y_pred, Mapping) or is_known


def _loss_name(loss: Any) -> str:
    """Return what a loss is called where its output has no name: as it was given."""
    if isinstance(loss, str) and not isinstance(losses.get(loss), losses.Loss):
        return loss
    return as_loss(loss).name.strip("<>")


def _is_config(given: Any) -> bool:
    return isinstance(given, Mapping) and "class_name" in given


def _has_other_keys(given: Any, names: Sequence[str] | None) -> bool:
    """Return whether keys are no names of layers: those of outputs in a dict, then."""
    is_by_name = isinstance(given, Mapping) and not _is_config(given)
    return is_by_name and names is not None and not set(given) <= set(names)


def spread(given: Any, names: list[str], what: str) -> list[Any]:
    """Return what was given for each output.

    Args:
        given: One for all outputs, a list in their order, or a dict by their names.
        names: Names of the outputs.
        what: What it is, for messages.

    Raises:
        ValueError: It does not fit the outputs.
    """
    if isinstance(given, Mapping) and not _is_config(given):
        for name in given:
            if name not in names:
                raise ValueError(unknown_name(f"output in {what}", str(name), names))
        return [given.get(name) for name in names]
    if not isinstance(given, (list, tuple)):
        return [given] * len(names)
    if len(given) == len(names):
        return list(given)
    raise ValueError(
        explain(
            f"{what} does not fit the model's outputs.",
            got=f"{len(given)} entries",
            expected=f"{len(names)}, for the outputs {names}",
        )
    )


def spread_data(given: Any, names: list[str], what: str) -> list[Any]:
    """Return the targets or weights of each output.

    Raises:
        ValueError: There are more or fewer than outputs, or keys are no outputs.
    """
    if given is None or (not tree.is_nested(given)):
        return [given] * len(names)
    return spread(given if isinstance(given, Mapping) else list(given), names, what)


class OutputLosses:
    """The loss of a model of any number of outputs.

    Args:
        loss: As `Model.compile` takes it.
        loss_weights: Likewise.
        output_names: Names of the outputs, if they are known.

    Attributes:
        trackers: A running mean of each output's loss, if there are several.
    """

    def __init__(
        self, loss: Any, loss_weights: Any, output_names: Sequence[str] | None
    ) -> None:
        self._loss = loss
        self._weights = loss_weights
        self._known = output_names
        self._single: CompileLoss | None = None
        self._parts: list[CompileLoss | None] = []
        self.trackers: list[Any] = []
        self._label_places: list[tuple[int, SparseTarget, Any]] = []
        several = isinstance(loss, (list, tuple, Mapping)) and not _is_config(loss)
        is_for_one = not several or len(loss) == len(output_names or "x") == 1
        if is_for_one and not _has_other_keys(loss, output_names):
            known = output_names if len(output_names or ()) == 1 else None
            weights = loss_weights if is_single(loss_weights) else None
            self._single = CompileLoss(loss, weights, known)
        else:
            for one in tree.leaves(list(loss.values() if _is_dict(loss) else loss)):
                if one is not None and not isinstance(one, str):
                    as_loss(one)

    def __call__(self, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the weighted total, a tensor of shape ()."""
        if is_single(y_pred):
            if self._single is None:
                names = names_of(y_pred, self._known)
                (loss,) = spread(self._loss, names, "loss")
                (weight,) = spread(self._weights, names, "loss_weights")
                self._single = CompileLoss(loss, weight)
            y, y_pred = only_leaf(y), only_leaf(y_pred)
            total = self._single(y, y_pred, only_leaf(sample_weight))
            self._label_places = _place(0, self._single, y_pred)
            return total
        return self._total(y, y_pred, sample_weight)

    def _total(self, y: Any, y_pred: Any, sample_weight: Any) -> Any:
        names = names_of(y_pred, self._known)
        self._prepare(names, _has_names(y_pred, self._known))
        targets = spread_data(y, names, "y")
        weights = spread_data(sample_weight, names, "sample_weight")
        keys = sorted(y) if isinstance(y, Mapping) else names
        total = None
        self._label_places = []
        for i, prediction in enumerate(tree.flatten(y_pred)):
            part = self._parts[i]
            if part is None or targets[i] is None:
                continue
            value = part(targets[i], prediction, weights[i])
            size = float(prediction.shape[0])
            self.trackers[i].update_state(value, sample_weight=size)
            factor = self._factors[i]
            value = value if factor is None else value * factor
            total = value if total is None else ops.add(total, value)
            self._label_places += _place(keys.index(names[i]), part, prediction)
        return total

    def _prepare(self, names: list[str], is_named: bool) -> None:
        if self._parts:
            return
        given = spread(self._loss, names, "loss")
        self._factors = spread(self._weights, names, "loss_weights")
        if not any(loss is not None for loss in given):
            raise ValueError(explain("No output has a loss.", got=repr(self._loss)))
        self._parts = [None if loss is None else CompileLoss(loss) for loss in given]
        called = [
            name if is_named or loss is None else _loss_name(loss)
            for name, loss in zip(names, given, strict=True)
        ]
        self.trackers = [metrics.Mean(name=f"{name}_loss") for name in called]

    @property
    def used_trackers(self) -> list[Any]:
        """The running means of the outputs that have a loss, if there are several."""
        pairs = zip(self._parts, self.trackers, strict=True)
        used = [tracker for part, tracker in pairs if part is not None]
        return used if len(used) > 1 else []

    @property
    def label_places(self) -> list[tuple[int, SparseTarget, Any]]:
        """Position among the targets, kind, and shape of the output, of class labels.

        Known once a step was traced.
        """
        return self._label_places


def _is_dict(value: Any) -> bool:
    return isinstance(value, Mapping)


def _place(i: int, loss: CompileLoss, y_pred: Any) -> list[tuple[int, Any, Any]]:
    target = loss.sparse_classes
    return [] if target is None else [(i, target, tuple(y_pred.shape))]


class OutputMetrics:
    """The metrics of a model of any number of outputs.

    Args:
        given: As `Model.compile` takes `metrics`.
        weighted: As it takes `weighted_metrics`.
        output_names: Names of the outputs, if they are known.
    """

    name = "compile_metrics"

    def __init__(
        self, given: Any, weighted: Any, output_names: Sequence[str] | None
    ) -> None:
        self._given = given
        self._weighted = weighted
        self._known = output_names
        self._parts: dict[str, CompileMetrics] = {}
        self._is_named = True
        self._single: CompileMetrics | None = None
        by_keys = [_has_other_keys(one, output_names) for one in (given, weighted)]
        if (
            len(output_names or ()) < 2
            and not any(by_keys)
            and not _is_by_output(given, weighted)
        ):
            self._single = CompileMetrics(given, weighted, output_names)

    def __bool__(self) -> bool:
        if self._single is not None:
            return bool(self._single.entries)
        return any(part.entries for part in self._parts.values()) or not self._parts

    @property
    def built(self) -> bool:
        """Whether a step has been traced."""
        return bool(self._parts) or bool(self._single and self._single.built)

    def _each(self) -> Iterator[tuple[str, CompileMetrics]]:
        if self._parts:
            yield from self._parts.items()
        elif self._single is not None:
            yield "", self._single

    @property
    def metrics(self) -> list[Any]:
        """The metrics, in the order given."""
        return [metric for _, part in self._each() for metric in part.metrics]

    def _called(self, prefix: str, name: str, met: Counter[str]) -> str:
        """Return the name of a result; without names of outputs, equal ones count."""
        if self._is_named:
            return prefix + name
        met[name] += 1
        return name if met[name] == 1 else f"{name}_{met[name] - 1}"

    @property
    def names(self) -> list[str]:
        """Names of the results, in Keras's order."""
        met: Counter[str] = Counter()
        found = [
            self._called(prefix, name, met)
            for prefix, part in self._each()
            for name in part.names
        ]
        return sorted(found) if self._parts and self._is_named else found

    def order(self, trackers: Sequence[Any]) -> list[str]:
        """Return names of results as lists of them are ordered.

        Args:
            trackers: The running means of the outputs' losses.
        """
        means = [tracker.name for tracker in trackers]
        if self._is_named:
            return [*means, *self.names]
        # Keras asks every metric for its own name: of equal ones, the first again
        own = [name for _, part in self._each() for name in part.names]
        return [*own, *means]

    @property
    def variables(self) -> list[Any]:
        """All state of all metrics."""
        return [v for _, part in self._each() for v in part.variables]

    def update_state(self, y: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account."""
        if is_single(y_pred):
            if self._single is None:
                names = names_of(y_pred, self._known)
                self._single = CompileMetrics(self._given, self._weighted, names)
            y, y_pred = only_leaf(y), only_leaf(y_pred)
            self._single.update_state(y, y_pred, only_leaf(sample_weight))
            return
        names = names_of(y_pred, self._known)
        if not self._parts:
            self._is_named = _has_names(y_pred, self._known)
            self._prepare(names)
        targets = spread_data(y, names, "y")
        weights = spread_data(sample_weight, names, "sample_weight")
        for i, prediction in enumerate(tree.flatten(y_pred)):
            part = self._parts[f"{names[i]}_"]
            if targets[i] is not None and part.entries:
                part.update_state(targets[i], prediction, weights[i])

    def _prepare(self, names: list[str]) -> None:
        plain = _for_each(self._given, names, "metrics")
        weighted = _for_each(self._weighted, names, "weighted_metrics")
        self._single = None
        self._parts = {
            f"{name}_": CompileMetrics(_listed(one), _listed(other))
            for name, one, other in zip(names, plain, weighted, strict=True)
        }

    def result(self) -> dict[str, Any]:
        """Return all results by name."""
        found: dict[str, Any] = {}
        met: Counter[str] = Counter()
        for prefix, part in self._each():
            if part.built:
                for name, value in part.result().items():
                    found[self._called(prefix, name, met)] = value
        return found

    def reset_state(self) -> None:
        """Set all state to zero."""
        for _, part in self._each():
            part.reset_state()


def _is_by_output(*given: Any) -> bool:
    """Return whether metrics are given for several outputs."""
    return any(
        (isinstance(one, Mapping) and len(one) > 1)
        or (
            isinstance(one, (list, tuple))
            and len(one) > 1
            and all(isinstance(m, (list, tuple)) for m in one)
        )
        for one in given
    )


def _for_each(given: Any, names: list[str], what: str) -> list[Any]:
    """Return the metrics of each output.

    Raises:
        ValueError: They are no list of one entry per output, and no dict.
    """
    if given is None or isinstance(given, (list, tuple, Mapping)):
        return spread(given, names, what)
    raise ValueError(
        explain(
            f"{what} does not say which output it is for.",
            got=repr(given),
            expected="a list with an entry per output, or a dict by their names",
            fix=f"{what}={{{names[0]!r}: [...]}}",
        )
    )


def _listed(given: Any) -> Any:
    if given is None or isinstance(given, (list, tuple)):
        return given
    return [given]
