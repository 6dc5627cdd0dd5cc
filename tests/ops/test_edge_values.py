"""Unusual operands: index arrays, unsigned numbers, infinities, nothing, no bounds."""

import math

import numpy as np
import pytest

from kerasish import KerasTensor, ops
from kerasish.backend import get_backend
from kerasish.errors import DTypeError, ShapeError
from kerasish.gradients import grad
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace
from tests.ops.drawing import filled

pytestmark = pytest.mark.usefixtures("backend")


def host(x):
    return get_backend().to_host(x)


def traced(function, *arrays):
    specs = [Spec(a.shape, a.dtype.name) for a in arrays]
    return compile_graph(trace(function, specs), get_backend())(
        *(ops.convert_to_tensor(a) for a in arrays)
    )


def assert_both(function, expected, *arrays):
    """Assert values and dtype of a result, eagerly and planned."""
    expected = np.asarray(expected)
    for found in (function(*arrays), traced(function, *arrays)):
        np.testing.assert_allclose(host(found), expected, rtol=1e-5, strict=True)


KEYS = {
    "two arrays": ([0, 1], [1, 2]),
    "apart": ([1, 0], slice(None), [1, 1]),
    "a number and an array": (0, slice(None), [1, 1]),
    "neighbours behind": (slice(None), [1, -1], [0, 3]),
    "broadcast": (slice(None, None, -1), [[0], [2]], [0, -1, 2]),
    "a number between": ([0, 1], 2, [3, 3]),
    "a new axis between": ([0, 1], None, [1, 2]),
    "behind dots": (..., [0, 1, 1], -1),
    "dots between": ([1], ..., [2]),
    "none": ([], [], 0),
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
def test_several_index_arrays(key):
    x = filled((2, 3, 4)).astype("float32")
    places = tuple(np.array(k, "int32") if isinstance(k, list) else k for k in key)
    assert_both(lambda x: ops.get_item(x, key), x[places], x)
    slope = grad(lambda x: ops.sum(ops.get_item(x, key)))(ops.convert_to_tensor(x))
    expected = np.zeros_like(x)
    np.add.at(expected, places, 1)
    np.testing.assert_array_equal(host(slope), expected)


@pytest.mark.parametrize("key", [True, np.True_, (0, False), np.array([True, False])])
def test_truth_values_are_no_indices(key):
    with pytest.raises(DTypeError, match="Truth values cannot be indices"):
        ops.get_item(ops.convert_to_tensor(filled((2, 3))), key)


SMOOTH = {
    "leaky_relu": [0, 1, 250],
    "elu": [0, 1, 250],
    "celu": [0, 1, 250],
    "selu": [0, 1.050701, 262.67526],
    "softplus": [0.6931472, 1.3132617, 250],
    "log_sigmoid": [-0.6931472, -0.3132617, 0],
    "soft_shrink": [0, 0.5, 249.5],
    "softsign": [0, 0.5, 0.99601597],
    "squareplus": [1, 1.618034, 250.004],
    "sparse_plus": [0.25, 1, 250],
    "gelu": [0, 0.841192, 250],
    "mish": [0, 0.8650984, 250],
}


@pytest.mark.parametrize("name", SMOOTH)
def test_activations_of_whole_numbers_are_floats(name):
    found = host(getattr(ops, name)(np.array([0, 1, 250], "uint8")))
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, SMOOTH[name], rtol=1e-5, atol=1e-6)
    truth = host(getattr(ops, name)(np.array([False, True])))
    np.testing.assert_allclose(truth, SMOOTH[name][:2], rtol=1e-5)


