"""What scripts expect beside the model: `keras.utils`."""

from kerasish.random.seed import set_random_seed
from kerasish.utils.files import get_file
from kerasish.utils.numerical import normalize, to_categorical
from kerasish.utils.packing import pack_x_y_sample_weight, unpack_x_y_sample_weight
from kerasish.utils.progbar import Progbar
from kerasish.utils.pydataset import PyDataset
from kerasish.utils.sequence import pad_sequences

__all__ = [
    "Progbar",
    "PyDataset",
    "get_file",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "set_random_seed",
    "to_categorical",
    "unpack_x_y_sample_weight",
]
