"""What a call hands down to the layers inside it."""

import threading

import pytest

from kerasish.layers.call_context import current_call, entered, new_call


def test_the_outermost_call_makes_the_context():
    assert current_call() is None
    with entered(None) as outer:
        with entered(True) as inner:
            assert inner is outer
            assert inner.training is True
            with entered(None):
                assert current_call().training is True
            with entered(False):
                assert current_call().training is False
            assert inner.training is True
        assert outer.training is None
    assert current_call() is None


def test_losses_of_inner_calls_are_kept_by_the_outermost():
    with entered(True) as outer:
        with entered(None) as inner:
            inner.losses.append("penalty")
        assert outer.losses == ["penalty"]


def test_a_new_call_leaves_the_one_in_progress_alone():
    with entered(True) as outer:
        with new_call(False) as own:
            assert own is not outer
            assert current_call() is own
        assert current_call() is outer


@pytest.mark.parametrize("enter", [entered, new_call])
def test_an_error_ends_the_call(enter):
    with pytest.raises(KeyError), enter(True):
        raise KeyError
    assert current_call() is None


def test_each_thread_has_its_own():
    seen = []
    with entered(True):
        thread = threading.Thread(target=lambda: seen.append(current_call()))
        thread.start()
        thread.join()
    assert seen == [None]
