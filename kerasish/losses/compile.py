"""`CompileLoss`: what `compile(loss=, loss_weights=)` was given, ready for a step.

One output for now. The terms of the sum are kept in a list, one per output and in the
order of the outputs, so that lists and dicts for several outputs can join them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerasish import ops
from kerasish.errors import ShapeError, explain, unknown_name
from kerasish.losses import directory, lookup
from kerasish.losses.base import Loss, LossFunctionWrapper
from kerasish.losses.focal import categorical_focal_crossentropy
from kerasish.losses.inputs import (
    Shape,
    class_labels_shape,
    matched_shapes,
    require_labels,
    require_one_hot,
    require_same_shape,
)
from kerasish.losses.probabilistic import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    categorical_crossentropy,
    categorical_generalized_cross_entropy,
    sparse_categorical_crossentropy,
)
from kerasish.losses.sequence import ctc
from kerasish.losses.similarity import circle

_BY_SHAPE = ("crossentropy", "ce")
_OF_ONE_HOT = (categorical_crossentropy, categorical_focal_crossentropy)
_OF_LABELS = (sparse_categorical_crossentropy, categorical_generalized_cross_entropy)
# labels of whole sequences, and of embeddings: these check shapes themselves
_OF_OWN_SHAPES = (circle, ctc)


@dataclass
class Term:
    """One summand of the total: the loss of one output.

    Attributes:
        output: Name of the output.
        identifier: What the user gave for it.
        weight: Factor of the loss in the total.
        loss: The loss; None until `build` where it depends on shapes.
    """

    output: str
    identifier: Any
    weight: float
    loss: Loss | None = None


class CompileLoss:
    """The total loss of a model.

    Args:
        loss: A name, `Loss`, function or config; also in a list of one, or in a dict by
            the output's name.
        loss_weights: A number, or a list or dict like `loss`; 1 by default.
        output_names: Names of the model's outputs, to check the keys of a dict against;
            None if they are not known.

    Raises:
        ValueError: No loss, an unknown name, or more losses than outputs.

    Example:
        >>> total = CompileLoss("mse")
        >>> total.build((None, 1), (None, 1))
        >>> float(total([[1.0], [3.0]], [[0.0], [0.0]]))
        5.0
    """

    def __init__(
        self,
        loss: Any,
        loss_weights: Any = None,
        output_names: Sequence[str] | None = None,
    ) -> None:
        self.output_names = list(output_names or [])
        identifier = _for_output(loss, self.output_names, "loss")
        weight = _for_output(loss_weights, self.output_names, "loss_weights")
        if identifier is None:
            raise ValueError(
                explain(
                    "The model has no loss to train with.",
                    got=f"loss={loss!r}",
                    expected="a name, a Loss, or a function of (y_true, y_pred)",
                    fix="give compile one, such as loss='mse'",
                )
            )
        name = (self.output_names or ["output"])[0]
        term = Term(name, identifier, 1.0 if weight is None else float(weight))
        if identifier not in _BY_SHAPE:
            term.loss = as_loss(identifier)
        self.terms = [term]
        self.built = False

    def build(self, y_true_shape: Shape, y_pred_shape: Shape) -> None:
        """Settle what depends on shapes, and check them.

        The losses themselves broadcast as in Keras. Here the built-in ones must have
        targets that match the predictions: a column of targets against several outputs
        is nearly always a mistake.

        Args:
            y_true_shape: Shape of the targets, batch axis first; None where unknown.
            y_pred_shape: Shape of the predictions, likewise.

        Raises:
            ShapeError: Targets and predictions do not fit the loss.
        """
        shapes = tuple(y_true_shape), tuple(y_pred_shape)
        for term in self.terms:
            if term.identifier in _BY_SHAPE:
                term.loss = as_loss(resolve_crossentropy(*shapes))
            check_shapes(term.loss, *shapes)
        self.built = True

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the weighted loss, a tensor of shape ().

        Args:
            y_true: Targets.
            y_pred: Predictions.
            sample_weight: Weights of the samples, or None.

        Raises:
            ShapeError: The shapes do not fit, or a loss is not reduced to one number.
        """
        y_true, y_pred = map(ops.convert_to_tensor, (y_true, y_pred))
        self.build(tuple(y_true.shape), tuple(y_pred.shape))
        (term,) = self.terms
        assert term.loss is not None
        value = term.loss(y_true, y_pred, sample_weight)
        _require_scalar(term, value)
        return value if term.weight == 1.0 else value * term.weight

    @property
    def sparse_classes(self) -> SparseTarget | None:
        """How class labels are to be checked; None if the loss takes none."""
        return _sparse_target(self.terms[0].loss)


