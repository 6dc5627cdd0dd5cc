"""`keras.visualization`: images with boxes and masks drawn on them, and galleries.

Drawing needs Pillow, and galleries need matplotlib; both are asked for when used.
"""

from kerasish.visualization.bounding_boxes import draw_bounding_boxes
from kerasish.visualization.gallery import (
    plot_bounding_box_gallery,
    plot_image_gallery,
    plot_segmentation_mask_gallery,
)
from kerasish.visualization.segmentation_masks import draw_segmentation_masks

__all__ = [
    "draw_bounding_boxes",
    "draw_segmentation_masks",
    "plot_bounding_box_gallery",
    "plot_image_gallery",
    "plot_segmentation_mask_gallery",
]
