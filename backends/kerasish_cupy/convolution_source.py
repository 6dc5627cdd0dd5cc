"""CUDA source of what convolution needs beside products of matrices.

What a window is made of (its lengths, strides and dilation) stands in the text, so that
loops over it are unrolled and divisions by it are cheap; all other lengths are scalars.
Every thread adds what belongs to its element in a fixed order: nothing is added
atomically. Pure text, as `kerasish_cupy.fused_source`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from kerasish_cupy.expressions import C_TYPES
from kerasish_cupy.fused_source import KernelSource, named_source
from kerasish_cupy.reduction_source import total_dtype

Shape = tuple[int, ...]


class Window(NamedTuple):
    """What a kernel's text depends on.

    Attributes:
        lengths: Of the window, along each spatial axis.
        strides: Places between windows.
        dilation: Places between the elements of a window.
        dtype: Dtype name of all arrays.
        place: Dtype name that counts their elements.
    """

    lengths: Shape
    strides: Shape
    dilation: Shape
    dtype: str
    place: str

    @property
    def axes(self) -> range:
        """Numbers of the spatial axes."""
        return range(len(self.lengths))

    @property
    def outputs(self) -> list[tuple[str, str]]:
        """Names of a window's place along each axis, and of the number of windows."""
        return [(f"o{a}", f"count{a}") for a in self.axes]

    @property
    def elements(self) -> list[tuple[str, str]]:
        """Names of an element's place in the window along each axis, and its length."""
        return [(f"k{a}", str(length)) for a, length in enumerate(self.lengths)]

    @property
    def total(self) -> str:
        """C type that sums are kept in."""
        return C_TYPES[total_dtype(self.dtype)]

    def scalars(self) -> list[str]:
        """Return the scalar parameters of all kernels of convolution.

        Samples; groups, channels and filters of a group; the first of the rows of
        outputs that are meant; and for each spatial axis the input's length, the
        output's, and the places of padding before it.
        """
        names = ["samples", "groups", "channels", "filters", "begin"]
        for a in self.axes:
            names += [f"length{a}", f"count{a}", f"before{a}"]
        return [f"{self.place} {name}" for name in names]


@functools.cache
def columns_source(window: Window, by_element: bool) -> KernelSource:
    """Return the source of the windows of `x` as rows of matrices, one for each group.

    y is (groups, samples * windows, taps * channels); 0 stands where there is padding.

    Args:
        window: The window.
        by_element: Whether a thread copies one element, not a channel of a whole
            window: to find its place takes longer than to copy it, but with few
            channels neighbouring threads would write far from each other.
    """
    p = C_TYPES[window.place]
    elements = window.elements if by_element else []
    ends = ("group", ""), ("sample", "samples"), ("channel", "channels")
    found = f"x[{_input_element(window)} * channels + channel]"
    value = f"{_all_inside(window)} ? {found} : ({C_TYPES[window.dtype]})0.0f"
    lines = [*_parts(p, [*ends[:2], *window.outputs, *elements, ends[2]])]
    if by_element:
        lines += [f"const {p} p{a} = {_input_place(window, a)};" for a in window.axes]
        lines.append(f"y[i] = {value};")
    else:
        lines.append(f"const {p} row = ({p})i / channels * {_taps(window)};")
        for a, length in enumerate(window.lengths):
            lines.append(f"for (int k{a} = 0; k{a} < {length}; ++k{a}) {{")
            lines.append(f"const {p} p{a} = {_input_place(window, a)};")
        lines.append(f"y[(row + {_tap(window)}) * channels + channel] = {value};")
        lines += "}" * len(window.axes)
    return _source("columns", window, ["raw {d} x"], "raw {d} y", lines)


