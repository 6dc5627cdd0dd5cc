"""Training goes on where it was interrupted."""

import json

import h5py
import numpy as np
import pytest

import kerasish
from kerasish.callbacks import BackupAndRestore, Callback
from kerasish.errors import FileFormatError

X = np.linspace(0, 1, 40, dtype="float32").reshape(20, 2)
Y = X.sum(axis=1, keepdims=True)
EPOCHS, BATCHES = 5, 4


def compiled():
    kerasish.utils.set_random_seed(1)
    model = kerasish.Sequential([kerasish.Input((2,)), kerasish.layers.Dense(1)])
    model.compile("adam", "mse")
    return model


class Interrupt(Callback):
    """Interrupts the training after a batch of an epoch, when its backup is made."""

    def __init__(self, epoch, batch=BATCHES - 1):
        super().__init__()
        self.when = epoch, batch
        self.epochs = []

    def on_epoch_begin(self, epoch, logs=None):
        if (epoch - 1, BATCHES - 1) == self.when:
            raise KeyboardInterrupt
        self.epochs.append(epoch)

    def on_train_batch_end(self, batch, logs=None):
        if (self.epochs[-1], batch) == self.when and batch < BATCHES - 1:
            raise KeyboardInterrupt


def fit(*callbacks):
    model = compiled()
    options = {"shuffle": False, "verbose": 0, "callbacks": list(callbacks)}
    model.fit(X, Y, batch_size=5, epochs=EPOCHS, **options)
    return model


def interrupted(folder, *when, **options):
    with pytest.raises(KeyboardInterrupt):
        fit(BackupAndRestore(folder, **options), Interrupt(*when))


def assert_same(model, whole):
    for ours, expected in zip(
        [*model.weights, *model.optimizer.variables],
        [*whole.weights, *whole.optimizer.variables],
        strict=True,
    ):
        np.testing.assert_array_equal(ours.numpy(), expected.numpy())
    assert model.history.epoch == whole.history.epoch
    assert model.history.history == whole.history.history


def as_of_keras(folder):
    """Leave of a backup what Keras would have written."""
    with h5py.File(folder / "latest.weights.h5", "r+") as root:
        del root["_kerasish"]


def state(folder):
    return json.loads((folder / "training_metadata.json").read_text())


def test_the_rest_is_as_without_interruption(tmp_path):
    whole = fit()
    interrupted(tmp_path / "backup", 2)
    assert state(tmp_path / "backup") == {"epoch": 3, "batch": 0}
    watch = Interrupt(None)
    model = fit(BackupAndRestore(tmp_path / "backup"), watch)
    assert watch.epochs == [3, 4]
    assert_same(model, whole)
    assert not (tmp_path / "backup").exists()


def test_an_epoch_that_was_not_finished_begins_anew(tmp_path):
    interrupted(tmp_path, 2, 1)
    assert state(tmp_path) == {"epoch": 2, "batch": 0}
    watch = Interrupt(None)
    model = fit(BackupAndRestore(tmp_path), watch)
    assert watch.epochs == [2, 3, 4]
    assert int(model.optimizer.iterations.numpy()) == EPOCHS * BATCHES


def test_backups_within_an_epoch(tmp_path):
    interrupted(tmp_path, 2, 1, save_freq=3)
    assert state(tmp_path) == {"epoch": 2, "batch": 0}
    model = fit(BackupAndRestore(tmp_path, save_freq=3))
    # 9 batches were done; the epoch goes on with its second one
    assert int(model.optimizer.iterations.numpy()) == EPOCHS * BATCHES
    assert_same(model, fit())


def test_a_backup_of_keras_begins_the_epoch_anew(tmp_path):
    interrupted(tmp_path, 2, 1, save_freq=3)
    as_of_keras(tmp_path)
    model = fit(BackupAndRestore(tmp_path, save_freq=3))
    assert int(model.optimizer.iterations.numpy()) == 9 + 3 * BATCHES


def test_backup_stays_if_wanted(tmp_path):
    fit(BackupAndRestore(tmp_path, delete_checkpoint=False))
    assert state(tmp_path) == {"epoch": EPOCHS, "batch": 0}
    watch = Interrupt(None)
    fit(BackupAndRestore(tmp_path), watch)
    assert watch.epochs == []


def test_other_files_stay(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    fit(BackupAndRestore(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_the_backup_before_the_last(tmp_path):
    interrupted(tmp_path, 2, double_checkpoint=True)
    assert len(list(tmp_path.iterdir())) == 4
    (tmp_path / "latest.weights.h5").write_bytes(b"damaged")
    watch = Interrupt(None)
    with pytest.warns(UserWarning, match="backup before it is restored instead"):
        fit(BackupAndRestore(tmp_path, double_checkpoint=True), watch)
    assert watch.epochs == [2, 3, 4]
    assert not tmp_path.exists()


def test_damaged_backup(tmp_path):
    interrupted(tmp_path, 1)
    (tmp_path / "latest.weights.h5").write_bytes(b"damaged")
    with pytest.raises(FileFormatError, match=r"latest\.weights\.h5"):
        fit(BackupAndRestore(tmp_path))


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"epoch": "x"}'])
def test_damaged_state_of_keras(tmp_path, content):
    interrupted(tmp_path, 1)
    as_of_keras(tmp_path)
    (tmp_path / "training_metadata.json").write_text(content)
    with pytest.raises(FileFormatError, match="cannot be restored") as error:
        fit(BackupAndRestore(tmp_path))
    assert "delete the folder to begin anew" in str(error.value)


def test_the_state_that_keras_reads_is_not_needed(tmp_path):
    interrupted(tmp_path, 1)
    (tmp_path / "training_metadata.json").write_text("damaged")
    assert_same(fit(BackupAndRestore(tmp_path)), fit())


def test_damaged_state(tmp_path):
    interrupted(tmp_path, 1)
    with h5py.File(tmp_path / "latest.weights.h5", "r+") as root:
        root["_kerasish/training/json"][:] = ord("?")
    with pytest.raises(FileFormatError, match=r"latest\.weights\.h5"):
        fit(BackupAndRestore(tmp_path))


def test_wrong_arguments(tmp_path):
    with pytest.raises(ValueError, match="Empty `backup_dir`"):
        BackupAndRestore("")
    for save_freq in ("batch", 1.5):
        with pytest.raises(ValueError, match="Invalid value for argument `save_freq`"):
            BackupAndRestore(tmp_path, save_freq=save_freq)
