"""Steps compiled for the shapes at hand, kept for as long as their model.

A `Program` is one step (train, test or predict) for one batch size and one data
structure on one backend. Shapes met again cost a dictionary look-up.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from kerasish.backend import get_backend
from kerasish.graph.interpret import Interpreter
from kerasish.graph.replay import compile_graph, prepare
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import Graph, trace
from kerasish.layers.call_context import new_call
from kerasish.training.data_structure import DataStructure

Step = Callable[[Any, Any, Any], Any]


@dataclass(eq=False)
class Program:
    """A compiled step.

    Attributes:
        executable: Lends replays: `with executable.replay() as replay: ...`.
        graph: The graph as traced, before any pass.
        structure: The step's result, its leaves counted 0, 1, 2, ...
    """

    executable: Any
    graph: Graph

    @property
    def structure(self) -> Any:
        """Nesting of the step's outputs."""
        return self.graph.structure


class Programs:
    """The programs of one model, by what they were compiled for."""

    def __init__(self) -> None:
        self._made: dict[Hashable, Program] = {}

    def __reduce__(self) -> tuple[type[Programs], tuple[()]]:
        """Copy and pickle as empty: a copied model compiles its own steps."""
        return Programs, ()

    def clear(self) -> None:
        """Forget all programs: what they were traced from has changed."""
        self._made.clear()

    def get(
        self,
        key: Hashable,
        make_step: Callable[[], Step],
        data: DataStructure,
        size: int,
        eager: bool,
    ) -> Program:
        """Return the program of a step for batches of `size` samples.

        Args:
            key: What beside data and backend the step depends on.
            make_step: Returns `step(x, y, sample_weight)`, in ops.
            data: Nesting, shapes and dtypes of a sample.
            size: Samples a batch.
            eager: Whether to interpret the graph, checking every value.
        """
        forms = tuple((s.shape, s.dtype) for s in data.specs)
        full = (key, forms, data.num_x, data.num_y, size, get_backend().name, eager)
        if full not in self._made:
            self._made[full] = _compile(make_step(), data, size, eager)
        return self._made[full]


def _compile(step: Step, data: DataStructure, size: int, eager: bool) -> Program:
    specs = [Spec((size, *s.shape), s.dtype) for s in data.specs]
    training = None
    with new_call(training):
        graph = trace(lambda *leaves: step(*data.pack(leaves)), specs)
    backend = get_backend()
    if eager:
        lowered = prepare(graph, backend, optimize=False)
        return Program(Interpreter(lowered, backend), graph)
    return Program(compile_graph(graph, backend), graph)
