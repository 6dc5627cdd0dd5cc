"""Layers that make one tensor of several, and functions of the same meaning.

The elementwise ones differ in how two tensors are combined, and share all else: shapes
that broadcast (the batch axis excepted), ranks that are filled up behind the batch
axis, and masks of which any may hold.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from kerasish import ops
from kerasish.errors import ShapeError, explain
from kerasish.layers.layer import Layer
from kerasish.layers.shapes import is_shape
from kerasish.ops import rules
from kerasish.saving.registry import public

Shape = tuple[int | None, ...]


class BaseMerge(Layer):
    """What takes a list of tensors and returns one.

    Args:
        **kwargs: As for `Layer`.
    """

    supports_masking = True
    fewest: ClassVar[int] = 1
    most: ClassVar[int | None] = None

    def _shapes(self, input_shape: Any) -> list[Shape]:
        """Return the shapes of a list of inputs, having counted them."""
        is_list = isinstance(input_shape, (list, tuple)) and not is_shape(input_shape)
        shapes = [tuple(shape) for shape in input_shape] if is_list else []
        if len(shapes) >= self.fewest and len(shapes) <= (self.most or len(shapes)):
            return shapes
        count = f"exactly {self.most}" if self.most else f"at least {self.fewest}"
        raise ShapeError(
            explain(
                f"{self._who()} takes a list of {count} tensors.",
                got=f"shapes {shapes}" if is_list else f"shape {input_shape}",
                fix="call it on a list: layer([x1, x2])",
            )
        )

    def build(self, input_shape: Any) -> None:
        """Check the shapes; there are no weights."""
        self.compute_output_shape(input_shape)
        self.built = True

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return where any of the masks holds; None unless all inputs have one."""
        masks = self._checked_masks(inputs, mask)
        if masks is None or any(m is None for m in masks):
            return None
        return functools.reduce(ops.logical_or, masks)

    def _checked_masks(self, inputs: Any, mask: Any) -> list[Any] | None:
        if mask is None:
            return None
        both = isinstance(inputs, (list, tuple)) and isinstance(mask, (list, tuple))
        if not both or len(inputs) != len(mask):
            raise ValueError(
                explain(
                    f"{self._who()} needs one mask, or None, for each input.",
                    got=f"{type(mask).__name__} for {type(inputs).__name__}",
                    expected="two lists of one length",
                )
            )
        return list(mask)


class ElementwiseMerge(BaseMerge):
    """Tensors combined two by two, elementwise with broadcasting.

    Args:
        **kwargs: As for `Layer`.
    """

    def combine(self, x1: Any, x2: Any) -> Any:
        """Return two tensors as one."""
        raise NotImplementedError(
            explain(f"Layer '{type(self).__name__}' does not define combine(x1, x2).")
        )

    def call(self, inputs: Any) -> Any:
        """Return the inputs as one tensor."""
        ndim = max(len(x.shape) for x in inputs)
        aligned = [_filled_up(x, ndim) for x in inputs]
        return functools.reduce(self.combine, aligned)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the broadcast shape, None where a length is unknown.

        Raises:
            ShapeError: The shapes do not broadcast, or batch sizes differ.
        """
        shapes = self._shapes(input_shape)
        batches = {shape[0] for shape in shapes if shape} - {None}
        if len(batches) > 1:
            raise ShapeError(
                explain(
                    f"{self._who()} cannot merge batches of different sizes.",
                    got=f"shapes {shapes}",
                )
            )
        sample = functools.reduce(self._broadcast, [shape[1:] for shape in shapes])
        known = all(shape and shape[0] is not None for shape in shapes)
        return (batches.pop() if known else None, *sample)

    def _broadcast(self, first: Shape, second: Shape) -> Shape:
        long, short = sorted((first, second), key=len, reverse=True)
        ends = zip(long[len(long) - len(short) :], short, strict=True)
        merged = [_broadcast_length(a, b) for a, b in ends]
        if -1 in merged:
            raise ShapeError(
                explain(
                    f"{self._who()} cannot merge these inputs.",
                    got=f"samples of shapes {first} and {second}",
                    expected="equal lengths, or 1, on each axis from the last on",
                )
            )
        return (*long[: len(long) - len(short)], *merged)


def _broadcast_length(a: int | None, b: int | None) -> int | None:
    """Return the length two broadcast to; -1 where they do not."""
    if a is None or b is None:
        return None
    if a == b or b == 1:
        return a
    return b if a == 1 else -1


def _filled_up(x: Any, ndim: int) -> Any:
    """Return x with axes of length 1 behind the batch axis, up to a rank."""
    missing = ndim - len(x.shape)
    if not missing:
        return x
    return ops.reshape(x, (x.shape[0], *(1,) * missing, *x.shape[1:]))


@public("keras.layers")
class Add(ElementwiseMerge):
    """The sum of the inputs, elementwise; arguments as for `ElementwiseMerge`.

    Example:
        >>> Add()([ops.ones((1, 2)), ops.array([[3.0, 5.0]])]).tolist()
        [[4.0, 6.0]]
    """

    def combine(self, x1: Any, x2: Any) -> Any:
        """Return x1 + x2."""
        return ops.add(x1, x2)


@public("keras.layers")
class Subtract(ElementwiseMerge):
    """The first of two inputs less the second; arguments as for `ElementwiseMerge`."""

    fewest = most = 2

    def combine(self, x1: Any, x2: Any) -> Any:
        """Return x1 - x2."""
        return ops.subtract(x1, x2)


class MaskedMerge(ElementwiseMerge):
    """Tensors combined two by two, where masked ones stand back for the others.

    Args:
        **kwargs: As for `Layer`.
    """

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Return the inputs as one tensor; `mask` is a list, None for no mask."""
        ndim = max(len(x.shape) for x in inputs)
        given = self._checked_masks(inputs, mask) or [None] * len(inputs)
        pairs = list(zip(inputs, given, strict=True))
        masks = [m if m is None else _filled_up(_like(m, x), ndim) for x, m in pairs]
        return self.combine_masked([_filled_up(x, ndim) for x in inputs], masks)

    def combine_masked(self, tensors: list[Any], masks: list[Any]) -> Any:
        """Return tensors of one rank as one; each has a mask that broadcasts, or None.

        Where one is masked the other is taken; where both are, the first.
        """
        total, known = tensors[0], masks[0]
        for tensor, mask in zip(tensors[1:], masks[1:], strict=True):
            other = tensor if mask is None else ops.where(mask, tensor, total)
            own = total if known is None else ops.where(known, total, other)
            total = self.combine(own, other)
            lacks = known is None or mask is None
            known = None if lacks else ops.logical_or(known, mask)
        return total


