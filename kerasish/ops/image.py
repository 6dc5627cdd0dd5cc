"""`keras.ops.image`: what can be done to one image or to a batch of them."""

from kerasish.ops.image_color import hsv_to_rgb, rgb_to_grayscale, rgb_to_hsv
from kerasish.ops.image_filter import gaussian_blur, sobel_edges, ssim
from kerasish.ops.image_frame import crop_images, pad_images
from kerasish.ops.image_resize import resize, scale_and_translate
from kerasish.ops.image_sampling import map_coordinates
from kerasish.ops.image_warp import (
    affine_transform,
    elastic_transform,
    perspective_transform,
)
from kerasish.ops.patches import extract_patches, extract_patches_3d
from kerasish.ops.symbolic import accept_keras_tensors

__all__ = [
    "affine_transform",
    "crop_images",
    "elastic_transform",
    "extract_patches",
    "extract_patches_3d",
    "gaussian_blur",
    "hsv_to_rgb",
    "map_coordinates",
    "pad_images",
    "perspective_transform",
    "resize",
    "rgb_to_grayscale",
    "rgb_to_hsv",
    "scale_and_translate",
    "sobel_edges",
    "ssim",
]

accept_keras_tensors(globals(), __all__)
