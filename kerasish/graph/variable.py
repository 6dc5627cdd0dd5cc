"""Variables: state that outlives a step, and the arenas that hold many in one block.

A `Variable` owns an array of the backend in force; where another backend is in force
when it is next used, it moves over. Plans hold the array itself, so assignment writes
into it and never replaces it; what must replace it (a move, a place in an arena)
counts up `storage_generation()`, by which plans notice.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from kerasish.backend import dtypes, floatx, get_backend, standardize_dtype
from kerasish.backend.contract import Array, Backend, Shape
from kerasish.errors import ShapeError, explain
from kerasish.graph.memory_limit import claim, is_limited
from kerasish.graph.registry import operation
from kerasish.graph.stateless import autocast_dtype, current_stateless
from kerasish.graph.tensor import Tensor
from kerasish.graph.trace import current_trace

_generations = itertools.count(1)
_generation = 0


def storage_generation() -> int:
    """Return a number that grows whenever any variable's array is replaced."""
    return _generation


def _storage_replaced() -> None:
    global _generation
    _generation = next(_generations)


class Variable:
    """A named array that can be assigned to, eagerly or inside a trace.

    Args:
        initializer: An array, a number, a callable `(shape, dtype=) -> array`, or the
            name of an initializer.
        shape: Needed with a callable or a name.
        dtype: Dtype name; an array's own by default, `floatx()` in place of float64.
        trainable: Whether training changes it.
        autocast: Whether layers of mixed precision read it in their compute dtype.
        aggregation: Kept as in Keras; there is one replica here.
        synchronization: Kept as in Keras.
        name: Last part of its path; "variable" by default.
        layout: Must be None: nothing is distributed here.
        path: Full path, such as "sequential/dense/kernel"; the name by default.
    """

    __array_ufunc__: ClassVar[None] = None

    def __init__(
        self,
        initializer: Any,
        shape: Sequence[int] | None = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str | None = "none",
        synchronization: str | None = "auto",
        name: str | None = None,
        layout: Any = None,
        *,
        path: str | None = None,
    ) -> None:
        self.name = name or "variable"
        self.path = path or self.name
        self.trainable = trainable
        self.autocast = autocast
        self.aggregation = aggregation
        self.synchronization = synchronization
        self.regularizer: Any = None
        self.constraint: Any = None
        self.home: Arena | None = None
        self._backend: Backend | None = None  # a host array as yet, or none
        self._array: Array = None
        self._late: Callable[[], np.ndarray] | None = None
        if isinstance(initializer, str):
            initializer = operation("initializer")(initializer)
        if callable(initializer) and is_limited() and _is_shape(shape):
            self._wait(initializer, tuple(shape or ()), standardize_dtype(dtype))
            return
        host = _initial_value(initializer, shape, dtype)
        self._backend = get_backend()
        self._array = self._backend.from_host(host)
        self._shape: Shape = host.shape
        self._dtype = host.dtype.name

    @classmethod
    def over(cls, array: Array, name: str) -> Variable:
        """Return a variable whose memory is an array of the backend in force."""
        variable = cls(0, name=name)
        variable._shape = tuple(array.shape)
        variable._dtype = dtypes.dtype_name(array.dtype)
        variable._settle(get_backend(), array)
        return variable

    def _wait(self, initializer: Any, shape: Shape, dtype: str) -> None:
        """Leave the initial value for later: a file is about to bring another."""
        claim(shape, dtype)
        self._shape, self._dtype = shape, dtype
        self._late = functools.partial(_initial_value, initializer, shape, dtype)

    @property
    def shape(self) -> Shape:
        """Its shape."""
        return self._shape

    @property
    def dtype(self) -> str:
        """Its dtype name."""
        return self._dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self._shape)

    @property
    def array(self) -> Array:
        """The live array of the backend in force; neither keep it nor write to it."""
        backend = get_backend()
        if self._late is not None:
            self._settle(backend, backend.from_host(self._late()))
        elif backend is not self._backend:
            self.move(backend)
        return self._array

    @property
    def value(self) -> Any:
        """The value: a copy of the array, or inside a trace the symbolic tensor."""
        found = self.read()
        if found is not self._array:
            return found
        backend = get_backend()
        copied = backend.empty(self._shape, self._dtype)
        backend.copy(copied, found)
        return copied

    def read(self) -> Any:
        """Return what operations see: the live array, or what stands for it now.

        That is a tensor inside a trace, the value of a `StatelessScope` inside one, and
        another float dtype in a layer of mixed precision.
        """
        stateless, opened = current_stateless(), current_trace()
        held = None if stateless is None else stateless.get_current_value(self)
        if held is not None:
            value = operation("convert")(held)
        else:
            value = self.array if opened is None else opened.read(self)
        wanted = autocast_dtype()
        if wanted is None or wanted == self._dtype or not self.autocast:
            return value
        if not dtypes.is_float(self._dtype):
            return value
        return operation("cast_to")(value, dtype=wanted)

    def numpy(self) -> np.ndarray:
        """Return a copy of the value on the host."""
        return get_backend().to_host(self.array)

    def assign(self, value: Any) -> Any:
        """Set the value; it is cast to the variable's dtype.

        Raises:
            ShapeError: The value's shape is not the variable's.
        """
        value = operation("convert")(value, dtype=self._dtype)
        if tuple(value.shape) != self._shape:
            raise ShapeError(
                explain(
                    f"Variable '{self.path}' cannot be assigned this value.",
                    got=f"shape {tuple(value.shape)}",
                    expected=f"shape {self._shape}",
                )
            )
        stateless, opened = current_stateless(), current_trace()
        if stateless is not None:
            stateless.add_update((self, value))
        elif opened is not None:
            if not isinstance(value, Tensor):
                value = operation("constant_tensor")(value)
            opened.write(self, value)
        else:
            get_backend().copy(self.array, value)
        return value

    def adopt(self, host: np.ndarray) -> None:
        """Set the value, outside of a trace, to a host array that is given away.

        A variable that waits for its first value takes the array as its own, without a
        copy, if the backend computes on the host.

        Args:
            host: An array of the variable's shape that nobody else uses from now on.
        """
        backend = get_backend()
        fits = host.shape == self._shape and host.dtype.name == self._dtype
        if self._late is None or not fits or not host.flags.carray:
            self.assign(host)
        elif isinstance(host, backend.array_type):
            self._settle(backend, host)
        else:
            self._settle(backend, backend.from_host(host))

    def assign_add(self, value: Any) -> Any:
        """Add to the value."""
        return self.assign(operation("add")(self, value))

    def assign_sub(self, value: Any) -> Any:
        """Subtract from the value."""
        return self.assign(operation("subtract")(self, value))

    def move(self, backend: Backend) -> None:
        """Move the array to another backend, with all that shares its arena."""
        if self.home is not None:
            self.home.move(backend)
            return
        self._settle(backend, backend.from_host(self._on_host()))

    def _on_host(self) -> np.ndarray:
        host: np.ndarray = self._array
        return host if self._backend is None else self._backend.to_host(host)

    def _settle(self, backend: Backend, array: Array) -> None:
        self._backend = backend
        self._array = array
        self._late = None
        _storage_replaced()

    def __getstate__(self) -> dict[str, Any]:
        """Return what copies and pickles hold: a host array, which any backend takes.

        The value of a member of an arena is in the arena, and stays shared with it.
        """
        has_value = self._late is None and self.home is None
        host = self._on_host() if has_value else None
        return self.__dict__ | {"_backend": None, "_array": host}

    def __copy__(self) -> Variable:
        """Return a variable of the same value that shares no memory with this one."""
        other = object.__new__(type(self))
        other.__dict__ |= self.__dict__ | {"home": None}
        if self._late is None:
            other._backend, other._array = None, self._on_host()
        return other

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        host = self.numpy()
        return host if dtype is None else host.astype(dtype)

    def __float__(self) -> float:
        return float(self.numpy())

    def __int__(self) -> int:
        return int(self.numpy())

    def __bool__(self) -> bool:
        return bool(self.numpy())

    def __repr__(self) -> str:
        shape = ", ".join(map(str, self._shape))
        return (
            f"<Variable path={self.path}, {self._dtype}[{shape}], value={self.numpy()}>"
        )


