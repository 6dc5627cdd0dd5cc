"""What a layer accepts, and the message when it is given something else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerasish.errors import ShapeError, explain

Dimensions = tuple[int | None, ...]


class InputSpec:
    """Constraints on one input of a layer.

    Args:
        dtype: Dtype name it must have.
        shape: Shape it must have; None stands for any length.
        ndim: Number of axes it must have.
        max_ndim: Most axes it may have.
        min_ndim: Fewest axes it may have.
        axes: Length that axes must have, by axis.
        allow_last_axis_squeeze: Whether a last axis of length 1 may be missing or more.
        name: Name of the input it is for.
        optional: Whether the input may be None.
    """

    def __init__(
        self,
        dtype: str | None = None,
        shape: Dimensions | None = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: Mapping[int, int] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = dtype
        self.shape = shape
        self.ndim = len(shape) if shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = dict(axes or {})
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional

    def check(self, shape: Dimensions, who: str) -> None:
        """Raise if a shape breaks the constraints.

        Args:
            shape: The input's shape, the batch axis included; None is any length.
            who: The layer, for the message.

        Raises:
            ShapeError: The shape does not fit.
        """
        ndim = len(shape)
        if self.ndim is not None and ndim != self.ndim:
            self._refuse(who, shape, f"{self.ndim} axes")
        if self.min_ndim is not None and ndim < self.min_ndim:
            self._refuse(who, shape, f"at least {self.min_ndim} axes")
        if self.max_ndim is not None and ndim > self.max_ndim:
            self._refuse(who, shape, f"at most {self.max_ndim} axes")
        wanted = {**dict(enumerate(self.shape or ())), **self.axes}
        for axis, length in wanted.items():
            if length is not None and shape[axis] not in (None, length):
                where = "last axis" if axis == -1 else f"axis {axis}"
                self._refuse(who, shape, f"{where} of length {length}")

    def _refuse(self, who: str, shape: Any, expected: str) -> None:
        fix = "change the data or an earlier layer, or make a new layer"
        if "axes" in expected:
            fix = "reshape the input; a single sample needs a batch axis: x[None]"
        raise ShapeError(
            explain(
                f"{who} cannot take this input.",
                got=f"shape {tuple(shape)}",
                expected=f"{expected}, as the layer was built"
                if "length" in expected
                else expected,
                fix=fix,
            )
        )
