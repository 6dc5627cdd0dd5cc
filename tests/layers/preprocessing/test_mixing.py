"""MixUp and CutMix: images, labels, boxes and masks of one batch."""

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops
from kerasish.layers import CutMix, MixUp
from kerasish.saving import deserialize_keras_object, serialize_keras_object

LABELS = np.eye(4, dtype="float32")


def host(x):
    return ops.convert_to_numpy(x)


@pytest.fixture
def images(rng):
    return rng.uniform(0, 255, (4, 8, 10, 3)).astype("float32")


DRAWN = {
    "mix_weight": np.array([0.2, 0.5, 0.9, 1.0], "float32"),
    "permutation_order": np.array([2, 0, 1, 3]),
}


def mixed(x):
    weight = DRAWN["mix_weight"].reshape(-1, *[1] * (x.ndim - 1))
    return weight * x + (1 - weight) * x[DRAWN["permutation_order"]]


def test_mix_up_takes_means(images, rng):
    layer = MixUp()
    found = host(layer.transform_images(images, DRAWN))
    np.testing.assert_allclose(found, mixed(images), rtol=1e-5)
    for labels in (LABELS, np.arange(4.0)):
        found = host(layer.transform_labels(labels, DRAWN))
        np.testing.assert_allclose(found, mixed(labels), rtol=1e-5)
    masks = rng.integers(0, 3, (4, 8, 10, 1))
    found = host(layer.transform_segmentation_masks(masks, DRAWN))
    np.testing.assert_allclose(found, mixed(masks), rtol=1e-5)


def test_mix_up_keeps_the_boxes_of_both():
    boxes = {"boxes": np.arange(32.0).reshape(4, 2, 4), "labels": np.arange(8.0)}
    boxes["labels"] = boxes["labels"].reshape(4, 2)
    found = MixUp().transform_bounding_boxes(boxes, DRAWN)
    for key, values in boxes.items():
        expected = np.concatenate([values, values[DRAWN["permutation_order"]]], axis=1)
        np.testing.assert_array_equal(host(found[key]), expected)


def test_weights_of_a_beta_distribution():
    drawn = MixUp(0.5, seed=1).get_random_transformation(np.zeros((4000, 1, 1, 3)))
    weight = host(drawn["mix_weight"])
    assert weight.mean() == pytest.approx(0.5, abs=0.03)
    # of Beta(a, a): 1 / (4 (2 a + 1))
    assert weight.var() == pytest.approx(1 / 8, abs=0.01)
    order = np.sort(host(drawn["permutation_order"]))
    np.testing.assert_array_equal(order, np.arange(4000))


def test_cut_mix_cuts_rectangles(images, backend):
    layer = CutMix(seed=1)
    drawn = layer.get_random_transformation(images)
    where, order = host(drawn["batch_masks"]), host(drawn["permutation_order"])
    assert (where.shape, where.dtype) == (images.shape, bool)
    for mask in where[..., 0]:
        rows, columns = mask.any(axis=1), mask.any(axis=0)
        np.testing.assert_array_equal(mask, np.outer(rows, columns))
        for line in (rows, columns):  # one interval each
            assert (np.diff(np.r_[0, line, 0]) == 1).sum() <= 1
    found = host(layer.transform_images(images, drawn))
    np.testing.assert_array_equal(found, np.where(where, images[order], images))


def test_cut_mix_weighs_labels_by_what_is_kept(images):
    layer = CutMix(seed=1)
    drawn = layer.get_random_transformation(images)
    kept = 1 - host(drawn["batch_masks"]).mean(axis=(1, 2, 3))
    order = host(drawn["permutation_order"])
    np.testing.assert_allclose(host(drawn["mix_weight"]).ravel(), kept, atol=1e-6)
    found = host(layer.transform_labels(LABELS, drawn))
    expected = kept[:, None] * LABELS + (1 - kept[:, None]) * LABELS[order]
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("channels", [None, 1])
def test_cut_mix_cuts_masks_too(images, channels, rng):
    layer = CutMix(seed=1)
    drawn = layer.get_random_transformation(images)
    masks = rng.integers(0, 3, (4, 8, 10))
    where, order = host(drawn["batch_masks"])[..., 0], host(drawn["permutation_order"])
    expected = np.where(where, masks[order], masks)
    given = masks if channels is None else masks[..., None]
    found = host(layer.transform_segmentation_masks(given, drawn))
    np.testing.assert_array_equal(found.reshape(masks.shape), expected)
    assert found.shape == given.shape


@pytest.mark.parametrize("alpha", [0.3, 1.0])
def test_how_much_is_cut(alpha):
    layer = CutMix((alpha, alpha), seed=1)
    drawn = layer.get_random_transformation(np.zeros((2000, 40, 40, 1)))
    kept = host(drawn["mix_weight"])
    assert kept.mean() == pytest.approx(0.5, abs=0.03)
    assert kept.var() == pytest.approx(1 / (4 * (2 * alpha + 1)), abs=0.02)
    # any place is cut as often, but that edges are cut less
    often = host(drawn["batch_masks"]).mean(axis=(0, 3))
    np.testing.assert_allclose(often, often[::-1, ::-1], atol=0.06)


@pytest.mark.parametrize("layer", [MixUp(seed=1), CutMix(seed=1)])
def test_what_stays(layer, images):
    np.testing.assert_array_equal(host(layer(images, training=False)), images)
    alone = host(layer(images[0], training=True))
    np.testing.assert_allclose(alone, images[0], rtol=1e-6)
    data = {"images": images, "labels": LABELS}
    found = layer(data, training=False)
    np.testing.assert_array_equal(host(found["labels"]), LABELS)


@pytest.mark.parametrize("name", ["MixUp", "CutMix"])
def test_files_and_models(name, images):
    layer = getattr(layers, name)(seed=1)
    again = deserialize_keras_object(serialize_keras_object(layer))
    assert again.get_config() == layer.get_config()
    assert layer.compute_output_shape((None, 8, 10, 3)) == (None, 8, 10, 3)
    model = kerasish.Sequential([layers.Input((8, 10, 3)), layer])
    np.testing.assert_array_equal(model.predict(images, verbose=0), images)


def test_cut_mix_has_no_boxes():
    layer = CutMix(bounding_box_format="xyxy")
    with pytest.raises(NotImplementedError, match="has no `transform_bounding_boxes`"):
        layer.transform_bounding_boxes({}, {})
