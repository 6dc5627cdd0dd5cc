import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasish.errors import ShapeError
from kerasish.losses.inputs import (
    as_floating,
    class_labels_shape,
    compute_dtype,
    divide_no_nan,
    elementwise_pair,
    looks_like_labels,
    match_ranks,
    matched_shapes,
    require_same_shape,
)

SHAPES = st.lists(st.integers(1, 3), max_size=3).map(tuple)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((4,), (4, 1), ((4, 1), (4, 1))),
        ((4, 1), (4,), ((4, 1), (4, 1))),
        ((4,), (4, 3), ((4,), (4, 3))),
        ((4, 3), (4, 3, 1), ((4, 3), (4, 3))),
        ((4, 3, 1), (4, 3), ((4, 3), (4, 3))),
        ((), (1,), ((), ())),
        ((4,), (4, 1, 1), ((4,), (4, 1, 1))),
        ((None,), (None, 1), ((None, 1), (None, 1))),
    ],
)
def test_matched_shapes(first, second, expected):
    assert matched_shapes(first, second) == expected


@given(SHAPES, SHAPES)
def test_matching_keeps_the_elements_and_is_done_once(first, second):
    x, y = np.zeros(first), np.ones(second)
    a, b = match_ranks(x, y)
    assert (a.size, b.size) == (x.size, y.size)
    assert (a.shape, b.shape) == matched_shapes(first, second)
    assert (
        abs(a.ndim - b.ndim) != 1
        or 1 not in (a.shape[-1:] + b.shape[-1:])[:2]
        or (matched_shapes(a.shape, b.shape) == (a.shape, b.shape))
    )


def test_as_floating():
    assert str(as_floating(np.array([1, 2])).dtype) == "float32"
    assert str(as_floating(np.array([True])).dtype) == "float32"
    assert str(as_floating(np.float64([1.0])).dtype) == "float64"


def test_compute_dtype():
    class Policy:
        compute_dtype = "float16"

    assert compute_dtype(None) == "float32"
    assert compute_dtype("float64") == "float64"
    assert compute_dtype("mixed_float16") == "float16"
    assert compute_dtype(Policy()) == "float16"


def test_divide_no_nan():
    quotient = divide_no_nan(np.float32([1, 0, 6]), np.float32([0, 0, 3]))
    np.testing.assert_array_equal(quotient, [0, 0, 2])


def test_targets_take_the_dtype_of_the_predictions():
    y_true, y_pred = elementwise_pair([1, 0], np.float64([0.5, 0.5]), "loss")
    assert str(y_true.dtype) == str(y_pred.dtype) == "float64"


@pytest.mark.parametrize(
    ("y_true", "y_pred", "expected"),
    [
        ((8,), (8, 10), True),
        ((8, 1), (8, 10), True),
        ((None,), (None, 10), True),
        ((8, 5), (8, 5, 10), True),
        ((8, 10), (8, 10), False),
        ((8,), (8, 1), False),
        ((7,), (8, 10), False),
        ((8,), (), False),
    ],
)
def test_looks_like_labels(y_true, y_pred, expected):
    assert looks_like_labels(y_true, y_pred) is expected


def test_class_labels_shape():
    assert class_labels_shape((8,), (8, 3))
    assert class_labels_shape((8, 1), (8, 3))
    assert not class_labels_shape((8, 3), (8, 3))
    assert not class_labels_shape((8, 1), (8, 1))


def test_unknown_sizes_agree_with_any():
    require_same_shape((None, 3), (8, 3), "loss")
    require_same_shape((8, None), (8, 3), "loss")
    with pytest.raises(ShapeError, match=r"\(None, 2\)"):
        require_same_shape((None, 2), (8, 3), "loss")
