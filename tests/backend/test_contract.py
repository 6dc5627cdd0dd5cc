"""What `Backend` supplies by itself, to a package that overrides nothing."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import Backend, scratch
from kerasish.errors import BackendError
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace
from tests.strict_backend import StrictBackend

METHODS = "empty from_host to_host copy carve view upload".split()


class Plain(StrictBackend):
    """A backend that leaves every default as it is."""

    name = "plain"
    execution_scope = Backend.execution_scope
    flush_denormals = Backend.flush_denormals


@pytest.fixture
def plain():
    return Plain()


@pytest.mark.parametrize("method", METHODS)
def test_a_backend_must_supply_transfer_and_views(method):
    partial = type("Partial", (StrictBackend,), {method: getattr(Backend, method)})
    with pytest.raises(TypeError, match=method):
        partial()


def test_defaults_ask_for_nothing(plain):
    array = plain.empty((2,), "float32")
    assert plain.host_view(array) is None
    assert plain.compile(object()) is None
    assert plain.synchronize() is None
    assert plain.flush_denormals(array) is None
    assert plain.describe() == "plain"
    assert plain.fuses("add", ["float32"] * 3)
    assert Backend.flushes_denormals
    with plain.execution_scope() as nothing:
        assert nothing is None


def test_bind_fills_in_arrays_and_attributes(plain):
    x = plain.from_host(np.array([[1.0, 2.0]]))
    out = plain.empty((1,), "float64")
    call = plain.bind("reduce_sum", out, (x,), {"axis": (1,), "keepdims": False})
    call()
    assert plain.to_host(out).tolist() == [3.0]


def test_bind_asks_the_kernel_first(plain):
    class Kernel:
        def __call__(self, out, x):
            raise AssertionError("bound, so never called plainly")

        def bind(self, out, inputs, attributes):
            return lambda: (out, inputs, attributes)

    plain.kernels = {"own": Kernel()}
    assert plain.bind("own", "out", ("x",), {"a": 1})() == ("out", ("x",), {"a": 1})


def test_a_missing_kernel_is_named(plain):
    plain.kernels = {n: k for n, k in plain.kernels.items() if n != "erf"}
    x = plain.empty((2,), "float32")
    assert plain.kernel("exp") is plain.kernels["exp"]
    for ask in (plain.kernel, lambda name: plain.bind(name, x, (x,), {})):
        with pytest.raises(BackendError) as caught:
            ask("erf")
        text = str(caught.value)
        assert "Backend 'plain' cannot compute 'erf'." in text
        assert "a kernel of that name in the backend's table" in text
        assert "KERASISH_BACKEND=numpy" in text


def test_a_missing_kernel_is_named_when_a_plan_is_made(plain):
    plain.kernels = {n: k for n, k in plain.kernels.items() if n != "erf"}
    graph = trace(lambda x: ops.erf(x), [Spec((2,), "float32")])
    with pytest.raises(BackendError, match="cannot compute 'erf'"):
        compile_graph(graph, plain)


def test_scratch_marks_the_kernel(plain):
    @scratch(lambda out, x: [(out.shape, "int64")])
    def kernel(out, x, *, scratch):
        pass

    array = plain.empty((2, 3), "float32")
    assert kernel.scratch(array, array) == [((2, 3), "int64")]