@functools.cache
def spread_source(window: Window) -> KernelSource:
    """Return the source of the sum, at each place of an input, of its windows' terms.

    `terms` is as `columns_source` writes. Where `adds`, the sum is added to y.
    """
    p = C_TYPES[window.place]
    element = _output_element(window, "(group * samples + sample) * count0")
    body = f"total += terms[({element} * {_taps(window)} + {_tap(window)}) * channels"
    lines = [
        *_parts(p, _input_parts(window)),
        f"{window.total} total = adds ? ({window.total})y : 0;",
        *_from_input(window, [f"{body} + channel];"]),
        "y = total;",
    ]
    inputs = ["raw {d} terms", f"{window.place} adds"]
    return _source("spread", window, inputs, "{d} y", lines)


@functools.cache
def channelwise_source(window: Window) -> KernelSource:
    """Return the source of a convolution of each channel by itself.

    w is (*window, groups * filters).
    """
    p = C_TYPES[window.place]
    ends = ("sample", "samples"), ("group", "groups"), ("filter", "filters")
    value = f"({window.total})x[{_input_element(window)}]"
    weight = f"({window.total})w[({_tap(window)} * groups + group) * filters + filter]"
    lines = [
        *_parts(p, [ends[0], *window.outputs, *ends[1:]]),
        f"{window.total} total = 0;",
        *_from_output(window, [f"total += {value} * {weight};"]),
        "y = total;",
    ]
    return _source("channelwise", window, ["raw {d} x", "raw {d} w"], "{d} y", lines)


@functools.cache
def channelwise_input_source(window: Window) -> KernelSource:
    """Return the source of the gradient of `channelwise_source` by its input.

    g is the gradient of its result.
    """
    p = C_TYPES[window.place]
    element = _output_element(window, "sample * count0")
    flowing = f"({window.total})g[({element} * groups + group) * filters + filter]"
    weight = f"({window.total})w[({_tap(window)} * groups + group) * filters + filter]"
    inner = [
        f"for ({p} filter = 0; filter < filters; ++filter) {{",
        f"  total += {flowing} * {weight};",
        "}",
    ]
    lines = [
        *_parts(p, _input_parts(window)),
        f"{window.total} total = 0;",
        *_from_input(window, inner),
        "y = total;",
    ]
    inputs = ["raw {d} g", "raw {d} w"]
    return _source("channelwise_input", window, inputs, "{d} y", lines)


@functools.cache
def channelwise_kernel_source(window: Window) -> KernelSource:
    """Return the source of parts of the gradient of `channelwise_source` by its kernel.

    y is (segments, *window, groups * filters): each segment sums `chunk` of the `rows`
    of windows along the last axis.
    """
    p = C_TYPES[window.place]
    ends = ("segment", ""), ("group", "groups"), ("filter", "filters")
    *outer, last = window.axes
    value = f"({window.total})x[{_input_element(window)}]"
    at = f"(row * count{last} + o{last})"
    flowing = f"({window.total})g[({at} * groups + group) * filters + filter]"
    lines = [
        *_parts(p, [ends[0], *window.elements, *ends[1:]]),
        f"const {p} first = segment * chunk;",
        f"const {p} end = first + chunk < rows ? first + chunk : rows;",
        f"{window.total} total = 0;",
        f"for ({p} row = first; row < end; ++row) {{",
        *_parts(p, [("sample", ""), *window.outputs[:-1]], "row"),
    ]
    for a in outer:
        lines += _place_or_next(window, a)
    lines += [
        f"for ({p} o{last} = 0; o{last} < count{last}; ++o{last}) {{",
        *_place_or_next(window, last),
        f"total += {value} * {flowing};",
        "}",
        "}",
        "y = total;",
    ]
    more = [f"{window.place} chunk", f"{window.place} rows"]
    inputs = ["raw {d} x", "raw {d} g", *more]
    result = f"{total_dtype(window.dtype)} y"
    return _source("channelwise_kernel", window, inputs, result, lines)


