"""What a layer accepts, and what it answers to anything else."""

import pytest

from kerasish.errors import ShapeError
from kerasish.layers import InputSpec


@pytest.mark.parametrize(
    ("spec", "shape"),
    [
        ({"ndim": 2}, (3, 4)),
        ({"min_ndim": 2}, (3, 4, 5)),
        ({"max_ndim": 2}, (3,)),
        ({"axes": {-1: 4}}, (3, 4)),
        ({"axes": {-1: 4}}, (3, None)),
        ({"shape": (None, 4)}, (7, 4)),
        ({"axes": {1: None}}, (7, 4)),
    ],
)
def test_what_fits(spec, shape):
    InputSpec(**spec).check(shape, "Dense 'd'")


@pytest.mark.parametrize(
    ("spec", "shape", "expected"),
    [
        ({"ndim": 2}, (3,), "2 axes"),
        ({"min_ndim": 2}, (3,), "at least 2 axes"),
        ({"max_ndim": 2}, (3, 4, 5), "at most 2 axes"),
        ({"axes": {-1: 4}}, (3, 5), "last axis of length 4"),
        ({"axes": {1: 4}}, (3, 5), "axis 1 of length 4"),
        ({"shape": (None, 4)}, (7, 5), "axis 1 of length 4"),
        ({"shape": (None, 4)}, (7, 4, 1), "2 axes"),
    ],
)
def test_what_does_not_fit(spec, shape, expected):
    with pytest.raises(ShapeError) as raised:
        InputSpec(**spec).check(shape, "Dense 'd'")
    text = str(raised.value)
    assert text.startswith("Dense 'd' cannot take this input.")
    assert f"got:      shape {shape}" in text
    assert f"expected: {expected}" in text
    assert "fix:" in text