def test_exponential_sums_of_whole_numbers():
    x = np.array([0, 1, 250], "uint8")
    assert_both(ops.logsumexp, np.float32(250), x)
    assert_both(ops.softmax, np.array([0, 0, 1], "float32"), x // 2)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (np.array([3, 250, 0, 250], "uint8"), [1, 3]),
        (np.array([-128, 5, -128, 4], "int8"), [1, 3]),
        (np.array([-128, -128, -128], "int8"), [0, 1]),
        (np.array([False, True, True]), [1, 2]),
        (np.array([1, math.nan, 3], "float32"), [1, 2]),
        (np.array([2, 2, -math.inf], "float32"), [0, 1]),
    ],
)
def test_the_largest_of_every_dtype(x, expected):
    assert_both(lambda x: ops.top_k(x, 2)[0], x[expected], x)
    assert_both(lambda x: ops.top_k(x, 2)[1], np.array(expected, "int32"), x)


def test_logsumexp_of_infinities_and_of_nothing():
    inf = math.inf
    rows = np.array([[-inf, -inf], [inf, 1], [-inf, 2], [inf, -inf]], "float32")
    expected = np.array([-inf, inf, 2, inf], "float32")
    assert_both(lambda x: ops.logsumexp(x, 1), expected, rows)
    empty = np.zeros((2, 0), "float32")
    assert_both(lambda x: ops.logsumexp(x, 1), np.full(2, -inf, "float32"), empty)
    assert math.isnan(host(ops.logsumexp(np.array([math.nan, 1], "float32"))))


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_of_nothing(name):
    assert getattr(ops, name)(np.zeros((2, 0), "float32")).shape == (2, 0)


def test_a_target_that_is_no_class_is_not_found():
    scores = np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7], [0.3, 0.7]], "float32")
    targets = np.array([1, 2, -1, 1], "int32")
    expected = [True, False, False, True]
    assert_both(lambda t, s: ops.in_top_k(t, s, 1), expected, targets, scores)


@pytest.mark.parametrize("mode", ["reflect", "symmetric"])
@pytest.mark.parametrize("length", [1, 2, 3])
def test_margins_wider_than_the_axis(mode, length):
    x = np.arange(2 * length, dtype="float32").reshape(2, length)
    widths = ((0, 0), (7, 5))
    assert_both(lambda x: ops.pad(x, widths, mode), np.pad(x, widths, mode), x)


def test_nothing_cannot_be_mirrored():
    with pytest.raises(ShapeError, match="without elements cannot be mirrored"):
        ops.pad(np.zeros((0,), "float32"), 1, "reflect")
    assert ops.pad(np.zeros((0, 2)), ((0, 0), (1, 1)), "reflect").shape == (0, 4)


def test_two_widths_are_before_and_after():
    x = filled((2, 3)).astype("float32")
    for widths in ((1, 2), [2, 0], np.array([0, 1])):
        np.testing.assert_array_equal(host(ops.pad(x, widths)), np.pad(x, widths))


def test_a_slice_to_the_end():
    x = filled((3, 4)).astype("float32")
    assert_both(lambda x: ops.slice(x, (1, 2), (-1, 1)), x[1:, 2:3], x)
    assert ops.slice(KerasTensor((None, 4)), (0, 1), (-1, -1)).shape == (None, 3)
    with pytest.raises(ShapeError, match="must not depend on values"):
        ops.slice(x, KerasTensor((2,), "int32"), (-1, 1))


def test_clip_with_one_bound_or_none():
    x = np.array([-2, 0.5, 2], "float32")
    assert_both(lambda x: ops.clip(x, None, 1.0), x.clip(None, 1), x)
    assert_both(lambda x: ops.clip(x, 0, None), x.clip(0, None), x)
    assert_both(lambda x: ops.clip(x, None, None), x, x)
    assert ops.clip(KerasTensor((2,)), None, 1.0).shape == (2,)
    assert ops.clip(KerasTensor((2,), "uint8"), 1, 2).dtype == "uint8"
    whole = np.array([0, 3], "uint8")
    assert_both(lambda x: ops.clip(x, 1, 2), np.array([1, 2], "uint8"), whole)


