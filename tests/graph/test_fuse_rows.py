"""Fusion along rows: which nodes become one, what they mean; no circle is closed."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import ops
from kerasish.backend import backend_scope, load_backend
from kerasish.backend.rows import REDUCTIONS
from kerasish.graph.pieces import CARVED
from kerasish.graph.replay import compile_graph, prepare
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import is_leaf, trace

MATRIX = Spec((16, 5), "float32")
NUMBERS = Spec((16,), "float32")
RNG = np.random.default_rng(3)


@pytest.fixture(autouse=True)
def fusing():
    with backend_scope("strict_fusing") as backend:
        yield backend


def fused(function, *specs):
    graph = prepare(trace(function, specs), load_backend("strict_fusing"))
    return [t for t in graph.nodes() if not is_leaf(t)]


def names(function, *specs):
    return [t.op.name for t in fused(function, *specs)]


def body(node):
    return [one.name for one in node.attributes["body"]]


def run(function, *specs):
    """Return the results of a fused program, and of NumPy's as it stands."""
    values = [RNG.standard_normal(s.shape).astype(s.dtype) for s in specs]
    found = []
    for name in ("strict_fusing", "numpy"):
        with backend_scope(name) as backend:
            graph = trace(function, specs)
            made = compile_graph(graph, backend, optimize=name != "numpy")
            results = made(*map(backend.from_host, values))
            found.append([backend.to_host(r) for r in keras.tree.flatten(results)])
    return found


def check(function, *specs):
    for ours, plain in zip(*run(function, *specs), strict=True):
        np.testing.assert_allclose(ours, plain, rtol=2e-6, atol=2e-6)


def normalized(x):
    centred = x - ops.mean(x, -1, keepdims=True)
    return centred * ops.rsqrt(ops.mean(ops.square(centred), -1, keepdims=True) + 1e-3)


def entropy(x, labels):
    chances = ops.clip(ops.softmax(x), 1e-7, 1.0)
    return ops.sum(labels * ops.log(chances), axis=-1), chances


def test_a_softmax_is_one_step():
    (node,) = fused(ops.softmax, MATRIX)
    assert body(node) == ["reduce_max", "subtract", "exp", "reduce_sum", "divide"]
    assert (node.shape, node.op.is_several) == ((16, 5), False)
    check(ops.softmax, MATRIX)


def test_a_normalization_is_one_step():
    assert names(normalized, MATRIX) == ["fused_rows"]
    check(normalized, MATRIX)


def test_what_others_read_are_results():
    block, *pieces = fused(entropy, MATRIX, MATRIX)
    assert [piece.op for piece in pieces] == [CARVED, CARVED]
    assert [form.shape for form in block.attributes["forms"]] == [(16, 5), (16,)]
    check(entropy, MATRIX, MATRIX)


def test_numbers_without_an_axis_meet_their_like_only():
    def function(x, factor):
        return ops.sum(ops.exp(x), axis=-1) * factor

    (node,) = fused(function, MATRIX, NUMBERS)
    assert node.attributes["flat"] == (False, True)
    check(function, MATRIX, NUMBERS)


def test_a_sum_that_broadcasts_along_the_row_stays_outside():
    square = Spec((16, 16), "float32")

    def function(x):
        return x - ops.sum(ops.exp(x), axis=-1)  # the sums as a row of their own

    assert names(function, square) == ["fused_rows", "subtract"]
    check(function, square)


def test_an_operand_with_both_meanings_is_not_taken_in():
    square = Spec((16, 16), "float32")

    def function(x, v):
        return ops.sum(x * v, axis=-1) * v

    assert names(function, square, NUMBERS)[-1] == "multiply"
    check(function, square, NUMBERS)


def test_operations_before_and_after_join():
    def function(x, bias):
        return ops.tanh(ops.softmax(ops.relu(x + bias)))

    (node,) = fused(function, MATRIX, Spec((5,), "float32"))
    assert body(node)[0] == "add"
    assert body(node)[-1] == "tanh"
    check(function, MATRIX, Spec((5,), "float32"))


