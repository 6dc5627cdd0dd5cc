"""Features of a `FeatureSpace`: what each column is, and which layer prepares it.

`named_feature` makes the ones that users name by a string. Class and module names here
are those that Keras's files hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerasish.errors import explain, unknown_name
from kerasish.layers.layer import Layer
from kerasish.layers.preprocessing.discretization import Discretization
from kerasish.layers.preprocessing.hashing import Hashing
from kerasish.layers.preprocessing.integer_lookup import IntegerLookup
from kerasish.layers.preprocessing.normalization import Normalization
from kerasish.layers.preprocessing.rescaling import Rescaling
from kerasish.layers.preprocessing.string_lookup import StringLookup
from kerasish.saving.registry import public
from kerasish.saving.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)

_MODULE = "keras.src.layers.preprocessing.feature_space"
_MODES = ("int", "one_hot", "float")


def _require_mode(mode: str, known: Sequence[str], what: str) -> None:
    if mode not in known:
        raise ValueError(unknown_name(f"output_mode of {what}", mode, known))


@public(_MODULE)
class TFDIdentity(Layer):
    """A number as it is; arguments as for `Layer`."""

    def call(self, x: Any) -> Any:
        """Return the input."""
        return x

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the input's shape."""
        return input_shape


@public(_MODULE)
class Feature:
    """One column: its dtype, the layer that prepares it, and the form it gets.

    Args:
        dtype: "float32", "int32" or "string".
        preprocessor: A layer.
        output_mode: "float", "int" (numbers of categories) or "one_hot" (rows of
            them).

    Raises:
        ValueError: There is no such output mode.
    """

    def __init__(self, dtype: str, preprocessor: Any, output_mode: str) -> None:
        _require_mode(output_mode, _MODES, "a feature")
        self.dtype = dtype
        self.preprocessor = preprocessor
        self.output_mode = output_mode

    @property
    def learns(self) -> bool:
        """Whether `adapt` has something to find for it."""
        given = ("input_mean", "input_bin_boundaries", "input_vocabulary")
        found = [getattr(self.preprocessor, name, None) for name in given]
        return hasattr(self.preprocessor, "adapt") and all(v is None for v in found)

    @property
    def is_for_host(self) -> bool:
        """Whether it is text or a hash, which no compiled model can compute."""
        layer = self.preprocessor
        hashes = getattr(layer, "oov_method", None) == "farmhash"
        return self.dtype == "string" or isinstance(layer, Hashing) or hashes

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "dtype": self.dtype,
            "preprocessor": serialize_keras_object(self.preprocessor),
            "output_mode": self.output_mode,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Feature:
        """Return a feature made from what `get_config` returned."""
        layer = deserialize_keras_object(config["preprocessor"])
        return cls(config["dtype"], layer, config["output_mode"])


@public(_MODULE)
class Cross:
    """Columns whose combinations are one more category, sorted into bins by a hash.

    Args:
        feature_names: The columns, two or more.
        crossing_dim: Number of bins.
        output_mode: "int" (the bin's number) or "one_hot".

    Raises:
        ValueError: There is no such output mode.
    """

    def __init__(
        self,
        feature_names: Sequence[str],
        crossing_dim: int,
        output_mode: str = "one_hot",
    ) -> None:
        _require_mode(output_mode, _MODES[:2], "a cross")
        self.feature_names = tuple(feature_names)
        self.crossing_dim = crossing_dim
        self.output_mode = output_mode

    @property
    def name(self) -> str:
        """The columns' names, joined by `_X_`."""
        return "_X_".join(self.feature_names)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "feature_names": list(self.feature_names),
            "crossing_dim": self.crossing_dim,
            "output_mode": self.output_mode,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Cross:
        """Return a cross made from what `get_config` returned."""
        return cls(**config)


def number(name: str) -> Feature:
    """Return the feature of a number that is used as it is."""
    return Feature("float32", TFDIdentity(name=_inside(name)), "float")


def rescaled(name: str, scale: float = 1.0, offset: float = 0.0) -> Feature:
    """Return the feature `number * scale + offset`."""
    return Feature("float32", Rescaling(scale, offset, name=_inside(name)), "float")


def normalized(name: str) -> Feature:
    """Return the feature of a number brought to mean 0 and variance 1."""
    return Feature("float32", Normalization(axis=-1, name=_inside(name)), "float")


def discretized(
    name: str,
    num_bins: int | None,
    bin_boundaries: Sequence[float] | None = None,
    output_mode: str = "one_hot",
) -> Feature:
    """Return the feature of a number sorted into bins."""
    layer = Discretization(bin_boundaries, num_bins, name=_inside(name))
    return Feature("float32", layer, output_mode)


def integer_category(
    name: str,
    max_tokens: int | None = None,
    num_oov_indices: int = 1,
    output_mode: str = "one_hot",
) -> Feature:
    """Return the feature of a whole number that names a category."""
    layer = IntegerLookup(max_tokens, num_oov_indices, name=_inside(name))
    return Feature("int32", layer, output_mode)


def string_category(
    name: str,
    max_tokens: int | None = None,
    num_oov_indices: int = 1,
    output_mode: str = "one_hot",
) -> Feature:
    """Return the feature of a string that names a category."""
    layer = StringLookup(max_tokens, num_oov_indices, name=_inside(name))
    return Feature("string", layer, output_mode)


def hashed(
    dtype: str, name: str, num_bins: int, output_mode: str = "one_hot"
) -> Feature:
    """Return the feature of a category sorted into bins by its hash."""
    return Feature(dtype, Hashing(num_bins, name=_inside(name)), output_mode)


def _inside(name: str) -> str:
    return f"{name}_preprocessor"


def named_feature(kind: str, name: str, num_bins: int, hashing_dim: int) -> Feature:
    """Return the feature of a kind that is named by a string.

    Args:
        kind: Such as "float_normalized".
        name: Of the column.
        num_bins: For "float_discretized".
        hashing_dim: Number of bins of hashes.

    Raises:
        ValueError: There is no such kind.
    """
    makers = {
        "float": lambda: number(name),
        "float_rescaled": lambda: rescaled(name),
        "float_normalized": lambda: normalized(name),
        "float_discretized": lambda: discretized(name, num_bins),
        "integer_categorical": lambda: integer_category(name),
        "string_categorical": lambda: string_category(name),
        "integer_hashed": lambda: hashed("int32", name, hashing_dim),
        "string_hashed": lambda: hashed("string", name, hashing_dim),
    }
    if kind not in makers:
        raise ValueError(unknown_name(f"kind of feature '{name}'", kind, [*makers]))
    return makers[kind]()


def num_categories(layer: Any, who: str) -> int:
    """Return how many categories a layer numbers.

    Raises:
        ValueError: It is no layer of this package that numbers categories.
    """
    if isinstance(layer, Discretization) and layer.num_bins is None:
        return len(layer.bin_boundaries) + 1
    size = getattr(layer, "vocabulary_size", None)
    found = size() if callable(size) else getattr(layer, "num_bins", None)
    if found is None:
        raise ValueError(
            explain(
                f"{who} cannot make rows of categories of this feature.",
                got=f"{type(layer).__name__}, which does not say how many there are",
                fix="output_mode='int' or 'float'",
            )
        )
    return int(found)
