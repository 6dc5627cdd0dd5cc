"""A backend that lets no transfer between host and device happen by accident.

Its arrays are NumPy arrays in a wrapper that NumPy functions, Python numbers, loops,
operators and the kernels of other backends refuse, as memory of a GPU would have to.
Code that works here has its transfers explicit. `strict` takes its kernels from
`kerasish.backend.array_kernels`, so that table is tested as well; it has no kernels for
composed operations, so their compositions run. `strict_fusing` also asks for fused
groups and interprets their bodies. Both count what they allocate.
"""

from types import ModuleType

import numpy as np

from kerasish.backend import Backend, scratch
from kerasish.backend.array_kernels import array_kernels
from kerasish.backend.rows import REDUCTIONS, RowBody, held_along
from kerasish_numpy import bessel, special

# what NumPy lacks, and its backend has
SPECIAL = {name: getattr(special, name) for name in ("erf", "erfc", "erfinv")}
SPECIAL |= {"i0": bessel.i0, "i1": bessel.i1}


class StrictArray:
    """An array of the pretended device."""

    __array_ufunc__ = None
    __slots__ = ("_data",)
    __hash__ = None

    def __init__(self, data):
        self._data = data

    shape = property(lambda self: self._data.shape)
    dtype = property(lambda self: self._data.dtype)
    ndim = property(lambda self: self._data.ndim)
    size = property(lambda self: self._data.size)
    flags = property(lambda self: self._data.flags)
    strides = property(lambda self: self._data.strides)

    def __len__(self):
        return len(self._data)

    # what an array of a device offers without leaving it

    def reshape(self, *shape):
        return type(self)(self._data.reshape(*shape))

    def transpose(self, axes):
        return type(self)(self._data.transpose(axes))

    def view(self, dtype):
        return type(self)(self._data.view(dtype))

    def fill(self, value):
        self._data.fill(self._own(value))

    def __getitem__(self, key):
        return type(self)(self._data[key])

    def __setitem__(self, key, value):
        key = unwrap(key, type(self)) if isinstance(key, StrictArray) else key
        self._data[key] = self._own(value)

    def _own(self, value):
        if isinstance(value, bool | int | float):
            return value
        return unwrap(value, type(self))

    # what would be a transfer, or NumPy's promotion in place of Keras's

    def _refuse(self, *_, **__):
        raise TypeError(
            "a strict array was used as if it lay on the host; "
            "use kerasish.ops, or ops.convert_to_numpy for a copy on the host"
        )

    __array__ = __float__ = __int__ = __bool__ = __index__ = __complex__ = _refuse
    __iter__ = __contains__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = (
        _refuse
    )
    __add__ = __sub__ = __mul__ = __truediv__ = __floordiv__ = __mod__ = _refuse
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rfloordiv__ = _refuse
    __matmul__ = __rmatmul__ = __pow__ = __rpow__ = __neg__ = __abs__ = _refuse
    __and__ = __or__ = __xor__ = __invert__ = _refuse

    def __repr__(self):
        return f"<{type(self).__name__} {self.dtype}{list(self.shape)}>"


class FusingArray(StrictArray):
    """An array of `strict_fusing`; `strict` refuses it, as another device would."""

    __slots__ = ()


def unwrap(value, array_type):
    """Return the NumPy array inside a strict array; refuse any other array."""
    if type(value) is array_type:
        return value._data
    raise TypeError(
        f"got {type(value).__name__}, expected {array_type.__name__}: "
        "host and device, or two devices, are mixed"
    )


class StrictModule:
    """The module `numpy` for strict arrays: what `array_kernels` is written against."""

    def __init__(self, array_type, count, module=np):
        self._array_type = array_type
        self._count = count
        self._module = module

    def __getattr__(self, name):
        function = getattr(self._module, name)
        if isinstance(function, ModuleType):  # numpy.linalg, numpy.fft
            return StrictModule(self._array_type, self._count, function)
        call = self._walled(function)
        if isinstance(function, np.ufunc):
            call.at = self._walled(function.at)
        setattr(self, name, call)
        return call

    def _walled(self, function):
        def call(*args, **kwargs):
            args = [self._inside(a) for a in args]
            kwargs = {k: self._inside(v) for k, v in kwargs.items()}
            result = function(*args, **kwargs)
            if result is None:
                return None
            if kwargs.get("out") is None:
                self._count()
            if isinstance(result, tuple):
                return tuple(self._array_type(part) for part in result)
            return self._array_type(result)

        return call

    def _inside(self, value):
        if isinstance(value, np.ndarray | np.generic | StrictArray):
            return unwrap(value, self._array_type)
        if isinstance(value, list | tuple) and any(
            isinstance(v, np.ndarray | StrictArray) for v in value
        ):
            return [unwrap(v, self._array_type) for v in value]
        return value


