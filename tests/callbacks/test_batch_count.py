import pytest

from kerasish.callbacks.batch_count import BatchCount


def test_counts_go_on_in_the_next_epoch():
    count = BatchCount()
    assert [count.advance(batch) for batch in (0, 1, 2, 0, 1)] == [1, 1, 1, 1, 1]
    assert count.total == 5


def test_a_call_may_stand_for_several_batches():
    count = BatchCount()
    assert [count.advance(batch) for batch in (3, 7, 9, 3)] == [4, 4, 2, 4]


@pytest.mark.parametrize(("every", "due"), [(1, [0, 1, 2, 3]), (2, [1, 3]), (4, [3])])
def test_due(every, due):
    count = BatchCount()
    assert [batch for batch in range(4) if count.is_due(batch, every)] == due


def test_due_across_epochs():
    count = BatchCount()
    batches = [0, 1, 2] * 3
    told = [index for index, batch in enumerate(batches) if count.is_due(batch, 4)]
    assert told == [3, 7]
