"""`keras.preprocessing.image`: older home of the functions for images."""

from kerasish.utils.image import (
    array_to_img,
    img_to_array,
    load_img,
    save_img,
    smart_resize,
)

__all__ = ["array_to_img", "img_to_array", "load_img", "save_img", "smart_resize"]
