"""Results whose shape depends on values, and indices."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace


def test_where_of_a_condition_alone_returns_indices():
    rows, columns = ops.where(np.array([[False, True], [True, False]]))
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [1, 0])


@pytest.mark.parametrize("given", ["x1", "x2"])
def test_where_needs_both_values_or_none(given):
    with pytest.raises(ValueError, match=rf"both cases\.\n.*only {given}"):
        ops.where([True], **{given: 1.0})


@pytest.mark.parametrize("operation", [ops.nonzero, ops.where, ops.unique])
def test_the_number_of_results_is_not_known_in_a_trace(operation):
    with pytest.raises(ValueError, match="symbolic tensor cannot know how many"):
        trace(operation, [Spec((4,), "bool")])


def test_a_number_has_no_indices():
    with pytest.raises(ValueError, match=r"no places\.(.|\n)*ops\.reshape"):
        ops.nonzero(3.0)


def test_unique_with_a_size_can_be_traced():
    graph = trace(lambda x: ops.unique(x, size=3), [Spec((4,), "int32")])
    assert graph.outputs[0].shape == (3,)


def test_partitioning_beyond_the_ends():
    with pytest.raises(ValueError, match=r"kth=7\n.*-3 to 2"):
        ops.argpartition(np.arange(3.0), 7)
