"""What each elementwise operation is in CUDA C++, by the kind of its operands.

Pure text: nothing here needs CuPy or a device. The meaning is NumPy's: whole numbers
wrap around, division by zero of whole numbers gives 0, `mod` has the sign of the
divisor, a shift by more than the width leaves nothing, `maximum` and `minimum` hand NaN
on. An expression stays in its operands' precision: `{f}` is the suffix that makes a C
function or a literal single ("expf", "1.0f"). float16 is computed in float32 and
rounded after every operation, as NumPy does.
"""

from __future__ import annotations

from collections.abc import Sequence

from kerasish.errors import DTypeError, explain

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

_COMPARISONS = {
    "equal": "{0} == {1}",
    "not_equal": "{0} != {1}",
    "less": "{0} < {1}",
    "less_equal": "{0} <= {1}",
    "greater": "{0} > {1}",
    "greater_equal": "{0} >= {1}",
    "select": "{0} ? {1} : {2}",
}

_C_FUNCTIONS = {
    **{name: name for name in "exp expm1 log log1p sqrt erf floor ceil rint".split()},
    **{name: name for name in "erfc erfinv sin cos tan sinh cosh tanh".split()},
    **{name: name for name in "exp2 log2 log10 cbrt trunc".split()},
    "i0": "cyl_bessel_i0",
    "i1": "cyl_bessel_i1",
    **{f"arc{name}": f"a{name}" for name in "sin cos tan sinh cosh tanh".split()},
}

_FLOAT = {
    **_COMPARISONS,
    **{name: f"{function}{{f}}({{0}})" for name, function in _C_FUNCTIONS.items()},
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "divide": "{0} / {1}",
    "floor_divide": "floor_divide_float({0}, {1})",
    "mod": "mod_float({0}, {1})",
    "power": "pow{f}({0}, {1})",
    "arctan2": "atan2{f}({0}, {1})",
    "fmod": "fmod{f}({0}, {1})",
    "hypot": "hypot{f}({0}, {1})",
    "logaddexp": "logaddexp_float({0}, {1})",
    "logaddexp2": "logaddexp2_float({0}, {1})",
    # a comparison with NaN is false, so a NaN on the right is taken by itself
    "maximum": "({0} > {1} || {0} != {0}) ? {0} : {1}",
    "minimum": "({0} < {1} || {0} != {0}) ? {0} : {1}",
    "negative": "-{0}",
    "absolute": "fabs{f}({0})",
    "sign": "{0} > 0.0{f} ? 1.0{f} : ({0} < 0.0{f} ? -1.0{f} : {0})",
    "square": "{0} * {0}",
    "reciprocal": "1.0{f} / {0}",
    "isnan": "isnan({0})",
    "isinf": "isinf({0})",
    "isfinite": "isfinite({0})",
}

# {T} is the operands' C type and {U} an unsigned one at least as wide as `int`: signed
# overflow is undefined in C++, and narrow operands would be widened to a signed `int`.
_WHOLE = {
    **_COMPARISONS,
    "add": "({T})(({U}){0} + ({U}){1})",
    "subtract": "({T})(({U}){0} - ({U}){1})",
    "multiply": "({T})(({U}){0} * ({U}){1})",
    "floor_divide": "floor_divide_whole({0}, {1})",
    "mod": "mod_whole({0}, {1})",
    "power": "power_whole({0}, {1})",
    "fmod": "remainder_whole({0}, {1})",
    "gcd": "({T})gcd_whole({0}, {1})",
    "lcm": "({T})lcm_whole({0}, {1})",
    "maximum": "{0} > {1} ? {0} : {1}",
    "minimum": "{0} < {1} ? {0} : {1}",
    "negative": "({T})(0u - ({U}){0})",
    "absolute": "{0} < 0 ? ({T})(0u - ({U}){0}) : {0}",
    "sign": "({0} > 0) - ({0} < 0)",
    "square": "({T})(({U}){0} * ({U}){0})",
    "bitwise_and": "{0} & {1}",
    "bitwise_or": "{0} | {1}",
    "bitwise_xor": "{0} ^ {1}",
    "left_shift": "shift_left({0}, {1})",
    "right_shift": "shift_right({0}, {1})",
}

