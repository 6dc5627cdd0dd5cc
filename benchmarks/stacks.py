"""What a model is made of, said once: every peer builds it from this in its own way.

A stack is a tuple of parts. A part knows its output's shape, the shapes of its weights,
and the matrix products it cannot do without, from which the floor is computed. Shapes
are those of one sample, channels last; the names of weights are Keras's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Product:
    """Matrix products of a forward pass: `[rows, inner] @ [inner, columns]`.

    Attributes:
        rows: Rows for one sample.
        inner: Length of the sums.
        columns: Columns of the result.
        repeats: How often in a row, each needing the one before (steps in time).
        pairs: Products for one sample in which no weight takes part (attention's
            heads); 0 if the right-hand side is a weight, and shared by all samples.
    """

    rows: int
    inner: int
    columns: int
    repeats: int = 1
    pairs: int = 0


@dataclass(frozen=True)
class Part:
    """A part of a stack; by default it keeps the shape and has no weights."""

    def output(self, shape: Shape) -> Shape:
        """Return the output's shape."""
        return shape

    def weights(self, shape: Shape) -> dict[str, Shape]:
        """Return the shapes of the trainable weights by name."""
        return {}

    def products(self, shape: Shape) -> list[Product]:
        """Return the products of a forward pass."""
        return []


@dataclass(frozen=True)
class Dense(Part):
    """A product with a kernel, a bias and an activation."""

    units: int
    activation: str | None = "relu"

    def output(self, shape: Shape) -> Shape:
        """Return the shape with another last axis."""
        return (*shape[:-1], self.units)

    def weights(self, shape: Shape) -> dict[str, Shape]:
        """Return kernel and bias."""
        return {"kernel": (shape[-1], self.units), "bias": (self.units,)}

    def products(self, shape: Shape) -> list[Product]:
        """Return the one product."""
        return [Product(math.prod(shape[:-1]), shape[-1], self.units)]


@dataclass(frozen=True)
class Conv(Part):
    """A convolution along all axes but the channels; "valid" if not `same`."""

    filters: int
    size: int
    strides: int = 1
    activation: str | None = "relu"
    use_bias: bool = True
    same: bool = False

    def output(self, shape: Shape) -> Shape:
        """Return the places the kernel is put to, and the filters."""
        return (*_places(shape, self.size, self.strides, self.same), self.filters)

    def weights(self, shape: Shape) -> dict[str, Shape]:
        """Return the kernel, and the bias if there is one."""
        window = (self.size,) * (len(shape) - 1)
        kernel = {"kernel": (*window, shape[-1], self.filters)}
        return kernel | ({"bias": (self.filters,)} if self.use_bias else {})

    def products(self, shape: Shape) -> list[Product]:
        """Return the product of all windows with the kernel."""
        inner = self.size ** (len(shape) - 1) * shape[-1]
        return [Product(math.prod(self.output(shape)[:-1]), inner, self.filters)]


@dataclass(frozen=True)
class Depthwise(Part):
    """A convolution of every channel by itself, padded; no product, hence no floor."""

    size: int
    strides: int = 1

    def output(self, shape: Shape) -> Shape:
        """Return the places the kernel is put to."""
        return (*_places(shape, self.size, self.strides, True), shape[-1])

    def weights(self, shape: Shape) -> dict[str, Shape]:
        """Return the kernel."""
        return {"kernel": (self.size, self.size, shape[-1], 1)}


