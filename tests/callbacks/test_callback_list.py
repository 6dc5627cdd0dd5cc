"""All callbacks as one: the order, the logs, and which hooks of a batch are called."""

import pytest

from kerasish.callbacks import (
    Callback,
    CallbackList,
    CSVLogger,
    EarlyStopping,
    History,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ProgbarLogger,
    ReduceLROnPlateau,
    TerminateOnNaN,
)
from kerasish.callbacks.base import HOOKS


class Recorder(Callback):
    """Notes every call of every hook."""

    def __init__(self, name="", calls=None):
        super().__init__()
        self.calls = [] if calls is None else calls
        for hook in HOOKS:
            setattr(self, hook, self.note(name, hook))

    def note(self, name, hook):
        return lambda *args, **kwargs: self.calls.append((name, hook, args))


def names(callbacks):
    return [type(callback).__name__ for callback in callbacks.callbacks]


def test_history_and_progress_bar_come_last(model):
    callbacks = CallbackList(
        [EarlyStopping()],
        add_history=True,
        add_progbar=True,
        model=model,
        verbose=1,
        epochs=2,
        steps=3,
    )
    assert names(callbacks) == ["EarlyStopping", "History", "ProgbarLogger"]
    assert callbacks.params == {"verbose": 1, "epochs": 2, "steps": 3}
    for callback in callbacks.callbacks:
        assert callback.params == callbacks.params
        assert callback.model is model
    assert callbacks.model is model
    assert model.history is callbacks.callbacks[1]


def test_a_history_or_bar_that_is_there_is_used(model):
    history, bar = History(), ProgbarLogger()
    callbacks = CallbackList([bar, history], True, True, model)
    assert callbacks.callbacks == [bar, history]
    assert model.history is history


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, []),
        ([], []),
        (EarlyStopping(), ["EarlyStopping"]),
        ((EarlyStopping(), TerminateOnNaN()), ["EarlyStopping", "TerminateOnNaN"]),
    ],
)
def test_what_may_be_given(given, expected):
    assert names(CallbackList(given)) == expected


def test_the_list_given_is_not_changed(model):
    given = [EarlyStopping()]
    CallbackList(given, add_history=True, model=model)
    assert len(given) == 1


@pytest.mark.parametrize("wrong", ["history", None, History, [History()], object()])
def test_what_is_no_callback(wrong):
    with pytest.raises(TypeError, match="`callbacks` holds something that is no") as e:
        CallbackList([wrong])
    assert "got:" in str(e.value)
    assert "fix:      make an instance, or subclass Callback" in str(e.value)


def test_a_callback_of_another_library_with_the_same_hooks_will_do(model):
    names = [*HOOKS, "set_model", "set_params"]
    foreign = type("Foreign", (), {name: lambda self, *args: None for name in names})
    callbacks = CallbackList([foreign()], model=model)
    callbacks.on_train_begin()
    assert callbacks.needs_batch_logs


def test_every_hook_reaches_every_callback_in_order():
    calls = []
    callbacks = CallbackList([Recorder("a", calls), Recorder("b", calls)])
    for hook in HOOKS:
        calls.clear()
        if "epoch" in hook or "batch" in hook:
            getattr(callbacks, hook)(7, {"loss": 1.0})
            expected = (7, {"loss": 1.0})
        else:
            getattr(callbacks, hook)({"loss": 1.0})
            expected = ({"loss": 1.0},)
        called = {"on_batch_begin": "on_train_batch_begin"}.get(hook, hook)
        called = {"on_batch_end": "on_train_batch_end"}.get(called, called)
        assert calls == [("a", called, expected), ("b", called, expected)]


@pytest.mark.parametrize("hook", HOOKS)
def test_missing_logs_become_an_empty_dict(hook):
    recorder = Recorder()
    callbacks = CallbackList(recorder)
    arguments = (7,) if "epoch" in hook or "batch" in hook else ()
    getattr(callbacks, hook)(*arguments)
    assert recorder.calls[0][2] == (*arguments, {})


def test_what_one_callback_adds_to_the_logs_the_next_ones_see(model):
    schedule = LearningRateScheduler(lambda epoch, rate: 0.5)
    callbacks = CallbackList([schedule], add_history=True, model=model)
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    callbacks.on_epoch_end(0, {"loss": 1.0})
    assert model.history.history == {"loss": [1.0], "learning_rate": [0.5]}