_UNSIGNED = {**_WHOLE, "absolute": "{0}", "sign": "{0} > 0"}

_BOOL = {
    **_COMPARISONS,
    "add": "{0} || {1}",
    "multiply": "{0} && {1}",
    "maximum": "{0} || {1}",
    "minimum": "{0} && {1}",
    "absolute": "{0}",
    "logical_and": "{0} && {1}",
    "logical_or": "{0} || {1}",
    "logical_xor": "{0} != {1}",
    "logical_not": "!{0}",
    "bitwise_and": "{0} && {1}",
    "bitwise_or": "{0} || {1}",
    "bitwise_xor": "{0} != {1}",
}

TEMPLATES = {"float": _FLOAT, "int": _WHOLE, "uint": _UNSIGNED, "bool": _BOOL}

OPERATIONS = tuple(
    sorted({"cast_to", *(name for table in TEMPLATES.values() for name in table)})
)

# Functions some expressions call, by name. The steps of `floor_divide_float` and
# `mod_float` are Python's: the remainder is exact, the quotient follows from it.
HELPERS = {
    "mod_float": """
template <typename T> __device__ T mod_float(T a, T b) {
  T rest = fmod(a, b);
  if (rest == 0) return copysign(rest, b);
  if ((rest < 0) != (b < 0)) rest += b;
  return rest;
}""",
    "floor_divide_float": """
template <typename T> __device__ T floor_divide_float(T a, T b) {
  if (b == 0) return a / b;
  const T rest = fmod(a, b);
  T quotient = (a - rest) / b;
  if (rest != 0 && (rest < 0) != (b < 0)) quotient -= 1;
  if (quotient == 0) return copysign(quotient, a / b);
  const T whole = floor(quotient);
  return quotient - whole > (T)0.5 ? whole + 1 : whole;
}""",
    "logaddexp_float": """
template <typename T> __device__ T logaddexp_float(T a, T b) {
  if (a == b) return a + (T)0.69314718055994531;
  const T larger = a > b ? a : b, smaller = a > b ? b : a;
  return a == a && b == b ? larger + log1p(exp(smaller - larger)) : a + b;
}""",
    "logaddexp2_float": """
template <typename T> __device__ T logaddexp2_float(T a, T b) {
  if (a == b) return a + (T)1;
  const T larger = a > b ? a : b, smaller = a > b ? b : a;
  const T rest = log1p(exp2(smaller - larger)) * (T)1.4426950408889634;
  return a == a && b == b ? larger + rest : a + b;
}""",
    "remainder_whole": """
template <typename T> __device__ T remainder_whole(T a, T b) {
  if (b == 0 || (b < 0 && (T)(b + 1) == 0)) return 0;
  return a % b;
}""",
    "gcd_whole": """
template <typename T> __device__ unsigned long long gcd_whole(T a, T b) {
  unsigned long long x = a < 0 ? 0ull - (unsigned long long)a : a;
  unsigned long long y = b < 0 ? 0ull - (unsigned long long)b : b;
  while (y != 0) {
    const unsigned long long rest = x % y;
    x = y;
    y = rest;
  }
  return x;
}""",
    "lcm_whole": """
template <typename T> __device__ unsigned long long lcm_whole(T a, T b) {
  unsigned long long x = a < 0 ? 0ull - (unsigned long long)a : a, z = x;
  unsigned long long y = b < 0 ? 0ull - (unsigned long long)b : b, w = y;
  while (w != 0) {
    const unsigned long long rest = z % w;
    z = w;
    w = rest;
  }
  return z == 0 ? 0 : x / z * y;
}""",
    "mod_whole": """
template <typename T> __device__ T mod_whole(T a, T b) {
  if (b == 0 || (b < 0 && (T)(b + 1) == 0)) return 0;
  const T rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}""",
    "floor_divide_whole": """
template <typename T> __device__ T floor_divide_whole(T a, T b) {
  if (b == 0) return 0;
  if (b < 0 && (T)(b + 1) == 0) return (T)(0ull - (unsigned long long)a);
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}""",
    "power_whole": """
template <typename T> __device__ T power_whole(T base, T exponent) {
  if (exponent < 0) {
    if (base == 1) return 1;
    if (base < 0 && (T)(base + 1) == 0) return exponent % 2 == 0 ? 1 : base;
    return 0;
  }
  unsigned long long result = 1, factor = (unsigned long long)base;
  for (; exponent > 0; exponent /= 2) {
    if (exponent % 2 != 0) result *= factor;
    factor *= factor;
  }
  return (T)result;
}""",
    # as `kerasish_numpy.hashing`, which says why the key enters twice
    "hashed_word": """
__device__ unsigned int mix32(unsigned int x) {
  x = (x ^ (x >> 16)) * 0x7FEB352Du;
  x = (x ^ (x >> 15)) * 0x846CA68Bu;
  return x ^ (x >> 16);
}
__device__ unsigned int hashed_word(
    unsigned int seed, unsigned int counter, unsigned int place) {
  const unsigned int inner = mix32(seed ^ mix32(counter + 0x9E3779B9u));
  const unsigned int outer = mix32(inner + counter * 0x7FEB352Du);
  return mix32(mix32(place * 0x9E3779B9u + inner) ^ outer);
}""",
    "larger_of": """
template <typename T> __device__ T larger_of(T a, T b) {
  return b > a || b != b ? b : a;
}""",
    "largest_of_warp": """
template <typename T> __device__ T largest_of_warp(T x) {
  for (int by = 16; by > 0; by /= 2) {
    const T other = __shfl_xor_sync(0xffffffffu, x, by);
    x = other > x || other != other ? other : x;
  }
  return x;
}""",
    "sum_of_warp": """
template <typename T> __device__ T sum_of_warp(T x) {
  for (int by = 16; by > 0; by /= 2) x += __shfl_xor_sync(0xffffffffu, x, by);
  return x;
}""",
    "shift_left": """
template <typename T> __device__ T shift_left(T a, T places) {
  const unsigned long long by = (unsigned long long)places;
  return by < 8 * sizeof(T) ? (T)((unsigned long long)a << by) : (T)0;
}""",
    "shift_right": """
template <typename T> __device__ T shift_right(T a, T places) {
  const unsigned long long by = (unsigned long long)places;
  if (by < 8 * sizeof(T)) return (T)(a >> by);
  return a < 0 ? (T)-1 : (T)0;
}""",
}


