"""Declaring operations: binding of arguments, casts, kernels that win, messages."""

import inspect

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import get_backend
from kerasish.errors import BackendError
from kerasish.graph import registry
from kerasish.graph.gradient import gradients
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import CONSTANT, Spec, Tensor
from kerasish.graph.trace import trace
from kerasish.ops.declare import (
    Array,
    Arrays,
    composed,
    composed_elementwise,
    elementwise,
    operand,
    primitive,
    view,
)
from kerasish.ops.rules import same

VECTOR = Spec((3,), "float32")


@pytest.fixture
def declared(monkeypatch):
    """Let a test declare operations that are forgotten afterwards."""
    monkeypatch.setattr(registry, "_operations", dict(registry._operations))


def test_an_operation_shows_its_functions_signature_and_text():
    assert ops.gelu.__name__ == "gelu"
    assert "Gaussian Error" in ops.gelu.__doc__
    assert ops.gelu.__module__ == "kerasish.ops.activation"
    assert list(inspect.signature(ops.gelu).parameters) == ["x", "approximate"]
    assert repr(ops.gelu.__wrapped__).startswith("<op gelu(x")


def test_kinds(declared):
    def unary(x: Array):
        return same(x)

    kinds = {"primitive": primitive, "elementwise": elementwise, "view": view}
    flags = {}
    for name, kind in kinds.items():
        unary.__name__ = f"some_{name}_"
        op = kind(unary)
        assert op.name == f"some_{name}"  # a trailing _ is for names Python keeps
        flags[name] = (op.is_primitive, op.is_elementwise, op.is_view)
    assert flags == {
        "primitive": (True, False, False),
        "elementwise": (True, True, False),
        "view": (True, False, True),
    }


def test_annotations_say_which_arguments_are_tensors(declared):
    @primitive
    def joined(xs: "Arrays", *, axis: int = 0):
        return Spec((len(xs),), xs[0].dtype)

    assert joined.takes_several
    assert not ops.exp.__wrapped__.takes_several
    with pytest.raises(BackendError, match="cannot compute 'joined'"):
        joined([np.ones(1), np.ones(1)], axis=1)


def test_missing_unknown_and_surplus_arguments_are_pythons_errors():
    with pytest.raises(TypeError, match="missing a required argument"):
        ops.add(1)
    with pytest.raises(TypeError, match="too many positional arguments"):
        ops.exp(1, 2)
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        ops.exp(1, axis=0)
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        ops.gelu(1.0, approximately=True)


def test_keywords_and_defaults():
    assert ops.add(x2=1, x1=2) == 3
    x = np.array([1.0])
    assert ops.gelu(x, approximate=False) != ops.gelu(x)
    assert ops.gelu(x=x, approximate=True) == ops.gelu(x)


def test_operands_are_cast_to_where_they_meet():
    graph = trace(ops.add, [Spec((3,), "int32"), Spec((3,), "float16")])
    (add,) = graph.outputs
    assert [t.dtype for t in add.inputs] == ["float16", "float16"]


def test_python_numbers_take_the_others_dtype():
    for dtype in ("float16", "float32", "float64"):
        assert ops.multiply(np.ones(2, dtype), 2.5).dtype == dtype
        assert ops.multiply(np.ones(2, dtype), np.float64(2.5)).dtype == dtype
    assert ops.multiply(np.ones(2, "int8"), 2).dtype == "int8"
    assert ops.multiply(np.ones(2, "int8"), 2.5).dtype == "float32"


def test_firm_numbers_do_not():
    assert ops.multiply(np.ones(2, "float16"), np.float32(2.5)).dtype == "float32"


def test_a_composed_operation_is_one_node_with_its_composition_inside():
    (node,) = trace(lambda x: ops.softplus(x), [VECTOR]).outputs
    assert node.op is ops.softplus.__wrapped__
    assert node.expansion.op.name == "add"
    assert (node.shape, node.dtype) == (node.expansion.shape, node.expansion.dtype)


def test_a_kernel_wins_over_the_composition(monkeypatch):
    def kernel(out, x):
        out[...] = 42

    backend = get_backend()
    monkeypatch.setattr(backend, "kernels", {**backend.kernels, "softplus": kernel})
    assert ops.softplus(np.zeros(2)).tolist() == [42, 42]
    run = compile_graph(trace(ops.softplus, [VECTOR]), backend)
    assert run(np.zeros(3, "float32")).tolist() == [42] * 3
    assert ops.mish(np.ones(1)) == np.tanh(42)  # inside others too


def test_a_declared_operation_is_traced_planned_and_differentiated(declared):
    @composed_elementwise
    def cube(x: "Array"):
        """Return x * x * x."""
        return x * x * x

    @composed
    def half_square(x: "Array"):
        """Return x * x / 2, with a gradient of its own."""
        return x * x * 0.5

    half_square.gradient(lambda g, y, x: g * x * 100)
    assert cube.is_elementwise
    assert not half_square.is_elementwise

    def function(x):
        value = ops.sum(cube(x) + half_square(x))
        return value, gradients(value, [x])[0]

    run = compile_graph(trace(function, [VECTOR]), get_backend())
    value, slope = run(np.array([1, 2, 0], "float32"))
    assert value == 9 + 2.5
    assert slope.tolist() == [3 + 100, 12 + 200, 0]


def test_a_gradient_may_be_declared_away(declared):
    @composed
    def opaque(x: "Array"):
        """Return x + 0."""
        return x + 0

    opaque.no_gradient("for this test")
    assert opaque.no_gradient_reason == "for this test"


@pytest.mark.usefixtures("on_numpy")
def test_operands_stay_what_they_are_or_become_arrays():
    x = np.ones(2, "float32")
    assert operand(x) is x
    symbol = Tensor(CONSTANT, (), {"value": x}, (2,), "float32")
    assert operand(symbol) is symbol
    assert operand(True).dtype == "bool"
    assert operand(2).dtype == "int"
    assert operand(2.0).dtype == "float"
    assert operand([1, 2]).dtype == "int32"
