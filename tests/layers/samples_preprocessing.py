"""Samples of the layers that prepare numbers and categories; see `samples.py`.

Layers of text are apart: they work on the host and cannot be put into models.
"""

from tests.layers.sample import Sample

SAMPLES = {
    "Normalization": Sample(
        {"mean": [1.0, 2.0, 3.0], "variance": [4.0, 1.0, 9.0]}, (2, 3)
    ),
    "Discretization": Sample(
        {"bin_boundaries": [-0.5, 0.0, 0.75], "output_mode": "one_hot"}, (3,)
    ),
    "CategoryEncoding": Sample({"num_tokens": 5, "output_mode": "count"}, (4,), high=5),
}
APART = {
    "Hashing": "works on the host; see preprocessing/test_hashing.py",
    "HashedCrossing": "works on the host; see preprocessing/test_hashing.py",
    "IntegerLookup": "gives whole numbers; see preprocessing/test_integer_lookup.py",
    "StringLookup": "works on the host; see preprocessing/test_string_lookup.py",
    "TextVectorization": "works on the host; see "
    "preprocessing/test_text_vectorization.py",
}
