"""What all tests share: seeds, marks, and the surroundings of the parity tests.

The environment is set first: BLAS, JAX and Keras read it when they are imported.
"""

import contextlib
import functools
import os

# Workers of pytest-xdist share the cores; a BLAS pool in each would fight for them.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")
# Real Keras, the reference of the parity tests, runs on JAX and on the CPU.
os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

from pathlib import Path

import hypothesis
import numpy as np
import pytest

import kerasish
from kerasish.backend import (
    available_backends,
    backend_scope,
    load_backend,
    register_backend,
)
from kerasish.errors import BackendError
from kerasish.graph import verify
from kerasish.saving.naming import reset_names
from tests.strict_backend import StrictBackend, StrictFusingBackend

SEED = 20240229
PARITY = Path(__file__).parent / "parity"
NAMED_BACKEND = os.environ.get("KERASISH_BACKEND")

# Every graph is checked after every pass.
verify.ENABLED = True

register_backend(StrictBackend())
register_backend(StrictFusingBackend())

# The same examples in every run, and no verdict that hangs on the machine's speed.
hypothesis.settings.register_profile(
    "kerasish", derandomize=True, deadline=None, database=None, max_examples=60
)
hypothesis.settings.load_profile("kerasish")


@functools.cache
def why_no_gpu() -> str | None:
    """Return why GPU tests cannot run here, or None if they can."""
    try:
        import cupy
    except ImportError:
        return "CuPy is not installed"
    return None if cupy.cuda.is_available() else "CuPy finds no CUDA device"


def pytest_configure(config):
    """Let NumPy's checks read arrays of a GPU, which CuPy refuses to hand over."""
    if (NAMED_BACKEND or "").startswith("cupy") and why_no_gpu() is None:
        import cupy

        def read(array, dtype=None, copy=None):
            return np.array(array.get(), dtype)

        cupy.ndarray.__array__ = read


def pytest_collection_modifyitems(items):
    for item in items:
        if PARITY in item.path.parents:
            item.add_marker(pytest.mark.parity)
        if item.get_closest_marker("gpu") and why_no_gpu():
            item.add_marker(pytest.mark.skip(reason=f"needs a GPU: {why_no_gpu()}"))


def pytest_make_parametrize_id(val, argname):
    """Name byte strings by their argument: archives hold the time they were made at.

    The workers of pytest-xdist, who each collect for themselves, must agree on names.
    """
    return argname if isinstance(val, bytes) else None


@pytest.fixture(autouse=True)
def same_start():
    """Give every test the same seeds and names, and put the global settings back."""
    config = kerasish.config
    before = {
        config.set_backend: config.backend(),
        config.set_epsilon: config.epsilon(),
        config.set_floatx: config.floatx(),
        config.set_image_data_format: config.image_data_format(),
    }
    kerasish.utils.set_random_seed(SEED)
    reset_names()
    yield
    for restore, value in before.items():
        restore(value)


def tested_backends() -> list[str]:
    """Return the backend KERASISH_BACKEND names, else every one that is installed.

    `numba`, which compiles for seconds what others run at once, is asked in the
    conformance suite, and tests/kerasish_numba has what else differs from NumPy's.
    """
    if NAMED_BACKEND:
        return [NAMED_BACKEND]
    return [name for name in available_backends() if name != "numba"]


@contextlib.contextmanager
def in_force(name):
    """Put a backend in force for a test; skip the test where it cannot work."""
    try:
        load_backend(name)
    except BackendError as error:
        if NAMED_BACKEND:
            raise  # it was asked for
        pytest.skip(str(error).partition("\n")[0])
    with backend_scope(name) as chosen:
        yield chosen


@pytest.fixture(params=tested_backends())
def backend(request):
    """Each backend that can work here, in force for the test; others are skipped."""
    with in_force(request.param) as chosen:
        yield chosen


@pytest.fixture
def on_numpy():
    """Put the NumPy backend in force: for tests of what only it does, or does so."""
    with backend_scope("numpy") as chosen:
        yield chosen


@pytest.fixture
def rng():
    """A NumPy generator with a fixed seed: the source of data in tests."""
    return np.random.default_rng(SEED)
