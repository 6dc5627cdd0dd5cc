"""What runs the generated kernels without a GPU: a C++ compiler and a look-alike.

`Cpp` compiles a kernel's source with g++ into a loop over elements. `fake_module` is a
module like CuPy whose arrays are NumPy's and whose `ElementwiseKernel` is that loop,
with CuPy's rules for parameters; in CuPy's place it lets all of `kerasish_cupy` run on
the CPU. What only a device can show (memory, streams, speed) is left to the tests that
are marked `gpu`.
"""

import ctypes
import functools
import hashlib
import re
import subprocess
import sys
import types
from pathlib import Path

import numpy as np

ONE_ARGUMENT = (
    "exp expm1 log log1p sqrt erf erfc floor ceil rint sin cos tan asin acos atan sinh "
    "cosh tanh asinh acosh atanh fabs exp2 log2 log10 cbrt trunc"
).split()
TWO_ARGUMENTS = "pow atan2 fmod copysign hypot".split()
GXX = "g++ -std=c++17 -O1 -ffp-contract=off -shared -fPIC -pthread".split()
WARP_CALL = re.compile(r"_of_warp\(|__shfl_xor_sync\(|__ballot_sync\(")

C_TYPES = {
    "bool": "bool",
    "int8": "signed char",
    "int16": "short",
    "int32": "int",
    "int64": "long long",
    "uint8": "unsigned char",
    "uint16": "unsigned short",
    "uint32": "unsigned int",
    "uint64": "unsigned long long",
    "float16": "float16",
    "float32": "float",
    "float64": "double",
}

# CUDA's inverse of the error function, by halving an interval
ERFINV = """
inline double erfinv(double x) {
  double size = fabs(x), low = 0, high = 6;
  if (!(size < 1)) return size == 1 ? copysign(__builtin_inf(), x) : nan("");
  for (int i = 0; i < 64; ++i) {
    double y = (low + high) / 2;
    bool below = size < 0.5 ? erf(y) < size : erfc(y) > 1 - size;
    (below ? low : high) = y;
  }
  return copysign(low, x);
}
inline float erfinvf(float x) { return (float)erfinv((double)x); }
"""

# CUDA's Bessel functions, by their integral: exact for the sizes tested
BESSEL = """
inline double cyl_bessel_i(double x, int order) {
  double total = 0;
  for (int k = 0; k < 64; ++k) {
    double angle = k * 0.098174770424681035;
    total += exp(x * cos(angle)) * (order ? cos(angle) : 1);
  }
  return total / 64;
}
inline double cyl_bessel_i0(double x) { return cyl_bessel_i(x, 0); }
inline double cyl_bessel_i1(double x) { return cyl_bessel_i(x, 1); }
inline float cyl_bessel_i0f(float x) { return (float)cyl_bessel_i0((double)x); }
inline float cyl_bessel_i1f(float x) { return (float)cyl_bessel_i1((double)x); }
"""

# The lanes of a warp as threads, which meet wherever values are exchanged.
WARP = """
#include <pthread.h>
static pthread_barrier_t warp_barrier;
static double warp_values[32];
static thread_local int warp_lane;
template <class T> T __shfl_xor_sync(unsigned, T x, int by) {
  warp_values[warp_lane] = x;
  pthread_barrier_wait(&warp_barrier);
  T other = (T)warp_values[warp_lane ^ by];
  pthread_barrier_wait(&warp_barrier);
  return other;
}
inline unsigned __ballot_sync(unsigned, bool x) {
  warp_values[warp_lane] = x;
  pthread_barrier_wait(&warp_barrier);
  unsigned found = 0;
  for (int lane = 0; lane < 32; ++lane) {
    if (warp_values[lane]) found |= 1u << lane;
  }
  pthread_barrier_wait(&warp_barrier);
  return found;
}
inline int __ffs(unsigned x) { return __builtin_ffs((int)x); }
template <class F> struct Lane { F* body; ptrdiff_t first; int lane; };
template <class F> void* run_lane(void* given) {
  auto* own = (Lane<F>*)given;
  warp_lane = own->lane;
  (*own->body)(own->first + own->lane);
  return nullptr;
}
template <class F> void run_warps(ptrdiff_t n, F body) {
  pthread_barrier_init(&warp_barrier, nullptr, 32);
  for (ptrdiff_t first = 0; first < n; first += 32) {
    Lane<F> lanes[32];
    pthread_t threads[32];
    for (int lane = 0; lane < 32; ++lane) {
      lanes[lane] = {&body, first, lane};
      pthread_create(&threads[lane], nullptr, run_lane<F>, &lanes[lane]);
    }
    for (pthread_t thread : threads) pthread_join(thread, nullptr);
  }
  pthread_barrier_destroy(&warp_barrier);
}
"""