def _like(mask: Any, x: Any) -> Any:
    """Return a mask with axes of length 1 behind its own, of a tensor's rank."""
    return ops.reshape(mask, (*mask.shape, *(1,) * (len(x.shape) - len(mask.shape))))


@public("keras.layers")
class Multiply(MaskedMerge):
    """The product of the inputs, elementwise; arguments as for `ElementwiseMerge`."""

    def combine(self, x1: Any, x2: Any) -> Any:
        """Return x1 * x2."""
        return ops.multiply(x1, x2)

    def combine_masked(self, tensors: list[Any], masks: list[Any]) -> Any:
        """Return the product: 1 stands for what is masked, 0 where all are."""
        pairs = zip(tensors, masks, strict=True)
        factors = [x if m is None else ops.where(m, x, 1) for x, m in pairs]
        product = functools.reduce(self.combine, factors)
        if any(mask is None for mask in masks):
            return product
        return ops.where(functools.reduce(ops.logical_or, masks), product, 0)


@public("keras.layers")
class Average(Add):
    """The mean of the inputs, elementwise; arguments as for `ElementwiseMerge`."""

    def call(self, inputs: Any) -> Any:
        """Return the sum of the inputs over their number."""
        return ops.divide(super().call(inputs), len(inputs))


@public("keras.layers")
class Maximum(MaskedMerge):
    """The largest of the inputs, elementwise; arguments as for `ElementwiseMerge`."""

    def combine(self, x1: Any, x2: Any) -> Any:
        """Return the larger of each."""
        return ops.maximum(x1, x2)


@public("keras.layers")
class Minimum(MaskedMerge):
    """The smallest of the inputs, elementwise; arguments as for `ElementwiseMerge`."""

    def combine(self, x1: Any, x2: Any) -> Any:
        """Return the smaller of each."""
        return ops.minimum(x1, x2)


