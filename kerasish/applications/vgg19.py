"""VGG19: sixteen convolutions and three dense layers."""

from kerasish.applications.imagenet_utils import decode_predictions, preprocessing
from kerasish.applications.vgg import make_vgg

VGG19 = make_vgg(
    "VGG19",
    convolutions=(2, 2, 4, 4, 4),
    file_hashes=(
        "cbe5617147190e668d6c5d5026f83318",
        "253f8cb515780f3b799900260a226db6",
    ),
)
preprocess_input = preprocessing("caffe")

__all__ = ["VGG19", "decode_predictions", "preprocess_input"]
