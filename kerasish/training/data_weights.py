"""Sample weights: checked against the targets, or made from class weights.

`assemble` is the way from what a user passes (`x`, `y`, `sample_weight`,
`class_weight`) to a `DataStructure`; adapters, and `train_on_batch` and its kin, begin
with it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasish.backend import floatx
from kerasish.errors import DTypeError, ShapeError, explain
from kerasish.graph import tree
from kerasish.training.data_sources import Source, as_source
from kerasish.training.data_structure import DataStructure, LeafSpec, standardize


def assemble(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    class_weight: dict[int, float] | None = None,
) -> DataStructure:
    """Return the standardized structure of data, class weights made sample weights.

    Args:
        x: Array of any kind, or a structure of arrays.
        y: The same for targets, or None.
        sample_weight: The same for weights, or None.
        class_weight: Class number -> weight, instead of `sample_weight`.

    Raises:
        ValueError: Both kinds of weights, or weights that do not fit the targets.
    """
    if class_weight is not None and sample_weight is not None:
        raise ValueError(
            explain(
                "You cannot pass `class_weight` and `sample_weight` at the same time.",
                fix="multiply the sample weights by those of their classes, and pass "
                "`sample_weight` alone",
            )
        )
    if type(x) is np.ndarray and y is None and sample_weight is None:
        return DataStructure.of_array(as_source(x, "x"))
    x, y = standardize(x, "x"), standardize(y, "y")
    if class_weight is not None:
        weights: Any = to_sample_weight(y, class_weight)
    else:
        weights = standardize(sample_weight, "sample_weight")
    structure = DataStructure(x, y, weights)
    if structure.has_sample_weight:
        check_sample_weight(structure)
    return structure


def check_sample_weight(structure: DataStructure) -> None:
    """Raise if sample weights cannot go with the targets.

    Raises:
        ShapeError: More weights than targets, or a shape that does not broadcast.
    """
    first_weight = structure.num_x + structure.num_y
    targets = structure.specs[structure.num_x : first_weight]
    weights = structure.specs[first_weight:]
    if len(weights) > max(1, len(targets)):
        raise ShapeError(
            explain(
                "There are more sample weights than targets.",
                got=f"{len(weights)} arrays of weights, {len(targets)} of targets",
                fix="pass one array of weights, or one for each output",
            )
        )
    if len(weights) != len(targets):
        return
    for weight, target in zip(weights, targets, strict=True):
        _check_weight(weight, target)


def _check_weight(weight: LeafSpec, target: LeafSpec) -> None:
    sizes = zip(weight.shape, target.shape, strict=False)
    fits = all(w == t or 1 in (w, t) for w, t in sizes)
    if fits and len(weight.shape) <= max(1, len(target.shape)):
        return
    raise ShapeError(
        explain(
            f"{weight.name} does not fit {target.name}.",
            got=f"weights of shape {weight.shape} a sample, "
            f"targets of shape {target.shape}",
            expected="one weight a sample (shape (samples,)), or one a time step "
            "(shape (samples, steps))",
        )
    )


def to_sample_weight(targets: Any, class_weight: dict[int, float]) -> NDArray[Any]:
    """Return the weight of each sample's class.

    Args:
        targets: One source: labels of shape `(samples,)` or `(samples, 1)`, or one-hot
            rows of shape `(samples, classes)`.
        class_weight: Class number -> weight. A class that is not named weighs 1, as in
            Keras.

    Returns:
        Float array of shape `(samples,)`.

    Raises:
        ValueError: `targets` is missing, several arrays, or of three or more axes; a
            key is no class number.
    """
    source = _only_target(targets)
    _check_class_weight(class_weight, source)
    if source.ndim == 1 or source.shape[1] == 1:
        labels = np.asarray(source[0 : len(source)]).reshape(-1).astype(np.int64)
    else:
        labels = _one_hot_labels(source)
    classes, inverse = np.unique(labels, return_inverse=True)
    weights = [class_weight.get(int(number), 1.0) for number in classes]
    return np.asarray(weights, floatx())[inverse]


def _one_hot_labels(source: Source, rows: int = 65536) -> NDArray[np.int64]:
    """Return the class of each one-hot row; a part at a time, for data on disk."""
    starts = range(0, len(source), rows)
    parts = [np.argmax(source[start : start + rows], axis=1) for start in starts]
    return np.concatenate(parts)


def _only_target(targets: Any) -> Source:
    leaves = [leaf for leaf in tree.flatten(targets) if leaf is not None]
    if len(leaves) != 1:
        raise ValueError(
            explain(
                "`class_weight` is only supported for models with a single output.",
                got=f"{len(leaves)} arrays of targets",
                fix="pass `sample_weight` instead, one array for each output",
            )
        )
    source: Source = leaves[0]
    if source.ndim > 2:
        raise ShapeError(
            explain(
                "`class_weight` needs one class a sample.",
                got=f"targets of shape {tuple(source.shape)}",
                expected="labels (samples,) or (samples, 1), or one-hot rows "
                "(samples, classes)",
                fix="pass `sample_weight` instead",
            )
        )
    return source


def _check_class_weight(class_weight: Any, source: Source) -> None:
    expected = "a dict of class number -> weight, such as {0: 1.0, 1: 5.0}"
    if not isinstance(class_weight, dict):
        kind = type(class_weight).__name__
        raise DTypeError(
            explain("`class_weight` is no dict.", got=kind, expected=expected)
        )
    one_hot = source.ndim == 2 and source.shape[1] > 1
    limit = source.shape[1] if one_hot else float("inf")
    wrong = [
        key
        for key in class_weight
        if not isinstance(key, (int, np.integer)) or not 0 <= key < limit
    ]
    if wrong:
        raise ValueError(
            explain(
                "`class_weight` names classes that cannot occur.",
                got=", ".join(repr(key) for key in wrong),
                expected=expected,
                fix="use the integers that stand in y",
            )
        )
