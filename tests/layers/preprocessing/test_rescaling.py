"""`Rescaling` is `inputs * scale + offset`, for numbers and for channels."""

import numpy as np
import pytest

import kerasish
from kerasish import layers
from kerasish.layers import Rescaling


def test_numbers():
    x = np.array([[0, 51, 255]], "uint8")
    result = kerasish.ops.convert_to_numpy(Rescaling(1 / 127.5, offset=-1)(x))
    assert result.dtype == "float32"
    np.testing.assert_allclose(result, [[-1, -0.6, 1]], rtol=1e-6)


def test_channels(rng):
    x = rng.normal(size=(2, 4, 5, 3)).astype("float32")
    scale, offset = [1.0, 2.0, 3.0], [0.0, -1.0, 5.0]
    result = kerasish.ops.convert_to_numpy(Rescaling(scale, offset)(x))
    np.testing.assert_allclose(result, x * scale + offset, rtol=1e-5, atol=1e-6)


def test_channels_first(rng):
    x = rng.normal(size=(2, 3, 4, 5)).astype("float32")
    kerasish.config.set_image_data_format("channels_first")
    try:
        result = kerasish.ops.convert_to_numpy(Rescaling([1.0, 2.0, 3.0])(x))
    finally:
        kerasish.config.set_image_data_format("channels_last")
    expected = x * np.reshape([1.0, 2.0, 3.0], (3, 1, 1))
    np.testing.assert_allclose(result, expected, rtol=1e-5)


@pytest.mark.parametrize("scale", [0.5, [1.0, 2.0]])
def test_in_a_model_that_is_saved(tmp_path, rng, scale):
    inputs = layers.Input((None, 2))
    model = kerasish.Model(inputs, Rescaling(scale, offset=1)(inputs))
    assert model.output_shape == (None, None, 2)
    model.save(tmp_path / "m.keras")
    x = rng.normal(size=(2, 3, 2))
    np.testing.assert_array_equal(
        kerasish.models.load_model(tmp_path / "m.keras").predict(x, verbose=0),
        model.predict(x, verbose=0),
    )


def test_half_precision():
    result = Rescaling(0.5, dtype="float16")(np.ones((1, 2)))
    assert kerasish.ops.convert_to_numpy(result).dtype == "float16"
