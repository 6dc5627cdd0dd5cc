"""Widths are multiples of eight; margins halve images, rounded up."""

import pytest

from kerasish import layers
from kerasish.applications.building import Request
from kerasish.applications.thin import margins, round_to_eight, trained_size


@pytest.mark.parametrize(
    ("number", "expected"), [(1, 8), (11.2, 16), (12, 16), (17, 16), (18, 24), (32, 32)]
)
def test_round_to_eight(number, expected):
    assert round_to_eight(number) == expected
    assert round_to_eight(number) >= 0.9 * number


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("size", [(8, 9), (7, 10)])
def test_margins_halve(size, kernel):
    x = layers.Input((*size, 1))
    padded = layers.ZeroPadding2D(margins(x, kernel))(x)
    halved = layers.Conv2D(1, kernel, strides=2)(padded)
    assert halved.shape[1:3] == tuple((side + 1) // 2 for side in size)


def test_margins_of_unknown_sizes_are_those_of_even_ones():
    assert margins(layers.Input((None, None, 1)), 5) == ((1, 2), (1, 2))


def test_trained_size():
    def request(shape, weights="imagenet"):
        return Request(False, weights, None, shape, None, 1000, None)

    assert trained_size(request((96, 96, 3)), (96, 224)) == 96
    assert trained_size(request(None), (96, 224)) == 224
    assert trained_size(request((50, 50, 3), None), (96, 224)) == 224
    with pytest.warns(UserWarning, match="no weights for images of 50 x 60"):
        assert trained_size(request((50, 60, 3)), (96, 224)) == 224
