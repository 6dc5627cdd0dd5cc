"""How windows lie on spatial axes: arguments of convolution and pooling, and lengths.

`ops` and `layers` share these, so that a layer's computed shape and its result agree.
A length may be None, where it is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.backend import image_data_format
from kerasish.backend.contract import Shape
from kerasish.backend.windows import Pairs, extent, num_windows
from kerasish.errors import ShapeError, explain, unknown_name
from kerasish.ops.shape import transpose

DATA_FORMATS = ("channels_last", "channels_first")


def checked_data_format(data_format: str | None, who: str) -> str:
    """Return a data format, the global setting for None.

    Raises:
        ValueError: There is no such format.
    """
    found = data_format or image_data_format()
    if found not in DATA_FORMATS:
        raise ValueError(unknown_name(f"data_format of {who}", found, DATA_FORMATS))
    return found


def checked_padding(
    padding: Any, who: str, known: Sequence[str] = ("valid", "same")
) -> str:
    """Return the name of a padding in lower case.

    Raises:
        ValueError: There is no such padding.
    """
    name = padding.lower() if isinstance(padding, str) else padding
    if name not in known:
        raise ValueError(unknown_name(f"padding of {who}", padding, known))
    return str(name)


def per_axis(
    value: Any, rank: int, name: str, who: str, least: int = 1
) -> tuple[int, ...]:
    """Return a whole number for each spatial axis, from one number or a sequence.

    Args:
        value: One number for all axes, or one for each.
        rank: Number of spatial axes.
        name: The argument, for messages.
        who: Whose argument it is, for messages.
        least: Smallest number allowed.

    Raises:
        ValueError: There are too few or too many, or one is too small or no number.
    """
    is_many = isinstance(value, Sequence) and not isinstance(value, str)
    numbers = tuple(value) if is_many else (value,) * rank
    whole = all(isinstance(n, int) and not isinstance(n, bool) for n in numbers)
    if not whole or len(numbers) != rank or min(numbers, default=least) < least:
        raise ValueError(
            explain(
                f"{who} cannot understand its {name}.",
                got=f"{name}={value!r}",
                expected=f"a whole number, or a tuple of {rank}, each at least {least}",
            )
        )
    return numbers


def padding_pairs(
    padding: str, lengths: Shape, window: Shape, strides: Shape, dilation: Shape
) -> Pairs:
    """Return the places put before and after each axis.

    "same" gives ceil(length / stride) windows, an odd place going after, as TensorFlow
    has it; "causal" puts all before, so that no window sees what comes later.
    """
    if padding == "valid":
        return ((0, 0),) * len(lengths)
    if padding == "causal":
        return tuple((extent(*w) - 1, 0) for w in zip(window, dilation, strict=True))
    pairs = []
    for axis, length in enumerate(lengths):
        outputs = -(-length // strides[axis])
        span = extent(window[axis], dilation[axis])
        total = max((outputs - 1) * strides[axis] + span - length, 0)
        pairs.append((total // 2, total - total // 2))
    return tuple(pairs)


def output_length(
    length: int | None, size: int, stride: int, dilation: int, padding: str
) -> int | None:
    """Return the number of windows on an axis; 0 if none fits, None if unknown."""
    if length is None:
        return None
    if padding in ("same", "causal"):
        return -(-length // stride)
    return num_windows(length, size, stride, dilation, (0, 0))


def transposed_length(
    length: int | None,
    size: int,
    stride: int,
    dilation: int,
    padding: str,
    output_padding: int | None,
) -> int | None:
    """Return the length to which a transposed convolution spreads an axis.

    Args:
        length: Length of its input.
        size: Length of the kernel.
        stride: Places between the copies of the kernel.
        dilation: Places between the elements of the kernel.
        padding: "valid" or "same".
        output_padding: Places beyond what is needed; None for a whole number of
            strides an element.
    """
    if length is None:
        return None
    span = extent(size, dilation)
    if output_padding is None:
        rest = max(span - stride, 0) if padding == "valid" else 0
        return length * stride + rest
    cut = 2 * (span // 2) if padding == "same" else 0
    return (length - 1) * stride + span - cut + output_padding


def spatial_of(shape: Sequence[Any], data_format: str) -> tuple[Any, ...]:
    """Return the spatial lengths of a shape."""
    return tuple(shape[1:-1] if data_format == "channels_last" else shape[2:])


def channels_of(shape: Sequence[Any], data_format: str) -> Any:
    """Return the number of channels of a shape."""
    return shape[-1] if data_format == "channels_last" else shape[1]


def with_spatial(
    batch: int | None, spatial: Sequence[Any], channels: int | None, data_format: str
) -> tuple[Any, ...]:
    """Return the shape of these parts."""
    if data_format == "channels_last":
        return (batch, *spatial, channels)
    return (batch, channels, *spatial)


def channels_to_last(x: Any, data_format: str) -> Any:
    """Return x with its channels as the last axis."""
    if data_format == "channels_last":
        return x
    return transpose(x, (0, *range(2, len(x.shape)), 1))


def channels_back(x: Any, data_format: str) -> Any:
    """Return x, its channels last, in a data format."""
    if data_format == "channels_last":
        return x
    ndim = len(x.shape)
    return transpose(x, (0, ndim - 1, *range(1, ndim - 1)))


def refuse_empty(who: str, shape: Sequence[Any], window: Shape, outputs: Any) -> None:
    """Raise if the window is longer than an axis, padding included.

    Raises:
        ShapeError: An output would have no elements where the input has.
    """
    if 0 not in outputs or 0 in shape:
        return
    raise ShapeError(
        explain(
            f"{who} has a window that does not fit into this input.",
            got=f"input shape {tuple(shape)}, window {window}",
            expected="no axis shorter than the window, its dilation included",
            fix='make the window smaller, the input larger, or use padding="same"',
        )
    )
