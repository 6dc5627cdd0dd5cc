"""The interpreter of `run_eagerly`: the plan's numbers, and what it checks."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import get_backend
from kerasish.errors import ShapeError
from kerasish.graph.interpret import Interpreter
from kerasish.graph.replay import prepare
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import scope, trace
from kerasish.graph.variable import Variable

VECTOR = Spec((2,), "float32")


class Batch:
    """Arrays in the form in which a data adapter hands them on."""

    def __init__(self, *arrays):
        self._arrays = [np.asarray(a, "float32") for a in arrays]

    def arrays(self):
        return self._arrays


def interpreter(function, *specs):
    backend = get_backend()
    graph = prepare(trace(function, specs), backend, optimize=False)
    return Interpreter(graph, backend)


def run(function, *arrays):
    made = interpreter(function, *[VECTOR] * len(arrays))
    with made.replay() as replay:
        replay.feed(Batch(*arrays))
        with np.errstate(all="ignore"):
            replay.run()
        return replay.outputs


def test_it_computes_the_graph():
    (result,) = run(lambda x, y: ops.softplus(x) * y, [0, 1], [2, 3])
    np.testing.assert_allclose(result, np.log1p(np.exp([0, 1])) * [2, 3], rtol=1e-6)


def test_variables_are_assigned_after_all_is_computed():
    v, w = Variable([1.0, 2.0]), Variable([3.0, 4.0])

    def swap():
        old = v.value
        v.assign(w)
        w.assign(old)
        return old

    (old,) = run(swap)
    assert (v.numpy().tolist(), w.numpy().tolist()) == ([3, 4], [1, 2])
    assert old.tolist() == [1, 2]


def test_each_borrower_has_inputs_of_its_own():
    made = interpreter(ops.negative, VECTOR)
    with made.replay() as first, made.replay() as second:
        first.feed(Batch([1, 2]))
        second.feed(Batch([3, 4]))
        first.run()
        second.run()
        assert first.outputs[0].tolist() == [-1, -2]
        assert second.outputs[0].tolist() == [-3, -4]


def test_a_value_that_is_not_finite_is_reported_with_its_layer():
    def function(x):
        with scope("model"), scope("dense_1"):
            return ops.exp(ops.multiply(x, 1000))

    with pytest.raises(FloatingPointError) as caught:
        run(function, [0, 1])
    text = str(caught.value)
    assert "'model/dense_1' computed a value that is not finite." in text
    assert "<Tensor exp float32[2]> of operands up to [1000.0] in size" in text
    assert "expected: finite numbers" in text
    assert "lower the learning rate" in text


def test_what_was_not_finite_before_is_not_reported_again():
    infinite = np.array([np.inf, 1], "float32")
    (result,) = run(lambda x: ops.minimum(ops.add(x, infinite), 5.0), [0, 1])
    assert result.tolist() == [5, 2]


def test_data_that_is_not_finite_is_reported_with_its_sample():
    with pytest.raises(ValueError, match="not finite") as caught:
        run(ops.negative, [1, np.nan])
    text = str(caught.value)
    assert "1 of 2 samples of a batch of array 0" in text
    assert "the first of them sample 1" in text
    assert "numpy.nan_to_num" in text


@pytest.mark.usefixtures("on_numpy")
def test_a_kernel_that_changes_the_shape_is_caught(monkeypatch):
    made = interpreter(ops.exp, VECTOR)

    def wide(shape, dtype):
        return np.empty((1, *shape), dtype)

    made.inputs[0][:] = 1
    monkeypatch.setattr(get_backend(), "empty", wide, raising=False)
    with pytest.raises(ShapeError) as caught:
        made.run()
    text = str(caught.value)
    assert "came out in another shape" in text
    assert "got:      (1, 2)" in text
    assert "expected: (2,)" in text
