"""Convolution of each channel by itself with large windows, by Fourier transforms.

The shifted products of `kerasish.backend.kernels_depthwise` go over the data twice for
each element of the window; a transform takes as long as some dozens of these, whatever
the window. One of 64 over 1,024 steps is convolved in half the time, one of 512 over
4,096 in a fiftieth. The transforms are as long as the padded input, so that nothing of
what is wanted wraps around. A value that is not finite reaches all outputs of its
sample and channel, not only those of the windows it is in.

References:
    Oppenheim & Schafer, "Discrete-Time Signal Processing", 3rd ed., section 8.7.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasish.backend import dtypes
from kerasish.backend.contract import Array, BoundKernel, Kernel, Shape
from kerasish.backend.convolution_geometry import Geometry, geometry
from kerasish.backend.streams import Call, Streams, run_all, shares

# shifted products of an element of the output that take as long as the transforms of an
# element of the padded input along an axis
_WORTH = 30
_BLOCK_BYTES = 16 << 20  # of padded samples that are transformed at a time
_COST = 100  # of an element of the padded input, in multiplications of a product
_COMPLEX = {"float32": np.complex64, "float64": np.complex128}

Needs = list[tuple[Shape, str]]


class _Sizes(NamedTuple):
    """How a convolution is transformed.

    Attributes:
        g: Its geometry.
        periods: Lengths of the transforms.
        samples: Samples transformed at a time, in each stream.
        streams: Number of streams.
    """

    g: Geometry
    periods: Shape
    samples: int
    streams: int

    @property
    def half(self) -> Shape:
        """Lengths of the spectra of real numbers."""
        return (*self.periods[:-1], self.periods[-1] // 2 + 1)

    @property
    def axes(self) -> Shape:
        """The spatial axes."""
        return tuple(range(1, len(self.periods) + 1))

    def real(self, count: int) -> Shape:
        """Return the shape of so many padded samples."""
        return (count, *self.periods, self.g.groups)

    def spectra(self, count: int) -> Shape:
        """Return the shape of so many spectra."""
        return (count, *self.half, self.g.groups)


def suits(g: Geometry, dtype: str) -> bool:
    """Return whether a convolution is sooner done by transforms."""
    if not g.is_depthwise or set(g.strides) != {1} or g.is_empty:
        return False
    transforms = _WORTH * len(g.lengths) * math.prod(_periods(g))
    return g.taps * math.prod(g.outputs) >= transforms and dtype in _COMPLEX


def _periods(g: Geometry) -> Shape:
    """Return the lengths of the transforms: those of the padded input, or more."""
    pairs = zip(g.lengths, g.padding, strict=True)
    return tuple(fast_length(length + sum(pair)) for length, pair in pairs)


def fast_length(least: int) -> int:
    """Return the next even length without prime factors above 5."""
    length = least + least % 2
    while True:
        rest = length
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return length
        length += 2


def _sizes(g: Geometry, dtype: str, streams: Streams) -> _Sizes:
    periods = _periods(g)
    elements = math.prod(periods) * g.groups
    number = streams.number(g.batch * elements * _COST, g.batch)
    limit = _BLOCK_BYTES // (elements * dtypes.size_of(dtype))
    return _Sizes(g, periods, min(max(limit, 1), -(-g.batch // number)), number)


class _Space:
    """Scratch of one stream: padded samples, and two arrays of spectra."""

    def __init__(self, sizes: _Sizes, flat: Sequence[Array]) -> None:
        self._sizes = sizes
        self.real = _part(flat[0], sizes.real(sizes.samples))
        self.first, self.second = (
            _part(_as_complex(x), sizes.spectra(sizes.samples)) for x in flat[1:]
        )

    def transformed(self, source: Array, start: Shape, into: Array) -> list[Call]:
        """Return the calls that write the spectra of samples.

        Args:
            source: The samples, (samples, *spatial, channels).
            start: Where they begin in the periods.
            into: The spectra.
        """
        real = self.real[: len(source)]
        inside = _within(real, start, source.shape[1:-1])
        transform = functools.partial(
            np.fft.rfftn, real, axes=self._sizes.axes, out=into
        )
        return [
            functools.partial(real.fill, 0),
            functools.partial(np.copyto, inside, source),
            transform,
        ]

    def restored(self, spectra: Array) -> tuple[Array, list[Call]]:
        """Return the numbers of spectra, and the calls that compute them there."""
        real, length = self.real[: len(spectra)], self._sizes.periods[-1]
        *others, last = self._sizes.axes
        calls: list[Call] = [
            functools.partial(np.fft.ifft, spectra, axis=axis, out=spectra)
            for axis in others
        ]
        inverse = functools.partial(np.fft.irfft, spectra, length, axis=last, out=real)
        return real, [*calls, inverse]


class _Memory(NamedTuple):
    """Scratch of a kernel: spectra of filters or their gradient, and the streams'."""

    spectra: Array
    spaces: Sequence[_Space]