@dataclass(frozen=True)
class SparseTarget:
    """What is known of whole-number targets.

    Attributes:
        axis: The class axis of the predictions.
        ignore_class: A label that is allowed wherever it stands, or None.
    """

    axis: int
    ignore_class: int | None


def _sparse_target(loss: Any) -> SparseTarget | None:
    if getattr(loss, "fn", None) not in (*_OF_LABELS, ctc):
        return None
    given = loss.fn_arguments
    return SparseTarget(given.get("axis", -1), given.get("ignore_class"))


def as_loss(identifier: Any) -> Loss:
    """Return the loss that `identifier` stands for, functions wrapped in one.

    Raises:
        ValueError: The identifier is not understood.
    """
    loss = lookup.get(identifier)
    return loss if isinstance(loss, Loss) else LossFunctionWrapper(loss)


def resolve_crossentropy(y_true: Shape, y_pred: Shape) -> type[Loss]:
    """Return the crossentropy that the name "crossentropy" means for these shapes.

    Args:
        y_true: Shape of the targets.
        y_pred: Shape of the predictions.
    """
    if y_pred[-1:] == (1,):
        return BinaryCrossentropy
    if class_labels_shape(y_true, y_pred):
        return SparseCategoricalCrossentropy
    return CategoricalCrossentropy


def check_shapes(loss: Any, y_true: Shape, y_pred: Shape) -> None:
    """Raise unless targets of this shape fit a built-in loss exactly.

    Args:
        loss: A loss; one that is not built in is left alone.
        y_true: Shape of the targets; None where unknown.
        y_pred: Shape of the predictions.

    Raises:
        ShapeError: They do not fit.
    """
    fn: Callable[..., Any] | None = getattr(loss, "fn", None)
    if not y_pred or not any(fn is known for known in directory.FUNCTIONS):
        return
    what = f"Loss '{loss.name}'"
    y_true, y_pred = matched_shapes(y_true, y_pred)
    if fn in _OF_OWN_SHAPES:
        return
    if fn in _OF_LABELS:
        if len(y_true) == len(y_pred) and y_true[-1] == 1:
            y_true = y_true[:-1]
        require_labels(y_true, y_pred, what, loss.fn_arguments.get("axis", -1))
    elif fn in _OF_ONE_HOT:
        require_one_hot(y_true, y_pred, what)
    else:
        require_same_shape(y_true, y_pred, what)


def _for_output(given: Any, output_names: list[str], what: str) -> Any:
    """Return the entry for the only output out of a list or dict, else `given`."""
    if isinstance(given, Mapping) and "class_name" not in given:
        strange = [str(name) for name in given if name not in output_names]
        if strange and output_names:
            known = output_names
            raise ValueError(unknown_name(f"output in {what}", strange[0], known))
        given = list(given.values())
    if not isinstance(given, (list, tuple)):
        return given
    if len(given) != 1:
        raise ValueError(
            explain(
                f"{what} does not fit the model's outputs.",
                got=f"{len(given)} entries",
                expected="one, as the model has one output",
                fix="give one loss; add several up in a function of your own",
            )
        )
    return _for_output(given[0], output_names, what)


def _require_scalar(term: Term, value: Any) -> None:
    if not tuple(value.shape):
        return
    name = getattr(term.loss, "name", term.output)
    raise ShapeError(
        explain(
            f"Loss '{name}' cannot be trained: it gives more than one number.",
            got=f"values of shape {tuple(value.shape)}",
            expected="shape ()",
            fix="use reduction='sum_over_batch_size' (or 'sum')",
        )
    )