@dataclass(frozen=True)
class MaxPool(Part):
    """The largest number in windows that do not overlap."""

    size: int = 2

    def output(self, shape: Shape) -> Shape:
        """Return the number of whole windows."""
        return (*(length // self.size for length in shape[:-1]), shape[-1])


@dataclass(frozen=True)
class GlobalPool(Part):
    """Mean, or largest number, of every channel."""

    kind: str = "average"

    def output(self, shape: Shape) -> Shape:
        """Return the channels."""
        return shape[-1:]


@dataclass(frozen=True)
class Flatten(Part):
    """All numbers of a sample in one row."""

    def output(self, shape: Shape) -> Shape:
        """Return how many there are."""
        return (math.prod(shape),)


@dataclass(frozen=True)
class Activation(Part):
    """An activation by itself."""

    name: str


@dataclass(frozen=True)
class Dropout(Part):
    """A fraction of all numbers set to zero in training."""

    rate: float


@dataclass(frozen=True)
class Normalization(Part):
    """Normalization by the batch ("batch") or by each place's channels ("layer")."""

    kind: str = "batch"

    def weights(self, shape: Shape) -> dict[str, Shape]:
        """Return scale and offset."""
        return {"gamma": shape[-1:], "beta": shape[-1:]}


@dataclass(frozen=True)
class Embedding(Part):
    """A row of a table for each token; the optimizer sweeps over the whole table."""

    num_tokens: int
    units: int

    def output(self, shape: Shape) -> Shape:
        """Return a row a token."""
        return (*shape, self.units)

    def weights(self, shape: Shape) -> dict[str, Shape]:
        """Return the table."""
        return {"embeddings": (self.num_tokens, self.units)}


@dataclass(frozen=True)
class Recurrent(Part):
    """An LSTM or a GRU (Keras's kind, reset after the product); its last output."""

    kind: str
    units: int

    @property
    def num_gates(self) -> int:
        """Products of `units` columns in a step."""
        return {"lstm": 4, "gru": 3}[self.kind]

    def output(self, shape: Shape) -> Shape:
        """Return the units."""
        return (self.units,)

    def weights(self, shape: Shape) -> dict[str, Shape]:
        """Return the kernels for inputs and state, and the bias (two for a GRU)."""
        columns = self.num_gates * self.units
        return {
            "kernel": (shape[-1], columns),
            "recurrent_kernel": (self.units, columns),
            "bias": (columns,) if self.kind == "lstm" else (2, columns),
        }

    def products(self, shape: Shape) -> list[Product]:
        """Return one product for all inputs, and one a step for the state."""
        steps, features = shape
        columns = self.num_gates * self.units
        return [
            Product(steps, features, columns),
            Product(1, self.units, columns, repeats=steps),
        ]


@dataclass(frozen=True)
class Attention(Part):
    """Self-attention of several heads, the width being kept."""

    num_heads: int

    def weights(self, shape: Shape) -> dict[str, Shape]:
        """Return kernel and bias of query, key, value and output."""
        width = shape[-1]
        found: dict[str, Shape] = {}
        for name in ("query", "key", "value", "output"):
            found |= {f"{name}_kernel": (width, width), f"{name}_bias": (width,)}
        return found

    def products(self, shape: Shape) -> list[Product]:
        """Return four projections, the scores, and the values weighted by them."""
        length, width = shape
        size, heads = width // self.num_heads, self.num_heads
        return [
            *[Product(length, width, width)] * 4,
            Product(length, size, length, pairs=heads),
            Product(length, length, size, pairs=heads),
        ]


@dataclass(frozen=True)
class Residual(Part):
    """The input plus what a stack makes of it."""

    inner: tuple[Part, ...]


Stack = tuple[Part, ...]


def _places(shape: Shape, size: int, strides: int, same: bool) -> Shape:
    covered = 1 if same else size
    return tuple((length - covered) // strides + 1 for length in shape[:-1])


def walk(stack: Stack, shape: Shape, prefix: str = "") -> Iterator[tuple]:
    """Yield place, part and input shape of all parts, those in residuals too."""
    for index, part in enumerate(stack):
        place = f"{prefix}{index}"
        yield place, part, shape
        if isinstance(part, Residual):
            yield from walk(part.inner, shape, f"{place}/")
        shape = part.output(shape)


def mobile_net_v2(alpha: float, num_classes: int) -> Stack:
    """Return the stack of MobileNetV2.

    Args:
        alpha: Factor for the number of channels.
        num_classes: Units at the end.

    References:
        Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018,
        table 2.
    """
    channels = _divisible(32 * alpha)
    parts: list[Part] = [*_convolution(channels, 3, 2)]
    table = [(16, 1, 1, 1), (24, 2, 2, 6), (32, 3, 2, 6), (64, 4, 2, 6)]
    table += [(96, 3, 1, 6), (160, 3, 2, 6), (320, 1, 1, 6)]
    for base, repeats, first, expansion in table:
        width = _divisible(base * alpha)
        for number in range(repeats):
            strides = first if number == 0 else 1
            inner = _bottleneck(channels, width, strides, expansion)
            keeps = strides == 1 and channels == width
            parts += [Residual(inner)] if keeps else inner
            channels = width
    last = _divisible(1280 * alpha) if alpha > 1 else 1280
    return (*parts, *_convolution(last, 1), GlobalPool(), Dense(num_classes, "softmax"))


def _convolution(filters: int, size: int, strides: int = 1) -> Stack:
    convolution = Conv(filters, size, strides, None, use_bias=False, same=True)
    return (convolution, Normalization(), Activation("relu6"))


def _bottleneck(channels: int, width: int, strides: int, expansion: int) -> Stack:
    expand = _convolution(channels * expansion, 1) if expansion > 1 else ()
    depthwise = (Depthwise(3, strides), Normalization(), Activation("relu6"))
    project = _convolution(width, 1)[:2]
    return (*expand, *depthwise, *project)


def _divisible(value: float) -> int:
    """Return the nearest multiple of eight that is not a tenth less."""
    nearest = max(8, int(value + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * value else nearest
