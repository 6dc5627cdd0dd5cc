"""A look-alike of CuPy, on which all of `kerasish_cupy` runs without a GPU.

Its arrays are NumPy's, with CuPy's manners: they refuse host arrays beside them. Its
`ElementwiseKernel` is a loop that a C++ compiler has made (`tests.cupy.compiled`), with
CuPy's rules for parameters, and its streams record graphs. What only a device can show
(memory, order, speed) is left to the tests that are marked `gpu`.
"""

import ctypes
import functools
import sys
import threading
import types

import numpy as np

from tests.cupy.compiled import Cpp, parameters

MODULES = "backend capture cublas kernels launch merging reductions staging windows"
IMPORT_CUPY = [f"kerasish_cupy.{name}" for name in MODULES.split()]


def contiguous(array: np.ndarray) -> np.ndarray:
    """Return an array in C order that keeps its rank, unlike `ascontiguousarray`."""
    return np.asarray(array, order="C")


class FakeKernel:
    """`cupy.ElementwiseKernel`: its checks, and a loop on the CPU.

    Class attributes:
        cpp: The compiler.
        launches: Names of the kernels launched, in order.
    """

    cpp: Cpp
    launches: list[str]

    def __init__(
        self, in_params, out_params, operation, name, preamble="", no_return=False
    ) -> None:
        assert name.isidentifier()
        assert no_return
        self.in_params, self.out_params = in_params, out_params
        self.operation, self.name, self.preamble = operation, name, preamble
        self.inputs, self.outputs = parameters(in_params), parameters(out_params)
        self.parameters = [*self.inputs, *self.outputs]
        assert not {"i", "n"} & {p.name for p in self.parameters}

    def __call__(self, *arrays, size=None) -> None:
        if len(arrays) != len(self.parameters):
            raise TypeError("Wrong number of arguments")
        pairs = list(zip(self.parameters, arrays, strict=True))
        self.check_types(pairs)
        shapes = [a.shape for p, a in pairs if isinstance(a, FakeArray) and not p.raw]
        assert bool(shapes) is (size is None), "raw arrays alone say no size"
        shape = np.broadcast_shapes(*shapes) if shapes else (size,)
        if shapes and any(a.shape != shape for p, a in pairs if p in self.outputs):
            raise ValueError("Out shape is mismatched")
        if 0 in shape:
            return
        self.launches.append(self.name)
        FakeStream.take(functools.partial(self.run, pairs, shape))

    def check_types(self, pairs) -> None:
        for parameter, array in pairs:
            if isinstance(array, FakeArray):
                if array.dtype != parameter.dtype:
                    raise TypeError(f"Type is mismatched. {parameter.name}")
            else:
                # a host array here would be an implicit transfer
                assert isinstance(array, int), type(array)
                assert parameter in self.inputs
                assert np.iinfo(parameter.dtype).max >= array

    def run(self, pairs, shape) -> None:
        scalars = frozenset(p.name for p, a in pairs if not isinstance(a, FakeArray))
        function = self.cpp.function(self, scalars)
        arguments, results, kept = [ctypes.c_ssize_t(int(np.prod(shape)))], [], []
        for parameter, array in pairs:
            if parameter.name in scalars:
                wide = parameter.dtype == "int64"
                arguments.append((ctypes.c_int64 if wide else ctypes.c_int32)(array))
                continue
            whole = array if parameter.raw else np.broadcast_to(array, shape)
            packed = contiguous(whole)
            if parameter in self.outputs:
                packed = contiguous(array)
                results.append((array, packed))
            kept.append(packed)
            arguments.append(ctypes.c_void_p(packed.ctypes.data))
        function(*arguments)
        for array, packed in results:
            if packed is not array:
                np.copyto(array, packed)


class Pointer:
    """`cupy.cuda.MemoryPointer`: a place in the memory of an array."""

    def __init__(self, array: np.ndarray, offset: int = 0) -> None:
        self.array, self.offset = array, offset

    @property
    def ptr(self) -> int:
        """Address."""
        return self.array.ctypes.data + self.offset

    def __add__(self, distance: int) -> "Pointer":
        return Pointer(self.array, self.offset + distance)


