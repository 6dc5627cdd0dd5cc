"""Image files as samples."""

import numpy as np
import pytest

pytest.importorskip("PIL", reason="Pillow is not installed")

from PIL import Image

import kerasish
from kerasish.utils import image_dataset_from_directory


@pytest.fixture
def pictures(rng):
    return {
        f"{name}/f{number}": rng.integers(0, 256, (6 + number, 9, 3), dtype="uint8")
        for name, count in (("b", 2), ("a", 3))
        for number in range(count)
    }


@pytest.fixture
def folder(tmp_path, pictures):
    for name, values in pictures.items():
        path = tmp_path / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(values).save(path)
    return tmp_path


def only_batch(folder, **options):
    options = {"shuffle": False, "verbose": False, "image_size": (6, 9)} | options
    (batch,) = image_dataset_from_directory(folder, **options)
    return batch


def test_images(folder, pictures):
    images, labels = only_batch(folder)
    assert (images.dtype, images.shape) == (np.float32, (5, 6, 9, 3))
    np.testing.assert_array_equal(images[0], pictures["a/f0"])
    np.testing.assert_array_equal(images[3], pictures["b/f0"])
    assert labels.tolist() == [0, 0, 0, 1, 1]


def test_default_size(folder):
    images, _ = only_batch(folder, image_size=(256, 256))
    ((default, _),) = image_dataset_from_directory(folder, shuffle=False)
    np.testing.assert_array_equal(images, default)


@pytest.mark.parametrize(
    ("color_mode", "channels"), [("rgb", 3), ("rgba", 4), ("grayscale", 1)]
)
def test_color_modes(folder, color_mode, channels):
    images, _ = only_batch(folder, color_mode=color_mode)
    assert images.shape == (5, 6, 9, channels)


def test_channels_first(folder):
    first, _ = only_batch(folder, image_size=(4, 5), data_format="channels_first")
    last, _ = only_batch(folder, image_size=(4, 5))
    np.testing.assert_array_equal(first, last.transpose(0, 3, 1, 2))
    kerasish.config.set_image_data_format("channels_first")
    by_setting, _ = only_batch(folder, image_size=(4, 5))
    np.testing.assert_array_equal(by_setting, first)


def test_nearest_keeps_whole_numbers(folder, pictures):
    images, _ = only_batch(folder, image_size=(2, 3), interpolation="nearest")
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images[0], pictures["a/f0"][1::3, 1::3])


def test_aspect_ratio(folder, pictures):
    cut, _ = only_batch(folder, image_size=(6, 6), crop_to_aspect_ratio=True)
    np.testing.assert_array_equal(cut[0], pictures["a/f0"][:, 1:7])
    padded, _ = only_batch(folder, image_size=(9, 9), pad_to_aspect_ratio=True)
    np.testing.assert_array_equal(padded[0, 1:7], pictures["a/f0"])
    assert padded[0, 0].max() == padded[0, 7:].max() == 0


def test_single_images(folder):
    dataset = image_dataset_from_directory(
        folder, image_size=(4, 5), batch_size=None, shuffle=False, verbose=False
    )
    assert len(dataset) == 5
    image, label = next(iter(dataset))
    assert (image.shape, int(label)) == ((4, 5, 3), 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"color_mode": "bgr"}, "Unknown `color_mode` 'bgr'"),
        ({"interpolation": "linear"}, "Unknown `interpolation` 'linear'"),
        ({"image_size": None}, "image_size=None"),
        ({"image_size": (4, 4, 3)}, r"two integers: \(height, width\)"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "Only one of"),
        ({"format": "numpy"}, "Unknown `format` 'numpy'"),
    ],
)
def test_wrong_arguments(folder, options, message):
    with pytest.raises(ValueError, match=message):
        only_batch(folder, **options)


def test_a_file_that_is_no_image(folder):
    (folder / "a" / "f9.png").write_bytes(b"no image")
    with pytest.raises(OSError, match="cannot identify image file"):
        only_batch(folder)
