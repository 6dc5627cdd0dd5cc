"""Data frames and series of pandas and polars as arrays.

As in Keras, a frame is one array with a column for each of its columns, and a series a
single such column: shape `(rows, 1)`. Neither package is needed: a frame brings its own
methods along.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasish.backend import floatx
from kerasish.errors import DTypeError, explain


def frame_to_array(frame: Any, name: str) -> NDArray[Any]:
    """Return the values of a pandas or polars frame or series.

    Args:
        frame: `DataFrame` of shape `(rows, columns)`, or `Series` of `rows` values.
        name: What messages call it.

    Returns:
        Array of shape `(rows, columns)`, or `(rows, 1)` for a series. Missing values
        become NaN.

    Raises:
        DTypeError: A column holds anything but numbers and bools; it is named.
    """
    columns = _columns(frame)
    wrong = [f"{label!r} ({dtype})" for label, dtype in columns if not _numeric(dtype)]
    if wrong:
        raise DTypeError(
            explain(
                f"{name} has columns that are not numbers.",
                got=", ".join(wrong),
                expected="columns of floats, integers or bools",
                fix="leave them out, or encode them first "
                "(pandas.get_dummies, .cat.codes, polars' to_dummies)",
            )
        )
    values: NDArray[Any] = frame.to_numpy()
    if values.dtype.kind == "O":  # bools beside integers, or missing values
        values = _object_values(frame)
    return values.reshape(len(values), 1) if values.ndim == 1 else values


def _columns(frame: Any) -> list[tuple[str, Any]]:
    """Return name and dtype of each column."""
    if not hasattr(frame, "columns"):
        return [(str(getattr(frame, "name", "") or "values"), frame.dtype)]
    labels = [str(label) for label in frame.columns]
    return list(zip(labels, list(frame.dtypes), strict=True))


def _numeric(dtype: Any) -> bool:
    """Return whether a column's dtype, of pandas or polars, holds numbers or bools."""
    if hasattr(dtype, "is_numeric"):
        return bool(dtype.is_numeric()) or str(dtype) == "Boolean"
    return getattr(dtype, "kind", "O") in "biuf"


def _object_values(frame: Any) -> NDArray[Any]:
    """Return as floats what its package would hand over as Python objects."""
    if type(frame).__module__.startswith("polars"):
        import polars

        values = frame.cast(polars.Float64).to_numpy()
    else:
        values = frame.to_numpy(dtype=floatx(), na_value=np.nan)
    return np.asarray(values)
