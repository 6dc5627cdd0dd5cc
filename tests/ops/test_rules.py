"""Shape and dtype rules that operations share."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

from kerasish.errors import ShapeError
from kerasish.graph.tensor import Spec
from kerasish.ops import rules


@given(hnp.mutually_broadcastable_shapes(num_shapes=3, min_side=0))
def test_broadcasting_is_numpys(shapes):
    expected = np.broadcast_shapes(*shapes.input_shapes)
    assert rules.broadcast_shapes(*shapes.input_shapes) == expected


@given(
    hnp.array_shapes(min_dims=0, min_side=0, max_side=3),
    hnp.array_shapes(min_dims=0, min_side=0, max_side=3),
)
def test_what_numpy_refuses_is_refused(first, second):
    try:
        expected = np.broadcast_shapes(first, second)
    except ValueError:
        with pytest.raises(ShapeError):
            rules.broadcast_shapes(first, second)
    else:
        assert rules.broadcast_shapes(first, second) == expected


def test_axes_are_counted_from_the_front():
    assert rules.normalize_axis(-1, 3) == 2
    assert rules.normalize_axes(None, 3) == (0, 1, 2)
    assert rules.normalize_axes(-1, 3) == (2,)
    assert rules.normalize_axes((2, 0, -1), 3) == (0, 2)


@pytest.mark.parametrize("axis", [3, -4])
def test_an_axis_outside_is_refused(axis):
    with pytest.raises(ShapeError, match="-3 to 2 for a tensor of rank 3"):
        rules.normalize_axis(axis, 3)


def test_reduced_shapes():
    assert rules.reduced_shape((2, 3, 4), (0, 2), False) == (3,)
    assert rules.reduced_shape((2, 3, 4), (0, 2), True) == (1, 3, 1)


def form(spec):
    return spec.shape, spec.dtype, spec.compute


@pytest.mark.parametrize(
    ("rule", "dtypes", "result", "compute"),
    [
        (rules.same, ("int32", "float16"), "float16", "float16"),
        (rules.same, ("bool", "bool"), "bool", "bool"),
        (rules.counting, ("bool", "bool"), "int32", "int32"),
        (rules.counting, ("bool", "uint8"), "uint8", "uint8"),
        (rules.floating, ("int32", "int8"), "float32", "float32"),
        (rules.floating, ("int32", "float16"), "float16", "float16"),
        (rules.comparison, ("int32", "float16"), "bool", "float16"),
        (rules.logical, ("int32", "float16"), "bool", "bool"),
        (rules.integral, ("int32", "uint8"), "int32", "int32"),
    ],
)
def test_dtypes_of_results_and_in_which_they_are_computed(
    rule, dtypes, result, compute
):
    spec = rule(*(Spec((2, 1), dtype) for dtype in dtypes))
    assert form(spec) == ((2, 1), result, compute)