class FakeArray(np.ndarray):
    """`cupy.ndarray`."""

    def __new__(cls, shape, dtype=float, memptr=None):
        if memptr is None:
            return super().__new__(cls, shape, dtype)
        return super().__new__(cls, shape, dtype, memptr.array.data, memptr.offset)

    @property
    def data(self) -> Pointer:
        return Pointer(self.view(np.ndarray))

    def __getitem__(self, key):
        found = super().__getitem__(key)
        if isinstance(found, np.ndarray):
            return found
        keys = key if isinstance(key, tuple) else (key,)
        return super().__getitem__((*keys, ...))  # an array of rank 0, as in CuPy

    def __array_ufunc__(self, ufunc, method, *inputs, out=(), **settings):
        """Refuse host arrays beside those of the device, as CuPy does."""
        if any(type(x) is np.ndarray for x in (*inputs, *out)):
            raise TypeError("Unsupported type <class 'numpy.ndarray'>")
        plain = [host_view(x) for x in inputs]
        if out:
            settings["out"] = tuple(host_view(x) for x in out)
        result = getattr(ufunc, method)(*plain, **settings)
        if out:
            return out[0]
        return on_device(result)

    def fill(self, value) -> None:
        FakeStream.take(functools.partial(super().fill, value))

    def set(self, host) -> None:
        assert not isinstance(host, FakeArray)
        assert (host.shape, host.dtype) == (self.shape, self.dtype)
        np.copyto(self, host)


def host_view(x):
    """Return NumPy's view of an array of the look-alike; other things as they are."""
    return x.view(np.ndarray) if isinstance(x, FakeArray) else x


def on_device(result):
    """Return what NumPy computed as an array of the look-alike, numbers too."""
    results = result if isinstance(result, tuple) else (result,)
    found = tuple(np.asarray(x).view(FakeArray) for x in results)
    return found if isinstance(result, tuple) else found[0]


def making_arrays(function):
    """Return a function of NumPy whose results lie on the device."""

    @functools.wraps(function)
    def made(*args, **settings):
        result = function(*args, **settings)
        return result.view(FakeArray) if type(result) is np.ndarray else result

    return made


def let_checks_read_the_device(set_attribute) -> None:
    """Let NumPy's checks take arrays of the device, as tests do on a GPU."""

    def reading(check):
        @functools.wraps(check)
        def checked(actual, desired, *args, **settings) -> None:
            check(host_view(actual), host_view(desired), *args, **settings)

        return checked

    for name in ("assert_allclose", "assert_array_equal", "assert_array_almost_equal"):
        set_attribute(np.testing, name, reading(getattr(np.testing, name)))


class FakeUfunc:
    """`cupy.ufunc`: NumPy's; what it is told to write is written by the stream."""

    def __init__(self, function: np.ufunc) -> None:
        self.function = function

    def __call__(self, *arrays, out=None, **settings):
        if out is None:
            return self.function(*arrays, **settings)
        FakeStream.take(functools.partial(self.function, *arrays, out=out, **settings))
        return out


def copyto(target, source, casting="same_kind", where=True) -> None:
    """Copy as `cupy.copyto` does, when the stream comes to it."""
    how = {"casting": casting, "where": where}
    FakeStream.take(functools.partial(np.copyto, target, source, **how))


class FakeDevice:
    """`cupy.cuda.Device`; counts the waits."""

    waits = 0

    def __init__(self, number: int) -> None:
        self.id = number

    def __enter__(self):
        return self

    def __exit__(self, *error) -> None:
        return None

    def synchronize(self) -> None:
        type(self).waits += 1


class Stack(threading.local):
    """The streams that a thread has made current."""

    def __init__(self) -> None:
        self.streams: list[FakeStream] = []


class FakeStream:
    """`cupy.cuda.Stream`, and the graphs captured on it.

    Class attributes:
        stack: The streams made current, by thread.
        count: How many were made.
        refusal: What capturing fails with, if it is to.
        launched: Graphs launched.
        waits: Which stream was told to wait for which.
    """

    stack = Stack()
    count = 0
    refusal: Exception | None = None
    launched = 0
    waits: list[tuple[int, int]] = []

    def __init__(self, ptr: int | None = None, non_blocking: bool = False) -> None:
        type(self).count += 1
        self.ptr = 1000 + self.count if ptr is None else ptr
        self.captured: list | None = None

    def record(self, event: "FakeEvent | None" = None) -> "FakeEvent":
        event = event or FakeEvent()
        event.record(self)
        return event

    def wait_event(self, event: "FakeEvent") -> None:
        self.waits.append((self.ptr, event.stream.ptr))

    def __enter__(self):
        self.stack.streams.append(self)
        return self

    def __exit__(self, *error) -> None:
        assert self.stack.streams.pop() is self

    @classmethod
    def current(cls) -> "FakeStream":
        streams = cls.stack.streams
        return streams[-1] if streams else cls(ptr=0)

    @classmethod
    def take(cls, work) -> None:
        """Do work put on the current stream, or note it down for a graph."""
        stream = cls.current()
        if stream.captured is None:
            work()
            return
        if cls.refusal is not None:
            raise cls.refusal
        stream.captured.append(work)

    def begin_capture(self) -> None:
        assert self.ptr, "the default stream"
        self.captured = []

    def end_capture(self):
        captured, self.captured = self.captured, None
        if captured is None:
            raise RuntimeError("not capturing")

        def launch(stream) -> None:
            FakeStream.launched += 1  # a graph keeps no reference to its stream
            for work in captured:
                work()

        return types.SimpleNamespace(launch=launch)


