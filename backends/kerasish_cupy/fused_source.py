"""CUDA source of elementwise kernels: a fused body, or one operation, as text.

`fused_source(body, dtypes)` is a pure function: it needs neither CuPy nor a device, so
what it writes is tested with any C++ compiler. The result is what `cupy.
ElementwiseKernel` takes; `kerasish_cupy.launch` compiles it. Equal bodies give equal
text, and the kernel's name is a hash of it, by which CuPy's cache on disk finds it.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from kerasish.backend.contract import Instruction
from kerasish_cupy.expressions import C_TYPES, HELPERS, expression

WORDS = "hashed_words"  # the hash of an element's place and a key of two words


class Step(NamedTuple):
    """An instruction made here, for an operation that stands alone."""

    name: str
    operands: tuple[int, ...]
    dtype: str


class KernelSource(NamedTuple):
    """What a kernel is made of.

    Attributes:
        name: C name, ending in a hash of the rest.
        in_params: Inputs, as "float32 x0, raw bool x1"; `raw` ones are indexed freely.
        out_params: Outputs.
        operation: Statements for element `i`.
        preamble: Functions the statements call.
    """

    name: str
    in_params: str
    out_params: str
    operation: str
    preamble: str


@functools.lru_cache(maxsize=4096)
def fused_source(
    body: tuple[Instruction, ...],
    dtypes: tuple[str, ...],
    results: tuple[int, ...] = (-1,),
) -> KernelSource:
    """Return the source of a kernel that runs a body for each element.

    Args:
        body: The operations, operands first.
        dtypes: Dtype names of the inputs.
        results: Positions of the values that are written, by default the last.

    Example:
        >>> body = (Step("multiply", (0, 1), "float32"), Step("exp", (2,), "float32"))
        >>> print(fused_source(body, ("float32", "float32")).operation)
        const float v2 = x0 * x1;
        const float v3 = expf(v2);
        y = v3;
    """
    values = [(f"x{i}", dtype) for i, dtype in enumerate(dtypes)]
    raw = ["raw " if i in raw_inputs(body) else "" for i in range(len(dtypes))]
    inputs = ", ".join(
        f"{mode}{dtype} {name}" for mode, (name, dtype) in zip(raw, values, strict=True)
    )
    lines = []
    for step in body:
        operands = [values[i] for i in step.operands]
        name = f"v{len(values)}"
        if step.name == WORDS:
            key = operands[0][0]
            text = f"hashed_word({key}[0], {key}[1], (unsigned int)i)"
        else:
            text = expression(step.name, operands, step.dtype)
        lines.append(f"const {C_TYPES[step.dtype]} {name} = {text};")
        values.append((name, step.dtype))
    names = ["y"] if len(results) == 1 else [f"y{k}" for k in range(len(results))]
    written = [values[i] for i in results]
    pairs = list(zip(names, written, strict=True))
    lines += [f"{name} = {value};" for name, (value, _) in pairs]
    outputs = ", ".join(f"{dtype} {name}" for name, (_, dtype) in pairs)
    stem = body[0].name if len(body) == 1 else "fused"
    return named_source(stem, inputs, outputs, "\n".join(lines))


def raw_inputs(body: Sequence[Instruction]) -> set[int]:
    """Return the inputs of a body that are read as a whole for every element: keys."""
    return {i for one in body if one.name == WORDS for i in one.operands}


def named_source(
    stem: str, in_params: str, out_params: str, operation: str
) -> KernelSource:
    """Return a source with the helpers it calls, under a name made of its content."""
    called = [text for name, text in HELPERS.items() if f"{name}(" in operation]
    preamble = "".join(called).strip()
    content = "\n".join((in_params, out_params, operation, preamble))
    digest = hashlib.sha256(content.encode()).hexdigest()[:16]
    name = f"kerasish_{stem}_{digest}"
    return KernelSource(name, in_params, out_params, operation, preamble)
