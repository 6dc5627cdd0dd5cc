"""Blocks of pixels and channels: there and back, and messages."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import ShapeError

X = np.arange(2 * 4 * 6 * 12.0).reshape(2, 4, 6, 12)
FORMATS = pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])


@FORMATS
def test_there_and_back(backend, data_format):
    x = X.astype("float32")
    spread = ops.depth_to_space(x, 2, data_format)
    again = ops.convert_to_numpy(ops.space_to_depth(spread, 2, data_format))
    if data_format == "channels_last":
        np.testing.assert_array_equal(again, x)
    else:
        assert spread.shape == (2, 1, 12, 24)
        np.testing.assert_array_equal(again, x)


@pytest.mark.parametrize("name", ["depth_to_space", "space_to_depth"])
def test_messages(name):
    operation = getattr(ops, name)
    with pytest.raises(ShapeError, match=f"{name} cannot take these images"):
        operation(X[0], 2)
    with pytest.raises(ShapeError, match="multiple"):
        operation(X, 5)
    with pytest.raises(ValueError, match="block_size=1"):
        operation(X, 1)
    with pytest.raises(ValueError, match="data_format"):
        operation(X, 2, "chanels_last")