def kind_of(dtype: str) -> str:
    """Return "float", "int", "uint" or "bool"."""
    return dtype.rstrip("0123456789")


def expression(operation: str, operands: Sequence[tuple[str, str]], dtype: str) -> str:
    """Return the C++ expression of one operation.

    Args:
        operation: Name of an elementwise operation.
        operands: A C++ name and a dtype name each.
        dtype: Dtype name of the result.

    Raises:
        DTypeError: The operation does not exist for operands of this dtype.

    Example:
        >>> expression("reciprocal", [("x0", "float32")], "float32")
        '1.0f / x0'
    """
    if operation == "cast_to":
        return _cast(*operands[0], dtype)
    given = operands[-1][1]  # of `select`, the condition comes first
    template = TEMPLATES[kind_of(given)].get(operation)
    if template is None:
        raise DTypeError(
            explain(
                f"'{operation}' does not exist for operands of this dtype.",
                got=given,
                expected=", ".join(k for k, t in TEMPLATES.items() if operation in t),
                fix="cast the operands first",
            )
        )
    return template.format(
        *(_value(name, own) for name, own in operands),
        f="" if given == "float64" else "f",
        T=C_TYPES[given],
        U="unsigned long long" if given.endswith("64") else "unsigned int",
    )


def _value(name: str, dtype: str) -> str:
    return f"(float){name}" if dtype == "float16" else name


def _cast(name: str, source: str, target: str) -> str:
    """Return a cast, as NumPy's; a float outside a whole dtype's range is undefined."""
    value = _value(name, source)
    if source == target:
        return name
    if target == "bool":
        return f"{value} != 0"
    if target == "float16" and source != "float64":
        return f"(float16)(float){name}"
    narrow = kind_of(target) in ("int", "uint") and target[-2:] not in ("32", "64")
    if kind_of(source) == "float" and (narrow or target == "uint32"):
        # negative numbers wrap around here; a direct cast would make them 0
        return f"({C_TYPES[target]})(long long){value}"
    return f"({C_TYPES[target]}){value}"
