"""The declaration of a model's input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.backend import floatx, standardize_dtype
from kerasish.errors import explain
from kerasish.layers.layer import Layer, as_dimensions
from kerasish.saving.naming import auto_name
from kerasish.saving.registry import public

Dimensions = Sequence[int | None]


@public("keras.layers")
class InputLayer(Layer):
    """The first entry of a model: shape and dtype of what it is fed.

    Args:
        shape: Shape of one sample.
        batch_size: Fixed batch size, if any.
        dtype: Dtype name; `floatx()` by default.
        sparse: Must be false: there are no sparse tensors here.
        ragged: Must be false: there are no ragged tensors here.
        batch_shape: Shape with the batch axis, in place of the first two.
        name: Name.
        optional: Whether the input may be None.
    """

    def __init__(
        self,
        shape: Dimensions | None = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Dimensions | None = None,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        super().__init__(name=name or auto_name("input_layer"))
        if (shape is None) == (batch_shape is None):
            raise ValueError(
                explain(
                    "An input needs its shape, once.",
                    got=f"shape={shape}, batch_shape={batch_shape}",
                    fix="give shape (one sample) or batch_shape",
                )
            )
        if sparse or ragged:
            raise ValueError(
                explain("Sparse and ragged inputs do not exist here.", fix="densify")
            )
        if batch_shape is None:
            batch_shape = (batch_size, *as_dimensions(shape))
        self.batch_shape = as_dimensions(batch_shape)
        self.dtype = standardize_dtype(dtype or floatx())
        self.optional = optional
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the input."""
        return inputs

    def _as_input(self, value: Any) -> Any:
        return value

    def get_config(self) -> dict[str, Any]:
        """Return the config, with Keras's keys."""
        return {
            "batch_shape": self.batch_shape,
            "dtype": self.dtype,
            "sparse": False,
            "ragged": False,
            "name": self.name,
            "optional": self.optional,
        }

    def get_build_config(self) -> dict[str, Any] | None:
        """Return None: there is nothing to build."""
        return None


class KerasTensor:
    """A place in a model that is being put together: shape and dtype, no value.

    Args:
        shape: Shape with the batch axis; None where unknown.
        dtype: Dtype name.
        name: Name.
        layer: The layer it comes out of.
    """

    def __init__(
        self,
        shape: Dimensions,
        dtype: str = "float32",
        name: str | None = None,
        layer: Layer | None = None,
    ) -> None:
        self.shape = tuple(shape)
        self.dtype = dtype
        self.name = name or auto_name("keras_tensor")
        self.layer = layer

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


def Input(
    shape: Dimensions | None = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Dimensions | None = None,
    name: str | None = None,
    optional: bool = False,
) -> KerasTensor:
    """Return the input of a model, as the first entry of a `Sequential`.

    Args:
        shape: Shape of one sample.
        batch_size: Fixed batch size, if any.
        dtype: Dtype name; `floatx()` by default.
        sparse: Must be false.
        ragged: Must be false.
        batch_shape: Shape with the batch axis, in place of the first two.
        name: Name.
        optional: Whether the input may be None.
    """
    layer = InputLayer(
        shape, batch_size, dtype, sparse, ragged, batch_shape, name, optional
    )
    return KerasTensor(layer.batch_shape, layer.dtype, layer.name, layer)
