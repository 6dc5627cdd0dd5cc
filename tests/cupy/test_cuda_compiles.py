"""The generated kernels are CUDA that NVIDIA's compiler takes; no device is needed.

What they compute is tested by a C++ compiler elsewhere. Half precision is CuPy's own
class, so its kernels are compiled where CuPy is installed.
"""

import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

from kerasish.backend import dtypes
from kerasish.graph.fuse import Instruction
from kerasish_cupy.convolution_source import (
    Window,
    channelwise_input_source,
    channelwise_kernel_source,
    channelwise_source,
    columns_source,
    spread_source,
)
from kerasish_cupy.expressions import HELPERS
from kerasish_cupy.fused_source import Step, fused_source
from kerasish_cupy.indexing_source import (
    combine_source,
    gather_source,
    keys_source,
    scan_source,
    scatter_source,
)
from kerasish_cupy.pooling_source import (
    Sliding,
    over_places_source,
    pick_source,
    pooled_source,
)
from kerasish_cupy.reduction_source import can_reduce, place_source, reduction_source
from kerasish_cupy.row_source import PLACES, WARP, row_source
from tests.cupy.compiled import loop_source
from tests.cupy.samples import CASTS, cases, sample_operands, single_source, source_of

HOWS = ("set", "max", "min", "mul")
WINDOW = Window((3, 2, 1), (1, 2, 1), (2, 1, 1), "float32", "int32")
SCALARS = frozenset({"count", "width", "length", "rows", "blocks", "before", "chunk"})
SCALARS |= {"outputs", "along", "adds", *(text.split()[1] for text in WINDOW.scalars())}

# the look-alike's way to run warps, as plain threads
RUN_WARPS = """
template <class F> __device__ void run_warps(ptrdiff_t n, F body) {
  for (ptrdiff_t i = 0; i < n; ++i) body(i);
}"""


def cupy_headers() -> list[str]:
    """Return the folder of CuPy's device headers, if it is installed."""
    found = importlib.util.find_spec("cupy")
    folders = found.submodule_search_locations if found else []
    return [str(Path(folder) / "_core" / "include") for folder in folders]


def all_sources(rng) -> list:
    sources = [source_of(n, sample_operands(n, d, rng)) for n, d in cases()]
    sources += [single_source("cast_to", [a], b) for a, b in CASTS]
    for place in ("int32", "int64"):
        sources += [gather_source(d, "uint8", place) for d in dtypes.ALL]
        sources += [scatter_source(d, place) for d in dtypes.ALL]
        sources += [scan_source(d, "int32", place) for d in dtypes.ALL]
        sources += [combine_source(d, place, h) for d in dtypes.ALL for h in HOWS]
        sources += [keys_source(d, place) for d in ("uint8", "int32", "uint64")]
    sources += [*row_sources(), *reduction_sources(), *window_sources()]
    words = fused_source((Step("hashed_words", (0,), "uint32"),), ("uint32",))
    return [*dict.fromkeys(sources), words]


def reduction_sources() -> list:
    """Return reductions by a thread and by a warp."""
    found = []
    for dtype in filter(can_reduce, dtypes.ALL):
        for lanes in (1, WARP):
            for name in ("reduce_sum", "reduce_prod", "reduce_max", "reduce_min"):
                found.append(reduction_source(name, dtype, dtype, lanes))
            found.append(place_source(dtype, "int32", lanes))
    return [*found, reduction_source("reduce_sum", "float16", "float32", WARP)]


def window_sources() -> list:
    """Return the kernels of convolution and of pooling."""
    found = []
    for place in ("int32", "int64"):
        for dtype in ("float16", "float32", "float64"):
            window = WINDOW._replace(dtype=dtype, place=place)
            found += [columns_source(window, each) for each in (False, True)]
            found += [spread_source(window)]
            found += [channelwise_source(window), channelwise_input_source(window)]
            found += [channelwise_kernel_source(window)]
        for dtype in dtypes.ALL:
            sliding = Sliding(3, 2, dtype, place)
            found += [pooled_source(f"window_{n}", sliding) for n in ("max", "sum")]
            names = ("window_spread", "window_scatter")
            found += [over_places_source(name, sliding) for name in names]
            found += [pick_source(sliding)]
    return found


def row_sources() -> list:
    """Return kernels along rows, of one thread and of a warp for each."""
    found = []
    for dtype in ("float16", "float32", "float64"):
        steps = [("reduce_max", 0), ("subtract", 0, 1), ("exp", 2), ("reduce_sum", 3)]
        body = [Instruction(name, (*of,), dtype) for name, *of in steps]
        body = (*body, Instruction("divide", (3, 4), dtype))
        for run in PLACES:
            runs = ("all", run)
            shifted = tuple(
                Instruction(one.name, tuple(i + (i > 0) for i in one.operands), dtype)
                for one in body
            )
            last = (*shifted, Instruction("multiply", (6, 1), dtype))
            for lanes in (1, WARP):
                found.append(row_source(last, (dtype,) * 2, runs, (5, 7), lanes))
    return found


def program(sources, half: bool) -> str:
    """Return one CUDA program of many kernels."""
    headers = ("complex", "carray", "float16") if half else ()
    lines = []
    for name in headers:  # the last is part of another before CuPy 14
        lines += [f"#if __has_include(<cupy/{name}.cuh>)"]
        lines += [f"#include <cupy/{name}.cuh>", "#endif"]
    lines += [*HELPERS.values(), RUN_WARPS]
    for source in sources:
        loop = loop_source(source, SCALARS, source.name)
        lines.append(loop.replace("void", "__global__ void", 1))
    return "\n".join(lines)


def compile_with_nvcc(text: str, folders: list[str], place: Path) -> str:
    """Return the PTX of a CUDA program."""
    (place / "kernels.cu").write_text(text, encoding="utf-8")
    command = ["nvcc", "-std=c++17", "-arch=compute_80", "--ptx", "kernels.cu"]
    finished = subprocess.run(
        [*command, *(f"-I{folder}" for folder in folders), "-o", "kernels.ptx"],
        capture_output=True,
        text=True,
        cwd=place,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return (place / "kernels.ptx").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("half", [False, True])
def test_every_kernel_compiles_as_cuda(tmp_path, rng, half):
    if shutil.which("nvcc") is None:
        pytest.skip("no CUDA compiler (nvcc)")
    folders = cupy_headers()
    if half and not folders:
        pytest.skip("CuPy, whose headers define float16, is not installed")
    sources = [s for s in all_sources(rng) if ("float16" in str(s)) == half]
    assert len(sources) > 50
    text = compile_with_nvcc(program(sources, half), folders, tmp_path)
    assert text.count(".entry") == len(sources)