MODULES = "backend capture cublas kernels launch merging reductions staging".split()
IMPORT_CUPY = [f"kerasish_cupy.{name}" for name in MODULES]


def prelude() -> str:
    """Return what CUDA knows by itself, for a plain C++ compiler."""
    lines = [
        "#define __device__",
        "typedef _Float16 float16;",
        "typedef __PTRDIFF_TYPE__ ptrdiff_t;",
        'extern "C" {',
        "float nanf(const char*); double nan(const char*);",
    ]
    for name in ONE_ARGUMENT:
        lines.append(f"float {name}f(float); double {name}(double);")
    for name in TWO_ARGUMENTS:
        lines.append(f"float {name}f(float, float); double {name}(double, double);")
    lines.append("}")
    # CUDA overloads these for single precision
    for name in ("floor", "exp", "exp2", "log1p"):
        lines.append(f"inline float {name}(float a) {{ return {name}f(a); }}")
    for name in ("fmod", "copysign"):
        lines.append(
            f"inline float {name}(float a, float b) {{ return {name}f(a, b); }}"
        )
    for name in ("isnan", "isinf", "isfinite"):
        test = "__builtin_isinf_sign" if name == "isinf" else f"__builtin_{name}"
        lines.append(f"template <class T> bool {name}(T a) {{ return {test}(a); }}")
    lines += [ERFINV, BESSEL, WARP]
    return "\n".join(lines)


class Parameter:
    """One parameter of a kernel, as CuPy reads "raw float32 x"."""

    def __init__(self, text: str) -> None:
        *modes, self.dtype, self.name = text.split()
        assert modes in ([], ["raw"]), text
        self.raw = modes == ["raw"]
        self.c_type = C_TYPES[self.dtype]


def parameters(text: str) -> list[Parameter]:
    return [Parameter(part) for part in text.split(",")]


def loop_source(kernel, scalars: frozenset[str], function: str) -> str:
    """Return a C function that runs a kernel's statements for each element."""
    inputs, outputs = parameters(kernel.in_params), parameters(kernel.out_params)
    arguments, element = ["ptrdiff_t n"], []
    for parameter in (*inputs, *outputs):
        const = "" if parameter in outputs else "const "
        if parameter.name in scalars:
            arguments.append(f"{const}{parameter.c_type} {parameter.name}")
        elif parameter.raw:
            arguments.append(f"{const}{parameter.c_type}* {parameter.name}")
        else:
            arguments.append(f"{const}{parameter.c_type}* _{parameter.name}")
            element.append(
                f"{const}{parameter.c_type}& {parameter.name} = _{parameter.name}[i];"
            )
    body = "\n".join([*element, kernel.operation])
    loop = f"for (ptrdiff_t i = 0; i < n; ++i) {{\n{body}\n}}"
    if WARP_CALL.search(kernel.operation):
        loop = f"run_warps(n, [&](ptrdiff_t i) {{\n{body}\n}});"
    head = f'extern "C" void {function}({", ".join(arguments)})'
    return f"{head} {{\n{loop}\n}}\n"


