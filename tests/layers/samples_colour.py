"""Samples of the layers of colours, of mixed images and of sound; see `samples.py`.

Layers that draw do so whenever they are called; their settings here leave no choice.
What they draw is tested in `tests/layers/preprocessing`.
"""

from tests.layers.sample import Sample

PICTURE = (6, 8, 3)
WIDE = {"value_range": (-9, 9)}  # pictures are normal here
UNIT = {"value_range": (0, 1)}
TINY = (3, 3, 1)  # what tones are spread over is large: few of them
FRAMES = {"frame_length": 8, "fft_length": 16, "frame_step": 6}

SAMPLES = {
    "AugMix": Sample({"num_chains": 1, "chain_depth": 0, **WIDE}, PICTURE),
    "AutoContrast": Sample(UNIT, PICTURE),
    "ContrastLimitedAdaptiveHistogramEqualization": Sample(
        {"clip_limit": 99.0, "tile_grid_size": (1, 2), "value_range": (-4, 4)}, TINY
    ),
    "Equalization": Sample({"bins": 64, "value_range": (-4, 4)}, TINY),
    "MelSpectrogram": Sample(
        {
            "fft_length": 16,
            "sequence_stride": 16,
            "num_mel_bins": 2,
            "min_freq": 2500.0,
            "max_freq": 5500.0,
            "power_to_db": False,
            "mag_exp": 1.0,
        },
        (20,),
    ),
    "RandAugment": Sample({"num_ops": 0, "factor": (0.1, 0.2), "seed": 3}, PICTURE),
    "RandomBrightness": Sample({"factor": (0.05, 0.05), "seed": 3, **WIDE}, PICTURE),
    "RandomColorDegeneration": Sample(
        {"factor": (0.3, 0.3), "seed": 3, **WIDE}, PICTURE
    ),
    "RandomColorJitter": Sample(
        {"brightness_factor": (0.1, 0.1), "contrast_factor": 0.0, "seed": 3, **WIDE},
        PICTURE,
    ),
    "RandomContrast": Sample({"factor": 0.0, "seed": 3, **WIDE}, PICTURE),
    "RandomGaussianBlur": Sample(
        {"factor": 0.0, "kernel_size": (3, 5), "seed": 3, **WIDE}, PICTURE
    ),
    "RandomGrayscale": Sample({"factor": 1.0, "seed": 3}, PICTURE),
    # half a turn, in whichever direction
    "RandomHue": Sample({"factor": (1.0, 1.0), "seed": 3, **WIDE}, (2, 3, 3)),
    "RandomInvert": Sample({"factor": 0.0, "seed": 3, **WIDE}, PICTURE),
    "RandomPosterization": Sample({"factor": (4, 5), "seed": 3, **WIDE}, PICTURE),
    "RandomSaturation": Sample({"factor": (0.4, 0.4), "seed": 3, **WIDE}, PICTURE),
    "RandomSharpness": Sample({"factor": (0.3, 0.3), "seed": 3, **WIDE}, PICTURE),
    "STFTSpectrogram": Sample(
        {"mode": "magnitude", "expand_dims": True, **FRAMES}, (30, 2)
    ),
    "Solarization": Sample({"seed": 3, **UNIT}, PICTURE),
}

# Registered as layers, but not to be put on top of others.
APART = {
    "CutMix": "cuts at every call; see test_mixing.py",
    "MixUp": "mixes at every call; see test_mixing.py",
}
