"""A C++ compiler for generated kernels: a kernel as a loop over elements.

The lanes of a warp take turns in one thread. What CUDA knows by itself is written out.
"""

import ctypes
import functools
import hashlib
import os
import re
import subprocess
import threading
from pathlib import Path

ONE_ARGUMENT = (
    "exp expm1 log log1p sqrt erf erfc floor ceil rint sin cos tan asin acos atan sinh "
    "cosh tanh asinh acosh atanh fabs exp2 log2 log10 cbrt trunc"
).split()
TWO_ARGUMENTS = "pow atan2 fmod copysign hypot".split()
GXX = "g++ -std=c++17 -O1 -ffp-contract=off -shared -fPIC".split()
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

# The lanes of a warp as contexts of one thread. Where values are exchanged each leaves
# its own and goes on when all others have left theirs; two sets of values are used in
# turn, since a lane may be one exchange ahead of another.
WARP = """
#include <ucontext.h>
struct Warp {
  ucontext_t lanes[32], caller;
  char stacks[32][1 << 16];
  char values[2][32][8];
  int turns[32];
  int lane, finished;
  void* body;
  ptrdiff_t first;
};
static thread_local Warp* warp;
template <class T> struct Values {
  const char (*found)[8];
  T operator[](int lane) const {
    T x;
    __builtin_memcpy(&x, found[lane], sizeof x);
    return x;
  }
};
template <class T> Values<T> exchange(T x) {
  const int own = warp->lane, turn = warp->turns[own]++ & 1;
  __builtin_memcpy(warp->values[turn][own], &x, sizeof x);
  warp->lane = (own + 1) % 32;
  swapcontext(&warp->lanes[own], &warp->lanes[warp->lane]);
  return {warp->values[turn]};
}
template <class T> T __shfl_xor_sync(unsigned, T x, int by) {
  const int own = warp->lane;
  return exchange(x)[own ^ by];
}
inline unsigned __ballot_sync(unsigned, bool x) {
  const auto values = exchange(x);
  unsigned found = 0;
  for (int lane = 0; lane < 32; ++lane) found |= (unsigned)values[lane] << lane;
  return found;
}
inline int __ffs(unsigned x) { return __builtin_ffs((int)x); }
template <class F> void run_lane() {
  (*(F*)warp->body)(warp->first + warp->lane);
  if (++warp->finished == 32) setcontext(&warp->caller);
  warp->lane = (warp->lane + 1) % 32;
  setcontext(&warp->lanes[warp->lane]);
}
template <class F> void run_warps(ptrdiff_t n, F body) {
  warp = new Warp;
  warp->body = &body;
  for (warp->first = 0; warp->first < n; warp->first += 32) {
    for (int lane = 0; lane < 32; ++lane) {
      ucontext_t& context = warp->lanes[lane];
      getcontext(&context);
      context.uc_stack.ss_sp = warp->stacks[lane];
      context.uc_stack.ss_size = sizeof warp->stacks[lane];
      context.uc_link = nullptr;
      makecontext(&context, (void (*)())run_lane<F>, 0);
      warp->turns[lane] = 0;
    }
    warp->lane = warp->finished = 0;
    swapcontext(&warp->caller, &warp->lanes[0]);
  }
  delete warp;
}
"""


@functools.cache
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
        self.lock = threading.Lock()

    def library(self, text: str) -> ctypes.CDLL:
        """Return the library made of some functions."""
        whole = f"{prelude()}\n{text}"
        digest = hashlib.sha256(whole.encode()).hexdigest()
        with self.lock:
            if digest not in self.libraries:
                target = self.folder / f"{digest}.so"
                if not target.exists():
                    self._compile(whole, target)
                self.libraries[digest] = ctypes.CDLL(str(target))
            return self.libraries[digest]

    def _compile(self, text: str, target: Path) -> None:
        own = target.with_suffix(f".{os.getpid()}")  # several processes share a folder
        source = own.with_suffix(f"{own.suffix}.cpp")
        source.write_text(text, encoding="utf-8")
        finished = subprocess.run(
            [*GXX, "-o", own, source], capture_output=True, text=True, check=False
        )
        if finished.returncode:
            raise SyntaxError(finished.stderr + text)
        own.replace(target)

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
