"""`Model.explain_plan`: the compiled step of a model as text."""

from __future__ import annotations

from typing import Any

from kerasish.errors import explain
from kerasish.graph.listing import list_plan


def explain_plan(model: Any, batch_size: int, kind: str) -> str:
    """Return a model's step as a listing of its plan.

    Args:
        model: A built `Sequential` model.
        batch_size: Samples a batch.
        kind: "train", "test" or "predict".

    Raises:
        ValueError: The kind is unknown, or the model is not ready for it.
    """
    if kind not in ("train", "test", "predict"):
        raise ValueError(
            explain(
                "Unknown kind of step.",
                got=repr(kind),
                expected="'train', 'test' or 'predict'",
            )
        )
    if kind != "predict":
        model._require_compiled("explain_plan")
    data = model.example_data(with_targets=kind != "predict")
    program = model._program(kind, data, batch_size)
    plan = getattr(program.executable, "plan", None)
    if plan is None:
        raise ValueError(
            explain(
                "There is no plan to explain.",
                got="run_eagerly=True, or a backend that compiles whole graphs",
                fix="compile with run_eagerly=False",
            )
        )
    return list_plan(plan)
