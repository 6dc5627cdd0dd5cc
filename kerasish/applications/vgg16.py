"""VGG16: thirteen convolutions and three dense layers."""

from kerasish.applications.imagenet_utils import decode_predictions, preprocessing
from kerasish.applications.vgg import make_vgg

VGG16 = make_vgg(
    "VGG16",
    convolutions=(2, 2, 3, 3, 3),
    file_hashes=(
        "64373286793e3c8b2b4e3219cbf3544b",
        "6d6bbae143d832006294945121d1f1fc",
    ),
)
preprocess_input = preprocessing("caffe")

__all__ = ["VGG16", "decode_predictions", "preprocess_input"]