@pytest.mark.parametrize("name", ["linspace", "logspace", "geomspace"])
@pytest.mark.parametrize("endpoint", [True, False])
def test_series_between_tensors(name, endpoint):
    series, expected = getattr(ops, name), getattr(np, name)
    x, y = np.array([1, 2], "float32"), np.array([4, 3], "float32")
    made = expected(x, y, 4, endpoint, axis=1).astype("float32")
    assert_both(lambda x, y: series(x, y, 4, endpoint, axis=1), made, x, y)
    made = expected(1, y, 4, endpoint).astype("float32")
    assert_both(lambda y: series(1, y, 4, endpoint), made, y)
    assert series(KerasTensor((2,)), 3, 4).shape == (4, 2)


def test_the_step_between_tensors():
    x = np.array([1, 2], "float32")
    step = np.array([1.5, 1], "float32")
    assert_both(lambda x: ops.linspace(x, 4, 3, retstep=True)[1], step, x)
    assert_both(lambda x: ops.linspace(x, 4, 1), x[None], x)


def test_extremes_of_nothing_are_where_they_began():
    empty = np.zeros((2, 0), "float32")
    five = np.full(2, 5, "float32")
    assert_both(lambda x: ops.max(x, 1, initial=5), five, empty)
    assert_both(lambda x: ops.min(x, initial=5.0, keepdims=True), five[:1, None], empty)


def test_joining_flat_and_ordering_one_number():
    x, y = filled((2, 3)).astype("float32"), filled((2,)).astype("float32")
    joined = np.concatenate([x, y], None)
    assert_both(lambda x, y: ops.concatenate([x, y], axis=None), joined, x, y)
    assert host(ops.argsort(3.0)).tolist() == [0]


def test_unstack_of_an_unknown_length():
    parts = ops.unstack(KerasTensor((2, None)), num=3, axis=1)
    assert [p.shape for p in parts] == [(2,)] * 3
    x = filled((2, 3))
    assert len(ops.unstack(x, num=3, axis=1)) == 3
    with pytest.raises(ShapeError, match=r"num=2 for axis 1"):
        ops.unstack(x, num=2, axis=1)


@pytest.mark.parametrize("name", ["sum", "prod", "nansum", "nanprod"])
def test_totals_of_one_truth_value_are_whole(name):
    total = getattr(ops, name)
    assert host(total(True)).dtype == "int32"
    assert host(total(np.array([True, False]), axis=())).dtype == "int32"


def test_counts_over_no_axis_are_whole():
    found = host(ops.count_nonzero(np.array([3, 0]), axis=()))
    assert found.tolist() == [1, 0]
    assert found.dtype == "int32"


def test_a_number_as_scale_and_floats_as_labels():
    x = np.array([[3, 3]], "float32")
    found = ops.rms_normalization(x, 2.0)
    np.testing.assert_allclose(host(found), [[2, 2]], rtol=1e-5)
    assert host(ops.one_hot(np.array([1.0, 0.0]), 2)).tolist() == [[0, 1], [1, 0]]


def test_repeats_that_differ():
    x = filled((2, 3)).astype("float32")
    for counts in ([2, 0, 1], np.array([0, 0, 0]), [2]):
        expected = np.repeat(x, counts, 1)
        assert_both(lambda x, n=counts: ops.repeat(x, n, 1), expected, x)
    with pytest.raises(ShapeError, match="2 elements"):
        ops.repeat(x, [1, 2, 3], 0)
    with pytest.raises(ValueError, match="must not depend on values"):
        ops.repeat(x, KerasTensor((3,), "int32"), 1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("floor_divide", [1, 0]),
        ("power", [1, 0]),
        ("left_shift", [2, 0]),
        ("right_shift", [0, 0]),
    ],
)
def test_truth_values_are_counted_with(name, expected):
    x = np.array([True, False])
    for other in (True, np.array([True, True])):
        assert_both(
            lambda x, y=other: getattr(ops, name)(x, y), np.array(expected, "int32"), x
        )
