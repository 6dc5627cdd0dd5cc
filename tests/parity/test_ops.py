"""The operations agree with Keras's: names, signatures, values, shapes and dtypes."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import inspect
import pickle
import subprocess
import sys
from operator import attrgetter

import numpy as np
import pytest

from kerasish import ops
from tests.ops.calls import CALLS, TIED
from tests.parity import keras_results

keras = pytest.importorskip("keras", reason="the parity extra is not installed")

OURS_ONLY = {"mish", "random_bits"}
IMAGE = {f"image.{name}" for name in ops.image.__all__}
COMMON = sorted((set(ops.__all__) | IMAGE) - OURS_ONLY)
# Keras 3.15's sparsemax does not sum to one; ours is tested against the projection.
WRONG_THERE = {"sparsemax"}
# complex arrays there, pairs here; what is random; and memory as it was found
INCOMPARABLE = {"eig", "polar", "image.elastic_transform", "empty", "empty_like"}
# Keras answers with 32 bits, or with 64 (places, on NumPy): both stand for one kind
NARROW = {"int64": "int32", "float64": "float32"}
# Parameters of Keras that are absent here, so that using them raises: of ragged tensors
ABSENT = {
    "convert_to_tensor": {"ragged"},
    "multi_hot": {"kwargs"},
}


@pytest.fixture(scope="module")
def theirs():
    """The results of every call, computed by Keras in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", keras_results.__file__],
        capture_output=True,
        check=True,
        env={
            **os.environ,
            "KERAS_BACKEND": "numpy",
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
    )
    return pickle.loads(done.stdout)


def test_every_name_is_kerass():
    missing = [name for name in COMMON if not keras_results.has(keras.ops, name)]
    assert missing == []


def narrow(dtype):
    return NARROW.get(dtype.name, dtype.name)


def parameters(operation):
    """Return the parameters of an operation by name."""
    declared = getattr(operation, "function", operation)
    return inspect.signature(declared).parameters


@pytest.mark.parametrize("name", COMMON)
def test_signature(name):
    mine, others = (parameters(attrgetter(name)(m)) for m in (ops, keras.ops))
    absent = ABSENT.get(name, set())
    assert list(mine) == [p for p in others if p not in absent]
    for parameter, own in mine.items():
        assert own.default == others[parameter].default


@pytest.mark.parametrize("name", sorted(ABSENT))
def test_what_follows_an_absent_parameter_goes_by_name(name):
    """A positional argument must not reach another parameter than it does in Keras."""
    others = list(parameters(getattr(keras.ops, name)))
    first = min(others.index(p) for p in ABSENT[name])
    for parameter, own in parameters(getattr(ops, name)).items():
        if others.index(parameter) > first:
            assert own.kind is inspect.Parameter.KEYWORD_ONLY


@pytest.mark.parametrize(
    "name", sorted(set(COMMON) & set(CALLS) - WRONG_THERE - INCOMPARABLE)
)
def test_values_shapes_and_dtypes(theirs, name):
    ours = keras_results.results(ops, [name])[name]
    for call, mine, others in zip(CALLS[name], ours, theirs[name], strict=True):
        if others is None:
            continue
        assert len(mine) == len(others)
        for one, other in zip(mine, others, strict=True):
            if not hasattr(other, "dtype"):
                assert one == other
                continue
            assert narrow(one.dtype) == narrow(other.dtype), call
            assert one.shape == other.shape
            if name == "top_k" and one.dtype.kind == "i" and call.args[0] is TIED:
                continue  # which of two equal elements comes first, Keras leaves open
            np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)


def test_keras_could_do_nearly_every_call(theirs):
    failed = [name for name, calls in theirs.items() if None in calls]
    assert failed == ["one_hot"]
