"""Layers that prepare inputs: numbers, categories, text, images, sound.

Layers of text work on the host and come before a model; all others may be part of one.
"""

from kerasish.layers.preprocessing.discretization import Discretization
from kerasish.layers.preprocessing.encoding import CategoryEncoding
from kerasish.layers.preprocessing.hashing import HashedCrossing, Hashing
from kerasish.layers.preprocessing.integer_lookup import IntegerLookup
from kerasish.layers.preprocessing.normalization import Normalization
from kerasish.layers.preprocessing.rescaling import Rescaling
from kerasish.layers.preprocessing.string_lookup import StringLookup
from kerasish.layers.preprocessing.text_vectorization import TextVectorization

__all__ = [
    "CategoryEncoding",
    "Discretization",
    "HashedCrossing",
    "Hashing",
    "IntegerLookup",
    "Normalization",
    "Rescaling",
    "StringLookup",
    "TextVectorization",
]
