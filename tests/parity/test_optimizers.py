"""Optimizers against Keras's: weights and state after each of several steps.

Tolerance: 1e-5 relative, some ten float32 roundings a step; 2e-6 absolute for weights
of size 1 that cross zero.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import inspect
import json
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the parity extra is not installed")

import kerasish
from tests.parity import keras_optimizers
from tests.parity.keras_optimizers import CASES, gradients, make, run, start

pytestmark = pytest.mark.parity

CLOSE = {"rtol": 1e-5, "atol": 2e-6}
RULES = sorted({name for name, _ in keras_optimizers.SETTINGS})


@pytest.fixture(scope="module")
def theirs():
    """The results of every case, computed by Keras in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", keras_optimizers.__file__],
        capture_output=True,
        check=True,
        env={
            **os.environ,
            "KERAS_BACKEND": "numpy",
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
    )
    return pickle.loads(done.stdout)


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_weights_and_state_after_each_step(case, theirs):
    weights, state = run(kerasish, case)
    their_weights, their_state = theirs[case]
    for mine, his in zip(weights, their_weights, strict=True):
        for a, b in zip(mine, his, strict=True):
            np.testing.assert_allclose(a, b, **CLOSE)
    # a variable without a name is numbered there
    named = [re.sub(r"^variable_\d+$", "variable", name) for name, _ in their_state]
    assert [name for name, _ in state] == named
    for (name, a), (_, b) in zip(state, their_state, strict=True):
        assert (a.dtype, a.shape) == (b.dtype, b.shape), name
        np.testing.assert_allclose(a, b, **CLOSE, err_msg=name)


class Weights(kerasish.layers.Layer):
    """Weights whose gradients are the inputs, so that a model can be fitted to them."""

    def build(self, input_shape):
        values = start("float32")
        self.parts = [
            self.add_weight(
                value.shape, kerasish.initializers.Constant(value), name=path
            )
            for path, value in values.items()
        ]
        for weight, path in zip(self.parts, values, strict=True):
            weight.path, weight.name = path, path.split("/")[-1]

    def call(self, inputs):
        flat = [kerasish.ops.reshape(part, (-1,)) for part in self.parts]
        row = kerasish.ops.sum(inputs, axis=0)
        self.add_loss(kerasish.ops.sum(kerasish.ops.concatenate(flat) * row))
        return inputs


# a factor of the loss that nothing here multiplies it by
PLANNED = [c for c in CASES if c[0] not in ("LossScaleOptimizer", "MultiOptimizer")]


@pytest.mark.parametrize("case", PLANNED, ids="-".join)
def test_planned_steps_give_the_same(case, theirs):
    drawn = gradients(case, "float32")
    rows = [np.concatenate([g.ravel() for g in step]) for step in drawn]
    data = np.stack(rows)
    model = kerasish.Sequential(
        [kerasish.layers.Input((data.shape[1],)), Weights(name="weights")]
    )
    model.compile(make(kerasish, case))
    for row in data:
        model.train_on_batch(row[None])
    for mine, his in zip(model.get_weights(), theirs[case][0][-1], strict=True):
        np.testing.assert_allclose(mine, his, **CLOSE)


@pytest.mark.parametrize("name", RULES)
def test_configs_are_keras_s(name):
    for case in CASES:
        if case[0] != name or "schedule" in case[1]:
            continue
        mine = make(kerasish, case).get_config()
        his = make(keras, case).get_config()
        assert {**mine, "name": ""} == {**his, "name": ""}
        assert list(mine) == list(his) or name == "Muon"


# a lambda, by which one case chooses, has no name to be stored by
STORED = [c for c in keras_optimizers.WRAPPED if c[1] != "by_function"]


@pytest.mark.parametrize("case", STORED, ids="-".join)
def test_wrappers_are_written_as_keras_writes_them(case):
    stored = [
        json.loads(json.dumps(m.optimizers.serialize(make(m, case))))
        for m in (kerasish, keras)
    ]
    mine, his = map(without_names, stored)
    assert mine == his
    again = keras.optimizers.deserialize(stored[0])
    assert without_names(keras.optimizers.serialize(again)) == mine


def without_names(config):
    """Return a nested config without the names of optimizers, which are numbered."""
    if isinstance(config, dict):
        return {k: without_names(v) for k, v in config.items() if k != "name"}
    return config


PUBLIC = sorted({*kerasish.optimizers.__all__} - {"schedules", "Optimizer"})


def test_all_names_are_there():
    theirs = {name for name in vars(keras.optimizers) if not name.startswith("_")}
    assert theirs - {*kerasish.optimizers.__all__} <= {"legacy"}


@pytest.mark.parametrize("name", [*PUBLIC, "Optimizer"])
def test_signatures_are_keras_s(name):
    mine, his = (
        inspect.signature(getattr(m.optimizers, name)) for m in (kerasish, keras)
    )
    assert [(p.name, p.kind, p.default) for p in mine.parameters.values()] == [
        (p.name, p.kind, p.default) for p in his.parameters.values()
    ]
