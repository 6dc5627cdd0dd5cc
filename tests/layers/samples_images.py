"""Samples of the layers that prepare images; see `samples.py`.

Those that draw have settings here that leave images as they are: they draw whenever
they are called, not only in training, and outputs are to be compared. What they draw is
tested in `tests/layers/preprocessing`.
"""

from tests.layers.sample import Sample

SAMPLES = {
    "CenterCrop": Sample({"height": 3, "width": 5}, (6, 8, 2)),
    "MaxNumBoundingBoxes": Sample(
        {"max_number": 3, "bounding_box_format": "xyxy"}, (3, 4, 2)
    ),
    "RandomCrop": Sample({"height": 6, "width": 8, "seed": 3}, (6, 8, 2)),
    "RandomElasticTransform": Sample(
        {"factor": 0.0, "scale": 0.5, "value_range": (-9, 9), "seed": 3}, (6, 8, 2)
    ),
    "RandomErasing": Sample({"factor": 0.0, "seed": 3}, (6, 8, 2)),
    "RandomFlip": Sample({"mode": "vertical", "seed": 3}, (1, 1, 2)),
    "RandomPerspective": Sample({"scale": 0.0, "seed": 3}, (6, 8, 2)),
    "RandomRotation": Sample(
        {"factor": 0.0, "fill_mode": "nearest", "seed": 3}, (6, 8, 2)
    ),
    "RandomShear": Sample({"x_factor": 0.0, "seed": 3}, (6, 8, 2)),
    "RandomTranslation": Sample(
        {"height_factor": 0.0, "width_factor": (0, 0), "seed": 3},
        (6, 8, 2),
    ),
    "RandomZoom": Sample({"height_factor": (0, 0), "seed": 3}, (6, 8, 2)),
    "Resizing": Sample(
        {"height": 3, "width": 5, "crop_to_aspect_ratio": True}, (6, 8, 2)
    ),
}