class Cpp:
    """A C++ compiler and what it has compiled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.libraries: dict[str, ctypes.CDLL] = {}

    def library(self, text: str) -> ctypes.CDLL:
        """Return the library made of some functions."""
        digest = hashlib.sha256(text.encode()).hexdigest()
        if digest not in self.libraries:
            source = self.folder / f"{digest}.cpp"
            source.write_text(f"{prelude()}\n{text}", encoding="utf-8")
            target = source.with_suffix(".so")
            finished = subprocess.run(
                [*GXX, "-o", target, source],
                capture_output=True,
                text=True,
                check=False,
            )
            if finished.returncode:
                raise SyntaxError(finished.stderr + text)
            self.libraries[digest] = ctypes.CDLL(str(target))
        return self.libraries[digest]

    def function(self, kernel, scalars: frozenset[str] = frozenset()):
        """Return the C function of a kernel source."""
        return self.functions([kernel], scalars)[kernel.name]

    def functions(self, kernels, scalars: frozenset[str] = frozenset()):
        """Return the C functions of kernel sources by name, compiled together."""
        preambles = "\n".join(k.preamble for k in kernels)
        helpers = re.split(r"\n(?=template|__device__)", preambles)
        helpers = dict.fromkeys(text.strip() for text in helpers)
        loops = [loop_source(k, scalars, k.name) for k in kernels]
        library = self.library("\n".join([*helpers, *loops]))
        return {k.name: getattr(library, k.name) for k in kernels}


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

    def fill(self, value) -> None:
        FakeStream.take(functools.partial(super().fill, value))

    def set(self, host) -> None:
        assert not isinstance(host, FakeArray)
        assert (host.shape, host.dtype) == (self.shape, self.dtype)
        np.copyto(self, host)


class FakeUfunc:
    """`cupy.ufunc`: NumPy's; what it is told to write is written by the stream."""

    def __init__(self, function: np.ufunc) -> None:
        self.function = function

    def __call__(self, *arrays, out=None, **settings):
        if out is None:
            return self.function(*arrays, **settings)
        FakeStream.take(functools.partial(self.function, *arrays, out=out, **settings))
        return out


def copyto(target, source, casting="same_kind") -> None:
    """Copy as `cupy.copyto` does, when the stream comes to it."""
    FakeStream.take(functools.partial(np.copyto, target, source, casting=casting))


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


class FakeStream:
    """`cupy.cuda.Stream`, and the graphs captured on it.

    Class attributes:
        stack: The streams made current.
        count: How many were made.
        refusal: What capturing fails with, if it is to.
        launched: Graphs launched.
        waits: Which stream was told to wait for which.
    """

    stack: list["FakeStream"] = []
    count = 0
    refusal: Exception | None = None
    launched = 0
    waits: list[tuple[int, int]] = []

    def __init__(self, ptr: int | None = None, non_blocking: bool = False) -> None:
        type(self).count += 1
        self.ptr = 1000 + self.count if ptr is None else ptr
        self.captured: list | None = None

    def record(self) -> "FakeStream":
        """Return an event: as all work is done at once, its stream will do."""
        return self

    def wait_event(self, event: "FakeStream") -> None:
        self.waits.append((self.ptr, event.ptr))

    def __enter__(self):
        self.stack.append(self)
        return self

    def __exit__(self, *error) -> None:
        assert self.stack.pop() is self

    @classmethod
    def current(cls) -> "FakeStream":
        return cls.stack[-1] if cls.stack else cls(ptr=0)

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
            type(self).launched += 1
            for work in captured:
                work()

        return types.SimpleNamespace(launch=launch)


class FakeEvent:
    """`cupy.cuda.Event`; done when waited for, unless `instant`."""

    instant = True

    def __init__(self, disable_timing=False) -> None:
        self.done = False

    def record(self) -> None:
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
        if not name.startswith("_"):
            setattr(module, name, getattr(np, name))
        if isinstance(getattr(np, name), np.ufunc):
            setattr(module, name, FakeUfunc(getattr(np, name)))
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
