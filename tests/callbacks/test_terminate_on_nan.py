"""The end of a run whose loss is lost."""

import pytest

from kerasish.callbacks import TerminateOnNaN

LOST = [float("nan"), float("inf"), -float("inf")]


@pytest.mark.parametrize("loss", LOST)
def test_it_stops_training(loss, model, capsys):
    callback = TerminateOnNaN()
    callback.set_model(model)
    callback.on_train_batch_end(4, {"loss": loss})
    assert model.stop_training
    assert capsys.readouterr().out == "Batch 4: Invalid loss, terminating training\n"


@pytest.mark.parametrize("loss", LOST)
def test_it_raises_if_asked_to(loss, model, capsys):
    callback = TerminateOnNaN(raise_error=True)
    callback.set_model(model)
    message = "NaN or Inf loss encountered at batch 4."
    with pytest.raises(RuntimeError, match=message) as error:
        callback.on_train_batch_end(4, {"loss": loss})
    assert f"got:      Loss value: {loss}" in str(error.value)
    assert "fix:      lower the learning rate" in str(error.value)
    assert not model.stop_training
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("logs", [None, {}, {"a": float("nan")}, {"loss": 1.0}])
@pytest.mark.parametrize("raise_error", [False, True])
def test_it_lets_all_else_go_on(logs, raise_error, model):
    callback = TerminateOnNaN(raise_error)
    callback.set_model(model)
    callback.on_train_batch_end(0, logs)
    assert not model.stop_training