def _part(flat: Array, shape: Shape) -> Array:
    return flat[: math.prod(shape)].reshape(shape)


def _as_complex(flat: Array) -> Array:
    return flat.view(_COMPLEX[flat.dtype.name])


def _within(x: Array, start: Shape, lengths: Shape) -> Array:
    """Return a part of padded samples."""
    pairs = zip(start, lengths, strict=True)
    return x[(slice(None), *(slice(at, at + n) for at, n in pairs))]


def _before(g: Geometry) -> Shape:
    """Return the padding before each axis."""
    return tuple(pair[0] for pair in g.padding)


def _weights(
    sizes: _Sizes, kernel: Array, real: Array, spectra: Array, conjugate: bool
) -> list[Call]:
    """Return the calls that write the spectra of the filters, (filters, ...)."""
    g = sizes.g
    by_tap = kernel.reshape((*g.window, g.groups, g.filters))
    calls: list[Call] = []
    for i in range(g.filters):
        calls.append(functools.partial(real[:1].fill, 0))
        calls.append(functools.partial(np.copyto, _taps(g, real), by_tap[..., i]))
        own = spectra[i : i + 1]
        calls.append(
            functools.partial(np.fft.rfftn, real[:1], axes=sizes.axes, out=own)
        )
    if conjugate:
        calls.append(functools.partial(np.conjugate, spectra, out=spectra))
    return calls


def _taps(g: Geometry, real: Array) -> Array:
    """Return where the elements of a window lie in the first of padded samples."""
    pairs = zip(g.window, g.dilation, strict=True)
    return real[(0, *(slice(0, n * d, d) for n, d in pairs))]


def _blocks(sizes: _Sizes, own: slice) -> Iterator[slice]:
    for start in range(own.start, own.stop, sizes.samples):
        yield slice(start, min(start + sizes.samples, own.stop))


def _forward(
    sizes: _Sizes, out: Array, x: Array, filters: Array, own: slice, space: _Space
) -> list[Call]:
    """Return the calls of one stream; the filters' spectra are conjugated."""
    g, calls = sizes.g, list[Call]()
    split = out.reshape((*out.shape[:-1], g.groups, g.filters))
    for block in _blocks(sizes, own):
        count = block.stop - block.start
        first, second = space.first[:count], space.second[:count]
        calls += space.transformed(x[block], _before(g), first)
        for i in range(g.filters):
            calls.append(functools.partial(np.multiply, first, filters[i], out=second))
            real, inverse = space.restored(second)
            wanted = _within(real, (0,) * len(g.outputs), g.outputs)
            calls += inverse
            calls.append(functools.partial(np.copyto, split[block][..., i], wanted))
    return calls


