"""The declaration of a model's input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.backend import floatx, standardize_dtype
from kerasish.errors import DTypeError, explain
from kerasish.graph.keras_tensor import KerasTensor
from kerasish.layers.layer import Layer
from kerasish.layers.shapes import as_dimensions
from kerasish.ops.operation import Node
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
        input_tensor: A `KerasTensor` to be the input, in place of a shape.
        optional: Whether the input may be None.
        name: Name.
        **kwargs: Nothing; older files hold more.
    """

    def __init__(
        self,
        shape: Dimensions | None = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Dimensions | None = None,
        input_tensor: KerasTensor | None = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name or auto_name("input_layer"))
        if input_tensor is not None:
            shape, batch_shape = None, input_tensor.shape
            dtype = dtype or input_tensor.dtype
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
        self._dtype = _input_dtype(dtype)
        self.optional = optional
        self.sparse = self.ragged = False
        self.built = True
        tensor = input_tensor
        if tensor is None:
            tensor = KerasTensor(self.batch_shape, self._dtype, name=self.name)
        Node(self, (), {}, tensor)

    @property
    def dtype(self) -> str:
        """Dtype of the input."""
        return self._dtype

    def call(self, inputs: Any) -> Any:
        """Return the input."""
        return inputs

    def compute_output_shape(self, input_shape: Any = None) -> Any:
        """Return the shape of the input."""
        return self.batch_shape

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


def _input_dtype(dtype: Any) -> str:
    if dtype == "string":
        raise DTypeError(
            explain(
                "Strings cannot be fed to a model: no backend computes with them.",
                got='dtype="string"',
                expected="numbers",
                fix="look the strings up first, model.fit(StringLookup(...)(x), y); "
                'the input is then one of dtype="int64"',
            )
        )
    return standardize_dtype(dtype or floatx())


def Input(
    shape: Dimensions | None = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Dimensions | None = None,
    name: str | None = None,
    tensor: KerasTensor | None = None,
    optional: bool = False,
) -> Any:
    """Return the input of a model: the tensor that layers are called on.

    Args:
        shape: Shape of one sample.
        batch_size: Fixed batch size, if any.
        dtype: Dtype name; `floatx()` by default.
        sparse: Must be false.
        ragged: Must be false.
        batch_shape: Shape with the batch axis, in place of the first two.
        name: Name.
        tensor: A `KerasTensor` to be the input, in place of a shape.
        optional: Whether the input may be None.
    """
    layer = InputLayer(
        *(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor),
        optional=optional,
        name=name,
    )
    return layer.output
