"""Matrix products, whole and cut into streams."""

import numpy as np
import pytest

from kerasish.backend.streams import Streams
from kerasish_numpy.backend import make
from kerasish_numpy.products import Product
from kerasish_numpy.workers import LARGE, Workers

SHAPES = {
    "rows": ((37, 5), (5, 11)),
    "columns": ((4, 5), (5, 29)),
    "stack": ((7, 4, 5), (7, 5, 6)),
    "shared left": ((4, 5), (7, 5, 6)),
    "shared right": ((7, 4, 5), (5, 6)),
    "two stacks": ((3, 1, 4, 5), (1, 6, 5, 2)),
    "stack of one": ((1, 9, 5), (1, 5, 2)),
    "one row": ((1, 5), (5, 1)),
}


class Cut(Streams):
    """Cuts everything into three, and runs the parts backwards."""

    def number(self, work, most):
        return min(3, most)

    def together(self, streams):
        def run():
            for stream in reversed(streams):
                for call in stream:
                    call()

        return run


@pytest.mark.parametrize("shapes", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("streams", [Streams(), Cut()], ids=["whole", "cut"])
@pytest.mark.parametrize("transposed", [False, True])
def test_products_are_right(shapes, streams, transposed, rng):
    a, b = (rng.normal(size=shape) for shape in shapes)
    if transposed:
        a, b = (
            np.ascontiguousarray(x.swapaxes(-1, -2)).swapaxes(-1, -2) for x in (a, b)
        )
    expected = a @ b
    out = np.empty(expected.shape)
    Product(streams)(out, a, b)
    np.testing.assert_allclose(out, expected, rtol=1e-12)


def test_only_large_products_are_cut():
    product = Product(Workers(2))
    small, large = np.ones((8, 8), "float32"), np.ones((350, 350), "float32")
    assert LARGE < 350**3
    assert product.bind(small, (small, small), {}).func is np.matmul
    assert product.bind(large, (large, large), {}).func is not np.matmul


@pytest.mark.parametrize("size", [8, 350])
def test_the_backend_multiplies_sizes_of_both_kinds(size, rng):
    a, b = (rng.normal(size=(size, size)).astype("float32") for _ in range(2))
    out = np.empty((size, size), "float32")
    backend = make()
    with backend.execution_scope():
        backend.bind("matmul_of", out, (a, b.T), {})()
    np.testing.assert_allclose(out, a.astype("float64") @ b.T, rtol=1e-4, atol=1e-4)