def _input_gradient(
    sizes: _Sizes, out: Array, flow: Array, filters: Array, own: slice, space: _Space
) -> list[Call]:
    """Return the calls of one stream."""
    g, calls = sizes.g, list[Call]()
    split = flow.reshape((*flow.shape[:-1], g.groups, g.filters))
    start = (0,) * len(g.outputs)
    for block in _blocks(sizes, own):
        count = block.stop - block.start
        total, term = space.first[:count], space.second[:count]
        for i in range(g.filters):
            target = term if i else total
            calls += space.transformed(split[block][..., i], start, target)
            multiply = functools.partial(np.multiply, target, filters[i], out=target)
            calls.append(multiply)
            if i:
                calls.append(functools.partial(np.add, total, term, out=total))
        real, inverse = space.restored(total)
        calls += inverse
        wanted = _within(real, _before(g), g.lengths)
        calls.append(functools.partial(np.copyto, out[block], wanted))
    return calls


def _kernel_gradient(
    sizes: _Sizes, totals: Array, x: Array, flow: Array, own: slice, space: _Space
) -> list[Call]:
    """Return the calls of one stream, which write the spectra of the gradient."""
    g = sizes.g
    calls: list[Call] = [functools.partial(totals.fill, 0)]
    split = flow.reshape((*flow.shape[:-1], g.groups, g.filters))
    start = (0,) * len(g.outputs)
    for block in _blocks(sizes, own):
        count = block.stop - block.start
        first, second = space.first[:count], space.second[:count]
        calls += space.transformed(x[block], _before(g), first)
        for i in range(g.filters):
            calls += space.transformed(split[block][..., i], start, second)
            calls += [
                functools.partial(np.conjugate, second, out=second),
                functools.partial(np.multiply, first, second, out=second),
            ]
            # one by one: a reduction into one of its terms would take memory
            calls += [
                functools.partial(np.add, totals[i], one, out=totals[i])
                for one in second
            ]
    return calls


# the three kernels --------------------------------------------------------------------


class FourierKernel(BoundKernel):
    """A kernel of convolution that takes transforms where they are sooner done.

    Args:
        usual: The kernel for all other convolutions.
        streams: How work is shared out.
    """

    def __init__(self, usual: Any, streams: Streams) -> None:
        self._usual = usual
        self._streams = streams

    def _geometry(self, out: Any, inputs: Sequence[Any], how: dict[str, Any]) -> Any:
        """Return the sizes of the convolution."""
        x, kernel = inputs
        return geometry(x, kernel, out, **how)

    def _spectra(self, sizes: _Sizes) -> int:
        """Return how many spectra are kept beside those of samples."""
        return sizes.g.filters

    def _found(
        self, out: Any, inputs: Sequence[Any], attributes: dict[str, Any]
    ) -> _Sizes | None:
        how = {name: value for name, value in attributes.items() if name in _HOW}
        g, dtype = self._geometry(out, inputs, how), dtypes.dtype_name(out.dtype)
        return _sizes(g, dtype, self._streams) if suits(g, dtype) else None

    def scratch(self, out: Any, *inputs: Any, **attributes: Any) -> Needs:
        """Return the scratch arrays: flat, spectra as twice as many real numbers."""
        sizes = self._found(out, inputs, attributes)
        if sizes is None:
            usual: Needs = self._usual.scratch(out, *inputs, **attributes)
            return usual
        samples = math.prod(sizes.real(sizes.samples)) * sizes.streams
        spectra = 2 * math.prod(sizes.spectra(sizes.samples)) * sizes.streams
        kept = 2 * math.prod(sizes.spectra(self._spectra(sizes)))
        dtype = dtypes.dtype_name(out.dtype)
        return [((size,), dtype) for size in (samples, spectra, spectra, kept)]

    def bind(
        self, out: Array, inputs: Sequence[Array], attributes: dict[str, Any]
    ) -> Call:
        """Return the call with all views made."""
        sizes = self._found(out, inputs, attributes)
        if sizes is None:
            usual: Call = self._usual.bind(out, inputs, attributes)
            return usual
        *flat, kept = attributes["scratch"]
        cuts = [shares(len(x), sizes.streams) for x in flat]
        spaces = [
            _Space(sizes, [x[cut[i]] for x, cut in zip(flat, cuts, strict=True)])
            for i in range(sizes.streams)
        ]
        spectra = _part(_as_complex(kept), sizes.spectra(self._spectra(sizes)))
        calls = self._calls(sizes, out, inputs, _Memory(spectra, spaces))
        return functools.partial(run_all, tuple(calls))

    def _calls(
        self, sizes: _Sizes, out: Array, inputs: Sequence[Array], memory: _Memory
    ) -> list[Call]:
        spectra, spaces = memory
        x, kernel = inputs
        calls = _weights(sizes, kernel, spaces[0].real, spectra, conjugate=True)
        make = functools.partial(_forward, sizes, out, x, spectra)
        return [*calls, self._in_streams(sizes, make, spaces)]

    def _in_streams(
        self,
        sizes: _Sizes,
        make: Callable[[slice, _Space], list[Call]],
        spaces: Sequence[_Space],
    ) -> Call:
        samples = shares(sizes.g.batch, sizes.streams)
        pairs = zip(samples, spaces, strict=True)
        return self._streams.together([make(own, space) for own, space in pairs])