def test_what_only_a_group_reads_is_taken_in():
    def function(x, y):
        largest = ops.max(x, axis=-1, keepdims=True)
        return (x - largest) * ops.exp(y)

    assert names(function, MATRIX, MATRIX) == ["fused_rows"]
    check(function, MATRIX, MATRIX)


def test_no_circle_is_closed():
    def function(x, w):
        chances = ops.softmax(x)
        seen = ops.matmul(ops.transpose(chances), w)  # outside, and read by the last
        return chances * ops.sum(seen) + ops.sum(chances, axis=-1, keepdims=True)

    found = names(function, MATRIX, Spec((16, 2), "float32"))
    assert found.count("fused_rows") == 1
    check(function, MATRIX, Spec((16, 2), "float32"))


def test_groups_that_need_each_other_stay_apart():
    def function(x, y):
        first, second = ops.exp(x), ops.exp(ops.matmul(y, y))
        third = first + ops.sum(ops.matmul(second, second))
        fourth = second + ops.sum(ops.matmul(first, first))
        return [ops.sum(v, axis=-1, keepdims=True) for v in (third, fourth)]

    square = Spec((16, 16), "float32")
    assert "fused_rows" in names(function, square, square)
    for ours, plain in zip(*run(function, square, square), strict=True):
        np.testing.assert_allclose(ours, plain, rtol=1e-4)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: ops.sum(ops.exp(x), axis=0),  # another axis
        lambda x: ops.sum(ops.exp(x)),  # all of them
        lambda x: ops.softmax(x[:8]),  # too few rows for the cores
        lambda x: ops.prod(ops.exp(x), axis=-1),  # no such reduction
        lambda x: ops.sum(x, axis=-1),  # alone
    ],
)
def test_what_is_left_alone(function):
    assert "fused_rows" not in names(function, MATRIX)


def test_many_operands_stay_within_the_limit():
    def function(*xs):
        return ops.softmax(sum(xs[1:], xs[0]))

    nodes = fused(function, *[MATRIX] * 40)
    assert all(len(t.inputs) <= 16 for t in nodes)
    check(function, *[MATRIX] * 40)


def test_a_result_lies_on_an_operand_that_is_read_no_more():
    def function(x):
        return ops.softmax(ops.matmul(x, x))

    backend = load_backend("strict_fusing")
    made = compile_graph(trace(function, [Spec((16, 16), "float32")]), backend)
    product, rows = made.plan.steps
    assert rows.op.name == "fused_rows"
    assert made.plan.slots[product].offset == made.plan.slots[rows].offset


def test_a_model_trains_alike():
    x = RNG.standard_normal((64, 6, 8)).astype("float32")
    y = RNG.integers(0, 3, 64)
    weights = []
    for name in ("strict_fusing", "numpy"):
        with backend_scope(name):
            keras.utils.set_random_seed(1)
            inputs = keras.Input((6, 8))
            seen = keras.layers.MultiHeadAttention(2, 4)(inputs, inputs)
            seen = keras.layers.LayerNormalization()(inputs + seen)
            seen = keras.layers.GlobalAveragePooling1D()(seen)
            outputs = keras.layers.Dense(3, activation="softmax")(seen)
            model = keras.Model(inputs, outputs)
            model.compile("adam", "sparse_categorical_crossentropy")
            model.fit(x, y, batch_size=16, epochs=2, verbose=0)
            weights.append(model.get_weights())
            if name != "numpy":
                assert "fused_rows" in model.explain_plan((x[:16], y[:16]))
    for ours, plain in zip(*weights, strict=True):
        np.testing.assert_allclose(ours, plain, rtol=1e-4, atol=1e-5)


def test_reductions_are_named_once():
    assert set(REDUCTIONS) <= set(load_backend("numpy").kernels)
