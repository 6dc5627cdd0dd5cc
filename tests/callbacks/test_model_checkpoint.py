"""What is saved, when, and under which name. Messages are Keras 3.15.1's."""

import os
from pathlib import Path

import numpy as np
import pytest

from kerasish import Input, Sequential, layers
from kerasish.callbacks import Callback, EarlyStopping, History, ModelCheckpoint
from kerasish.errors import FileFormatError
from kerasish.models import load_model
from kerasish.random.seed import draw_seed


def losses(*values):
    return [{"loss": value, "val_loss": value} for value in values]


@pytest.fixture
def checkpoint(tmp_path):
    """Make a checkpoint in an empty folder: `checkpoint(filename, **arguments)`."""
    return lambda name="m.keras", **arguments: ModelCheckpoint(
        os.path.join(tmp_path, name), **arguments
    )


def test_every_epoch_by_default(checkpoint, model, fit):
    fit(checkpoint("m{epoch:02d}.keras"), losses(1.0, 2.0, 0.5))
    assert model.saved == ["m01.keras", "m02.keras", "m03.keras"]


@pytest.mark.parametrize(
    ("mode", "values", "saved"),
    [
        ("auto", [1.0, 0.5, 0.5, 0.6, 0.4], ["m1", "m2", "m5"]),
        ("max", [1.0, 0.5, 2.0, 2.0], ["m1", "m3"]),
        ("min", [1.0, float("nan"), 0.5], ["m1", "m3"]),
    ],
)
def test_the_best_only(mode, values, saved, checkpoint, model, fit):
    callback = checkpoint("m{epoch}.keras", save_best_only=True, mode=mode)
    fit(callback, losses(*values))
    assert [name.removesuffix(".keras") for name in model.saved] == saved


def test_weights_only(checkpoint, model, fit, tmp_path):
    name = "m{epoch}-{val_loss:.2f}.weights.h5"
    fit(checkpoint(name, save_weights_only=True), losses(1.0, 0.5))
    assert model.saved == ["m1-1.00.weights.h5", "m2-0.50.weights.h5"]
    assert (tmp_path / model.saved[0]).read_text() == "weights"


def test_a_value_to_beat(checkpoint, model, fit):
    name = "m{epoch}.keras"
    callback = checkpoint(name, save_best_only=True, initial_value_threshold=0.55)
    assert callback.best == 0.55
    fit(callback, losses(1.0, 0.5, 0.6))
    assert model.saved == ["m2.keras"]


def test_the_best_lasts_over_several_fits(checkpoint, model, fit):
    callback = checkpoint("m{epoch}.keras", save_best_only=True)
    fit(callback, losses(0.5))
    fit(callback, losses(1.0, 0.4))
    assert model.saved == ["m1.keras", "m2.keras"]


def train_batches(callback, num_epochs, batches):
    for epoch in range(num_epochs):
        callback.on_epoch_begin(epoch)
        for batch in batches:
            callback.on_train_batch_end(batch, {"loss": float(batch)})
        callback.on_epoch_end(epoch, {"loss": 0.0})


def test_every_so_many_batches_counted_across_epochs(checkpoint, model):
    callback = checkpoint("m{epoch}-{batch:02d}.keras", save_freq=2)
    callback.set_model(model)
    train_batches(callback, 2, range(5))
    expected = ["m1-02", "m1-04", "m2-01", "m2-03", "m2-05"]
    assert [name.removesuffix(".keras") for name in model.saved] == expected


def test_one_call_may_stand_for_several_batches(checkpoint, model):
    callback = checkpoint("m{epoch}-{batch}.keras", save_freq=4)
    callback.set_model(model)
    train_batches(callback, 2, [2, 5, 8])
    assert model.saved == ["m1-6.keras", "m2-3.keras", "m2-9.keras"]


def test_the_best_of_batches(checkpoint, model):
    name = "m{epoch}-{batch}-{loss:.1f}.keras"
    callback = checkpoint(name, save_freq=2, save_best_only=True, monitor="loss")
    callback.set_model(model)
    train_batches(callback, 2, range(5))
    assert model.saved == ["m1-2-1.0.keras", "m2-1-0.0.keras"]


