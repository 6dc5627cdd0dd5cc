"""`ops.image` as a whole: every operation on one image, a batch, and symbolic ones."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.graph.keras_tensor import KerasTensor

CORNERS = np.array([[0.0, 0], [5, 0], [0, 4], [5, 4]], "float32")
STILL = np.array([1, 0, 0, 0, 1, 0, 0, 0], "float32")
# what each needs besides the images
OTHERS = {
    "affine_transform": (STILL,),
    "crop_images": (1, 1, 1, 1),
    "elastic_transform": (),
    "extract_patches": (2,),
    "gaussian_blur": (),
    "hsv_to_rgb": (),
    "pad_images": (1, 1, 1, 1),
    "perspective_transform": (CORNERS, CORNERS),
    "resize": ((3, 4),),
    "rgb_to_grayscale": (),
    "rgb_to_hsv": (),
    "sobel_edges": (),
}
ELSEWHERE = {"extract_patches_3d", "map_coordinates", "scale_and_translate", "ssim"}
EACH = pytest.mark.parametrize("name", sorted(OTHERS))
IMAGES = np.random.default_rng(30).uniform(0, 1, (2, 5, 6, 3)).astype("float32")


def test_none_is_left_out():
    assert set(OTHERS) | ELSEWHERE == set(ops.image.__all__)


# an elastic transform draws a field for each image of a batch
@pytest.mark.parametrize("name", sorted(set(OTHERS) - {"elastic_transform"}))
def test_an_image_alone_is_as_in_its_batch(backend, name):
    operation = getattr(ops.image, name)
    batch = ops.convert_to_numpy(operation(IMAGES, *OTHERS[name]))
    alone = ops.convert_to_numpy(operation(IMAGES[1], *OTHERS[name]))
    np.testing.assert_allclose(alone, batch[1], atol=1e-6)


@EACH
def test_the_format_is_that_of_the_axes(backend, name):
    operation = getattr(ops.image, name)
    how = {"seed": 1} if name == "elastic_transform" else {}
    first = np.moveaxis(IMAGES, -1, 1)
    last = ops.convert_to_numpy(
        operation(IMAGES, *OTHERS[name], data_format="channels_last", **how)
    )
    found = ops.convert_to_numpy(
        operation(first, *OTHERS[name], data_format="channels_first", **how)
    )
    np.testing.assert_allclose(np.moveaxis(found, 1, 3), last, atol=1e-6)


@EACH
def test_symbolic_images_have_the_results_form(name):
    operation = getattr(ops.image, name)
    symbolic = operation(KerasTensor((None, 5, 6, 3), dtype="float32"), *OTHERS[name])
    eager = operation(IMAGES, *OTHERS[name])
    assert symbolic.shape == (None, *eager.shape[1:])
    assert symbolic.dtype == eager.dtype.name
