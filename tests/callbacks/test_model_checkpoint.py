"""What is saved, when, and under which name. Messages are Keras 3.15.1's."""

import os
from pathlib import Path

import numpy as np
import pytest

from kerasish.callbacks import ModelCheckpoint


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
