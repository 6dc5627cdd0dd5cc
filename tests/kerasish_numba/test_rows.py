"""Compiled rows against the composition they replace."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba", reason="needs the numba extra")

import kerasish as keras
from kerasish import ops
from kerasish.backend import backend_scope, load_backend
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace
from kerasish_numba import rows

RNG = np.random.default_rng(5)


def run(function, values, backend, optimize):
    specs = [Spec(v.shape, v.dtype.name) for v in values]
    with backend_scope(backend) as chosen:
        made = compile_graph(trace(function, specs), chosen, optimize=optimize)
        names = [t.op.name for t in made.plan.steps]
        results = made(*values)
    return [np.asarray(r) for r in keras.tree.flatten(results)], names


def check(function, *values, rtol=3e-6, atol=2e-6):
    """Compare a fused program with NumPy's composition; return its steps."""
    ours, names = run(function, values, "numba", optimize=True)
    plain, _ = run(function, values, "numpy", optimize=False)
    for mine, theirs in zip(ours, plain, strict=True):
        assert mine.dtype == theirs.dtype
        np.testing.assert_allclose(mine, theirs, rtol=rtol, atol=atol)
    assert "fused_rows" in names
    return names


def normal(*shape, dtype="float32"):
    return RNG.standard_normal(shape).astype(dtype)


def normalized(x, gamma, beta):
    centred = x - ops.mean(x, -1, keepdims=True)
    spread = ops.mean(ops.square(centred), -1, keepdims=True)
    return centred * ops.rsqrt(spread + 1e-3) * gamma + beta


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(16, 2), (33, 10), (4, 5, 64), (16, 5000)])
def test_softmax(shape, dtype):
    assert check(ops.softmax, normal(*shape, dtype=dtype)) == ["fused_rows"]


@pytest.mark.parametrize("shape", [(16, 7), (4, 6, 128)])
def test_layer_normalization(shape):
    width = shape[-1]
    steps = check(normalized, normal(*shape), normal(width), normal(width), atol=1e-5)
    assert steps == ["fused_rows"]


def test_cross_entropy_with_its_gradient():
    def function(x, labels):
        def loss(x):
            chances = ops.clip(ops.softmax(x), 1e-7, 1.0)
            return ops.mean(-ops.sum(labels * ops.log(chances), axis=-1))

        return keras.value_and_grad(loss)(x)

    labels = np.eye(10, dtype="float32")[RNG.integers(0, 10, 32)]
    check(function, normal(32, 10), labels)


def test_gradients_of_attention():
    def function(q, k, v, mask):
        def loss(q, k, v):
            scores = ops.where(mask, ops.matmul(q, ops.swapaxes(k, -1, -2)), -1e9)
            return ops.sum(ops.square(ops.matmul(ops.softmax(scores), v)))

        return keras.value_and_grad(loss, argnums=(0, 1, 2))(q, k, v)

    mask = RNG.random((4, 1, 1, 6)) < 0.7
    mask[..., 0] = True
    heads = [normal(4, 2, 6, 3) for _ in range(3)]
    check(function, *heads, mask, rtol=1e-4, atol=1e-5)


def test_operands_of_every_kind():
    def function(x, turned, bias, factor, number, flags):
        y = ops.where(flags, x + ops.transpose(turned), bias) * factor
        total = ops.sum(y, axis=-1, keepdims=True)
        return y / (ops.absolute(total) + number), total, ops.max(y, axis=-1)

    flags = RNG.random((20, 9)) < 0.5
    number = np.array(0.5, "float32")
    operands = normal(20, 9), normal(9, 20), normal(9), normal(20, 1), number, flags
    check(function, *operands)


def test_many_rows_are_cut_into_parts(monkeypatch):
    x = normal(1000, 40)
    monkeypatch.setattr(rows.TEAM, "num_threads", 3)
    check(lambda x: ops.exp(ops.softmax(x)) * ops.sum(x, -1, keepdims=True), x)


def test_parts_do_not_change_the_numbers(monkeypatch):
    x = normal(400, 33)
    found = []
    for number in (1, 2, 5):
        monkeypatch.setattr(rows.TEAM, "num_threads", number)
        found.append(run(ops.softmax, [x], "numba", optimize=True)[0][0])
    assert found[0].tobytes() == found[1].tobytes() == found[2].tobytes()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 17, 39])
def test_extremes_are_numpys(value, place):
    x = normal(16, 40)
    x[3, place] = value

    def function(x):
        largest = ops.max(ops.negative(x), axis=-1, keepdims=True)
        return largest, ops.sum(ops.negative(x), -1, keepdims=True) + largest

    check(function, x)


def test_long_sums_lose_nothing():
    x = np.full((16, 1 << 16), 0.1, "float32")
    (total,), names = run(lambda x: ops.sum(x * x, -1), [x], "numba", optimize=True)
    assert names == ["fused_rows"]
    exact = (np.float32(0.1) * np.float32(0.1)).astype("float64") * (1 << 16)
    np.testing.assert_allclose(total, exact, rtol=2e-6)


def test_in_place_the_result_is_the_same():
    x = normal(64, 64)
    check(lambda x: ops.softmax(ops.matmul(x, x)), x, rtol=1e-4)


def test_no_elements_are_no_work():
    x = np.zeros((16, 5, 0, 3), "float32")
    (found,), _ = run(ops.softmax, [x], "numba", optimize=True)
    assert found.shape == x.shape


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=2),
    st.integers(2, 70),
    st.integers(0, 2**31),
)
def test_any_shape(leading, width, seed):
    rng = np.random.default_rng(seed)
    shape = (16, *leading, width)
    x = rng.standard_normal(shape).astype("float32")
    y = rng.standard_normal(shape[-2:]).astype("float32")
    check(lambda x, y: ops.log_softmax(x + y) * y, x, y, atol=1e-5)


def test_the_backend_takes_floats_only():
    backend = load_backend("numba")
    assert backend.fuses("reduce_sum", ["float32", "float32"])
    assert backend.fuses("reduce_max", ["float64", "float64"])
    assert not backend.fuses("reduce_sum", ["int32", "int32"])
