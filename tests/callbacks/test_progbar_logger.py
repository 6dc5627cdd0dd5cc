"""The progress of a run: what is shown where, and when the logs are read."""

import io as streams
import re
from types import SimpleNamespace

import pytest

from kerasish.callbacks import CallbackList, ProgbarLogger, progbar_logger
from kerasish.utils import io, progbar


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    fake = Clock()
    monkeypatch.setattr(progbar, "monotonic", fake)
    monkeypatch.setattr(progbar_logger, "monotonic", fake)
    return fake


@pytest.fixture
def terminal(monkeypatch):
    class Terminal(streams.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    monkeypatch.setattr(io, "sys", SimpleNamespace(stdout=stream))
    monkeypatch.setenv("TERM", "xterm")
    return stream


class Logs(dict):
    """Logs that count how often they are read."""

    num_reads = 0

    def items(self):
        Logs.num_reads += 1
        return super().items()


@pytest.fixture(autouse=True)
def count_from_zero():
    Logs.num_reads = 0


def fit(clock, num_epochs=2, num_steps=3, **params):
    """Train as the training loop does, one second a step, with a validation."""
    params = {"epochs": num_epochs, "steps": num_steps, "verbose": "auto", **params}
    callbacks = CallbackList(add_progbar=True, **params)
    callbacks.on_train_begin()
    for epoch in range(num_epochs):
        callbacks.on_epoch_begin(epoch)
        for step in range(num_steps):
            callbacks.on_train_batch_begin(step)
            clock.now += 1
            callbacks.on_train_batch_end(step, Logs(loss=float(step)))
        callbacks.on_test_begin()
        callbacks.on_test_batch_begin(0)
        callbacks.on_test_batch_end(0, Logs(loss=3.0))
        callbacks.on_test_end(Logs(loss=3.0))
        callbacks.on_epoch_end(epoch, {"loss": 0.5, "val_loss": 3.0})
    callbacks.on_train_end({})
    return callbacks.callbacks[-1]


def plain(text):
    return re.sub("\x1b\\[\\d+m|━", "", text)


@pytest.mark.parametrize("verbose", ["auto", 1, True])
def test_fit_in_a_log_writes_one_line_an_epoch(verbose, clock, capsys):
    fit(clock, verbose=verbose)
    assert capsys.readouterr().out == (
        "Epoch 1/2 - 3/3 - 3s - 1s/step - loss: 0.5000 - val_loss: 3.0000\n"
        "Epoch 2/2 - 3/3 - 3s - 1s/step - loss: 0.5000 - val_loss: 3.0000\n"
    )


def test_fit_with_verbose_2_writes_what_keras_writes(clock, capsys):
    fit(clock, verbose=2)
    assert capsys.readouterr().out == (
        "Epoch 1/2\n3/3 - 3s - 1s/step - loss: 0.5000 - val_loss: 3.0000\n"
        "Epoch 2/2\n3/3 - 3s - 1s/step - loss: 0.5000 - val_loss: 3.0000\n"
    )


@pytest.mark.parametrize("verbose", [0, False])
def test_fit_with_verbose_0_writes_nothing(verbose, clock, capsys, terminal):
    fit(clock, verbose=verbose)
    assert terminal.getvalue() == ""
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("verbose", ["auto", 1])
def test_fit_on_a_terminal(verbose, clock, terminal):
    fit(clock, verbose=verbose, num_epochs=2, num_steps=2)
    epoch = (
        "\r1/2  1s 1s/step - loss: 0.0000e+00"
        "\r2/2  0s 1s/step - loss: 1.0000    "
        "\r2/2  2s 1s/step - loss: 0.5000 - val_loss: 3.0000\n"
    )
    assert plain(terminal.getvalue()) == f"Epoch 1/2\n{epoch}Epoch 2/2\n{epoch}"


@pytest.mark.parametrize("verbose", [1, 2])
def test_a_single_epoch_has_no_title(verbose, clock, capsys):
    fit(clock, verbose=verbose, num_epochs=1)
    assert capsys.readouterr().out == (
        "3/3 - 3s - 1s/step - loss: 0.5000 - val_loss: 3.0000\n"
    )


def test_the_number_of_steps_is_learned_in_the_first_epoch(clock, terminal):
    bar = fit(clock, steps=None, num_steps=2)
    assert bar.target == 2
    first, second = plain(terminal.getvalue()).split("Epoch 2/2")
    assert "      1/Unknown" in first
    assert first.endswith("\r2/2  2s 1s/step - loss: 0.5000 - val_loss: 3.0000\n")
    assert "Unknown" not in second


def evaluate(clock, **params):
    callbacks = CallbackList(add_progbar=True, epochs=1, **params)
    callbacks.on_test_begin()
    for step in range(2):
        callbacks.on_test_batch_begin(step)
        clock.now += 1
        callbacks.on_test_batch_end(step, Logs(loss=float(step)))
    callbacks.on_test_end({"loss": 0.5})


def predict(clock, **params):
    callbacks = CallbackList(add_progbar=True, **params)
    callbacks.on_predict_begin()
    for step in range(2):
        callbacks.on_predict_batch_begin(step)
        clock.now += 1
        callbacks.on_predict_batch_end(step, Logs(outputs=[1.0]))
    callbacks.on_predict_end()


@pytest.mark.parametrize("verbose", ["auto", 1, 2])
@pytest.mark.parametrize("steps", [2, None])
def test_evaluate_and_predict_in_a_log(verbose, steps, clock, capsys):
    evaluate(clock, verbose=verbose, steps=steps)
    predict(clock, verbose=verbose, steps=steps)
    assert capsys.readouterr().out == (
        "2/2 - 2s - 1s/step - loss: 0.5000\n2/2 - 2s - 1s/step\n"
    )


def test_evaluate_and_predict_on_a_terminal(clock, terminal):
    evaluate(clock, steps=2)
    predict(clock, steps=2)
    assert plain(terminal.getvalue()) == (
        "\r1/2  1s 1s/step - loss: 0.0000e+00"
        "\r2/2  0s 1s/step - loss: 1.0000    "
        "\r2/2  2s 1s/step - loss: 0.5000\n"
        "\r1/2  1s 1s/step\r2/2  0s 1s/step\r2/2  2s 1s/step\n"
    )


def test_batches_in_between_leave_the_logs_unread(clock, terminal):
    bar = ProgbarLogger()
    bar.set_params({"steps": 1000, "epochs": 1, "verbose": 1})
    bar.on_train_begin()
    bar.on_epoch_begin(0)
    logs = Logs(loss=1.0)
    for batch in range(1000):
        clock.now += 0.0101
        bar.on_train_batch_end(batch, logs)
    assert Logs.num_reads == 200  # the first, then every fifth: 0.05 s
    assert bar.seen == 1000


@pytest.mark.parametrize("verbose", ["auto", 1, 2, 0])
def test_in_a_log_no_batch_reads_them(verbose, clock, capsys):
    fit(clock, verbose=verbose)
    assert Logs.num_reads == 0


def test_the_first_step_does_not_count_for_the_speed_in_a_log(clock, capsys):
    bar = ProgbarLogger()
    bar.set_params({"steps": 3, "epochs": 1, "verbose": 1})
    bar.on_train_begin()
    bar.on_epoch_begin(0)
    for batch, seconds in enumerate([100, 2, 2]):
        clock.now += seconds
        bar.on_train_batch_end(batch, {})
    bar.on_epoch_end(0, {})
    assert capsys.readouterr().out == "3/3 - 104s - 2s/step\n"


@pytest.mark.parametrize("hook", ["on_epoch_end", "on_test_end", "on_predict_end"])
def test_an_end_without_batches(hook, capsys, clock):
    bar = ProgbarLogger()
    bar.set_params({"steps": 2, "verbose": 1})
    getattr(bar, hook)(*([0] if hook == "on_epoch_end" else []))
    assert capsys.readouterr().out == "2/2 - 0s - 0s/step\n"


def test_a_batch_without_beginning(clock, terminal):
    bar = ProgbarLogger()
    bar.set_params({"steps": 2, "verbose": 1})
    bar.on_predict_batch_end(0)
    assert plain(terminal.getvalue()) == "\r1/2  0s 0s/step"


def test_attributes_before_a_run():
    bar = ProgbarLogger()
    assert (bar.seen, bar.progbar, bar.target) == (0, None, None)
    assert (bar.verbose, bar.epochs) == (1, 1)


def test_messages_can_go_to_the_log(clock, capsys, caplog):
    io.disable_interactive_logging()
    try:
        with caplog.at_level("INFO", logger="kerasish"):
            fit(clock, num_epochs=2, num_steps=1)
    finally:
        io.enable_interactive_logging()
    assert capsys.readouterr().out == ""
    assert caplog.messages == [
        "Epoch 1/2 - 1/1 - 1s - 1s/step - loss: 0.5000 - val_loss: 3.0000",
        "Epoch 2/2 - 1/1 - 1s - 1s/step - loss: 0.5000 - val_loss: 3.0000",
    ]
