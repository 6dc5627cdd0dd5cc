"""The empty hooks."""

import inspect

import pytest

from kerasish.callbacks.base import HOOKS, Callback


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_takes_what_keras_gives_and_does_nothing(hook, model):
    callback = Callback()
    callback.set_model(model)
    arguments = () if hook.endswith(("train_begin", "train_end")) else (0,)
    if hook in ("on_test_begin", "on_test_end", "on_predict_begin", "on_predict_end"):
        arguments = ()
    assert getattr(callback, hook)(*arguments) is None
    assert getattr(callback, hook)(*arguments, {"loss": 1.0}) is None
    assert list(inspect.signature(getattr(callback, hook)).parameters)[-1] == "logs"


def test_there_are_all_hooks_of_keras():
    spans = ("train", "test", "predict")
    expected = {f"on_{span}_{end}" for span in spans for end in ("begin", "end")}
    expected |= {
        f"on_{batch}_{end}"
        for batch in ("batch", "train_batch", "test_batch", "predict_batch", "epoch")
        for end in ("begin", "end")
    }
    assert set(HOOKS) == expected


def test_params_and_model():
    callback = Callback()
    assert callback.params is None
    assert callback.model is None
    callback.set_params({"epochs": 3})
    callback.set_model("model")
    assert callback.params == {"epochs": 3}
    assert callback.model == "model"


def test_model_is_read_only():
    with pytest.raises(AttributeError):
        Callback().model = "model"


def test_a_subclass_may_forget_the_base_class(model):
    class Forgetful(Callback):
        def __init__(self):
            self.seen = []

    callback = Forgetful()
    assert callback.model is None
    callback.set_model(model)
    assert callback.model is model


def test_the_older_names_of_a_batch_are_called():
    class Old(Callback):
        def __init__(self):
            super().__init__()
            self.calls = []

        def on_batch_begin(self, batch, logs=None):
            self.calls.append(("begin", batch, logs))

        def on_batch_end(self, batch, logs=None):
            self.calls.append(("end", batch, logs))

    callback = Old()
    callback.on_train_batch_begin(1)
    callback.on_train_batch_end(1, {"loss": 2.0})
    callback.on_test_batch_end(5)
    callback.on_predict_batch_end(5)
    assert callback.calls == [("begin", 1, None), ("end", 1, {"loss": 2.0})]
