"""A callback out of functions."""

import pytest

from kerasish.callbacks import LambdaCallback
from kerasish.callbacks.base import HOOKS


@pytest.mark.parametrize("hook", HOOKS)
def test_any_hook_can_be_given(hook):
    seen = []
    callback = LambdaCallback(**{hook: lambda *call: seen.append(call)})
    getattr(callback, hook)(1, {"loss": 2.0})
    assert seen == [(1, {"loss": 2.0})]


def test_other_hooks_stay_empty():
    callback = LambdaCallback(on_epoch_end=print, on_train_end=None)
    assert set(vars(callback)) == {"params", "_model", "on_epoch_end"}


def test_an_unknown_hook_is_named():
    with pytest.raises(TypeError, match="Unknown hook of LambdaCallback 'on_epoch_en'"):
        LambdaCallback(on_epoch_en=print)
    with pytest.raises(TypeError, match="did you mean 'on_epoch_end'"):
        LambdaCallback(on_epoch_en=print)