@public("keras.layers")
class Concatenate(BaseMerge):
    """The inputs one behind the other along an axis.

    Args:
        axis: The axis; all others have equal lengths.
        **kwargs: As for `Layer`.

    Example:
        >>> Concatenate()([ops.ones((1, 2)), ops.array([[3.0]])]).tolist()
        [[1.0, 1.0, 3.0]]
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any) -> Any:
        """Return the inputs as one tensor."""
        return ops.concatenate(inputs, axis=self.axis)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape with the lengths along the axis added.

        Raises:
            ShapeError: The inputs differ on another axis.
        """
        shapes = self._shapes(input_shape)
        axis = rules.normalize_axis(self.axis, len(shapes[0]))
        if any(not _fits(shape, shapes[0], axis) for shape in shapes):
            raise ShapeError(
                explain(
                    f"{self._who()} cannot join these inputs along axis {self.axis}.",
                    got=f"shapes {shapes}",
                    expected="equal lengths on all other axes",
                )
            )
        columns: list[tuple[Any, ...]] = list(zip(*shapes, strict=True))
        merged = [next((n for n in c if n is not None), None) for c in columns]
        along = columns[axis]
        merged[axis] = None if None in along else sum(along)
        return tuple(merged)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the masks joined likewise; inputs without one count everywhere."""
        masks = self._checked_masks(inputs, mask)
        if masks is None or all(m is None for m in masks):
            return None

        def everywhere(x: Any) -> Any:
            return ops.ones_like(x, dtype="bool")

        spread = [
            everywhere(x)
            if m is None
            # not `broadcast_to`: of a symbolic tensor, lengths may be unknown
            else ops.logical_and(_to_rank(m, len(x.shape)), everywhere(x))
            for m, x in zip(masks, inputs, strict=True)
        ]
        return ops.any(ops.concatenate(spread, axis=self.axis), axis=-1)


def _fits(shape: Shape, other: Shape, axis: int) -> bool:
    if len(shape) != len(other):
        return False
    pairs = enumerate(zip(shape, other, strict=True))
    return all(i == axis or a is None or b is None or a == b for i, (a, b) in pairs)


def _to_rank(mask: Any, ndim: int) -> Any:
    missing = ndim - len(mask.shape)
    for _ in range(missing):
        mask = ops.expand_dims(mask, -1)
    return mask


@public("keras.layers")
class Dot(BaseMerge):
    """The products of two inputs, summed over one axis of each, sample by sample.

    Args:
        axes: The axis of both, or one of each; not the batch axis.
        normalize: Whether to divide the inputs by their norms along those axes first,
            which gives the cosine of the angle between them.
        **kwargs: As for `Layer`.

    Raises:
        TypeError: `axes` is no number, and no two.

    Example:
        >>> Dot(axes=1)([ops.array([[1.0, 2.0]]), ops.array([[3.0, 4.0]])]).tolist()
        [[11.0]]
    """

    fewest = most = 2

    def __init__(
        self, axes: int | Sequence[int], normalize: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        pair = (axes, axes) if isinstance(axes, int) else axes
        if not isinstance(pair, (list, tuple)):
            raise TypeError(self._about_axes(axes))
        if len(pair) != 2 or not all(isinstance(a, int) for a in pair) or 0 in pair:
            raise ValueError(self._about_axes(axes))
        self.axes = axes
        self.normalize = normalize
        self.supports_masking = True

    def _about_axes(self, axes: Any) -> str:
        return explain(
            f"{self._who()} cannot understand its axes.",
            got=f"axes={axes!r}",
            expected="a whole number, or two: one for each input; not 0, the batch",
        )

    def _places(self, *shapes: Any) -> tuple[int, int]:
        """Return the axes summed over, counted from the front."""
        pair = (self.axes,) * 2 if isinstance(self.axes, int) else self.axes
        first, second = (
            rules.normalize_axis(a, len(s)) for a, s in zip(pair, shapes, strict=True)
        )
        return first, second

    def call(self, inputs: Any) -> Any:
        """Return the sums of products."""
        x1, x2 = inputs
        axis1, axis2 = self._places(x1.shape, x2.shape)
        if self.normalize:
            x1 = ops.normalize(x1, axis=axis1, epsilon=1e-12)
            x2 = ops.normalize(x2, axis=axis2, epsilon=1e-12)
        left, right = ops.moveaxis(x1, axis1, -1), ops.moveaxis(x2, axis2, 1)
        batch, *free1, length = left.shape
        free2 = right.shape[2:]
        product = ops.matmul(
            ops.reshape(left, (batch, math.prod(free1), length)),
            ops.reshape(right, (batch, length, math.prod(free2))),
        )
        return ops.reshape(product, (batch, *([*free1, *free2] or [1])))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the batch size and the lengths not summed over, the first's first.

        Raises:
            ShapeError: The lengths summed over differ.
        """
        first, second = self._shapes(input_shape)
        axis1, axis2 = self._places(first, second)
        lengths = {first[axis1], second[axis2]} - {None}
        if len(lengths) > 1:
            raise ShapeError(
                explain(
                    f"{self._who()} sums over axes of one length.",
                    got=f"shapes {first} and {second}, axes={self.axes!r}",
                    expected="equal lengths on these axes",
                )
            )
        free = [n for i, n in enumerate(first) if i not in (0, axis1)]
        free += [n for i, n in enumerate(second) if i not in (0, axis2)]
        return (first[0], *(free or [1]))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return None: the axis of a mask may be the one summed over."""
        return None


def _as_function(layer: type[BaseMerge], name: str) -> Callable[..., Any]:
    def function(inputs: Any, **kwargs: Any) -> Any:
        return layer(**kwargs)(inputs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Return what a new `{layer.__name__}` layer makes of `inputs`.

    Args:
        inputs: A list of tensors.
        **kwargs: Of the layer.
    """
    return function


add = _as_function(Add, "add")
subtract = _as_function(Subtract, "subtract")
multiply = _as_function(Multiply, "multiply")
average = _as_function(Average, "average")
maximum = _as_function(Maximum, "maximum")
minimum = _as_function(Minimum, "minimum")


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """Return what a new `Concatenate` layer makes of `inputs`.

    Args:
        inputs: A list of tensors.
        axis: The axis to join along.
        **kwargs: Of the layer.
    """
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs: Any, axes: int | Sequence[int] = -1, **kwargs: Any) -> Any:
    """Return what a new `Dot` layer makes of two `inputs`.

    Args:
        inputs: A list of two tensors.
        axes: The axis of both, or one of each.
        **kwargs: Of the layer.
    """
    return Dot(axes=axes, **kwargs)(inputs)
