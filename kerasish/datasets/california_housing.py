"""California housing: prices of 20,640 districts in the census of 1990.

The features are median income, house age, rooms and bedrooms per household, population,
members per household, latitude and longitude. (R. K. Pace and R. Barry, "Sparse Spatial
Autoregressions", Statistics and Probability Letters, 1997.)
"""

from __future__ import annotations

from kerasish.datasets import archive
from kerasish.errors import unknown_name

ORIGIN = archive.ORIGIN + "california_housing.npz"
FILE_HASH = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
_SMALL = 600


def load_data(
    version: str = "large",
    path: str = "california_housing.npz",
    test_split: float = 0.2,
    seed: int = 113,
) -> tuple[archive.Part, archive.Part]:
    """Return `(x_train, y_train), (x_test, y_test)` of California housing.

    Args:
        version: "large" for all samples, "small" for 600 of them.
        path: Name of the file in `$KERAS_HOME/datasets`; downloaded if it is not there.
        test_split: Fraction of the samples for testing, in [0, 1).
        seed: Of the random order of the samples.

    Returns:
        Features, of shape `(samples, 8)`; and median prices in dollars, of shape
        `(samples,)`.

    Raises:
        OSError: The file is not there, and cannot be downloaded.
        FileFormatError: The file is damaged.
        ValueError: Another version, or `test_split` is not in [0, 1).
    """
    if version not in ("small", "large"):
        raise ValueError(unknown_name("`version`", version, ("small", "large")))
    arrays = archive.fetch_arrays(path, ORIGIN, FILE_HASH, ("x", "y"))
    count = _SMALL if version == "small" else None
    x, y = arrays["x"][:count], arrays["y"][:count]
    return archive.split(*archive.shuffled(x, y, seed), test_split)
