"""`Model.explain_plan`: the compiled step of a model as text."""

from __future__ import annotations

from typing import Any

from kerasish.errors import explain, unknown_name
from kerasish.graph.listing import list_plan
from kerasish.utils.packing import unpack_x_y_sample_weight

_KINDS = ("train", "test", "predict")


def explain_plan(model: Any, batch: Any, kind: str) -> str:
    """Return a model's step as a listing of its plan.

    Args:
        model: The model.
        batch: One batch: `x`, `(x, y)` or `(x, y, sample_weight)`.
        kind: "train", "test" or "predict".

    Raises:
        ValueError: The kind is unknown, or steps are not planned.
    """
    if kind not in _KINDS:
        raise ValueError(unknown_name("kind of step", kind, _KINDS))
    if kind != "predict":
        model._require_compiled("explain_plan")
    data = unpack_x_y_sample_weight(batch)
    adapter = model._single_adapter(*(data if kind != "predict" else data[:1]))
    program = model._program(kind, adapter.structure, adapter.num_samples)
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
