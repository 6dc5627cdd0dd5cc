"""`Operation`: something that is called on tensors, and remembers symbolic calls.

Called on `KerasTensor`s an operation computes nothing: it works out the form of its
result and adds a `Node`, from which a `Function` or model is read off later. Layers are
operations; the functions of `kerasish.ops` become one when called on `KerasTensor`s.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kerasish.errors import explain
from kerasish.graph import tree
from kerasish.graph.keras_tensor import KerasHistory, KerasTensor
from kerasish.graph.tensor import Spec, Tensor
from kerasish.graph.trace import trace
from kerasish.saving.naming import auto_name
from kerasish.saving.registry import Configurable, public

# Lengths that stand for an unknown one; two, so that what depends on it shows. Both
# have many divisors, so that reshapes of unknown lengths rarely fail.
_STAND_INS = (7560, 3780)
_local = threading.local()


def has_keras_tensors(structure: Any) -> bool:
    """Return whether any leaf of a structure is a `KerasTensor`."""
    return any(isinstance(leaf, KerasTensor) for leaf in tree.leaves(structure))


class Node:
    """One symbolic call of an operation.

    Attributes:
        operation: What was called.
        args: Its positional arguments, `KerasTensor`s among them.
        kwargs: Its keyword arguments.
        inputs: The `KerasTensor`s among the arguments, in order.
        outputs: The results, flat.
    """

    def __init__(
        self, operation: Any, args: Any, kwargs: dict[str, Any], outputs: Any
    ) -> None:
        self.operation = operation
        self.args = args
        self.kwargs = kwargs
        found = tree.leaves((args, kwargs))
        self.inputs = [leaf for leaf in found if isinstance(leaf, KerasTensor)]
        self.outputs = [t for t in tree.leaves(outputs) if isinstance(t, KerasTensor)]
        self.index = len(operation._inbound_nodes)
        operation._inbound_nodes.append(self)
        for i, tensor in enumerate(self.outputs):
            tensor._keras_history = KerasHistory(operation, self.index, i)
        for parent in self.parents:
            parent.operation._outbound_nodes.append(self)

    @property
    def parents(self) -> list[Node]:
        """The nodes that give its inputs."""
        return [node_of(t) for t in self.inputs if t._keras_history is not None]

    @property
    def is_input(self) -> bool:
        """Whether it is the place where a model is fed."""
        return not self.inputs

    def arguments(self, values: Callable[[KerasTensor], Any]) -> Any:
        """Return `(args, kwargs)` with each `KerasTensor` replaced."""

        def filled(leaf: Any) -> Any:
            return values(leaf) if isinstance(leaf, KerasTensor) else leaf

        return tree.map_structure(filled, (list(self.args), dict(self.kwargs)))


def node_of(tensor: KerasTensor) -> Node:
    """Return the node that gives a tensor.

    Raises:
        ValueError: No operation gives it.
    """
    history = tensor._keras_history
    if history is None:
        raise ValueError(
            explain(
                "This KerasTensor comes out of no layer or operation.",
                got=repr(tensor),
                fix="begin with keras.Input(shape)",
            )
        )
    node: Node = history.operation._inbound_nodes[history.node_index]
    return node


@public("keras")
class Operation(Configurable):
    """Base class of what can be called on tensors and on `KerasTensor`s.

    A subclass defines `call`, and `compute_output_spec` where tracing `call` will not
    do.

    Args:
        name: Name; the class in snake case, numbered, by default.
    """

    def __init__(self, name: str | None = None) -> None:
        self.name = name or auto_name(type(self).__name__)
        self._inbound_nodes: list[Node] = []
        self._outbound_nodes: list[Node] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the operation, or remember it if an argument is symbolic."""
        if has_keras_tensors((args, kwargs)):
            return self.symbolic_call(*args, **kwargs)
        return self.call(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the result, in ops."""
        raise NotImplementedError(
            explain(
                f"'{type(self).__name__}' cannot be called.",
                fix="define call(self, ...) in it, written in kerasish.ops",
            )
        )

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Return `KerasTensor`s for the results, and remember the call."""
        outputs = self.compute_output_spec(*args, **kwargs)
        Node(self, args, kwargs, outputs)
        return outputs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return `KerasTensor`s of the form of the results, from tracing `call`."""
        return output_spec(self.call, args, kwargs)

    @property
    def input(self) -> Any:
        """The `KerasTensor`s of its first symbolic call."""
        return _single(self._first_node("input").inputs)

    @property
    def output(self) -> Any:
        """The `KerasTensor`s its first symbolic call gave."""
        return _single(self._first_node("output").outputs)

    def _first_node(self, attribute: str) -> Node:
        if self._inbound_nodes:
            return self._inbound_nodes[0]
        raise AttributeError(
            explain(
                f"'{self.name}' has no {attribute}: it was never called on a "
                "KerasTensor.",
                fix="call it on what keras.Input or another layer returned",
            )
        )


def _single(tensors: list[KerasTensor]) -> Any:
    return tensors[0] if len(tensors) == 1 else tensors


class OpFunction(Operation):
    """A function of `kerasish.ops`, called on `KerasTensor`s.

    Args:
        function: The function.
        name: Name; the function's, numbered, by default.
    """

    def __init__(self, function: Callable[..., Any], name: str | None = None) -> None:
        self.function = function
        super().__init__(name or auto_name(function.__name__))

    @property
    def kind(self) -> str:
        """Name of Keras's class for the function: `ExpandDims`."""
        return "".join(part.capitalize() for part in self.function.__name__.split("_"))

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Return the function's result."""
        return self.function(*args, **kwargs)


# shapes with unknown lengths --------------------------------------------------------


def stand_in() -> int | None:
    """Return the length that now stands for unknown ones, while forms are traced."""
    return getattr(_local, "stand_in", None)


@contextmanager
def _standing_in(length: int) -> Iterator[None]:
    before = stand_in()
    _local.stand_in = length
    try:
        yield
    finally:
        _local.stand_in = before


@contextmanager
def _told_as_unknown(length: int) -> Iterator[None]:
    """Let messages of errors say None where a length stands for an unknown one."""
    try:
        yield
    except (TypeError, ValueError) as error:
        unknown = re.compile(rf"\b{length}\b")
        error.args = tuple(
            unknown.sub("None", part) if isinstance(part, str) else part
            for part in error.args
        )
        raise


def known_shape(shape: Any) -> tuple[int | None, ...]:
    """Return a shape with None for the lengths that stand for unknown ones."""
    length = stand_in()
    return tuple(None if n is not None and n == length else n for n in shape)


def output_spec(function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Return the form of a function's result on symbolic arguments.

    The function is traced, twice where lengths are unknown; nothing is computed.
    """
    given = (list(args), dict(kwargs))
    tensors = [t for t in tree.leaves(given) if isinstance(t, KerasTensor)]
    first = _traced(function, given, tensors, _STAND_INS[0])
    if all(None not in t.shape for t in tensors):
        return tree.map_structure(_as_keras_tensor, first)
    second = _traced(function, given, tensors, _STAND_INS[1])
    return tree.map_structure(_merged, first, second)


def _traced(
    function: Callable[..., Any], given: Any, tensors: list[KerasTensor], length: int
) -> Any:
    """Return the specs of the results with `length` for what is unknown."""

    def run(*placeholders: Tensor) -> Any:
        values = dict(zip(map(id, tensors), placeholders, strict=True))
        args, kwargs = tree.map_structure(lambda x: values.get(id(x), x), given)
        return function(*args, **kwargs)

    specs = [Spec(_filled(t.shape, length), t.dtype) for t in tensors]
    with _standing_in(length), _told_as_unknown(length):
        graph = trace(run, specs)
    found = [Spec(t.shape, t.dtype) for t in graph.outputs]
    return tree.map_structure(
        lambda i: None if i is None else found[i], graph.structure
    )


def _filled(shape: Any, length: int) -> tuple[int, ...]:
    return tuple(length if n is None else n for n in shape)


def _as_keras_tensor(spec: Spec | None) -> KerasTensor | None:
    return None if spec is None else KerasTensor(spec.shape, spec.dtype)


def _merged(first: Spec | None, second: Spec | None) -> KerasTensor | None:
    if first is None or second is None:
        return None
    lengths = zip(first.shape, second.shape, strict=True)
    return KerasTensor([a if a == b else None for a, b in lengths], first.dtype)
