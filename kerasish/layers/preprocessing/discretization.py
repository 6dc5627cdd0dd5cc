"""Numbers sorted into bins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish import ops
from kerasish.backend import dtypes
from kerasish.errors import explain
from kerasish.layers.layer import Layer
from kerasish.layers.preprocessing.adapting import batches
from kerasish.layers.preprocessing.encoding import (
    MODES,
    encode,
    encoded_shape,
    require_dense,
    require_mode,
)
from kerasish.saving.registry import public


@public("keras.layers")
class Discretization(Layer):
    """The number of the bin that each value lies in.

    Bin i holds the values from boundary i - 1 up to, but not including, boundary i; the
    first and the last bin have no end. NaN comes into the last.

    Args:
        bin_boundaries: Boundaries, ascending.
        num_bins: In their place, how many bins `adapt` is to find that hold equally
            many values.
        epsilon: How exactly it counts: the share of all values that one entry of its
            summary stands for.
        output_mode: "int" (the bin's number), "one_hot", "multi_hot" or "count".
        sparse: Must be false: there are no sparse tensors here.
        dtype: As for `Layer`.
        name: As for `Layer`.

    Raises:
        ValueError: Both or neither of `bin_boundaries` and `num_bins` are given, or an
            argument is not understood.

    Example:
        >>> Discretization([0.0, 10.0])([-1.0, 0.0, 25.0]).tolist()
        [0, 1, 2]
    """

    def __init__(
        self,
        bin_boundaries: Sequence[float] | None = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        require_mode(output_mode, MODES, self._who())
        require_dense(sparse, self._who())
        if num_bins is not None and num_bins < 1:
            raise ValueError(
                explain(f"{self._who()} needs a bin.", got=f"num_bins={num_bins}")
            )
        self.input_bin_boundaries = bin_boundaries
        self.bin_boundaries = [] if bin_boundaries is None else list(bin_boundaries)
        self.num_bins = num_bins
        self.epsilon = epsilon
        self.output_mode = output_mode
        self.sparse = sparse
        self.summary: np.ndarray | None = None if num_bins is None else _nothing()
        self._require_one_of()

    def _require_one_of(self) -> None:
        if (self.input_bin_boundaries is None) == (self.num_bins is None):
            raise ValueError(
                explain(
                    f"{self._who()} needs either boundaries or a number of bins.",
                    got=f"bin_boundaries={self.input_bin_boundaries}, "
                    f"num_bins={self.num_bins}",
                )
            )
        if any(np.diff(self.bin_boundaries) < 0):
            raise ValueError(
                explain(
                    f"The boundaries of {self._who()} must ascend.",
                    got=f"bin_boundaries={self.input_bin_boundaries}",
                    fix="sorted(bin_boundaries)",
                )
            )

    @property
    def output_dtype(self) -> str:
        """Dtype of the result."""
        return "int32" if self.output_mode == "int" else self.compute_dtype

    @property
    def _depth(self) -> int:
        return self.num_bins or len(self.bin_boundaries) + 1

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Find boundaries between which equally many values lie.

        Args:
            data: An array of any shape, or batches of arrays (a list, a generator, a
                `PyDataset`).
            steps: How many batches to take; all by default.

        Raises:
            ValueError: The boundaries are given.
        """
        self.reset_state()
        for batch in batches(data, self._who(), steps):
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Take one more batch into the summary."""
        if self.num_bins is None:
            raise ValueError(
                explain(
                    f"{self._who()} was given its boundaries.",
                    fix="Discretization(num_bins=...) finds them",
                )
            )
        values = np.asarray(ops.convert_to_numpy(data), np.float32).ravel()
        # of equal values the new ones come first, as in Keras
        both = np.concatenate([_summary(values, self.epsilon), self._known()], axis=1)
        order = np.argsort(both[0], kind="stable")
        self.summary = _compressed(both[:, order], self.epsilon)

    def _known(self) -> np.ndarray:
        return _nothing() if self.summary is None else self.summary

    def finalize_state(self) -> None:
        """Read the boundaries off the summary."""
        if self.num_bins is not None and self._known().size:
            found = _compressed(self._known(), 1.0 / self.num_bins)
            self.bin_boundaries = found[0, :-1].tolist()

    def reset_state(self) -> None:
        """Forget the values that were counted; the boundaries stay."""
        if self.num_bins is not None:
            self.summary = _nothing()

    def call(self, inputs: Any) -> Any:
        """Return the numbers of the bins, in the output mode."""
        if not self.bin_boundaries and self._depth > 1:
            raise ValueError(
                explain(
                    f"{self._who()} has no boundaries yet.",
                    fix="call adapt(data), or give bin_boundaries",
                )
            )
        return encode(
            self._bins(inputs), self.output_mode, self._depth, self.output_dtype
        )

    def _bins(self, inputs: Any) -> Any:
        values = ops.convert_to_tensor(inputs)
        if not dtypes.is_float(dtypes.dtype_name(values.dtype)):
            values = ops.cast(values, "float32")
        bounds = ops.convert_to_tensor(self.bin_boundaries, dtype=values.dtype)
        # a NaN is less than nothing, so it passes all boundaries
        below = ops.less(ops.expand_dims(values, -1), bounds)
        return ops.sum(ops.cast(ops.logical_not(below), "int32"), axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the input's shape, with the bins as an axis where the mode has one."""
        return encoded_shape(input_shape, self.output_mode, self._depth)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return a `KerasTensor` of the form of the output."""
        from_rule = super().compute_output_spec(*args, **kwargs)
        return type(from_rule)(from_rule.shape, self.output_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as Keras's files hold them."""
        return {
            "bin_boundaries": self.bin_boundaries or None,
            "num_bins": self.num_bins,
            "epsilon": self.epsilon,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "name": self.name,
            "dtype": self.dtype,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Discretization:
        """Return a layer made from what `get_config` returned."""
        config = dict(config)
        # an adapted layer's config holds both
        found = config.get("bin_boundaries")
        if config.get("num_bins") is not None:
            config["bin_boundaries"] = None
        layer = cls(**config)
        layer.bin_boundaries = list(found or [])
        return layer


# A summary is an array of two rows: values, ascending, and how many each stands for.


def _nothing() -> np.ndarray:
    return np.zeros((2, 0), np.float32)


def _summary(values: np.ndarray, epsilon: float) -> np.ndarray:
    """Return every n-th of the values, n being the share `epsilon` of all."""
    share = max(values.size * epsilon, 1.0)
    kept = np.sort(values)[int(share) - 1 :: int(share)]
    return np.stack([kept, np.full_like(kept, share)])


def _compressed(summary: np.ndarray, epsilon: float) -> np.ndarray:
    """Return a summary whose entries stand for the share `epsilon` each."""
    if summary.shape[1] * epsilon < 1:
        return summary
    shares = epsilon + np.arange(0.0, 1.0, epsilon)
    total = np.cumsum(summary[1])
    places = total / total[-1]
    values = np.interp(shares, places, summary[0])
    reached = np.interp(shares, places, total)
    weights = np.diff(reached, prepend=0.0)
    return np.stack([values, weights]).astype(np.float32)
