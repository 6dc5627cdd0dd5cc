"""Moving elements: shapes drawn at random against NumPy, and the messages."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kerasish import ops
from kerasish.backend import get_backend
from kerasish.errors import ShapeError
from kerasish.graph.replay import compile_graph
from kerasish.graph.tensor import Spec
from kerasish.graph.trace import trace
from tests.ops.drawing import (
    BROADCASTABLE,
    SHAPES,
    SOLID,
    arrays,
    filled,
    with_axes,
    with_axis,
    with_newshape,
)


def planned(function, *arrays):
    """Return the result of a function traced and replayed."""
    specs = [Spec(a.shape, a.dtype.name) for a in arrays]
    return compile_graph(trace(function, specs), get_backend())(*arrays)


def assert_both(function, expected, *arrays):
    """Assert a function's result, eagerly and planned."""
    np.testing.assert_array_equal(function(*arrays), expected, strict=True)
    np.testing.assert_array_equal(planned(function, *arrays), expected, strict=True)


@given(with_newshape())
def test_reshape(drawn):
    x, shape = drawn
    assert_both(lambda x: ops.reshape(x, shape), x.reshape(shape), x)


@given(arrays(), st.randoms(use_true_random=False))
def test_transpose(x, random):
    axes = list(range(x.ndim))
    random.shuffle(axes)
    signed = [a - x.ndim if random.random() < 0.5 else a for a in axes]
    assert_both(lambda x: ops.transpose(x, signed), x.transpose(axes), x)
    assert_both(ops.transpose, x.T, x)


@given(BROADCASTABLE)
def test_broadcast_to(pair):
    x, y = pair
    shape = np.broadcast_shapes(x.shape, y.shape)
    assert_both(lambda x: ops.broadcast_to(x, shape), np.broadcast_to(x, shape), x)


@given(with_axis(), st.integers(1, 3))
def test_concatenate(drawn, count):
    x, axis = drawn
    parts = [x] * count
    expected = np.concatenate(parts, axis)
    assert_both(lambda x: ops.concatenate([x] * count, axis), expected, x)


@given(arrays(), st.integers(1, 3), st.data())
def test_stack(x, count, data):
    axis = data.draw(st.integers(-x.ndim - 1, x.ndim))
    assert_both(lambda x: ops.stack([x] * count, axis), np.stack([x] * count, axis), x)


@given(with_axis(), st.data())
def test_split_at_places(drawn, data):
    x, axis = drawn
    length = x.shape[axis]
    places = sorted(data.draw(st.lists(st.integers(0, length), max_size=3)))
    found = ops.split(x, places, axis)
    for mine, other in zip(found, np.split(x, places, axis), strict=True):
        np.testing.assert_array_equal(mine, other, strict=True)


@given(with_axis())
def test_split_evenly_and_unstack(drawn):
    x, axis = drawn
    length = x.shape[axis]
    for mine, other in zip(
        ops.split(x, length, axis), np.split(x, length, axis), strict=True
    ):
        np.testing.assert_array_equal(mine, other)
    for mine, other in zip(
        ops.unstack(x, axis=axis), np.moveaxis(x, axis, 0), strict=True
    ):
        np.testing.assert_array_equal(mine, other)


WIDTHS = st.tuples(st.integers(0, 3), st.integers(0, 3))


@given(arrays(SOLID), st.data())
def test_pad_with_a_constant(x, data):
    widths = [data.draw(WIDTHS) for _ in x.shape]
    value = data.draw(st.sampled_from([None, 0, 2.5]))
    expected = np.pad(x, widths, constant_values=value or 0)
    assert_both(lambda x: ops.pad(x, widths, constant_values=value), expected, x)


@given(arrays(SOLID), st.sampled_from(["reflect", "symmetric"]), st.data())
def test_pad_with_its_own_elements(x, mode, data):
    most = [n - (mode == "reflect") for n in x.shape]
    widths = [
        tuple(data.draw(st.integers(0, min(n, 3))) for _ in range(2)) for n in most
    ]
    assert_both(lambda x: ops.pad(x, widths, mode=mode), np.pad(x, widths, mode), x)


@given(with_axes())
def test_flip(drawn):
    x, axes = drawn
    assert_both(lambda x: ops.flip(x, axes), np.flip(x, axes), x)


