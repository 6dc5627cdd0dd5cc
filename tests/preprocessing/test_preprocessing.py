"""`keras.preprocessing`: the same functions under their older names."""

from kerasish import preprocessing, utils
from kerasish.utils.image import smart_resize


def test_names_are_those_of_utils():
    for module in (preprocessing, preprocessing.image, preprocessing.sequence):
        for name in module.__all__:
            if name not in ("image", "sequence", "smart_resize"):
                assert getattr(module, name) is getattr(utils, name)
    assert preprocessing.image.smart_resize is smart_resize
