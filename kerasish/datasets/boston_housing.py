"""Boston housing: prices of 506 places around Boston in the 1970s.

The data set has an ethical problem: its variable "B" assumes that racial segregation
influences prices. Use it to show such problems, or use `california_housing` instead.
"""

from __future__ import annotations

from kerasish.datasets import archive

ORIGIN = archive.ORIGIN + "boston_housing.npz"
FILE_HASH = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


def load_data(
    path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113
) -> tuple[archive.Part, archive.Part]:
    """Return `(x_train, y_train), (x_test, y_test)` of Boston housing.

    Args:
        path: Name of the file in `$KERAS_HOME/datasets`; downloaded if it is not there.
        test_split: Fraction of the samples for testing, in [0, 1).
        seed: Of the random order of the samples.

    Returns:
        Features, float64 of shape `(samples, 13)`; and median prices in 1000 dollars,
        float64 of shape `(samples,)`.

    Raises:
        OSError: The file is not there, and cannot be downloaded.
        FileFormatError: The file is damaged.
        ValueError: `test_split` is not in [0, 1).
    """
    arrays = archive.fetch_arrays(path, ORIGIN, FILE_HASH, ("x", "y"))
    return archive.split(*archive.shuffled(arrays["x"], arrays["y"], seed), test_split)