def test_params_are_handed_on():
    callback = Callback()
    callbacks = CallbackList(callback)
    assert callback.params is None
    callbacks.set_params({"steps": 3})
    assert callback.params == callbacks.params == {"steps": 3}


class OnBatchEnd(Callback):
    def on_batch_end(self, batch, logs=None):
        pass


class OnTrainBatchBegin(Callback):
    def on_train_batch_begin(self, batch, logs=None):
        pass


class EagerCheckpoint(ModelCheckpoint):
    def on_train_batch_end(self, batch, logs=None):
        pass


def ours():
    return [
        EarlyStopping(),
        ModelCheckpoint("a.keras"),
        ReduceLROnPlateau(),
        LearningRateScheduler(float),
        CSVLogger("a.csv"),
        LambdaCallback(on_epoch_end=print),
        History(),
    ]


def test_callbacks_of_epochs_need_no_batches():
    callbacks = CallbackList(ours())
    assert not callbacks.needs_batch_logs
    assert not callbacks.has_train_batch_hooks
    assert not any(callbacks._hooks.values())


def test_the_progress_bar_wants_batches_but_not_their_logs():
    callbacks = CallbackList(ours(), add_progbar=True)
    assert not callbacks.needs_batch_logs
    assert callbacks.has_train_batch_hooks


@pytest.mark.parametrize(
    "callback",
    [
        OnBatchEnd(),
        OnTrainBatchBegin(),
        TerminateOnNaN(),
        ModelCheckpoint("a.keras", save_freq=5),
        EagerCheckpoint("a.keras"),
        LambdaCallback(on_train_batch_end=print),
        LambdaCallback(on_batch_begin=print),
    ],
    ids=lambda callback: type(callback).__name__,
)
def test_callbacks_of_batches_are_noticed(callback):
    callbacks = CallbackList([*ours(), callback])
    assert callbacks.needs_batch_logs
    assert callbacks.has_train_batch_hooks


def test_hooks_of_test_batches_need_no_train_batches():
    callbacks = CallbackList(LambdaCallback(on_test_batch_end=print))
    assert not callbacks.needs_batch_logs


def test_only_overridden_batch_hooks_are_called():
    seen = []
    callback = LambdaCallback(on_train_batch_end=lambda *call: seen.append(call))
    callbacks = CallbackList([Callback(), callback, Callback()])
    assert [len(hooks) for hooks in callbacks._hooks.values()] == [0, 1, 0, 0, 0, 0]
    callbacks.on_train_batch_begin(0)
    callbacks.on_train_batch_end(0, {"loss": 1.0})
    assert seen == [(0, {"loss": 1.0})]


def test_logs_are_handed_to_batch_hooks_unread():
    class Unreadable(dict):
        def __getitem__(self, name):
            raise AssertionError("the logs were read")

        def __len__(self):
            raise AssertionError("the logs were read")

    logs, seen = Unreadable(), []
    callback = LambdaCallback(on_train_batch_end=lambda *call: seen.append(call))
    CallbackList(callback).on_train_batch_end(0, logs)
    assert seen[0][1] is logs


class Late(Callback):
    _runs_last = True


def test_who_comes_after_a_callback():
    late, first, second = Late(), Callback(), Callback()
    callbacks = CallbackList([late, first, second], add_history=True)
    assert callbacks.names_after(first) == ["Callback_2", "History_1", "Late_1"]
    assert callbacks.names_after(late) == []
    assert callbacks.names_after(Callback()) == []


def test_an_epoch_is_finished_for_those_named():
    seen = []
    calls = [
        LambdaCallback(on_epoch_end=lambda *call, n=n: seen.append((n, *call)))
        for n in range(3)
    ]
    callbacks = CallbackList(calls, add_progbar=True)
    names = ["LambdaCallback_2", "LambdaCallback_3", "ProgbarLogger_1", "Gone_1"]
    callbacks.finish_epoch(names, 4, {"loss": 1.0})
    assert seen == [(1, 4, {"loss": 1.0}), (2, 4, {"loss": 1.0})]
