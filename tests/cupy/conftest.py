"""Fixtures: a compiler for generated kernels; the backend on a look-alike of CuPy."""

import importlib
import shutil
import sys

import pytest

from tests.cupy.compiled import Cpp
from tests.cupy.fake_cublas import FakeCublas
from tests.cupy.lookalike import (
    IMPORT_CUPY,
    FakeKernel,
    FakeStream,
    Stack,
    fake_module,
    let_checks_read_the_device,
    put_in_place,
)


@pytest.fixture(scope="session")
def cpp(tmp_path_factory) -> Cpp:
    """A C++ compiler for kernel sources."""
    if shutil.which("g++") is None:
        pytest.skip("no C++ compiler (g++) to run the generated kernels with")
    compiler = Cpp(tmp_path_factory.mktemp("kernels"))
    try:
        compiler.library("")
    except SyntaxError as error:
        pytest.skip(f"g++ lacks the half-precision type _Float16: {error}")
    return compiler


@pytest.fixture
def fake_cupy(monkeypatch, cpp):
    """A look-alike of CuPy, in its place for the length of a test."""
    module = fake_module()
    put_in_place(monkeypatch, module)
    let_checks_read_the_device(monkeypatch.setattr)
    monkeypatch.setattr(FakeKernel, "cpp", cpp, raising=False)
    monkeypatch.setattr(FakeKernel, "launches", [], raising=False)
    monkeypatch.setattr(FakeStream, "stack", Stack())
    monkeypatch.setattr(FakeStream, "launched", 0)
    yield module
    for name in IMPORT_CUPY:
        sys.modules.pop(name, None)


@pytest.fixture
def fake_cublas(fake_cupy, monkeypatch) -> FakeCublas:
    """A look-alike of cuBLAS, in its place for the length of a test."""
    made = FakeCublas()
    module = importlib.import_module("kerasish_cupy.cublas")
    monkeypatch.setattr(module, "library", lambda: made)
    return made


@pytest.fixture
def fake_backend(fake_cublas):
    """The CuPy backend on the look-alike."""
    return importlib.import_module("kerasish_cupy").make()


@pytest.fixture
def launches(fake_cupy) -> list[str]:
    """Names of the kernels launched so far."""
    return FakeKernel.launches


@pytest.fixture
def on_fake_backend(fake_backend, monkeypatch):
    """Make the CuPy backend on the look-alike the one in force."""
    choice = importlib.import_module("kerasish.backend.choice")
    monkeypatch.setattr(choice, "_made", dict(choice._made))
    monkeypatch.setattr(choice, "_default", fake_backend)
    choice.register_backend(fake_backend)
    return fake_backend
