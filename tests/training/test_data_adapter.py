"""How epochs follow one another, with and without `steps`.

The expected orders are those that Keras 3.15 gives for the same arguments.
"""

import numpy as np
import pytest

from kerasish.training.data_adapter import check_count
from kerasish.training.data_indexed import IndexedAdapter
from kerasish.training.data_iterated import IteratedAdapter

RAN_OUT = pytest.warns(UserWarning, match="Your input ran out of data")


def numbers(batches):
    """The first number in each batch."""
    return [int(batch.arrays()[0][0]) for batch in batches]


def arrays(steps=None):
    """Three batches: 0, 4, 8."""
    return IndexedAdapter(np.arange(10), batch_size=4, steps=steps)


def generated(count, steps=None):
    return IteratedAdapter((np.full(2, i) for i in range(count)), steps=steps)


class TestArrays:
    def test_whole_passes(self):
        adapter = arrays()
        assert [numbers(adapter.epoch()) for _ in range(2)] == [[0, 4, 8]] * 2
        assert not adapter.exhausted

    def test_one_step_an_epoch(self):
        adapter = arrays(steps=1)
        assert [numbers(adapter.epoch()) for _ in range(5)] == [[0], [4], [8], [0], [4]]

    def test_as_many_steps_as_batches(self):
        adapter = arrays(steps=3)
        assert [numbers(adapter.epoch()) for _ in range(3)] == [[0, 4, 8]] * 3

    def test_pass_ends_within_an_epoch(self):
        adapter = arrays(steps=2)
        for _ in range(2):
            assert numbers(adapter.epoch()) == [0, 4]
            with RAN_OUT:
                assert numbers(adapter.epoch()) == [8]

    def test_more_steps_than_batches(self):
        adapter = arrays(steps=5)
        for _ in range(2):
            with RAN_OUT as caught:
                assert numbers(adapter.epoch()) == [0, 4, 8]
        message = str(caught[0].message)
        assert "got:      3 batches in this epoch" in message
        assert "expected: 5, the steps given" in message
        assert "fix:" in message

    def test_reset_begins_at_the_start(self):
        adapter = arrays(steps=2)
        for _ in range(3):
            adapter.reset()
            assert numbers(adapter.epoch()) == [0, 4]

    def test_epoch_that_is_left_early(self):
        adapter = arrays()
        assert numbers([next(adapter.epoch())]) == [0]
        assert numbers(adapter.epoch()) == [0, 4, 8]


class TestGenerators:
    def test_steps_go_on_where_the_last_epoch_stopped(self):
        adapter = generated(5, steps=2)
        assert numbers(adapter.epoch()) == [0, 1]
        assert numbers(adapter.epoch()) == [2, 3]
        with RAN_OUT:
            assert numbers(adapter.epoch()) == [4]
        assert adapter.exhausted

    def test_just_enough(self):
        adapter = generated(4, steps=2)
        assert numbers(adapter.epoch()) == [0, 1]
        assert numbers(adapter.epoch()) == [2, 3]
        with RAN_OUT:
            assert numbers(adapter.epoch()) == []

    def test_without_steps_it_ends_when_it_ends(self):
        adapter = generated(3)
        assert numbers(adapter.epoch()) == [0, 1, 2]
        assert adapter.exhausted
        with RAN_OUT as caught:
            assert numbers(adapter.epoch()) == []
        assert "expected: at least one" in str(caught[0].message)

    def test_endless(self):
        adapter = generated(10**9, steps=3)
        assert numbers(adapter.epoch()) == [0, 1, 2]
        assert numbers(adapter.epoch()) == [3, 4, 5]
        adapter.reset()  # cannot start again; nothing is lost
        assert numbers(adapter.epoch()) == [6, 7, 8]


@pytest.mark.parametrize("value", [None, 1, np.int64(7)])
def test_check_count(value):
    assert check_count(value, "steps") == value


@pytest.mark.parametrize("value", [0, -2, 1.0, "3"])
def test_check_count_refuses(value):
    with pytest.raises(ValueError, match="`steps` must be a positive integer") as error:
        check_count(value, "steps")
    assert f"got:      {value!r} of type {type(value).__name__}" in str(error.value)
