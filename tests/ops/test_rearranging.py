"""Patterns that `rearrange` refuses."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import ShapeError
from tests.ops.slope import assert_slope

X = np.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize(
    "pattern",
    ["a b c", "a b c -> a b", "a b c -> a b c d", "a a c -> a c", "a -> b -> c"],
)
def test_patterns_that_are_not_understood(pattern):
    with pytest.raises(ValueError, match="rearrange does not understand"):
        ops.rearrange(X, pattern)


def test_lengths_that_cannot_be_worked_out():
    with pytest.raises(ValueError, match="all lengths but one of b1 b2"):
        ops.rearrange(X, "a (b1 b2) c -> a b1 b2 c")


@pytest.mark.parametrize("lengths", [{"b1": 2}, {"b1": 3, "b2": 2}])
def test_lengths_that_do_not_divide(lengths):
    with pytest.raises(ShapeError, match="an axis of length 3, b1="):
        ops.rearrange(X, "a (b1 b2) c -> a b1 b2 c", **lengths)


def test_a_tensor_of_another_rank():
    with pytest.raises(ShapeError, match=r"got:.*\(2, 3, 4\)\n.*2 axes"):
        ops.rearrange(X, "a b -> b a")


def test_spaces_do_not_matter():
    np.testing.assert_array_equal(
        ops.rearrange(X, "a  b c->(c  a ) b"), ops.rearrange(X, "a b c -> (c a) b")
    )


def test_gradient():
    assert_slope(
        lambda x: ops.sum(ops.sin(ops.rearrange(x, "a (b d) c -> d (c a b)", d=3))), X
    )