def test_what_it_tells(checkpoint, fit, capsys):
    callback = checkpoint(verbose=1)
    fit(callback, losses(1.0))
    assert capsys.readouterr().out == (
        f"\nEpoch 1: saving model to {callback.filepath}\n"
        f"\nEpoch 1: finished saving model to {callback.filepath}\n"
    )


def test_what_it_tells_of_the_best(checkpoint, fit, capsys):
    callback = checkpoint(verbose=1, save_best_only=True)
    fit(callback, losses(1.0, 0.5, 0.6))
    path = callback.filepath
    assert capsys.readouterr().out == (
        f"\nEpoch 1: val_loss improved from None to 1.00000, saving model to {path}\n"
        f"\nEpoch 1: finished saving model to {path}\n"
        "\nEpoch 2: val_loss improved from 1.00000 to 0.50000, "
        f"saving model to {path}\n"
        f"\nEpoch 2: finished saving model to {path}\n"
        "\nEpoch 3: val_loss did not improve from 0.50000\n"
    )


def test_without_the_metric_it_saves_all_the_same(checkpoint, model, fit):
    message = "Can save best model only with val_loss available."
    with pytest.warns(UserWarning, match=message):
        fit(checkpoint(save_best_only=True), [{"loss": 1.0}])
    assert model.saved == ["m.keras"]


def test_without_logs_it_saves_all_the_same(checkpoint, model, fit):
    fit(checkpoint(), [None])
    assert model.saved == ["m.keras"]


def test_a_value_of_several_numbers(checkpoint, model, fit):
    message = (
        "Can save best model only when `monitor` is a scalar value. Received: "
        r"\[1. 1.\]. Falling back to `save_best_only=False`."
    )
    with pytest.warns(UserWarning, match=message):
        fit(checkpoint(save_best_only=True), [{"val_loss": np.ones(2)}])
    assert model.saved == ["m.keras"]


def test_folders_are_made(checkpoint, fit, tmp_path):
    fit(checkpoint("a/b{epoch}/m.keras"), losses(1.0))
    assert (tmp_path / "a" / "b1" / "m.keras").read_text() == "model"


