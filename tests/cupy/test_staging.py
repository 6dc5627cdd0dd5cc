"""Uploads through page-locked memory, on the look-alike of CuPy."""

import importlib

import numpy as np
import pytest


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
