"""Memory stays flat however often models are made, trained and asked.

Measured in a process of its own: in one where much has happened, the collector comes
by less often and the allocator has more gaps.
"""

import ast
import sys

import numpy as np
import pytest

import kerasish
from kerasish import layers
from tests.training.interpreter import python

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc"),
]

SETTING = """
import gc, os
from pathlib import Path
import numpy as np, kerasish
from kerasish import layers

def resident():
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")

def network(units):
    model = kerasish.Sequential([
        layers.Input((50,)),
        layers.Dense(units, activation="relu"),
        layers.Dropout(0.1),
        layers.Dense(10, activation="softmax"),
    ])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model

rng = np.random.default_rng(0)
x = rng.normal(size=(128, 50)).astype("float32")
y = rng.integers(0, 10, 128)
"""

CYCLES = """
def cycle():
    model = network(units=1650)
    model.fit(x, y, verbose=0, validation_split=0.25)
    model.predict(x, verbose=0)

def measure():
    memory = resident()
    return memory, len(gc.get_objects())

for _ in range(60):  # caches fill, the allocator finds its size
    cycle()
memory, objects = measure()
for _ in range(200):
    cycle()
now = measure()
print({"bytes": now[0] - memory, "objects": now[1] - objects})
"""


def test_two_hundred_models_leave_nothing_behind():
    """Resident memory is flat, and so is the number of objects.

    A model here holds 400 KB of weights, three times as much of gradients and moments,
    and the buffers of three plans: some 4 MB. 200 of them would be 800 MB. Models are
    cycles of references, so a few wait for the collector at any time; the bound is
    what eight of them hold.
    """
    growth = ast.literal_eval(python(SETTING + CYCLES))
    assert growth["objects"] < 200  # one model is 1,500
    assert growth["bytes"] < 32e6


PREDICTIONS = """
model = network(units=100)
for size in (1, 100):
    for _ in range(500):
        model.predict(x[:size], verbose=0)
    before = resident()
    for _ in range(10_000):
        model.predict(x[:size], verbose=0)
    print(resident() - before)
"""


def test_ten_thousand_predictions_leave_nothing_behind():
    """A leak of 1 KB a call would be 10 MB; the bound is half of that."""
    growths = python(SETTING + PREDICTIONS).split()
    assert len(growths) == 2
    assert all(int(growth) < 5e6 for growth in growths)


def test_plans_are_kept_by_shape():
    """1,000 steps on batches of 3 sizes make no more than 3 plans."""
    model = kerasish.Sequential([layers.Input((50,)), layers.Dense(10)])
    model.compile("adam", "mse")
    x, y = np.ones((96, 50)), np.ones((96, 10))
    for number in range(1000):
        size = 32 * (number % 3 + 1)
        model.train_on_batch(x[:size], y[:size])
    assert len(model._programs._made) == 3
