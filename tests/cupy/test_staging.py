"""Uploads through page-locked memory, on the look-alike of CuPy."""

import importlib

import numpy as np
import pytest

from tests.cupy.lookalike import FakeStream


@pytest.fixture
def module(fake_cupy):
    return importlib.import_module("kerasish_cupy.staging")


def uploaded(fake_cupy, staging, source: np.ndarray) -> np.ndarray:
    target = fake_cupy.empty(source.shape, source.dtype)
    staging.upload(target, source)
    return fake_cupy.asnumpy(target)


@pytest.mark.parametrize("shape", [(), (0, 3), (5,), (3, 4)])
def test_the_values_arrive(fake_cupy, module, rng, shape):
    source = rng.normal(size=shape)
    np.testing.assert_array_equal(
        uploaded(fake_cupy, module.Staging(), source), source, strict=True
    )


def test_memory_is_let_go_of_once_it_was_read(fake_cupy, module):
    staging = module.Staging()
    for _ in range(5):
        uploaded(fake_cupy, staging, np.ones(3))
    assert len(staging._pending) == 0


def test_memory_is_kept_while_the_device_may_read_it(fake_cupy, module, monkeypatch):
    monkeypatch.setattr(fake_cupy.cuda.Event, "instant", False)
    staging = module.Staging()
    for _ in range(5):
        uploaded(fake_cupy, staging, np.ones(3))
    assert len(staging._pending) == 5


def test_the_host_runs_ahead_by_a_bounded_number(fake_cupy, module, monkeypatch):
    monkeypatch.setattr(fake_cupy.cuda.Event, "instant", False)
    staging = module.Staging()
    for _ in range(3 * module.MOST_PENDING):
        uploaded(fake_cupy, staging, np.ones(3))
    assert len(staging._pending) == module.MOST_PENDING


def test_what_is_large_travels_on_a_stream_of_its_own(fake_cupy, module, monkeypatch):
    """The step's stream waits for it only before the copy within the device."""
    monkeypatch.setattr(FakeStream, "waits", [])
    staging = module.Staging()
    source = np.arange(module.LEAST_APART, dtype="float32")
    with FakeStream() as own:
        np.testing.assert_array_equal(uploaded(fake_cupy, staging, source), source)
    assert FakeStream.waits == [(own.ptr, staging._stream.ptr)]
    assert own.ptr != staging._stream.ptr


def test_what_is_small_goes_on_the_stream_of_the_step(fake_cupy, module):
    staging = module.Staging()
    uploaded(fake_cupy, staging, np.ones(3))
    assert staging._stream is None


def test_the_host_runs_ahead_by_bounded_memory(fake_cupy, module, monkeypatch):
    monkeypatch.setattr(fake_cupy.cuda.Event, "instant", False)
    monkeypatch.setattr(module, "MOST_BYTES", 3 * module.LEAST_APART)
    staging = module.Staging()
    counts = []
    for _ in range(6):
        uploaded(fake_cupy, staging, np.ones(module.LEAST_APART, "uint8"))
        counts.append(len(staging._pending))
    assert counts == [1, 2, 3, 3, 3, 3]
    uploaded(fake_cupy, staging, np.ones(5 * module.LEAST_APART, "uint8"))
    assert len(staging._pending) == 2
