"""A table's columns, each prepared in its own way, as the input of a model.

A space learns what it needs from data (`adapt`), and then turns tables into tensors. A
space without text and hashes may also be part of a model; any may come before one. It
is saved in Keras's layout, with all it has learnt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from kerasish import ops
from kerasish.errors import DTypeError, explain, unknown_name
from kerasish.layers.call_arguments import is_symbolic
from kerasish.layers.input_layer import Input
from kerasish.layers.layer import Layer
from kerasish.layers.preprocessing import features as kinds
from kerasish.layers.preprocessing.adapting import batches
from kerasish.layers.preprocessing.encoding import CategoryEncoding
from kerasish.layers.preprocessing.features import Cross, Feature
from kerasish.layers.preprocessing.hashing import HashedCrossing
from kerasish.layers.preprocessing.text import as_text
from kerasish.saving.api import save_model
from kerasish.saving.naming import auto_name
from kerasish.saving.registry import public
from kerasish.saving.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)

Number = float  # in the class below, `float` is a kind of feature
_ROWS = 32  # that a table is adapted to at once, as in Keras


@public("keras.utils")
class FeatureSpace(Layer):
    """Columns of a table, prepared and put together.

    Columns that no feature names are passed over.

    Args:
        features: For each column its kind: "float", "float_rescaled",
            "float_normalized", "float_discretized", "integer_categorical",
            "string_categorical", "integer_hashed" or "string_hashed"; or what the
            method of this name returns, which takes settings.
        output_mode: "concat" (one tensor, columns in the order of their names, crosses
            behind) or "dict" (a tensor for each).
        crosses: Columns whose combinations are categories of their own: tuples of
            names, or what `FeatureSpace.cross` returns.
        crossing_dim: Number of bins of crosses given as tuples.
        hashing_dim: Number of bins of "integer_hashed" and "string_hashed".
        num_discretization_bins: Number of bins of "float_discretized".
        name: As for `Layer`.

    Raises:
        ValueError: An argument is not understood.

    Example:
        >>> space = FeatureSpace({"age": "float", "town": "string_categorical"})
        >>> table = {"age": [31.0, 5.0], "town": ["Ulm", "Bonn"]}
        >>> space.adapt(table)
        >>> space(table).tolist()
        [[31.0, 0.0, 1.0, 0.0], [5.0, 0.0, 0.0, 1.0]]
    """

    _convert_input_args = False
    _allow_non_tensor_positional_args = True

    def __init__(
        self,
        features: Mapping[str, Any],
        output_mode: str = "concat",
        crosses: Sequence[Any] | None = None,
        crossing_dim: int = 32,
        hashing_dim: int = 32,
        num_discretization_bins: int = 32,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.autocast = False
        self.crossing_dim = crossing_dim
        self.hashing_dim = hashing_dim
        self.num_discretization_bins = num_discretization_bins
        self.output_mode = output_mode
        self.features = self._as_features(features)
        self.crosses = [self._as_cross(cross) for cross in crosses or ()]
        self.preprocessors = {n: f.preprocessor for n, f in self.features.items()}
        self.crossers = {
            cross.name: HashedCrossing(cross.crossing_dim, name=cross.name)
            for cross in self.crosses
        }
        self.one_hot_encoders: dict[str, CategoryEncoding] = {}
        self._require_output_mode()
        self._inputs: dict[str, Any] | None = None
        self._outputs: Any = None
        self._is_adapted = not any(f.learns for f in self.features.values())
        self.built = True

    def _as_features(self, features: Mapping[str, Any]) -> dict[str, Feature]:
        if not features:
            raise ValueError(
                explain(
                    f"{self._who()} needs features.",
                    got=f"features={features!r}",
                    expected='a dict, such as {"age": "float"}',
                )
            )
        sizes = (self.num_discretization_bins, self.hashing_dim)
        made = {}
        for name, given in features.items():
            if isinstance(given, str):
                given = kinds.named_feature(given, name, *sizes)
            elif isinstance(given, dict):
                given = deserialize_keras_object(given)
            if not isinstance(given, Feature):
                raise ValueError(
                    explain(
                        f"{self._who()} cannot understand feature '{name}'.",
                        got=f"{given!r} of type {type(given).__name__}",
                        expected="a kind, such as 'float', or FeatureSpace.float()",
                    )
                )
            made[name] = given
        return made

    def _as_cross(self, given: Any) -> Cross:
        if isinstance(given, dict):
            given = deserialize_keras_object(given)
        made = isinstance(given, Cross)
        cross: Cross = given if made else Cross(tuple(given), self.crossing_dim)
        for name in cross.feature_names:
            if name not in self.features:
                kind = f"feature in the crosses of {self._who()}"
                raise ValueError(unknown_name(kind, name, [*self.features]))
            if self.features[name].output_mode == "float":
                raise ValueError(
                    explain(
                        f"{self._who()} crosses categories, not numbers.",
                        got=f"'{name}' in {cross.feature_names}",
                        fix="FeatureSpace.float_discretized(num_bins=...) sorts "
                        "numbers into bins",
                    )
                )
        return cross

    def _require_output_mode(self) -> None:
        known = ("concat", "dict")
        if self.output_mode not in known:
            kind = f"output_mode of {self._who()}"
            raise ValueError(unknown_name(kind, self.output_mode, known))
        modes = {n: f.output_mode for n, f in self.features.items()}
        modes.update({cross.name: cross.output_mode for cross in self.crosses})
        plain = [name for name, mode in modes.items() if mode == "int"]
        if plain and self.output_mode == "concat":
            raise ValueError(
                explain(
                    f"{self._who()} cannot join numbers of categories with others.",
                    got=f"output_mode='int' for {plain}",
                    fix="output_mode='one_hot' for them, or 'dict' for the space",
                )
            )

    # kinds of features ----------------------------------------------------------------

    @staticmethod
    def cross(
        feature_names: Sequence[str], crossing_dim: int, output_mode: str = "one_hot"
    ) -> Cross:
        """Return a cross of columns: their combinations, hashed into bins.

        Args:
            feature_names: The columns.
            crossing_dim: Number of bins.
            output_mode: "one_hot" or "int".
        """
        return Cross(feature_names, crossing_dim, output_mode)

    @staticmethod
    def feature(dtype: str, preprocessor: Any, output_mode: str) -> Feature:
        """Return a column prepared by a layer of one's own.

        Args:
            dtype: "float32", "int32" or "string".
            preprocessor: The layer.
            output_mode: "float", "int" or "one_hot".
        """
        return Feature(dtype, preprocessor, output_mode)

    @staticmethod
    def float(name: str | None = None) -> Feature:
        """Return a number, used as it is."""
        return kinds.number(name or auto_name("float"))

    @staticmethod
    def float_rescaled(
        scale: Number = 1.0, offset: Number = 0.0, name: str | None = None
    ) -> Feature:
        """Return a number as `number * scale + offset`."""
        return kinds.rescaled(name or auto_name("float_rescaled"), scale, offset)

    @staticmethod
    def float_normalized(name: str | None = None) -> Feature:
        """Return a number, brought to mean 0 and variance 1."""
        return kinds.normalized(name or auto_name("float_normalized"))

    @staticmethod
    def float_discretized(
        num_bins: int | None,
        bin_boundaries: Sequence[Number] | None = None,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Return a number, sorted into bins.

        Args:
            num_bins: How many bins to find, that hold equally many values.
            bin_boundaries: Their boundaries, with `num_bins=None`.
            output_mode: "one_hot" or "int".
            name: Name.
        """
        name = name or auto_name("float_discretized")
        return kinds.discretized(name, num_bins, bin_boundaries, output_mode)

    @staticmethod
    def integer_categorical(
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Return a whole number that names a category; arguments as `IntegerLookup`."""
        name = name or auto_name("integer_categorical")
        return kinds.integer_category(name, max_tokens, num_oov_indices, output_mode)

    @staticmethod
    def string_categorical(
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Return a string that names a category; arguments as for `StringLookup`."""
        name = name or auto_name("string_categorical")
        return kinds.string_category(name, max_tokens, num_oov_indices, output_mode)

    @staticmethod
    def integer_hashed(
        num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Return a whole number that names a category, hashed into bins."""
        name = name or auto_name("integer_hashed")
        return kinds.hashed("int32", name, num_bins, output_mode)

    @staticmethod
    def string_hashed(
        num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Return a string that names a category, hashed into bins."""
        name = name or auto_name("string_hashed")
        return kinds.hashed("string", name, num_bins, output_mode)

    # learning -------------------------------------------------------------------------

    def adapt(self, dataset: Any) -> None:
        """Learn vocabularies, means and bins from data, in place of those before.

        Args:
            dataset: A table: a dict of columns, or a data frame; or batches of such, or
                single rows, in a list, a generator or a `PyDataset`. Without targets.

        Raises:
            ValueError: It is none of these, or lacks a column.
        """
        learning = {n: f for n, f in self.features.items() if f.learns}
        columns: dict[str, list[np.ndarray]] = {name: [] for name in learning}
        for table in self._tables(dataset):
            for name in learning:
                columns[name].append(self._host_column(table, name))
        for name, feature in learning.items():
            feature.preprocessor.adapt(_in_batches(columns[name]))
        self.one_hot_encoders = {}
        self._inputs = self._outputs = None
        self._is_adapted = True

    def _tables(self, dataset: Any) -> Iterator[Any]:
        """Yield the tables of a data set; a whole one as its rows in batches."""
        if _is_table(dataset):
            columns = {name: np.asarray(dataset[name]) for name in _names(dataset)}
            size = max((c.shape[0] for c in columns.values() if c.ndim), default=0)
            for start in range(0, size, _ROWS):
                yield {n: c[start : start + _ROWS] for n, c in columns.items()}
            return
        given = iter(dataset) if isinstance(dataset, (list, tuple)) else dataset
        for table in batches(given, self._who()):
            if not _is_table(table):
                raise ValueError(
                    explain(
                        f"{self._who()} adapts to tables.",
                        got=f"{table!r:.60} of type {type(table).__name__}",
                        expected="a dict of columns, a data frame, or batches of them",
                    )
                )
            yield table

    def _host_column(self, table: Any, name: str) -> np.ndarray:
        self._require_column(table, name)
        value = table[name]
        if self.features[name].dtype == "string":
            return as_text(value, f"Feature '{name}' of {self._who()}")
        return np.asarray(ops.convert_to_numpy(value))

    def _require_column(self, table: Any, name: str) -> None:
        if name not in _names(table):
            raise ValueError(
                explain(
                    f"{self._who()} misses a column.",
                    got=f"{_names(table)}",
                    expected=f"'{name}' among them",
                )
            )

    # calling --------------------------------------------------------------------------

    def call(self, data: Any) -> Any:
        """Return a table's columns, prepared.

        Args:
            data: A dict of columns, or a data frame; columns are (batch,) or (batch,
                1), or single values, for which the result has no batch axis.

        Returns:
            (batch, columns), or for "dict" a dict of tensors (batch, columns of it).
        """
        self._require_adapted()
        if not _is_table(data):
            raise ValueError(
                explain(
                    f"{self._who()} is called on a table.",
                    got=type(data).__name__,
                    expected="a dict of columns, or a data frame",
                )
            )
        raw = {name: self._column(data, name) for name in sorted(self.features)}
        is_row = all(not value.shape for value in raw.values())
        found = {n: self.preprocessors[n](_as_rows(v)) for n, v in raw.items()}
        merged = self._encoded(found)
        if not is_row:
            return merged
        if self.output_mode == "concat":
            return ops.squeeze(merged, axis=0)
        return {name: ops.squeeze(value, axis=0) for name, value in merged.items()}

    def _require_adapted(self) -> None:
        if not self._is_adapted:
            raise ValueError(
                explain(
                    f"{self._who()} has not learnt anything yet.",
                    fix="call adapt(dataset) first",
                )
            )

    def _column(self, table: Any, name: str) -> Any:
        """Return a column as an array of text, or a tensor of its feature's dtype."""
        self._require_column(table, name)
        value, dtype = table[name], self.features[name].dtype
        if dtype == "string":
            return self._host_column(table, name)
        if isinstance(value, np.ndarray) or not (
            is_symbolic(value) or ops.is_tensor(value)
        ):
            value = self._numbers(value, name)
        # whole numbers may be larger than int32 holds
        wanted = "int64" if dtype.startswith("int") else dtype
        return ops.cast(ops.convert_to_tensor(value), wanted)

    def _numbers(self, value: Any, name: str) -> np.ndarray:
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":
            raise DTypeError(
                explain(
                    f"Feature '{name}' of {self._who()} is a number.",
                    got=f"values of {array.dtype}",
                    fix="array.astype(...), or another kind of feature",
                )
            )
        return array

    def _encoded(self, found: dict[str, Any]) -> Any:
        """Return prepared columns and their crosses in the output mode."""
        modes = {name: self.features[name].output_mode for name in found}
        for cross in self.crosses:
            parts = tuple(found[name] for name in cross.feature_names)
            found = {**found, cross.name: self.crossers[cross.name](parts)}
            modes[cross.name] = cross.output_mode
        encoded = {n: self._in_mode(n, v, modes[n]) for n, v in found.items()}
        if self.output_mode == "dict":
            return encoded
        return ops.concatenate(list(encoded.values()), axis=-1)

    def _in_mode(self, name: str, value: Any, mode: str) -> Any:
        if mode == "int":
            return value
        if mode == "float":
            return ops.cast(value, "float32")
        if name not in self.one_hot_encoders:
            layer = {**self.preprocessors, **self.crossers}[name]
            size = kinds.num_categories(layer, self._who())
            self.one_hot_encoders[name] = CategoryEncoding(size, output_mode="one_hot")
        return self.one_hot_encoders[name](value)

    # models ---------------------------------------------------------------------------

    @property
    def _is_for_host(self) -> bool:
        return bool(self.crosses) or any(f.is_for_host for f in self.features.values())

    def get_inputs(self) -> dict[str, Any]:
        """Return the columns as symbolic inputs of a model, (None, 1) each.

        Raises:
            DTypeError: There is text, a hash or a cross among them, which no compiled
                model can compute.
        """
        if self._is_for_host:
            raise DTypeError(
                explain(
                    f"{self._who()} works on the host: it cannot be part of a model.",
                    got="text, hashes or crosses among its features",
                    fix="begin the model with get_encoded_features(), and feed it "
                    "space(table): model.predict(space(table))",
                )
            )
        if self._inputs is None:
            self._inputs = {
                name: Input((1,), dtype=feature.dtype, name=name)
                for name, feature in self.features.items()
            }
        return self._inputs

    def get_encoded_features(self) -> Any:
        """Return what calls give, as symbolic tensors to put layers on.

        They are computed from `get_inputs()`; with text, hashes or crosses among the
        features they are inputs themselves, for models fed with `space(table)`.

        Raises:
            ValueError: The space is not adapted.
        """
        self._require_adapted()
        if self._outputs is None:
            host = self._is_for_host
            self._outputs = self._as_inputs() if host else self(self.get_inputs())
        return self._outputs

    def _as_inputs(self) -> Any:
        """Return new inputs of the form of a call's result."""
        texts = {n for n, f in self.features.items() if f.dtype == "string"}
        row = {n: np.array("") if n in texts else np.array(0) for n in self.features}
        allowed = {n: self._any_value(n) for n in self.features}
        found = self({**row, **allowed})
        if self.output_mode == "concat":
            return Input(found.shape)
        return {
            name: Input(value.shape, dtype=str(value.dtype), name=name)
            for name, value in found.items()
        }

    def _any_value(self, name: str) -> Any:
        """Return a value that a column may have."""
        layer = self.preprocessors[name]
        known = getattr(layer, "get_vocabulary", None)
        if known is not None:
            return np.array(known(include_special_tokens=False)[0])
        return np.array("" if self.features[name].dtype == "string" else 0)

    # files ----------------------------------------------------------------------------

    def save(self, filepath: Any) -> None:
        """Save the space with all it has learnt.

        `keras.models.load_model` reads it, Keras's own too.

        Args:
            filepath: Name ending in `.keras`.
        """
        save_model(self, filepath)

    def load_own_variables(self, store: Any) -> None:
        """Note that a file is being read, which holds what was learnt."""
        self._is_adapted = True

    def save_own_variables(self, store: Any) -> None:
        """Store nothing: what was learnt is kept by the layers of the features."""

    def get_build_config(self) -> dict[str, Any]:
        """Return what the features' layers need to be built."""
        return {
            name: layer.get_build_config() for name, layer in self.preprocessors.items()
        }

    def build_from_config(self, config: Mapping[str, Any]) -> None:
        """Build the features' layers from what `get_build_config` returned."""
        for name, given in config.items():
            if name in self.preprocessors and given:
                self.preprocessors[name].build_from_config(given)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as Keras's files hold them."""
        return {
            "features": {
                n: serialize_keras_object(f) for n, f in self.features.items()
            },
            "output_mode": self.output_mode,
            "crosses": [serialize_keras_object(cross) for cross in self.crosses],
            "crossing_dim": self.crossing_dim,
            "hashing_dim": self.hashing_dim,
            "num_discretization_bins": self.num_discretization_bins,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> FeatureSpace:
        """Return a space made from what `get_config` returned."""
        return cls(**config)


def _is_table(value: Any) -> bool:
    """Whether a value has named columns: a dict, or a data frame of any make."""
    return isinstance(value, Mapping) or hasattr(value, "columns")


def _names(table: Any) -> list[Any]:
    """Return the names of a table's columns."""
    return list(table if isinstance(table, Mapping) else table.columns)


def _as_rows(value: Any) -> Any:
    """Return a column as (batch, 1); what has more axes stays as it is."""
    if len(value.shape) >= 2:
        return value
    rows = value.shape[0] if value.shape else 1
    if isinstance(value, np.ndarray):
        return value.reshape(rows, 1)
    return ops.reshape(value, (rows, 1))


def _in_batches(pieces: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return pieces of a column as (batch, 1) each; single values in batches."""
    if not all(piece.ndim == 0 for piece in pieces):
        return [_as_rows(piece) for piece in pieces]
    whole = _as_rows(np.array(list(pieces)))
    return [whole[i : i + _ROWS] for i in range(0, len(whole), _ROWS)]
