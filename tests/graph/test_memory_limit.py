"""Counting what a file asks for, and initial values that wait for the file's."""

import copy
import pickle

import numpy as np
import pytest

from kerasish import layers, models
from kerasish.errors import FileFormatError
from kerasish.graph.memory_limit import claim, is_limited, memory_limit
from kerasish.graph.variable import Variable


class Drawn:
    """An initializer that counts its calls."""

    def __init__(self):
        self.count = 0

    def __call__(self, shape, dtype=None):
        self.count += 1
        return np.full(shape, self.count, dtype)


def test_limits_count_what_is_kept():
    """Blocks inside one another share what the outer one has."""
    claim((10**9,), "float32")  # nothing is counted outside
    with memory_limit(1000):
        claim((100,), "float32")
        claim((150,), "float32", keep=False)
        with memory_limit(10**9), pytest.raises(FileFormatError, match="at most 600"):
            claim((151,), "float32")
        with pytest.raises(FileFormatError, match=r"\(huge\) and dtype bfloat16"):
            claim((10**5000,), "bfloat16")
    claim((10**9,), "float32")


def test_a_block_tells_that_it_is_one():
    """Also where nothing is left of it."""
    assert not is_limited()
    with memory_limit(0):
        assert is_limited()
    assert not is_limited()


def test_variables_in_a_block_are_counted_before_they_are_made():
    """The initializer is not even asked."""
    drawn = Drawn()
    with memory_limit(100), pytest.raises(FileFormatError, match=r"\(26\)"):
        Variable(drawn, (26,), "float32")
    with memory_limit(100):
        Variable(drawn, (25,), "float32")
    assert drawn.count == 0


def test_initial_values_wait_until_somebody_looks():
    """Outside a block they are drawn at once."""
    drawn = Drawn()
    Variable(drawn, (2,), "float32")
    assert drawn.count == 1
    with memory_limit(100):
        variable = Variable(drawn, (2, 3), "float16")
    assert (drawn.count, variable.shape, variable.dtype) == (1, (2, 3), "float16")
    np.testing.assert_array_equal(variable.numpy(), np.full((2, 3), 2))
    assert (variable + 1).dtype == np.float16
    assert drawn.count == 2


def test_a_variable_that_waits_can_be_copied_and_pickled():
    """It is an ordinary variable whose value nobody has seen."""
    with memory_limit(1000):
        layer = layers.Dense(3, kernel_initializer="ones")
        layer.build((None, 2))
    for kernel in (
        copy.deepcopy(layer.kernel),
        pickle.loads(pickle.dumps(layer)).kernel,
    ):
        np.testing.assert_array_equal(kernel.numpy(), np.ones((2, 3)))
    np.testing.assert_array_equal(layer.kernel.numpy(), np.ones((2, 3)))


@pytest.mark.usefixtures("on_numpy")
def test_a_value_that_comes_first_takes_its_place():
    """An array that is given away becomes the variable's own."""
    drawn, given = Drawn(), np.arange(3, dtype="float32")
    with memory_limit(100):
        first, second, third = (Variable(drawn, (3,), "float32") for _ in range(3))
    first.adopt(given)
    second.adopt(np.arange(3))  # of another dtype: it is cast
    third.assign(given)
    assert first.array is given
    for variable in (first, second, third):
        np.testing.assert_array_equal(variable.numpy(), [0, 1, 2])
    before = first.array
    first.adopt(given + 1)  # plans may hold the array by now: it stays
    assert first.array is before
    np.testing.assert_array_equal(first.numpy(), [1, 2, 3])


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_loading_draws_no_weights(tmp_path, monkeypatch, ending):
    """The file has them; a model without them draws its own."""
    model = models.Sequential([layers.Input((4,)), layers.Dense(3)])
    model.compile("adam", "mse")
    model.fit(np.ones((2, 4), "float32"), np.ones((2, 3), "float32"), verbose=0)
    model.save(tmp_path / f"a{ending}")

    def draw(*_, **__):
        raise AssertionError("drawn")

    monkeypatch.setattr("kerasish.initializers.scaled.GlorotUniform.__call__", draw)
    found = models.load_model(tmp_path / f"a{ending}")
    for mine, theirs in zip(found.weights, model.weights, strict=True):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())
    found.fit(np.ones((2, 4), "float32"), np.ones((2, 3), "float32"), verbose=0)
    with pytest.raises(AssertionError, match="drawn"):
        layers.Dense(3).build((None, 4))
