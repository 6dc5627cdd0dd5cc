"""Updates that take place only where a condition holds, eagerly or inside a trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish import ops
from kerasish.graph.trace import current_trace


def run_if(condition: Any, update: Callable[[], None]) -> None:
    """Make the assignments of `update` where the condition holds.

    Inside a trace the condition is not known yet: everything is computed, and each
    variable keeps its value, or takes the new one, as the condition turns out.

    Args:
        condition: A boolean scalar, array or tensor.
        update: Called without arguments; assigns to variables.
    """
    opened = current_trace()
    if opened is None:
        if bool(ops.convert_to_numpy(condition)):
            update()
        return
    before = dict(opened.writes)
    update()
    after, opened.writes = opened.writes, dict(before)
    chosen = {
        variable: ops.where(condition, value, opened.read(variable))
        for variable, value in after.items()
        if before.get(variable) is not value
    }
    for variable, value in chosen.items():
        opened.write(variable, value)
