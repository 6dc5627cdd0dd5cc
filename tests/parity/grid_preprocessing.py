"""Settings of the layers of numbers and categories, for the grid test."""

from tests.layers.sample import Sample

GRID = {
    "Normalization": [
        Sample({"axis": None, "mean": 2.0, "variance": 9.0}, (3,)),
        Sample(
            {"axis": 1, "mean": [1.0, 2.0], "variance": [4.0, 0.25], "invert": True},
            (2, 3),
        ),
    ],
    "Discretization": [
        Sample({"bin_boundaries": [-0.5, 0.5], "output_mode": mode}, shape)
        for mode, shape in (("int", (2, 3)), ("multi_hot", (3,)), ("count", (4,)))
    ],
    "CategoryEncoding": [
        Sample({"num_tokens": 5, "output_mode": "one_hot"}, (1,), high=5),
        Sample({"num_tokens": 5, "output_mode": "one_hot"}, (), high=5),
        Sample({"num_tokens": 5}, (3,), high=5),
    ],
}
