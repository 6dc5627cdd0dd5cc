import numpy as np
import pytest

from kerasish import layers, ops

IMAGES = np.random.default_rng(0).uniform(0, 255, (8, 12, 15, 1)).astype("float32")


def test_masks_are_distorted_as_their_images():
    layer = layers.RandomElasticTransform(
        (1.0, 1.0), (0.5, 0.5), interpolation="nearest", seed=1
    )
    found = layer({"images": IMAGES, "segmentation_masks": IMAGES})
    images = ops.convert_to_numpy(found["images"])
    np.testing.assert_array_equal(images, found["segmentation_masks"])
    assert (images != IMAGES).any((1, 2, 3)).all()
    assert set(np.unique(images)) <= set(np.unique(IMAGES))


def test_nothing_happens_without_distortion_or_training():
    layer = layers.RandomElasticTransform((1.0, 1.0), (0.0, 0.0))
    np.testing.assert_array_equal(layer(IMAGES), IMAGES)
    layer = layers.RandomElasticTransform((1.0, 1.0))
    np.testing.assert_array_equal(layer(IMAGES, training=False), IMAGES)


def test_values_are_cut_to_their_range():
    layer = layers.RandomElasticTransform((1.0, 1.0), value_range=(50, 100))
    found = layer(IMAGES)
    assert found.min() >= 50
    assert found.max() <= 100


def test_each_image_has_its_own_field():
    images = np.broadcast_to(IMAGES[:1], IMAGES.shape)
    found = layers.RandomElasticTransform((1.0, 1.0), (0.5, 0.5), seed=1)(images)
    assert len({image.tobytes() for image in np.asarray(found)}) == len(images)


def test_what_is_refused():
    with pytest.raises(ValueError, match="did you mean 'nearest'"):
        layers.RandomElasticTransform(fill_mode="nearst")
    with pytest.raises(ValueError, match="interpolation of"):
        layers.RandomElasticTransform(interpolation="cubic")
    with pytest.raises(ValueError, match="scale=3"):
        layers.RandomElasticTransform(scale=3.0)
    boxes = {"boxes": np.ones((8, 1, 4)), "labels": np.ones((8, 1))}
    layer = layers.RandomElasticTransform(bounding_box_format="xyxy")
    with pytest.raises(NotImplementedError, match="cannot distort bounding boxes"):
        layer({"images": IMAGES, "bounding_boxes": boxes})
