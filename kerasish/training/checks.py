"""What is checked before a step is compiled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.backend import dtypes
from kerasish.errors import explain
from kerasish.graph.tensor import Tensor
from kerasish.graph.trace import ancestors

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


def require_gradients(
    slopes: Sequence[Tensor | None], loss: Tensor, sources: Sequence[Tensor]
) -> None:
    """Raise if operations without a gradient lie between all weights and the loss.

    Args:
        slopes: The gradient of each source, None where there is none.
        loss: A scalar.
        sources: The trainable weights.

    Raises:
        ValueError: There is no gradient at all; the operations are named.
    """
    if any(slope is not None for slope in slopes):
        return
    ends = _ends_of_gradients(loss, sources)
    if ends:
        raise ValueError(
            explain(
                "The loss has no gradient for any of the trainable weights.",
                got="operations without one on the way: " + ", ".join(ends),
                expected="a differentiable operation at each step from weights to loss",
                fix="leave them to metrics, or use smooth ones: ops.softmax in place "
                "of ops.argmax, say",
            )
        )


def _ends_of_gradients(loss: Tensor, sources: Sequence[Tensor]) -> list[str]:
    """Return the operations at which a dependence on the sources loses its gradient."""
    depending = set(sources)
    found: dict[str, None] = {}
    for tensor in ancestors([loss], _made_from):
        before = [t for t in _made_from(tensor) if t in depending]
        if not before:
            continue
        depending.add(tensor)
        smooth = any(dtypes.is_float(t.dtype) or t.op.is_several for t in before)
        is_end = not dtypes.is_float(tensor.dtype) and not tensor.op.is_several
        if smooth and (is_end or tensor.op.no_gradient_reason is not None):
            place = f" in '{tensor.scope}'" if tensor.scope else ""
            found[f"{tensor.op.name.removesuffix('_of')}{place}"] = None
    return list(found)


def _made_from(tensor: Tensor) -> tuple[Tensor, ...]:
    inner = () if tensor.expansion is None else (tensor.expansion,)
    return (*tensor.inputs, *inner)
