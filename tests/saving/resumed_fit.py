"""A training that its test kills and runs again.

Arguments: the folder of the backup, the file of the results, "epoch" or a number of
batches, "arrays" or "generator", and the batch after which the process kills itself (0
for never).
"""

import os
import signal
import sys

import numpy as np

import kerasish
from kerasish import callbacks, layers

SAMPLES, BATCH, EPOCHS = 22, 4, 4
BATCHES = -(-SAMPLES // BATCH)


class Kill(callbacks.Callback):
    """Ends the process as `kill -9` does, after some batches of this process."""

    def __init__(self, after):
        super().__init__()
        self.left = after

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


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


def main(folder, results, save_freq, kind, after):
    every = save_freq if save_freq == "epoch" else int(save_freq)
    x = np.random.default_rng(0).normal(size=(SAMPLES, 3)).astype("float32")
    y = x.sum(axis=1, keepdims=True)
    model = built()
    plateau = callbacks.ReduceLROnPlateau("val_loss", patience=1, min_delta=0.5)
    stopping = callbacks.EarlyStopping("val_loss", patience=3)
    watchers = [plateau, stopping, Kill(int(after))]
    options = {"epochs": EPOCHS, "verbose": 0, "validation_data": (x[:5], y[:5])}
    options["callbacks"] = [*watchers, callbacks.BackupAndRestore(folder, every)]
    if kind == "arrays":
        model.fit(x, y, batch_size=BATCH, shuffle=True, **options)
    else:
        model.fit(batches(x, y), steps_per_epoch=BATCHES, **options)
    kept = {
        "best": [plateau.best, stopping.best],
        "wait": [plateau.wait, stopping.wait],
    }
    kept |= {f"history_{k}": v for k, v in model.history.history.items()}
    variables = [*model.variables, *model.optimizer.variables]
    kept |= {f"variable_{i}": v.numpy() for i, v in enumerate(variables)}
    np.savez(results, **kept)


if __name__ == "__main__":
    main(*sys.argv[1:])
