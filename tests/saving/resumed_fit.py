"""Trainings that are killed and run again; their test compares what came of them.

Arguments: a folder, how the training is kept ("epoch" or a number of batches for
`BackupAndRestore`, "checkpoint" for `ModelCheckpoint`), the kind of data, and places of
kills: each run of the training is killed at one, and a last run ends. `3,12` kills
after the third batch and then after twelve more, `-2` at the end of the second epoch.
The results are `whole.npz` and, for each list of places, `<places>.npz`.
"""

import os
import signal
import sys
from pathlib import Path

import numpy as np

import kerasish
from kerasish import callbacks, layers
from kerasish.utils import PyDataset

SAMPLES, BATCH, EPOCHS = 22, 4, 4
BATCHES = -(-SAMPLES // BATCH)


class Kill(callbacks.Callback):
    """Ends the process as `kill -9` does: after some batches, or after -place epochs.

    Batches are those of this process, epochs those of the whole training.
    """

    def __init__(self, place):
        super().__init__()
        self.left = place

    def on_train_batch_end(self, batch, logs=None):
        if self.left > 0:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 == -self.left:
            os.kill(os.getpid(), signal.SIGKILL)


class Batches(PyDataset):
    """The samples as a data set that is shuffled by whole batches."""

    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = x, y

    def __len__(self):
        return BATCHES

    def __getitem__(self, index):
        part = slice(index * BATCH, (index + 1) * BATCH)
        return self.x[part], self.y[part]


def built():
    kerasish.utils.set_random_seed(5)
    model = kerasish.Sequential(
        [
            kerasish.Input((3,)),
            layers.Dense(6, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.4),
            layers.Dense(1),
        ]
    )
    model.compile("adam", "mse", metrics=["mae"])
    return model


def batches(x, y):
    while True:
        for start in range(0, SAMPLES, BATCH):
            yield x[start : start + BATCH], y[start : start + BATCH]


def data(kind):
    """Return the samples and the arguments that `fit` gets for them."""
    x = np.random.default_rng(0).normal(size=(SAMPLES, 3)).astype("float32")
    y = x.sum(axis=1, keepdims=True)
    given = {"validation_data": (x[:5], y[:5])}
    if kind == "arrays":
        return given | {"x": x, "y": y, "batch_size": BATCH, "shuffle": True}
    if kind == "generator":
        return given | {"x": batches(x, y), "steps_per_epoch": BATCHES}
    return given | {"x": Batches(x, y), "shuffle": True}


def begun(path):
    """Return the model and the epochs done: of a checkpoint, if there is one."""
    if not path.exists():
        return built(), 0
    model = kerasish.models.load_model(path)
    return model, int(model.optimizer.iterations.numpy()) // BATCHES


def train(folder, results, keep, kind, place):
    """Train, from where an earlier run stopped, and write what came of it."""
    kerasish.utils.set_random_seed(os.getpid())  # no help from a seed
    plateau = callbacks.ReduceLROnPlateau("val_loss", patience=1, min_delta=0.5)
    stopping = callbacks.EarlyStopping("val_loss", patience=3)
    watchers = [stopping, Kill(place), plateau]
    checkpoint = folder / "m.keras"
    model, first = begun(checkpoint)
    if keep == "checkpoint":  # plateau comes after it
        watchers.insert(1, callbacks.ModelCheckpoint(checkpoint))
    else:
        every = keep if keep == "epoch" else int(keep)
        watchers.append(callbacks.BackupAndRestore(folder / "backup", every))
    options = {"epochs": EPOCHS, "initial_epoch": first, "verbose": 0}
    model.fit(**data(kind), **options, callbacks=watchers)
    kept = {
        "best": [plateau.best, stopping.best],
        "wait": [plateau.wait, stopping.wait],
    }
    kept |= {f"history_{k}": v for k, v in model.history.history.items()}
    variables = [*model.variables, *model.optimizer.variables]
    kept |= {f"variable_{i}": v.numpy() for i, v in enumerate(variables)}
    np.savez(results, **kept)


def forked(*arguments):
    """Train in another process and return how it ended, negative for a signal."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    try:
        train(*arguments)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def main(folder, keep, kind, *kills):
    top = Path(folder)
    assert forked(top / "none", top / "whole.npz", keep, kind, 0) == 0
    for places in kills:
        results = top / f"{places}.npz"
        for place in map(int, places.split(",")):
            ended = forked(top / f"k{places}", results, keep, kind, place)
            assert ended == -signal.SIGKILL, (places, place, ended)
        assert forked(top / f"k{places}", results, keep, kind, 0) == 0


if __name__ == "__main__":
    main(*sys.argv[1:])