class FakeEvent:
    """`cupy.cuda.Event`; done when waited for, unless `instant`."""

    instant = True

    def __init__(self, disable_timing=False) -> None:
        self.done = False

    def record(self, stream: FakeStream) -> None:
        self.stream = stream
        self.done = self.instant

    def synchronize(self) -> None:
        self.done = True


def fake_runtime(driver: int = 13000, runtime: int = 13000, count: int = 1):
    """Return a look-alike of `cupy.cuda.runtime`."""
    properties = {"name": b"Imaginary GPU", "totalGlobalMem": 8 * 2**30}

    def device_count() -> int:
        if not count:
            raise RuntimeError("cudaErrorNoDevice: no CUDA-capable device is detected")
        return count

    return types.SimpleNamespace(
        getDevice=lambda: 0,
        getDeviceCount=device_count,
        getDeviceProperties=lambda device: properties,
        memGetInfo=lambda: (1 << 30, 8 << 30),
        driverGetVersion=lambda: driver,
        runtimeGetVersion=lambda: runtime,
    )


def fake_module() -> types.ModuleType:
    """Return a look-alike of `cupy` on NumPy."""
    module = types.ModuleType("cupy")
    for name in dir(np):
        found = getattr(np, name)
        if isinstance(found, np.ufunc):
            found = FakeUfunc(found)
        elif callable(found) and not isinstance(found, type):
            found = making_arrays(found)
        if not name.startswith("_"):
            setattr(module, name, found)
    module.ufunc = FakeUfunc
    module.copyto = copyto
    module.__version__ = "14.2.0"
    module.ndarray = FakeArray
    module.ElementwiseKernel = FakeKernel
    pool = types.SimpleNamespace(free_bytes=lambda: 0)
    module.get_default_memory_pool = lambda: pool
    module.empty = lambda shape, dtype: FakeArray(shape, dtype)
    module.array = lambda host, order: np.array(host, order=order).view(FakeArray)
    module.asarray = lambda host: np.array(host).view(FakeArray)
    module.asnumpy = lambda array: np.array(array, order="C", subok=False)
    module.broadcast_to = lambda array, shape: np.broadcast_to(array, shape, subok=True)
    module.cuda = types.SimpleNamespace(
        Device=FakeDevice,
        Event=FakeEvent,
        Stream=FakeStream,
        get_current_stream=FakeStream.current,
        get_elapsed_time=lambda start, end: 0.5,  # milliseconds
        driver=types.SimpleNamespace(get_build_version=lambda: 13000),
        runtime=fake_runtime(),
        is_available=lambda: True,
        nvrtc=types.SimpleNamespace(getVersion=lambda: (13, 0)),
    )
    return module


def put_in_place(monkeypatch, module: types.ModuleType) -> None:
    """Let `import cupy` give a look-alike, for `kerasish_cupy` too."""
    for name in list(sys.modules):
        if name.partition(".")[0] in ("cupy", "cupyx", "cupy_backends"):
            monkeypatch.delitem(sys.modules, name)
        if name in IMPORT_CUPY:
            monkeypatch.delitem(sys.modules, name)
    extra = types.ModuleType("cupyx")
    extra.empty_pinned = np.empty
    monkeypatch.setitem(sys.modules, "cupy", module)
    monkeypatch.setitem(sys.modules, "cupyx", extra)
    for name in ("cupy_backends", "cupy_backends.cuda", "cupy_backends.cuda.libs"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    cublas = "cupy_backends.cuda.libs.cublas"
    monkeypatch.setitem(sys.modules, cublas, types.ModuleType(cublas))