def _is_shape(shape: Sequence[int] | None) -> bool:
    return all(isinstance(size, int) and size >= 0 for size in shape or ())


def _initial_value(
    initializer: Any, shape: Sequence[int] | None, dtype: Any
) -> np.ndarray:
    if callable(initializer):
        dtype = standardize_dtype(dtype)
        claim(shape or (), dtype)
        value = initializer(tuple(shape or ()), dtype=dtype)
    else:
        value = initializer
    if isinstance(value, get_backend().array_type):
        value = get_backend().to_host(value)
    host = np.asarray(value)
    if dtype is None:
        # float64 and int64 are what NumPy makes of Python's numbers
        dtype = floatx() if host.dtype.name == "float64" else host.dtype.name
        is_number = isinstance(value, int) and not isinstance(value, bool)
        dtype = "int32" if is_number else dtype
    return host.astype(standardize_dtype(dtype), copy=False)


class Arena:
    """One block of memory that holds several variables of one dtype side by side.

    Args:
        variables: The variables; their values are kept, their arrays become parts of
            the block.
        name: Name of the block's own variable.

    Attributes:
        flat: A variable over the whole block, of shape (total size,).
        variables: The members, in order.
    """

    def __init__(self, variables: Sequence[Variable], name: str) -> None:
        self.variables = tuple(variables)
        sizes = [v.size for v in variables]
        self._offsets = dict(
            zip(self.variables, itertools.accumulate([0, *sizes]), strict=False)
        )
        backend = get_backend()
        block = backend.empty((sum(sizes),), variables[0].dtype)
        self.flat = Variable.over(block, name)
        for variable in variables:
            backend.copy(self._part(variable, backend), variable.array)
            variable.home = self
        self._share(backend)

    @staticmethod
    def of(variables: Sequence[Variable]) -> Arena | None:
        """Return the arena that holds exactly these variables in this order, if any."""
        home = variables[0].home if variables else None
        if home is None or home.variables != tuple(variables):
            return None
        # some members may have found a place in another arena since
        return home if all(v.home is home for v in variables) else None

    def part_of(self, flat: Tensor, variable: Variable) -> Tensor:
        """Return the part of a value of `flat` that belongs to a variable."""
        start = self._offsets[variable]
        part = operation("slice_to")(
            flat, slices=(slice(start, start + variable.size),)
        )
        return operation("reshape_to")(part, newshape=variable.shape)  # type: ignore[no-any-return]

    def joined(self, parts: Sequence[Tensor]) -> Tensor:
        """Return the value of `flat` that has these values of the variables."""
        flat = [operation("reshape_to")(p, newshape=(p.size,)) for p in parts]
        return operation("concat")(flat, axis=0)  # type: ignore[no-any-return]

    def move(self, backend: Backend) -> None:
        """Move the block to another backend."""
        self.flat.move(backend)
        self._share(backend)

    def _share(self, backend: Backend) -> None:
        for variable in self._offsets:
            if variable.home is self:  # it has found no place in another arena since
                variable._settle(backend, self._part(variable, backend))

    def _part(self, variable: Variable, backend: Backend) -> Array:
        """Return the part of the block that belongs to a variable, in its shape."""
        start = self._offsets[variable]
        slices = (slice(start, start + variable.size),)
        part = backend.view("slice_to", self.flat._array, {"slices": slices})
        return backend.view("reshape_to", part, {"newshape": variable.shape})