class StrictBackend(Backend):
    """NumPy behind a wall.

    Attributes:
        allocations: How many arrays were made so far, by the backend or in a kernel.
        transfers: How many were copied between the pretended device and the host.
        room: Bytes for data sets that are kept on the pretended device.
    """

    name = "strict"
    array_type = StrictArray
    flushes_denormals = False
    room = 1 << 30

    def __init__(self):
        self.allocations = 0
        self.transfers = 0
        self.kernels = self._table()

    def _table(self):
        module = StrictModule(self.array_type, self._count)
        functions = {name: self._special(name) for name in SPECIAL}
        return {**array_kernels(module), **functions}

    def eager_scope(self):
        return np.errstate(all="ignore")

    def _count(self):
        self.allocations += 1

    def _special(self, name):
        function = SPECIAL[name]
        return lambda out, x: function(self._host(out), self._host(x))

    def _host(self, array):
        return unwrap(array, self.array_type)

    def _new(self, data):
        self._count()
        return self.array_type(data)

    def empty(self, shape, dtype):
        return self._new(np.empty(shape, dtype))

    def from_host(self, array):
        assert isinstance(array, np.ndarray | np.generic), type(array)
        self.transfers += 1
        return self._new(np.array(array, order="C"))

    def to_host(self, array):
        self.transfers += 1
        return np.array(self._host(array), order="C")

    def copy(self, target, source):
        np.copyto(self._host(target), self._host(source), casting="no")

    def carve(self, memory, offset, shape, dtype):
        data = self._host(memory)
        return self.array_type(np.ndarray(shape, dtype, data.data, offset))

    def view(self, operation, array, attributes):
        data = self._host(array)
        if operation == "reshape_to":
            viewed = data.reshape(attributes["newshape"])
            if data.size and not np.may_share_memory(viewed, data):
                raise ValueError("a view that would have to copy")
        elif operation == "transpose_to":
            viewed = data.transpose(attributes["axes"])
        elif operation == "slice_to":
            viewed = data[(*attributes["slices"], ...)]
        else:
            viewed = np.broadcast_to(data, attributes["shape"])
        return self.array_type(viewed)

    def upload(self, target, source):
        assert isinstance(source, np.ndarray), type(source)
        self.transfers += 1
        np.copyto(self._host(target), source, casting="no")

    def room_for_data(self):
        return self.room

    def flush_denormals(self, array):
        data = self._host(array)
        data[np.abs(data) < np.finfo(data.dtype).tiny] = 0


def _results(out, *inputs, body):
    # the last result too: `out` may lie on an input that a later element still needs
    return [(out.shape, step.dtype) for step in body]


def _row_values(out, *inputs, body, shape, flat, **_):
    is_number = RowBody(body, held_along(inputs, flat, shape)).is_number[len(inputs) :]
    forms = [(*shape[:-1], 1) if number else shape for number in is_number]
    return [(form, one.dtype) for form, one in zip(forms, body, strict=True)]


class StrictFusingBackend(StrictBackend):
    """The strict backend, asking the compiler for fused groups."""

    name = "strict_fusing"
    array_type = FusingArray
    room = 0  # batches are gathered on the host

    def _table(self):
        groups = {
            "fused": scratch(_results)(lambda *a, **k: self._fused(*a, **k)),
            "fused_rows": scratch(_row_values)(lambda *a, **k: self._rows(*a, **k)),
        }
        return {**super()._table(), **groups}

    def _fused(self, out, *inputs, body, scratch):
        values = list(inputs)
        for step, result in zip(body, scratch, strict=True):
            operands = [values[i] for i in step.operands]
            attributes = {"dtype": step.dtype} if step.name == "cast_to" else {}
            self.kernels[step.name](result, *operands, **attributes)
            values.append(result)
        self.copy(out, values[-1])

    def _rows(self, out, *inputs, body, results, flat, scratch, **_):
        values = [
            self.view("reshape_to", x, {"newshape": (*x.shape, 1)}) if own else x
            for x, own in zip(inputs, flat, strict=True)
        ]
        for step, result in zip(body, scratch, strict=True):
            operands = [values[i] for i in step.operands]
            attributes = {"dtype": step.dtype} if step.name == "cast_to" else {}
            if step.name in REDUCTIONS:
                attributes = {"axis": (result.ndim - 1,), "keepdims": True}
            self.kernels[step.name](result, *operands, **attributes)
            values.append(result)
        outs = out if isinstance(out, tuple) else (out,)
        for target, position in zip(outs, results, strict=True):
            form = {"newshape": target.shape}
            self.copy(target, self.view("reshape_to", values[position], form))
