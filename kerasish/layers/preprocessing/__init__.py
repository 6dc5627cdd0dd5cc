"""Layers that prepare inputs: numbers, categories, text, images, sound.

Layers of text work on the host and come before a model; all others may be part of one.
"""

from kerasish.layers.preprocessing.adaptive_histograms import (
    ContrastLimitedAdaptiveHistogramEqualization,
)
from kerasish.layers.preprocessing.aug_mix import AugMix
from kerasish.layers.preprocessing.colour_jitter import RandomColorJitter
from kerasish.layers.preprocessing.cropping import CenterCrop, RandomCrop
from kerasish.layers.preprocessing.discretization import Discretization
from kerasish.layers.preprocessing.elastic import RandomElasticTransform
from kerasish.layers.preprocessing.encoding import CategoryEncoding
from kerasish.layers.preprocessing.erasing import RandomErasing
from kerasish.layers.preprocessing.feature_space import FeatureSpace
from kerasish.layers.preprocessing.flipping import RandomFlip
from kerasish.layers.preprocessing.focus import RandomGaussianBlur, RandomSharpness
from kerasish.layers.preprocessing.hashing import HashedCrossing, Hashing
from kerasish.layers.preprocessing.histograms import AutoContrast, Equalization
from kerasish.layers.preprocessing.hues import (
    RandomColorDegeneration,
    RandomGrayscale,
    RandomHue,
    RandomSaturation,
)
from kerasish.layers.preprocessing.integer_lookup import IntegerLookup
from kerasish.layers.preprocessing.light import RandomBrightness, RandomContrast
from kerasish.layers.preprocessing.max_num_bounding_boxes import MaxNumBoundingBoxes
from kerasish.layers.preprocessing.mel_spectrogram import MelSpectrogram
from kerasish.layers.preprocessing.mixing import CutMix, MixUp
from kerasish.layers.preprocessing.movement import RandomRotation, RandomTranslation
from kerasish.layers.preprocessing.normalization import Normalization
from kerasish.layers.preprocessing.perspective import RandomPerspective
from kerasish.layers.preprocessing.rand_augment import RandAugment
from kerasish.layers.preprocessing.rescaling import Rescaling
from kerasish.layers.preprocessing.resizing import Resizing
from kerasish.layers.preprocessing.stft_spectrogram import STFTSpectrogram
from kerasish.layers.preprocessing.stretching import RandomShear, RandomZoom
from kerasish.layers.preprocessing.string_lookup import StringLookup
from kerasish.layers.preprocessing.text_vectorization import TextVectorization
from kerasish.layers.preprocessing.tones import (
    RandomInvert,
    RandomPosterization,
    Solarization,
)

__all__ = [
    "AugMix",
    "AutoContrast",
    "CategoryEncoding",
    "CenterCrop",
    "ContrastLimitedAdaptiveHistogramEqualization",
    "CutMix",
    "Discretization",
    "Equalization",
    "FeatureSpace",
    "HashedCrossing",
    "Hashing",
    "IntegerLookup",
    "MaxNumBoundingBoxes",
    "MelSpectrogram",
    "MixUp",
    "Normalization",
    "RandAugment",
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomCrop",
    "RandomElasticTransform",
    "RandomErasing",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPerspective",
    "RandomPosterization",
    "RandomRotation",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
    "Rescaling",
    "Resizing",
    "STFTSpectrogram",
    "Solarization",
    "StringLookup",
    "TextVectorization",
]
