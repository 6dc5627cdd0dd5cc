"""What a backend fulfils: allocation, transfer, a table of kernels.

A backend is a subclass of `Backend` that a package returns from its `make()` function.
A kernel is `kernel(out, *inputs, **attributes)`: it writes its result into `out` and
keeps nothing. The table may hold kernels for composed operations as well; where it
does, they win over the composition. The compiler relies on the names and meanings here;
change them only together with every backend and with the conformance suite.
"""

from __future__ import annotations

import abc
import contextlib
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np

from kerasish.errors import BackendError, explain

Array = Any
Shape = tuple[int, ...]
Kernel = Callable[..., None]


class Instruction(Protocol):
    """One operation of the body of a fused group, the kernel `fused`'s attribute."""

    @property
    def name(self) -> str:
        """Elementwise operation."""

    @property
    def operands(self) -> tuple[int, ...]:
        """Positions of values: inputs first, then results of earlier instructions."""

    @property
    def dtype(self) -> str:
        """Dtype name of the result."""


class Step(NamedTuple):
    """An operation on arrays, to be bound."""

    operation: str
    out: Array
    inputs: Sequence[Array]
    attributes: dict[str, Any]


class BoundKernel(abc.ABC):
    """A kernel that says what a call on certain arrays is: run at once, it makes it."""

    @abc.abstractmethod
    def bind(
        self, out: Any, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Callable[[], None]:
        """Return the call without arguments that writes into `out`."""

    def __call__(self, out: Any, *inputs: Array, **attributes: Any) -> None:
        """Write the result into `out`."""
        self.bind(out, inputs, attributes)()


class Backend(abc.ABC):
    """Array math for one kind of device.

    Attributes:
        name: What `set_backend` and `KERASISH_BACKEND` call it.
        kernels: Operation name -> kernel.
        array_type: Class of its arrays.
        flushes_denormals: Whether `execution_scope` makes the hardware treat subnormal
            floats as zero. Where it does not, the trainer clears them now and then.
        gathers_ahead: Whether a second thread is to gather a large batch while a step
            runs on the one before.
    """

    name: str
    kernels: ClassVar[Mapping[str, Kernel]]
    array_type: ClassVar[type]
    flushes_denormals: ClassVar[bool] = True
    gathers_ahead: ClassVar[bool] = False

    @abc.abstractmethod
    def empty(self, shape: Shape, dtype: str) -> Array:
        """Return a new, uninitialised, contiguous array."""

    @abc.abstractmethod
    def from_host(self, array: np.ndarray) -> Array:
        """Return a copy of a host array on the device."""

    @abc.abstractmethod
    def to_host(self, array: Array) -> np.ndarray:
        """Return a copy of a device array on the host."""

    @abc.abstractmethod
    def copy(self, target: Array, source: Array) -> None:
        """Write a device array's elements into another of the same shape and dtype."""

    @abc.abstractmethod
    def carve(self, memory: Array, offset: int, shape: Shape, dtype: str) -> Array:
        """Return a contiguous array over bytes `offset...` of a uint8 array."""

    @abc.abstractmethod
    def view(self, operation: str, array: Array, attributes: dict[str, Any]) -> Array:
        """Return the result of a view operation without moving data.

        `operation` is "reshape_to" (`newshape`; contiguous), "transpose_to"
        (`axes`), "slice_to" (`slices`) or "broadcast" (`shape`).
        """

    def synchronize(self) -> None:
        """Wait until the device has done all that was asked of it."""
        return

    def execution_scope(self) -> contextlib.AbstractContextManager[None]:
        """Return a scope for running plans: float modes, the device, the stream."""
        return contextlib.nullcontext()

    def eager_scope(self) -> contextlib.AbstractContextManager[None]:
        """Return a scope for running one kernel at once, outside any plan."""
        return contextlib.nullcontext()

    def fuses(self, operation: str, dtypes: Sequence[str]) -> bool:
        """Return whether an elementwise operation may be part of a fused group.

        The compiler hands such groups to the kernel `fused`; asked only of backends
        that have one.

        Args:
            operation: Its name.
            dtypes: Dtype names of its operands and, last, of its result.
        """
        return True

    def kernel(self, operation: str) -> Kernel:
        """Return the kernel of an operation.

        Raises:
            BackendError: The table holds none.
        """
        try:
            return self.kernels[operation]
        except KeyError:
            message = explain(
                f"Backend '{self.name}' cannot compute '{operation}'.",
                expected="a kernel of that name in the backend's table",
                fix="add it to the backend, or use another: KERASISH_BACKEND=numpy",
            )
            raise BackendError(message) from None

    def bind(
        self,
        operation: str,
        out: Array,
        inputs: Sequence[Array],
        attributes: dict[str, Any],
    ) -> Callable[[], None]:
        """Return a call without arguments that runs a kernel on these very arrays."""
        kernel = self.kernel(operation)
        own = getattr(kernel, "bind", None)
        if own is not None:
            return own(out, inputs, attributes)  # type: ignore[no-any-return]
        return functools.partial(kernel, out, *inputs, **attributes)

    def bind_chain(self, steps: Sequence[Step]) -> Callable[[], None] | None:
        """Return one call for elementwise steps of one size, or None to bind each.

        It may go through all steps part by part, so that large arrays stay in cache.
        An array may be written by one step and read by a later one.
        """
        return None

    def joined(self, calls: Sequence[Callable[[], Any]]) -> Sequence[Callable[[], Any]]:
        """Return calls that do the same as these bound ones, in fewer.

        A call with an attribute `calls` does these in order, and nothing else.
        """
        return calls

    def room_for_data(self) -> int:
        """Return how many bytes a data set may take of the device's memory.

        One that fits is kept there while a model is trained on it, and batches are
        gathered by the kernel `gather`. With 0 they are gathered on the host.
        """
        return 0

    def host_view(self, array: Array) -> np.ndarray | None:
        """Return the array itself if it lies in host memory, else None.

        Batches are gathered straight into it.
        """
        return None

    def take_rows(self, out: np.ndarray, source: np.ndarray, rows: np.ndarray) -> None:
        """Write rows of a host array into another, in its dtype.

        Args:
            out: Contiguous, of shape `(len(rows), *source.shape[1:])`.
            source: Data of any dtype that can be cast.
            rows: Row numbers within the source, as int64; they are not checked.
        """
        if source.dtype == out.dtype:
            # mode="clip" writes straight into out; "raise" would go through a copy
            source.take(rows, axis=0, out=out, mode="clip")
        else:
            np.copyto(out, source[rows], casting="unsafe")

    @abc.abstractmethod
    def upload(self, target: Array, source: np.ndarray) -> None:
        """Write a host array into a device array of the same shape and dtype."""

    def flush_denormals(self, array: Array) -> None:
        """Set subnormal elements to zero; asked for only if hardware does not do it."""
        return

    def compile(self, graph: Any) -> Any | None:
        """Return an executable for a whole graph, or None to use the planner."""
        return None

    def describe(self) -> str:
        """Return one line about the device."""
        return self.name


def scratch(rule: Callable[..., list[tuple[Shape, str]]]) -> Callable[[Kernel], Kernel]:
    """Declare the scratch arrays a kernel needs.

    Args:
        rule: `rule(out, *inputs, **attributes)` is given values that have `shape` and
            `dtype` (a name) and returns the shapes and dtypes. The kernel receives the
            arrays as the keyword `scratch`, a tuple.
    """

    def declare(kernel: Kernel) -> Kernel:
        kernel.scratch = rule  # type: ignore[attr-defined]
        return kernel

    return declare