class FourierInputGradient(FourierKernel):
    """The gradient by the input."""

    def _geometry(self, out: Any, inputs: Sequence[Any], how: dict[str, Any]) -> Any:
        cotangent, kernel = inputs
        return geometry(out, kernel, cotangent, **how)

    def _calls(
        self, sizes: _Sizes, out: Array, inputs: Sequence[Array], memory: _Memory
    ) -> list[Call]:
        spectra, spaces = memory
        cotangent, kernel = inputs
        calls = _weights(sizes, kernel, spaces[0].real, spectra, conjugate=False)
        make = functools.partial(_input_gradient, sizes, out, cotangent, spectra)
        return [*calls, self._in_streams(sizes, make, spaces)]


class FourierKernelGradient(FourierKernel):
    """The gradient by the kernel."""

    def _geometry(self, out: Any, inputs: Sequence[Any], how: dict[str, Any]) -> Any:
        x, cotangent = inputs
        return geometry(x, out, cotangent, **how)

    def _spectra(self, sizes: _Sizes) -> int:
        return sizes.g.filters * sizes.streams

    def _calls(
        self, sizes: _Sizes, out: Array, inputs: Sequence[Array], memory: _Memory
    ) -> list[Call]:
        spectra, spaces = memory
        g = sizes.g
        parts = np.split(spectra, sizes.streams)
        first, *others = parts
        given = iter(parts)
        x, cotangent = inputs

        def make(own: slice, space: _Space) -> list[Call]:
            return _kernel_gradient(sizes, next(given), x, cotangent, own, space)

        calls = [self._in_streams(sizes, make, spaces)]
        calls += [functools.partial(np.add, first, x, out=first) for x in others]
        by_tap = out.reshape((*g.window, g.groups, g.filters))
        for i in range(g.filters):
            real, inverse = spaces[0].restored(first[i : i + 1])
            calls += inverse
            calls.append(functools.partial(np.copyto, by_tap[..., i], _taps(g, real)))
        return calls


_HOW = ("strides", "padding", "dilation", "groups")


def fourier_kernels(table: dict[str, Kernel], streams: Streams) -> dict[str, Kernel]:
    """Return the kernels of convolution with transforms where they suit.

    Args:
        table: Holds the usual kernels.
        streams: How work is shared out.
    """
    return {
        "conv_forward": FourierKernel(table["conv_forward"], streams),
        "conv_input_gradient": FourierInputGradient(
            table["conv_input_gradient"], streams
        ),
        "conv_kernel_gradient": FourierKernelGradient(
            table["conv_kernel_gradient"], streams
        ),
    }
