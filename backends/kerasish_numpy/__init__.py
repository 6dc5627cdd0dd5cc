"""NumPy backend: the default. Runs everywhere NumPy does, on the CPU."""

from kerasish_numpy.backend import NumpyBackend, make

__all__ = ["NumpyBackend", "make"]
