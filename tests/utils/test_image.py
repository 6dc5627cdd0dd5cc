"""Images as files, as Pillow's objects, and as arrays."""

import io
import sys

import numpy as np
import pytest

pytest.importorskip("PIL", reason="Pillow is not installed")

from PIL import Image

from kerasish.preprocessing.image import smart_resize
from kerasish.utils import array_to_img, img_to_array, load_img, save_img


@pytest.fixture
def picture(rng):
    """Numbers of a small colour image, 0 to 255."""
    return rng.integers(0, 256, (6, 9, 3), dtype="uint8")


@pytest.fixture
def file(tmp_path, picture):
    path = tmp_path / "picture.png"
    Image.fromarray(picture).save(path)
    return path


class TestArrayToImg:
    def test_values_are_spread(self):
        values = np.array([-1.0, 0.0, 3.0, 1.0]).reshape(2, 2, 1)
        img = array_to_img(values)
        assert img.mode == "L"
        expected = ((values + 1) / 4 * 255).astype("uint8")
        np.testing.assert_array_equal(np.asarray(img), expected[..., 0])

    def test_a_single_value_becomes_black(self):
        assert array_to_img(np.full((1, 2, 3), 5.0)).getextrema() == ((0, 0),) * 3

    @pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
    def test_values_as_they_are(self, rng, channels, mode):
        values = rng.integers(0, 256, (2, 3, channels))
        img = array_to_img(values, scale=False)
        assert (img.mode, img.size) == (mode, (3, 2))
        np.testing.assert_array_equal(np.asarray(img).reshape(2, 3, -1), values)

    def test_deep_gray(self):
        img = array_to_img([[[300.0], [2.0]]], scale=False)
        assert (img.mode, img.getpixel((0, 0))) == ("I", 300)

    def test_channels_first(self, picture):
        img = array_to_img(picture.transpose(2, 0, 1), "channels_first", scale=False)
        np.testing.assert_array_equal(np.asarray(img), picture)

    @pytest.mark.parametrize(
        ("shape", "message"),
        [((3, 4), "rank 3"), ((3, 4, 2), "Unsupported channel number: 2")],
    )
    def test_wrong_shape(self, shape, message):
        with pytest.raises(ValueError, match=message):
            array_to_img(np.zeros(shape))

    def test_wrong_data_format(self, picture):
        with pytest.raises(ValueError, match="Unknown `data_format` 'channels_lost'"):
            array_to_img(picture, data_format="channels_lost")


class TestImgToArray:
    def test_colours(self, picture):
        img = Image.fromarray(picture)
        assert img_to_array(img).dtype == np.float32
        np.testing.assert_array_equal(img_to_array(img), picture)
        first = img_to_array(img, "channels_first", "uint8")
        assert first.dtype == np.uint8
        np.testing.assert_array_equal(first, picture.transpose(2, 0, 1))

    def test_gray(self):
        img = Image.new("L", (3, 2))
        assert img_to_array(img).shape == (2, 3, 1)
        assert img_to_array(img, "channels_first").shape == (1, 2, 3)

    def test_wrong_shape(self):
        with pytest.raises(
            ValueError, match=r"Unsupported image shape: \(1, 2, 2, 3\)"
        ):
            img_to_array(np.zeros((1, 2, 2, 3)))


class TestFiles:
    def test_round_trip(self, tmp_path, picture):
        save_img(tmp_path / "a.png", picture, scale=False)
        np.testing.assert_array_equal(
            img_to_array(load_img(tmp_path / "a.png")), picture
        )

    def test_formats(self, tmp_path, picture):
        save_img(tmp_path / "a.dat", picture, file_format="jpg", quality=5)
        with Image.open(tmp_path / "a.dat") as img:
            assert img.format == "JPEG"

    def test_jpeg_has_no_transparency(self, tmp_path):
        with pytest.warns(UserWarning, match="does not support RGBA"):
            save_img(tmp_path / "a.jpg", np.ones((2, 2, 4)))
        with Image.open(tmp_path / "a.jpg") as img:
            assert img.mode == "RGB"

    @pytest.mark.parametrize(
        ("color_mode", "mode"), [("rgb", "RGB"), ("rgba", "RGBA"), ("grayscale", "L")]
    )
    def test_color_modes(self, file, color_mode, mode):
        assert load_img(file, color_mode=color_mode).mode == mode
        content = io.BytesIO(file.read_bytes())
        assert load_img(content, color_mode=color_mode).mode == mode

    def test_deep_gray_stays(self, tmp_path):
        values = np.array([[0, 65535], [300, 7]], "uint16")
        Image.fromarray(values).save(tmp_path / "deep.png")
        img = load_img(tmp_path / "deep.png", color_mode="grayscale")
        np.testing.assert_array_equal(np.asarray(img), values)

    def test_target_size(self, file, picture):
        img = load_img(file, target_size=(3, 3))
        assert img.size == (3, 3)
        # the middle of each 2 by 3 block; Pillow rounds the row down
        np.testing.assert_array_equal(np.asarray(img), picture[1::2, 1::3])
        assert load_img(file, target_size=(6, 9)).size == (9, 6)

    def test_keep_aspect_ratio(self, file, picture):
        img = load_img(file, target_size=(6, 6), keep_aspect_ratio=True)
        np.testing.assert_array_equal(np.asarray(img), picture[:, 1:7])

    def test_wrong_arguments(self, file):
        with pytest.raises(ValueError, match="Unknown `color_mode` 'bgr'"):
            load_img(file, color_mode="bgr")
        with pytest.raises(ValueError, match="did you mean 'bilinear'"):
            load_img(file, target_size=(2, 2), interpolation="linear")
        with pytest.raises(TypeError, match=r"(?s)path=3 of type int.*io\.BytesIO"):
            load_img(3)


class TestSmartResize:
    def test_nothing_is_distorted(self, picture):
        square = smart_resize(picture, (6, 6))
        assert square.dtype == np.float32
        np.testing.assert_allclose(square, picture[:, 1:7])

    def test_batches_and_channels_first(self, rng):
        batch = rng.random((2, 5, 8, 3)).astype("float32")
        small = smart_resize(batch, (3, 4), "bicubic")
        assert small.shape == (2, 3, 4, 3)
        first = smart_resize(
            batch.transpose(0, 3, 1, 2), (3, 4), "bicubic", "channels_first"
        )
        np.testing.assert_allclose(first.transpose(0, 2, 3, 1), small, rtol=1e-5)

    @pytest.mark.parametrize(
        ("shape", "size", "message"),
        [
            ((31, 3), (7, 5), "Expected an image array"),
            ((4, 4, 3), (7, 5, 3), "tuple of 2 integers"),
        ],
    )
    def test_wrong_shapes(self, shape, size, message):
        with pytest.raises(ValueError, match=message):
            smart_resize(np.zeros(shape), size)

    def test_unknown_keyword(self, picture):
        with pytest.raises(
            TypeError, match=r"unexpected keyword arguments: \['fast'\]"
        ):
            smart_resize(picture, (2, 2), fast=True)


def test_without_pillow(monkeypatch, file):
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    for call in (lambda: load_img(file), lambda: array_to_img(np.zeros((1, 1, 3)))):
        with pytest.raises(
            ImportError, match=r"(?s)need the package Pillow.*pip install"
        ):
            call()
