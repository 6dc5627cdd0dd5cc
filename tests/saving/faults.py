"""Processes killed while they save; what they leave must be a whole model.

`python -m tests.saving.faults --points 60` kills savers of each kind of file with
SIGKILL, each after a delay drawn by chance, and loads what is there: it must be one of
the models saved, to the last bit. Then two processes save to one name all the time
while a third loads. A point is told by the seed, up to the machine's mood.
"""

import argparse
import collections
import contextlib
import functools
import itertools
import json
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import kerasish
from kerasish import callbacks, layers, models
from kerasish.saving.api import load_model

NAMES = {
    "keras": "m.keras",
    "h5": "m.h5",
    "weights.h5": "m.weights.h5",
    "weights.json": "m.weights.json",
    "fit": "m.keras",
}
STEPS = 40  # batches, and saves, of a killed fit
_SHARD = 1 / 1024  # GiB
_WIDTHS = (256, 512, 512)  # 5 MB with Adam's moments: writing takes some milliseconds


def made(seed, widths=_WIDTHS):
    """Return a compiled model whose variables are drawn from a seed."""
    dense = [layers.Dense(units) for units in widths[1:]]
    model = models.Sequential([layers.Input(widths[:1]), *dense])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    rng = np.random.default_rng(seed)
    for variable in variables(model):
        drawn = 100 * rng.random(variable.shape)
        variable.assign(drawn.astype(variable.dtype))
    return model


def variables(model):
    """Return all that a file must bring back."""
    return [*model.weights, *model.optimizer.variables]


def values(model):
    """Return copies of all that a file must bring back."""
    return [np.array(variable.numpy()) for variable in variables(model)]


def save(kind, model, path):
    """Save a model as a kind of file."""
    if kind == "weights.json":
        model.save_weights(path, max_shard_size=_SHARD)
    elif kind == "weights.h5":
        model.save_weights(path)
    else:
        model.save(path)


def load(kind, path):
    """Return the values in a file of some kind."""
    if not kind.startswith("weights"):
        return values(load_model(path))
    model = made(99)
    model.load_weights(path)
    return values(model)


def told_apart(found, known):
    """Return the name of the known values that were found, or "neither"."""
    for name, expected in known.items():
        pairs = itertools.zip_longest(found, expected)
        if all(np.array_equal(one, two) for one, two in pairs):
            return name
    return "neither"


def outcome(kind, path, known):
    """Return which model is in a file, or what was raised instead."""
    try:
        return told_apart(load(kind, path), known)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@functools.cache
def two_models():
    """Return two models by name."""
    return {"A": made(1), "B": made(2)}


@contextlib.contextmanager
def forked(work, *arguments):
    """Run `work(told, *arguments)` in another process, from its first word on."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            work(functools.partial(os.write, writing, b"."), *arguments)
        finally:
            os._exit(1)  # it was to be killed before
    os.close(writing)
    try:
        os.read(reading, 1)
        yield
    finally:
        os.close(reading)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def save_forever(told, kind, path, names):
    """Save models in turn, without end."""
    held = two_models()
    told()
    for name in itertools.cycle(names):
        save(kind, held[name], path)


class Told(callbacks.Callback):
    """Says when the first batch is done, and keeps the values after each."""

    def __init__(self, told, kept=None):
        super().__init__()
        self.told = told
        self.kept = kept

    def on_train_batch_end(self, batch, logs=None):
        self.told()
        if self.kept is not None:
            self.kept[f"batch {batch}"] = values(self.model)


def fit(told, path, kept=None):
    """Train, and save after each batch; in the end wait to be killed."""
    kerasish.utils.set_random_seed(3)
    model = made(3, (64, 256, 256))
    x, y = np.ones((STEPS, 64), "float32"), np.ones((STEPS, 256), "float32")
    watchers = [Told(told, kept), callbacks.ModelCheckpoint(path, save_freq=1)]
    model.fit(x, y, batch_size=1, verbose=0, callbacks=watchers)
    if kept is None:
        signal.pause()


def _prepared(kind, path):
    """Return what may be in the file, the work to kill, and how long to wait."""
    began = time.monotonic()
    if kind == "fit":
        known = {}
        fit(int, path, known)
        return known, (fit, path), 0.8 * (time.monotonic() - began)
    known = {name: values(model) for name, model in two_models().items()}
    began = time.monotonic()
    for model in two_models().values():
        save(kind, model, path)
    return known, (save_forever, kind, path, "AB"), time.monotonic() - began


def killed(kind, points, seed):
    """Return how often each outcome was, over many kills while saving."""
    draw = random.Random(f"{seed} {kind}")
    counts = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, NAMES[kind])
        known, work, longest = _prepared(kind, path)
        expected = sorted(os.listdir(folder))
        for _ in range(points):
            with forked(*work):
                time.sleep(draw.uniform(0, longest))
            counts[outcome(kind, path, known)] += 1
            counts["rests"] += any(n.endswith(".tmp") for n in os.listdir(folder))
        save(kind, made(3) if kind == "fit" else two_models()["A"], path)
        counts["kept rests"] = _more_than(expected, folder)
    return counts


def _more_than(expected, folder):
    """Return how many files are there beyond those of one save."""
    return len(os.listdir(folder)) - len(expected)


def rivals(kind, reads):
    """Return how often each outcome was, while two processes save to one name."""
    counts = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, NAMES[kind])
        known, _, _ = _prepared(kind, path)
        expected = sorted(os.listdir(folder))
        with (
            forked(save_forever, kind, path, "A"),
            forked(save_forever, kind, path, "B"),
        ):
            for _ in range(reads):
                counts[outcome(kind, path, known)] += 1
        save(kind, two_models()["A"], path)
        counts["kept rests"] = _more_than(expected, folder)
    return counts


def broken(counts):
    """Return the outcomes that must not be."""
    bad = {n for n in counts if n not in ("A", "B", "rests", "kept rests")}
    bad -= {name for name in bad if name.startswith("batch ")}
    return {n: counts[n] for n in bad} | (
        {"kept rests": counts["kept rests"]} if counts["kept rests"] else {}
    )


def main():
    """Run the points asked for, print what came of them; 1 if a file was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=60)
    parser.add_argument("--reads", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="*", default=list(NAMES))
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found = {}
    for kind in given.kinds:
        found[f"{kind} killed"] = killed(kind, given.points, given.seed)
        if kind != "fit":
            found[f"{kind} rivals"] = rivals(kind, given.reads)
    for name, counts in found.items():
        told = collections.Counter()
        for word, count in counts.items():
            told["a batch" if word.startswith("batch ") else word] += count
        print(f"{name:20} {dict(told)}")
    if given.json:
        given.json.write_text(json.dumps(found))
    return 1 if any(map(broken, found.values())) else 0


if __name__ == "__main__":
    sys.exit(main())