@given(arrays(), st.data())
def test_expand_dims_and_squeeze(x, data):
    new = data.draw(st.sets(st.integers(0, x.ndim + 1), max_size=2))
    assume(max(new, default=0) < x.ndim + len(new))
    axes = tuple(sorted(new))
    wide = np.expand_dims(x, axes)
    assert_both(lambda x: ops.expand_dims(x, axes), wide, x)
    assert_both(lambda y: ops.squeeze(y, axes), x, wide)
    assert_both(ops.squeeze, np.squeeze(x), x)


@given(arrays(SOLID), st.data())
def test_moveaxis_and_swapaxes(x, data):
    first, second = (data.draw(st.integers(-x.ndim, x.ndim - 1)) for _ in range(2))
    assert_both(
        lambda x: ops.moveaxis(x, first, second), np.moveaxis(x, first, second), x
    )
    assert_both(
        lambda x: ops.swapaxes(x, first, second), np.swapaxes(x, first, second), x
    )


@given(with_axis(), st.integers(1, 3))
def test_repeat(drawn, count):
    x, axis = drawn
    assert_both(lambda x: ops.repeat(x, count, axis), np.repeat(x, count, axis), x)
    assert_both(lambda x: ops.repeat(x, count), np.repeat(x, count), x)


@given(arrays(), st.lists(st.integers(1, 3), min_size=1, max_size=5))
def test_tile(x, times):
    assert_both(lambda x: ops.tile(x, times), np.tile(x, times), x)


@given(arrays(SHAPES))
def test_ravel_copy_and_cast(x):
    assert_both(ops.ravel, x.ravel(), x)
    assert_both(ops.copy, x, x)
    assert_both(lambda x: ops.cast(x, "int32"), x.astype("int32"), x)


def test_pad_takes_widths_in_every_form():
    x = filled((2, 3))
    for widths in (1, ((1, 1),), ((1, 2), (0, 3)), [[1, 2], [0, 3]], ((1,), (2,))):
        expected = np.pad(x, widths)
        np.testing.assert_array_equal(ops.pad(x, widths), expected)


def test_results_are_new_arrays():
    x = filled((2, 3))
    for result in (ops.transpose(x), ops.reshape(x, (3, 2)), ops.flip(x), ops.copy(x)):
        result[:] = 0
    assert x.any()


# Messages

WRONG = {
    "reshape": (
        lambda x: ops.reshape(x, (4, 2)),
        ["cannot be reshaped", "shape (2, 3), 6 elements", "(4, 2)"],
    ),
    "reshape twice -1": (lambda x: ops.reshape(x, (-1, -1)), ["cannot be reshaped"]),
    "transpose": (
        lambda x: ops.transpose(x, (0, 0)),
        ["`axes` must name every axis once", "axes (0, 0) for shape (2, 3)"],
    ),
    "broadcast_to": (
        lambda x: ops.broadcast_to(x, (3, 2)),
        ["(2, 3)", "(3, 2)"],
    ),
    "broadcast_to fewer": (
        lambda x: ops.broadcast_to(x, (3,)),
        ["does not broadcast to the shape asked for", "one that broadcasts to (3,)"],
    ),
    "concatenate": (
        lambda x: ops.concatenate([x, x[:1]], axis=1),
        ["cannot be joined along axis 1", "(2, 3), (1, 3)", "equal lengths on every"],
    ),
    "squeeze": (
        lambda x: ops.squeeze(x, 1),
        ["Only axes of length 1", "axis 1 of shape (2, 3)"],
    ),
    "split": (
        lambda x: ops.split(x, 2, axis=1),
        ["A split must be even", "3 elements in 2 parts"],
    ),
    "axis": (
        lambda x: ops.expand_dims(x, 5),
        ["There is no such axis", "axis 5", "-3 to 2 for a tensor of rank 3"],
    ),
}


@pytest.mark.parametrize(("call", "texts"), WRONG.values(), ids=WRONG.keys())
def test_wrong_shapes_are_told_what_came_and_what_fits(call, texts):
    with pytest.raises(ShapeError) as caught:
        call(filled((2, 3)))
    for text in texts:
        assert text in str(caught.value)


def test_an_unknown_padding_is_told_the_known_ones():
    with pytest.raises(ValueError, match="'constant', 'reflect' or 'symmetric'"):
        ops.pad(filled((2, 3)), 1, mode="wrap")
