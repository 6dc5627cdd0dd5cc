"""A few numbers that stand for an array: enough to tell a wrong one."""

import numpy as np

WHOLE = 16  # up to this size, the array itself
PROJECTIONS = 6
DOUBLE, SINGLE = 1e-10, 1e-5  # agreement where Keras computes in 64 bits, and in 32


def digest(array) -> list[float]:
    """Return the elements of a small array; of a large one, sums with fixed weights.

    A sum over all elements with weights of order 1 changes with every element; that six
    of them miss an error is a coincidence that seeds do not repeat.
    """
    flat = np.asarray(array).astype("float64").ravel()
    if flat.size <= WHOLE:
        return flat.tolist()
    rng = np.random.default_rng(flat.size)
    weights = rng.uniform(-1, 1, (PROJECTIONS, flat.size))
    return (weights @ flat / np.sqrt(flat.size)).tolist()


def assert_same(found, expected, tolerance: float) -> None:
    """Assert that arrays are those of which the digests were recorded.

    Args:
        found: Arrays.
        expected: For each, its shape and its digest.
        tolerance: Relative to the largest number of a digest.
    """
    assert [list(np.shape(x)) for x in found] == [shape for shape, _ in expected]
    for array, (_, numbers) in zip(found, expected, strict=True):
        numbers = np.array(numbers, "float64")
        finite = numbers[np.isfinite(numbers)]
        largest = float(np.abs(finite).max(initial=0))
        np.testing.assert_allclose(
            digest(array), numbers, rtol=tolerance, atol=tolerance * max(largest, 0.1)
        )


def agree(found, expected, tolerance: float) -> bool:
    """Return whether `assert_same` holds."""
    try:
        assert_same(found, expected, tolerance)
    except AssertionError:
        return False
    return True
