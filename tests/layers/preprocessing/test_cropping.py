import numpy as np

import kerasish
from kerasish import layers

IMAGES = np.arange(3 * 6 * 8.0, dtype="float32").reshape(3, 6, 8, 1)


def test_the_middle():
    found = layers.CenterCrop(2, 4)(IMAGES)
    np.testing.assert_array_equal(found, IMAGES[:, 2:4, 2:6])


def test_boxes_of_the_middle_and_those_outside():
    boxes = {
        "boxes": np.array([[3.0, 1.0, 9.0, 3.0], [0.0, 0.0, 1.0, 1.0]]),
        "labels": np.array([4, 5]),
    }
    data = {"images": IMAGES[0], "bounding_boxes": boxes}
    found = layers.CenterCrop(2, 4, bounding_box_format="xyxy")(data)["bounding_boxes"]
    assert found["boxes"][0].tolist() == [1, 0, 4, 1]
    assert found["labels"].tolist() == [4, -1]


def test_windows_are_anywhere_and_the_same_for_a_batch():
    layer = layers.RandomCrop(3, 4, seed=1)
    starts = set()
    for _ in range(200):
        found = layer(IMAGES)
        top, left = divmod(int(found[0, 0, 0, 0]), 8)
        starts.add((top, left))
        expected = IMAGES[:, top : top + 3, left : left + 4]
        np.testing.assert_array_equal(found, expected)
    assert starts == {(top, left) for top in range(4) for left in range(5)}


def test_masks_get_the_window_of_their_images():
    data = {"images": IMAGES, "segmentation_masks": IMAGES, "labels": np.arange(3)}
    found = layers.RandomCrop(3, 4, seed=1)(data)
    np.testing.assert_array_equal(found["images"], found["segmentation_masks"])
    np.testing.assert_array_equal(found["labels"], np.arange(3))


def test_smaller_images_are_scaled_up():
    found = layers.RandomCrop(12, 16)(np.ones((2, 6, 8, 3)))
    assert found.shape == (2, 12, 16, 3)
    np.testing.assert_allclose(found, 1, rtol=1e-6)


def test_channels_first():
    images = np.moveaxis(IMAGES, -1, 1)
    for layer in (layers.CenterCrop, layers.RandomCrop):
        last = layer(3, 4, **({"seed": 2} if layer is layers.RandomCrop else {}))
        first = type(last).from_config(
            {**last.get_config(), "data_format": "channels_first"}
        )
        found = np.moveaxis(first(images), 1, -1)
        np.testing.assert_array_equal(found, last(IMAGES))
        assert first.compute_output_shape((None, 1, 6, 8)) == (None, 1, 3, 4)


def test_images_are_uncut_at_inference():
    layer = layers.RandomCrop(3, 4)
    np.testing.assert_array_equal(layer(IMAGES, training=False), IMAGES)
    pooled = [layers.Input((6, 8, 1)), layer, layers.GlobalAveragePooling2D()]
    found = kerasish.Sequential(pooled).predict(IMAGES, verbose=0)
    np.testing.assert_allclose(found[:, 0], IMAGES.mean((1, 2, 3)), rtol=1e-6)