def test_a_path_without_folder(model, fit, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fit(ModelCheckpoint(Path("m.keras")), losses(1.0))
    assert (tmp_path / "m.keras").exists()


def test_a_name_that_the_logs_lack(checkpoint, fit):
    with pytest.raises(KeyError, match="Failed to format this callback filepath") as e:
        fit(checkpoint("m{epoch}-{nope:.2f}.keras"), losses(1.0))
    assert "the name 'nope'" in e.value.args[0]
    assert "expected: one of epoch, loss, val_loss" in e.value.args[0]


def test_a_directory_in_the_way(checkpoint, model, fit):
    def save(filepath, overwrite):
        raise IsADirectoryError(filepath)

    model.save = save
    message = "Please specify a non-directory filepath for ModelCheckpoint."
    with pytest.raises(OSError, match=message) as error:
        fit(checkpoint(), losses(1.0))
    assert "an existing directory: " in str(error.value)


def test_other_errors_of_saving_come_out(checkpoint, model, fit):
    def save(filepath, overwrite):
        raise OSError("disk full")

    model.save = save
    with pytest.raises(OSError, match="disk full"):
        fit(checkpoint(), losses(1.0))


@pytest.mark.parametrize("path", ["m", "m.h5", "m.weights.h5", "m.tf"])
def test_a_model_goes_into_a_keras_file(path):
    with pytest.raises(ValueError, match=r"must end in `\.keras`") as error:
        ModelCheckpoint(path)
    assert f"got:      filepath={path}" in str(error.value)


@pytest.mark.parametrize("path", ["m", "m.h5", "m.keras"])
def test_weights_go_into_a_weights_file(path):
    message = "with `save_weights_only=True`, the filepath provided must end in"
    with pytest.raises(ValueError, match=message) as error:
        ModelCheckpoint(path, save_weights_only=True)
    assert "fix:      add `.weights.h5` to the path" in str(error.value)


@pytest.mark.parametrize("save_freq", ["batch", 2.5, None])
def test_save_freq(save_freq):
    with pytest.raises(ValueError, match=f"Unrecognized save_freq: {save_freq}.") as e:
        ModelCheckpoint("m.keras", save_freq=save_freq)
    assert "expected: 'epoch' or integer values" in str(e.value)


X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


class Noting(Callback):
    """Notes the epochs, and has no state."""

    def __init__(self):
        super().__init__()
        self.begun, self.ended = [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.begun.append(epoch)

    def on_epoch_end(self, epoch, logs=None):
        self.ended.append(epoch)


def dropping():
    model = Sequential([Input((3,)), layers.Dropout(0.3), layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def train(model, epochs, initial_epoch=0, callbacks=(), **options):
    options = {"epochs": epochs, "initial_epoch": initial_epoch, **options}
    fitted = model.fit(
        X, Y, batch_size=6, verbose=0, callbacks=list(callbacks), **options
    )
    return fitted.history.get("loss", [])


@pytest.fixture
def kept(tmp_path):
    """Return the file of a training after two epochs, and its losses over four."""
    name = str(tmp_path / "m{epoch}.keras")
    losses = train(dropping(), 4, callbacks=[ModelCheckpoint(name)])
    return str(tmp_path / "m2.keras"), losses


def test_a_training_goes_on_as_if_it_had_not_stopped(kept):
    path, losses = kept
    draw_seed()  # wherever the streams of this process are
    model = load_model(path)
    assert train(model, 4, 2) == losses
    assert model._fit_state is None


def test_a_fit_with_another_epoch_is_as_any(kept):
    path, losses = kept
    for first in (0, 1, 3):
        model = load_model(path)
        assert len(train(model, first + 1, first)) == 1
        # taken up by the first `fit` or never
        again = train(model, 4, 2)
        assert len(again) == 2
        assert again != losses[2:]


def test_a_model_compiled_anew_is_as_any(kept):
    model = load_model(kept[0])
    model.compile("adam", "mse")
    assert len(train(model, 4, 2)) == 2
    assert not load_model(kept[0], compile=False).compiled


def test_other_data_is_not_skipped(kept, tmp_path):
    """Batches drawn before are passed over only if there can have been so many."""
    model = dropping()
    name = str(tmp_path / "steps.keras")
    train(model, 3, callbacks=[ModelCheckpoint(name)], steps_per_epoch=2)
    loaded = load_model(name)
    loaded._fit_state["data"]["drawn"] = 10**18
    assert len(train(loaded, 4, 3, steps_per_epoch=2)) == 1


@pytest.mark.parametrize("part", ["data", "random", "callbacks", "pending"])
def test_a_state_that_makes_no_sense(kept, part):
    model = load_model(kept[0])
    model._fit_state[part] = 7
    with pytest.raises(FileFormatError, match="where its training stands") as error:
        train(model, 4, 2)
    assert "fix:      pass another initial_epoch" in str(error.value)


def test_callbacks_behind_it_are_called_for_the_epoch(tmp_path):
    path = str(tmp_path / "m.keras")
    train(dropping(), 2, callbacks=[Noting(), ModelCheckpoint(path), Noting()])
    callbacks = [Noting(), ModelCheckpoint(path), Noting()]
    losses = train(load_model(path), 3, 2, callbacks)
    assert len(losses) == 3
    assert [c.ended for c in callbacks[::2]] == [[2], [1, 2]]
    assert [c.begun for c in callbacks[::2]] == [[2], [2]]


def test_a_training_that_was_stopped_ends_with_the_same_callbacks(tmp_path):
    path = str(tmp_path / "m.keras")

    def watchers():
        return [EarlyStopping("loss", patience=1, min_delta=100.0)]

    for order in (1, -1):
        checkpoint = ModelCheckpoint(path)
        losses = train(dropping(), 9, callbacks=[*watchers(), checkpoint][::order])
        assert len(losses) == 2
        same = [*watchers(), ModelCheckpoint(path)][::order]
        assert train(load_model(path), 9, 2, same) == losses
        assert len(train(load_model(path), 4, 2)) == 4  # nobody there to stop it


def test_only_whole_models_of_epochs_hold_it(tmp_path):
    path = str(tmp_path / "m.keras")
    train(dropping(), 1, callbacks=[ModelCheckpoint(path, save_freq=2)])
    assert load_model(path)._fit_state is None
    model = dropping()
    train(model, 1)
    model.save(path)
    assert load_model(path)._fit_state is None
    history = History()
    train(model, 1, callbacks=[history, ModelCheckpoint(path)])
    state = load_model(path)._fit_state
    assert state["epoch"] == 1
    assert state["callbacks"]["History_1"]["history"] == history.history
