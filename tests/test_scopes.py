"""The small scopes of the top level."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import Input, RematScope, StatelessScope, SymbolicScope, Variable, ops
from kerasish.backend import get_backend


def test_a_symbolic_scope_leaves_symbols_and_arrays_as_they_are():
    with SymbolicScope() as scope:
        assert isinstance(scope, SymbolicScope)
        assert (Input((3,)) + 1).shape == (None, 3)
        np.testing.assert_array_equal(ops.add(1, [2]), [3])


@pytest.mark.parametrize("name", ["cpu", "CPU:0", "cpu:0"])
def test_devices(name):
    with keras.device(name):
        assert get_backend().name == "numpy"


@pytest.mark.parametrize("name", ["tpu", "gpu:x", "gpu:", "", "cpu:1"])
def test_unknown_devices(name):
    with pytest.raises(ValueError, match=r"no such device(.|\n)*'cpu', 'gpu'"):
        keras.device(name)


def test_names_of_scopes():
    with keras.name_scope("outer"), keras.name_scope("inner", caller=None):
        pass
    for name in ("a/b", 3):
        with (
            pytest.raises(ValueError, match="no '/'"),
            keras.name_scope(name),
        ):
            pass


@pytest.mark.parametrize("mode", [*RematScope._MODES])
def test_computing_again_changes_no_number(mode):
    with RematScope(mode, output_size_threshold=10, layer_names=["d"]) as scope:
        assert scope.mode == mode
    function = keras.remat(lambda x: x * 2)
    assert function(3) == 6


def test_unknown_modes():
    with pytest.raises(ValueError, match=r"no such mode(.|\n)*'larger_than'"):
        RematScope("some")


def test_the_stateless_scope_is_public():
    v = Variable(1.0)
    with StatelessScope() as scope:
        v.assign(2.0)
    assert float(scope.get_current_value(v)) == 2.0
    assert float(v) == 1.0
