"""What is said where CuPy is missing, sees no device, or does not fit the driver."""

import importlib
import subprocess
import sys
import types
from pathlib import Path

import pytest

from kerasish.errors import BackendError
from kerasish_cupy.availability import (
    build_version,
    driver_version,
    require_device,
    runtime_version,
)

ROOT = Path(__file__).parents[2]

WITHOUT_CUPY = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name == "cupy":
            raise ModuleNotFoundError("No module named 'cupy'", name="cupy")

sys.meta_path.insert(0, Blocker())
import kerasish_cupy
assert "cupy" not in sys.modules
import kerasish
try:
    kerasish.config.set_backend("cupy")
except kerasish.errors.BackendError as error:
    print(error)
print("backend:", kerasish.config.backend())
"""


def message_without_cupy(script: str, **environment: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'backends'}", **environment},
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_without_cupy_the_message_says_how_to_get_it():
    lines = message_without_cupy(WITHOUT_CUPY).splitlines()
    assert lines == [
        "The backend 'cupy' needs CuPy, which is not installed.",
        "  got:      No module named 'cupy'",
        "  expected: CuPy 13.6 or newer, built for the CUDA version of the driver",
        '  fix:      pip install "kerasish[cupy13x]" (CUDA 13) or "kerasish[cupy12x]" '
        "(CUDA 12); without a GPU, use KERASISH_BACKEND=numpy",
        "backend: numpy",
    ]


def test_the_environment_variable_never_falls_back():
    script = WITHOUT_CUPY.partition("import kerasish\n")[0] + (
        "import kerasish\n"
        "try:\n"
        "    kerasish.ops.add(1, 2)\n"
        "except kerasish.errors.BackendError as error:\n"
        "    print(error)\n"
    )
    said = message_without_cupy(script, KERASISH_BACKEND="cupy")
    assert said.startswith("The backend 'cupy' needs CuPy, which is not installed.")


def test_importing_the_package_imports_no_cupy():
    script = "import sys, kerasish_cupy; print('cupy' in sys.modules)"
    assert message_without_cupy(script) == "False\n"


def message(fake_cupy, **runtime) -> str:
    """Return the message for a runtime that says this."""
    fake_cupy.cuda.runtime = types.SimpleNamespace(
        **{**vars(fake_cupy.cuda.runtime), **runtime}
    )
    with pytest.raises(BackendError) as caught:
        require_device()
    return str(caught.value)


def failing(text: str):
    def fail() -> int:
        raise RuntimeError(text)

    return fail


def test_with_a_device_the_module_is_returned(fake_cupy):
    assert require_device() is fake_cupy


def test_no_driver(fake_cupy):
    fake_cupy.cuda.is_available = lambda: False
    said = message(
        fake_cupy,
        driverGetVersion=lambda: 0,
        getDeviceCount=failing("cudaErrorInsufficientDriver: driver version is bad"),
    )
    assert said.startswith("The backend 'cupy' found no NVIDIA driver.")
    assert "got:      cudaErrorInsufficientDriver: driver version is bad" in said
    assert "expected: a driver for CUDA 13 or newer, and a GPU" in said
    assert "fix:      install the NVIDIA driver (`nvidia-smi` must list" in said


def test_a_driver_that_cannot_be_asked(fake_cupy):
    fake_cupy.cuda.is_available = lambda: False
    said = message(fake_cupy, driverGetVersion=failing("cudaErrorUnknown"))
    assert said.startswith("The backend 'cupy' found no NVIDIA driver.")


def test_a_driver_older_than_cupy(fake_cupy):
    fake_cupy.cuda.is_available = lambda: False
    said = message(fake_cupy, driverGetVersion=lambda: 12080)
    assert said.startswith("The NVIDIA driver is too old for this build of CuPy.")
    assert "got:      a driver for CUDA 12.8, CuPy 14.2.0 built for CUDA 13.0" in said
    assert "expected: a driver at least as new" in said
    assert 'pip install "kerasish[cupy12x]"' in said


def test_no_device(fake_cupy):
    fake_cupy.cuda.is_available = lambda: False
    said = message(
        fake_cupy, getDeviceCount=failing("cudaErrorNoDevice: no device is detected")
    )
    assert said.startswith("The backend 'cupy' found no CUDA device.")
    assert "got:      cudaErrorNoDevice: no device is detected" in said
    assert "CUDA_VISIBLE_DEVICES" in said


def test_no_device_counted(fake_cupy):
    fake_cupy.cuda.is_available = lambda: False
    assert "got:      0 devices" in message(fake_cupy, getDeviceCount=lambda: 0)


def test_no_compiler(fake_cupy):
    fake_cupy.cuda.nvrtc.getVersion = failing(
        '\nFailure finding "libnvrtc.so.13": No such file\nmore'
    )
    said = message(fake_cupy)
    assert said.startswith("CuPy finds the GPU, but not the CUDA libraries")
    assert 'got:      Failure finding "libnvrtc.so.13": No such file\n' in said
    assert "expected: NVRTC and cuBLAS of CUDA 13" in said
    assert 'fix:      pip install "cupy-cuda13x[ctk]"' in said


def test_no_matrix_products(fake_cupy, monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy_backends.cuda.libs.cublas", None)
    assert message(fake_cupy).startswith("CuPy finds the GPU, but not the CUDA lib")


def test_a_cupy_that_cannot_be_loaded(monkeypatch):
    def broken(name: str):
        raise ImportError("=====\nlibcudart.so.13: cannot open shared object file\n")

    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(BackendError) as caught:
        require_device()
    lines = str(caught.value).splitlines()
    assert lines[0] == "CuPy is installed but cannot be loaded."
    assert lines[1] == "  got:      libcudart.so.13: cannot open shared object file"


def test_versions_are_read(fake_cupy):
    assert str(driver_version(fake_cupy)) == "13.0"
    assert build_version(fake_cupy) == runtime_version(fake_cupy) == (13, 0)
    fake_cupy.cuda.runtime.driverGetVersion = lambda: 12080
    assert driver_version(fake_cupy) == (12, 8)
