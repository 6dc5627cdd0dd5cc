"""Windows: cutting out and putting back are each other's adjoint; messages."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import ShapeError
from kerasish.gradients import grad
from tests.ops.slope import assert_slope

RNG = np.random.default_rng(16)
IMAGES = RNG.normal(size=(2, 3, 7, 6))
HOW = {"dilation": (1, 2), "padding": (1, 0), "stride": (2, 1)}


def test_fold_is_the_adjoint_of_unfold():
    columns = ops.unfold(IMAGES, (3, 2), **HOW)
    others = RNG.normal(size=columns.shape)
    images = ops.fold(others, (7, 6), (3, 2), **HOW)
    np.testing.assert_allclose(ops.vdot(columns, others), ops.vdot(IMAGES, images))
    gradient = grad(lambda x: ops.sum(ops.unfold(x, (3, 2), **HOW) * others))(IMAGES)
    np.testing.assert_allclose(gradient, images)


def test_windows_that_do_not_overlap_come_back_as_they_were(backend):
    x = IMAGES[:, :, :6].astype("float32")
    columns = ops.unfold(x, 2, stride=2)
    again = ops.convert_to_numpy(ops.fold(columns, 6, 2, stride=2))
    np.testing.assert_array_equal(again, x)


def test_whole_numbers_stay_whole(backend):
    x = np.arange(16, dtype=np.int32).reshape(1, 1, 4, 4)
    assert str(ops.unfold(x, 2).dtype) == "int32"
    assert (
        str(ops.image.extract_patches(x[0], 1, data_format="channels_first").dtype)
        == "int32"
    )


def test_no_windows_are_no_columns():
    assert ops.unfold(IMAGES, 9).shape == (2, 243, 0)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_gradients(padding, data_format):
    def function(x):
        patches = ops.image.extract_patches(
            x, (2, 3), strides=(1, 2), padding=padding, data_format=data_format
        )
        return ops.sum(ops.sin(patches))

    assert_slope(function, IMAGES)
    assert_slope(
        lambda x: ops.sum(ops.sin(ops.fold(x, 4, 2))),
        IMAGES[0][:, :4, :][:, :, [0, 1, 2, 3, 4, 5, 0, 1, 2]],
    )


def test_messages():
    with pytest.raises(ShapeError, match=r"unfold cannot take.*\n.*\(3, 7, 6\)"):
        ops.unfold(IMAGES[0], 2)
    with pytest.raises(ShapeError, match=r"channels \* 4, 30 windows"):
        ops.fold(np.ones((1, 4, 29)), (7, 6), 2)
    with pytest.raises(ShapeError, match="3 axes, or 4 for a batch"):
        ops.image.extract_patches(np.ones((3, 4)), 2)
    with pytest.raises(ShapeError, match=r"a window of \(9, 9\) fits into"):
        ops.image.extract_patches(IMAGES, 9)
    with pytest.raises(ValueError, match="extract_patches cannot understand its size"):
        ops.image.extract_patches(IMAGES, (2, 2, 2, 2))
    with pytest.raises(ValueError, match="padding of extract_patches"):
        ops.image.extract_patches(IMAGES, 2, padding="smae")
    with pytest.raises(ValueError, match="cannot understand its strides"):
        ops.image.extract_patches_3d(np.ones((3, 3, 3, 1)), 2, strides=(1, 1))
