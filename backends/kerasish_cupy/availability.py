"""Whether CuPy can work here, and if not, what is missing and how to get it.

Checked once, before anything is computed: that CuPy is installed and loads, that a
device is visible, and that the CUDA libraries which compile and multiply are found.
CuPy itself would report each of them late, at the first array, kernel or product.
"""

from __future__ import annotations

import importlib
from typing import Any

from kerasish.errors import BackendError, explain

INSTALL = (
    'pip install "kerasish[cupy13x]" (CUDA 13) or "kerasish[cupy12x]" (CUDA 12); '
    "without a GPU, use KERASISH_BACKEND=numpy"
)
LIBRARIES = (
    'pip install "cupy-cuda13x[ctk]" (for CUDA 12: "cupy-cuda12x[ctk]"), or install '
    "the CUDA toolkit of the same major version and set CUDA_PATH to it"
)


def require_device(number: int = 0) -> Any:
    """Return the module `cupy`, once it can work on a device.

    Args:
        number: Of the device, among those that are visible.

    Raises:
        BackendError: It cannot; the message says what was found and how to mend it.
    """
    cupy = _require_cupy()
    if not cupy.cuda.is_available():
        raise BackendError(_no_device(cupy))
    count = cupy.cuda.runtime.getDeviceCount()
    if number >= count:
        raise BackendError(
            explain(
                f"There is no GPU number {number}.",
                got=f"{count} visible, counted from 0",
                expected="one of these",
                fix="check `nvidia-smi` and CUDA_VISIBLE_DEVICES",
            )
        )
    _require_libraries(cupy)
    return cupy


def _require_cupy() -> Any:
    try:
        return importlib.import_module("cupy")
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name == "cupy"
        message = explain(
            "The backend 'cupy' needs CuPy, which is not installed."
            if missing
            else "CuPy is installed but cannot be loaded.",
            got=_first_line(error),
            expected="CuPy 13.6 or newer, built for the CUDA version of the driver",
            fix=INSTALL,
        )
        raise BackendError(message) from error


def _no_device(cupy: Any) -> str:
    """Return why CuPy sees no device: no driver, too old a driver, or no GPU."""
    driver, built_for = driver_version(cupy), build_version(cupy)
    if driver is None:
        return explain(
            "The backend 'cupy' found no NVIDIA driver.",
            got=_device_problem(cupy),
            expected=f"a driver for CUDA {built_for[0]} or newer, and a GPU",
            fix="install the NVIDIA driver (`nvidia-smi` must list the GPU), or use "
            "KERASISH_BACKEND=numpy",
        )
    if driver[0] < built_for[0]:
        return explain(
            "The NVIDIA driver is too old for this build of CuPy.",
            got=f"a driver for CUDA {driver}, CuPy {cupy.__version__} built for CUDA "
            f"{built_for}",
            expected="a driver at least as new",
            fix=f"update the driver, or install the CuPy built for CUDA {driver[0]}: "
            f"pip uninstall the present one, then pip install "
            f'"kerasish[cupy{driver[0]}x]"',
        )
    return explain(
        "The backend 'cupy' found no CUDA device.",
        got=_device_problem(cupy),
        expected="at least one visible NVIDIA GPU",
        fix="check `nvidia-smi` and the environment variable CUDA_VISIBLE_DEVICES, or "
        "use KERASISH_BACKEND=numpy",
    )


def _device_problem(cupy: Any) -> str:
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except RuntimeError as error:  # CUDARuntimeError is one
        return _first_line(error)
    return f"{count} devices"


def _require_libraries(cupy: Any) -> None:
    """Load the compiler and the matrix products, which CuPy loads only when used."""
    try:
        cupy.cuda.nvrtc.getVersion()
        importlib.import_module("cupy_backends.cuda.libs.cublas")
    except (ImportError, OSError, RuntimeError) as error:
        message = explain(
            "CuPy finds the GPU, but not the CUDA libraries it was built for.",
            got=_first_line(error),
            expected=f"NVRTC and cuBLAS of CUDA {build_version(cupy)[0]}",
            fix=LIBRARIES,
        )
        raise BackendError(message) from error


class Version(tuple[int, int]):
    """A CUDA version, major and minor."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"{self[0]}.{self[1]}"


def driver_version(cupy: Any) -> Version | None:
    """Return the newest CUDA version the driver supports, or None without a driver."""
    try:
        number = cupy.cuda.runtime.driverGetVersion()
    except RuntimeError:
        return None
    return _version(number) if number else None


def build_version(cupy: Any) -> Version:
    """Return the CUDA version CuPy was built for; known without a driver."""
    return _version(cupy.cuda.driver.get_build_version())


def runtime_version(cupy: Any) -> Version:
    """Return the version of the CUDA runtime in use."""
    return _version(cupy.cuda.runtime.runtimeGetVersion())


def _version(number: int) -> Version:
    return Version((number // 1000, number % 1000 // 10))


def _first_line(error: BaseException) -> str:
    """Return the first line of an error's message that says something."""
    lines = [line.strip() for line in str(error).splitlines()]
    said = next((line for line in lines if line.strip("=")), "")
    return said or type(error).__name__
