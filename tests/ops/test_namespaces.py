"""`ops.linalg`, `ops.nn` and `ops.numpy` hand on what `ops` has."""

import pytest

from kerasish import ops


@pytest.mark.parametrize("group", [ops.linalg, ops.nn, ops.numpy])
def test_a_group_has_the_operations_of_ops(group):
    for name in dir(group):
        assert getattr(group, name) is getattr(ops, name)


def test_an_operation_of_another_group_is_not_found():
    with pytest.raises(AttributeError, match=r"Unknown operation 'invv'.*\n.*'inv'"):
        _ = ops.linalg.invv


def test_groups_can_be_imported_from():
    from kerasish.ops.nn import softmax

    assert softmax is ops.softmax


def test_images_have_a_group_of_their_own():
    assert ops.image.resize is not None
    assert not hasattr(ops, "resize")
