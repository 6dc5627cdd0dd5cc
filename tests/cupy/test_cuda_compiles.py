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
from kerasish_cupy.expressions import HELPERS
from kerasish_cupy.fused_source import single_source
from kerasish_cupy.indexing_source import (
    combine_source,
    gather_source,
    keys_source,
    scatter_source,
    words_source,
)
from tests.cupy.lookalike import loop_source
from tests.cupy.samples import CASTS, cases, sample_operands, source_of

HOWS = ("set", "max", "min", "mul")
SCALARS = frozenset({"count", "width", "length", "rows"})


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
        sources += [combine_source(d, place, h) for d in dtypes.ALL for h in HOWS]
        sources += [keys_source(d, place) for d in ("uint8", "int32", "uint64")]
    return [*dict.fromkeys(sources), words_source()]


def program(sources, half: bool) -> str:
    """Return one CUDA program of many kernels."""
    headers = ("complex", "carray", "float16") if half else ()
    lines = []
    for name in headers:  # the last is part of another before CuPy 14
        lines += [f"#if __has_include(<cupy/{name}.cuh>)"]
        lines += [f"#include <cupy/{name}.cuh>", "#endif"]
    lines += HELPERS.values()
    for source in sources:
        loop = loop_source(source, SCALARS, source.name)
        lines.append(loop.replace("void", "__global__ void", 1))
    return "\n".join(lines)


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
    path = tmp_path / "kernels.cu"
    path.write_text(program(sources, half), encoding="utf-8")
    command = ["nvcc", "-std=c++17", "-arch=compute_80", "--ptx", path.name]
    finished = subprocess.run(
        [*command, *(f"-I{folder}" for folder in folders), "-o", "kernels.ptx"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    text = (tmp_path / "kernels.ptx").read_text(encoding="utf-8")
    assert text.count(".entry") == len(sources)
