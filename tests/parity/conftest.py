"""What the parity tests share: the room that the reference takes."""

import sys

import pytest


@pytest.fixture(autouse=True, scope="module")
def compiled_programs():
    """Let go of what JAX compiled for a module: its programs take gigabytes."""
    yield
    jax = sys.modules.get("jax")
    if jax is not None:
        jax.clear_caches()
