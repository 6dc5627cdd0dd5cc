"""That the strict backend refuses what it is there to refuse."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import backend_scope, load_backend
from kerasish.graph.fuse import Instruction

REFUSED = {
    "numpy function": np.sum,
    "numpy conversion": np.asarray,
    "numpy stacking": lambda x: np.stack([x, x]),
    "float": float,
    "int": int,
    "bool": bool,
    "iteration": list,
    "operator": lambda x: x + x,
    "reflected operator": lambda x: 1 + x,
    "comparison": lambda x: x > 0,
    "equality": lambda x: x == x,
    "host array on the left": lambda x: np.ones(1) * x,
    "hash": hash,
}


@pytest.fixture(params=["strict", "strict_fusing"])
def strict(request):
    with backend_scope(request.param) as chosen:
        yield chosen


@pytest.mark.parametrize("use", REFUSED.values(), ids=REFUSED.keys())
def test_an_array_is_no_host_array(strict, use):
    with pytest.raises(TypeError):
        use(strict.from_host(np.ones(1, "float32")))


def test_an_array_shows_its_form(strict):
    x = strict.empty((2, 3), "float32")
    assert (x.shape, x.ndim, x.size, len(x)) == ((2, 3), 2, 6, 2)
    assert x.dtype == np.float32
    assert "float32[2, 3]" in repr(x)


def test_kernels_refuse_host_arrays(strict):
    out, x = strict.empty((1,), "float32"), strict.empty((1,), "float32")
    with pytest.raises(TypeError, match="mixed"):
        strict.kernels["add"](out, x, np.ones(1, "float32"))
    with pytest.raises(TypeError, match="mixed"):
        strict.kernels["negative"](np.ones(1, "float32"), x)
    with pytest.raises(TypeError, match="mixed"):
        strict.copy(out, np.ones(1, "float32"))


def test_two_strict_backends_are_two_devices():
    strict, fusing = load_backend("strict"), load_backend("strict_fusing")
    out, x = strict.empty((1,), "float32"), fusing.empty((1,), "float32")
    with pytest.raises(TypeError, match="two devices"):
        strict.kernels["negative"](out, x)
    with pytest.raises(TypeError, match="two devices"):
        strict.to_host(x)


def test_views_never_copy(strict):
    x = strict.from_host(np.zeros((2, 3), "float32"))
    turned = strict.view("transpose_to", x, {"axes": (1, 0)})
    with pytest.raises(ValueError, match="would have to copy"):
        strict.view("reshape_to", turned, {"newshape": (6,)})


def test_allocations_and_transfers_are_counted(strict):
    before = strict.allocations, strict.transfers
    x = strict.from_host(np.ones(2, "float32"))
    strict.to_host(x)
    strict.empty((2,), "float32")
    assert (strict.allocations, strict.transfers) == (before[0] + 2, before[1] + 2)
    strict.kernels["arg_sort"](strict.empty((2,), "int32"), x, axis=0)
    assert strict.allocations == before[0] + 4  # the kernel's own is counted too


def test_no_composed_operation_has_a_kernel(strict):
    names = {"relu", "sigmoid", "softmax_along", "hashed_words", "moving_average"}
    assert names.isdisjoint(strict.kernels)


def test_a_fused_body_is_interpreted():
    with backend_scope("strict_fusing") as fusing:
        x, y = (fusing.from_host(np.array(v, "float32")) for v in ([1, 2], [3, 5]))
        body = (
            Instruction("subtract", (0, 1), "float32"),
            Instruction("absolute", (2,), "float32"),
            Instruction("cast_to", (3,), "int32"),
        )
        out = fusing.empty((2,), "int32")
        kernel = fusing.kernels["fused"]
        space = tuple(fusing.empty(*need) for need in kernel.scratch(out, x, body=body))
        kernel(out, x, y, body=body, scratch=space)
        assert fusing.to_host(out).tolist() == [2, 3]


def test_eager_operations_stay_on_the_device(strict):
    before = strict.transfers
    x = strict.from_host(np.array([[1, 2], [3, 4]], "float32"))
    y = ops.softmax(ops.matmul(x, ops.transpose(x)))
    assert strict.transfers == before + 1  # the operand's own
    assert ops.is_tensor(y)
    assert ops.convert_to_numpy(y).shape == (2, 2)