def _source(
    stem: str, window: Window, inputs: Sequence[str], out: str, lines: Iterable[str]
) -> KernelSource:
    given = [text.format(d=window.dtype) for text in inputs]
    parameters = ", ".join([*given, *window.scalars()])
    result = out.format(d=window.dtype)
    return named_source(stem, parameters, result, "\n".join(lines))


def _parts(
    place: str, sizes: Sequence[tuple[str, str]], whole: str = "i"
) -> Iterator[str]:
    """Yield the statements that take a number in C order apart.

    Args:
        place: C type.
        sizes: Names of the parts and of their lengths; that of the first is not needed.
        whole: Name of the number.
    """
    rest = f"rest_of_{whole}"
    yield f"{place} {rest} = {whole};"
    for name, size in reversed(sizes[1:]):
        if size == "1":
            yield f"const {place} {name} = 0;"
            continue
        yield f"const {place} {name} = {rest} % {size};"
        yield f"{rest} /= {size};"
    yield f"const {place} {sizes[0][0]} = {rest};"


def _input_parts(window: Window) -> list[tuple[str, str]]:
    places = [(f"p{a}", f"length{a}") for a in window.axes]
    ends = ("sample", "samples"), ("group", "groups"), ("channel", "channels")
    return [ends[0], *places, *ends[1:]]


def _taps(window: Window) -> int:
    return functools.reduce(int.__mul__, window.lengths, 1)


def _tap(window: Window) -> str:
    """Return the number of an element of the window."""
    text = "k0"
    for a in window.axes[1:]:
        text = f"({text} * {window.lengths[a]} + k{a})"
    return text


def _input_place(window: Window, a: int) -> str:
    """Return the place along an axis of element `k` of window `o`."""
    row = "(o0 + begin)" if a == 0 else f"o{a}"
    return f"{row} * {window.strides[a]} + k{a} * {window.dilation[a]} - before{a}"


def _all_inside(window: Window) -> str:
    return " && ".join(f"p{a} >= 0 && p{a} < length{a}" for a in window.axes)


def _input_element(window: Window) -> str:
    """Return the number of a group of channels in an input."""
    text = "sample"
    for a in window.axes:
        text = f"({text} * length{a} + p{a})"
    return f"({text} * groups + group)"


def _output_element(window: Window, head: str) -> str:
    """Return the number of a window, `head` counting the rows before its sample."""
    text = f"({head} + o0)"
    for a in window.axes[1:]:
        text = f"({text} * count{a} + o{a})"
    return text


def _from_output(window: Window, inner: Sequence[str]) -> Iterator[str]:
    """Yield loops over the window's elements that lie in the input."""
    for a in window.axes:
        yield f"for (int k{a} = 0; k{a} < {window.lengths[a]}; ++k{a}) {{"
        yield from _place_or_next(window, a)
    yield from inner
    yield from "}" * len(window.axes)


def _place_or_next(window: Window, a: int) -> Iterator[str]:
    """Yield the place along an axis; where it is padding, a loop goes on."""
    yield f"const {C_TYPES[window.place]} p{a} = {_input_place(window, a)};"
    yield f"if (p{a} < 0 || p{a} >= length{a}) continue;"


def _from_input(window: Window, inner: Sequence[str]) -> Iterator[str]:
    """Yield loops over the windows above a place, and the element that it is."""
    p = C_TYPES[window.place]
    for a in window.axes:
        stride, begin = window.strides[a], " - begin" if a == 0 else ""
        yield f"for (int k{a} = 0; k{a} < {window.lengths[a]}; ++k{a}) {{"
        yield f"const {p} from{a} = p{a} + before{a} - k{a} * {window.dilation[a]};"
        uneven = f" || from{a} % {stride} != 0" if stride > 1 else ""
        yield f"if (from{a} < 0{uneven}) continue;"
        yield f"const {p} o{a} = from{a} / {stride}{begin};"
        yield f"if (o{a} < 0 || o{a} >= count{a}) continue;"
    yield from inner
    yield from "}" * len(window.axes)
