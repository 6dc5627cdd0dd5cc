"""Cases and references of the primitives that slide windows: convolution, pooling."""

import itertools

import numpy as np

from kerasish.backend import dtypes


def how(strides, padding, dilation=(1, 1), groups=1):
    """Return the attributes that the three convolutions share."""
    rank = len(strides)
    return {
        "strides": strides,
        "padding": padding[:rank],
        "dilation": dilation[:rank],
        "groups": groups,
    }


_NONE, _ODD = ((0, 0),) * 3, ((1, 2), (0, 1), (1, 1))
# input, kernel, attributes; every sum has at most 24 terms
_CONVOLUTIONS = [
    ((2, 5, 2), (2, 2, 3), how((1,), _NONE)),
    ((2, 6, 5), (2, 5, 2), how((2,), _ODD)),
    ((1, 5, 1), (3, 1, 9), how((1,), _ODD, (2,))),
    ((2, 5, 4, 1), (3, 2, 1, 3), how((1, 2), _NONE)),
    ((2, 4, 5, 4), (2, 2, 4, 2), how((2, 1), _ODD, (1, 2))),
    ((2, 4, 5, 4), (2, 3, 2, 6), how((1, 1), _ODD, groups=2)),
    ((2, 4, 3, 16), (1, 1, 8, 2), how((2, 2), _NONE, groups=2)),
    ((2, 4, 5, 3), (2, 2, 1, 3), how((1, 2), _ODD, groups=3)),
    ((2, 5, 4, 2), (2, 2, 1, 4), how((1, 1), _NONE, (2, 1), groups=2)),
    ((1, 3, 4, 3, 2), (2, 2, 2, 2, 2), how((1, 2, 1), _ODD, (1, 1, 1))),
    ((0, 5, 2), (2, 2, 3), how((1,), _NONE)),
    ((2, 0, 2), (2, 2, 3), how((1,), _ODD)),
    ((2, 5, 2), (2, 2, 0), how((1,), _NONE)),
]


def output_shape(shape, kernel, strides, padding, dilation, groups):
    axes = zip(shape[1:-1], padding, kernel, dilation, strides, strict=False)
    counts = (max((n + sum(p) - (k - 1) * d - 1) // s + 1, 0) for n, p, k, d, s in axes)
    return (shape[0], *counts, kernel[-1])


def meetings(shape, kernel, strides, padding, dilation, groups):
    """Yield the places of an output, of an element of its window, and of its input."""
    outputs = output_shape(shape, kernel, strides, padding, dilation, groups)[1:-1]
    places = itertools.product(np.ndindex(*outputs), np.ndindex(*kernel[:-2]))
    for output, tap in places:
        axes = zip(output, strides, tap, dilation, padding, strict=True)
        place = tuple(o * s + t * d - p[0] for o, s, t, d, p in axes)
        if all(0 <= i < n for i, n in zip(place, shape[1:-1], strict=True)):
            yield output, tap, place


def products(shape, kernel, **attributes):
    """Yield the indices into input, kernel and output of all products to be added.

    Args:
        shape: Of the input.
        kernel: Shape of the kernel.
        **attributes: Of the convolution.
    """
    groups = attributes["groups"]
    own, filters = kernel[-2], kernel[-1] // groups
    for output, tap, place in meetings(shape, kernel, **attributes):
        for group in range(groups):
            inside = slice(group * own, (group + 1) * own)
            outside = slice(group * filters, (group + 1) * filters)
            yield (
                (slice(None), *place, inside),
                (*tap, slice(None), outside),
                (slice(None), *output, outside),
            )


def conv_forward(x, kernel, **attributes):
    result = np.zeros(output_shape(x.shape, kernel.shape, **attributes), x.dtype)
    for i, k, o in products(x.shape, kernel.shape, **attributes):
        result[o] += x[i] @ kernel[k]
    return result


def conv_input_gradient(g, kernel, *, lengths, **attributes):
    channels = kernel.shape[-2] * attributes["groups"]
    result = np.zeros((g.shape[0], *lengths, channels), g.dtype)
    for i, k, o in products(result.shape, kernel.shape, **attributes):
        result[i] += g[o] @ kernel[k].T
    return result


def conv_kernel_gradient(x, g, *, window, **attributes):
    own = x.shape[-1] // attributes["groups"]
    result = np.zeros((*window, own, g.shape[-1]), x.dtype)
    for i, k, o in products(x.shape, result.shape, **attributes):
        result[k] += x[i].T @ g[o]
    return result


# length, axis, attributes of a window along it
_WINDOWS = [
    ((2, 6, 2), {"axis": 1, "size": 2, "stride": 2, "padding": (0, 0)}),
    ((2, 7, 1), {"axis": 1, "size": 3, "stride": 2, "padding": (0, 0)}),
    ((3, 7, 2), {"axis": 1, "size": 2, "stride": 3, "padding": (0, 0)}),
    ((2, 5, 3), {"axis": 1, "size": 3, "stride": 1, "padding": (1, 1)}),
    ((3, 3, 4), {"axis": 2, "size": 3, "stride": 2, "padding": (0, 1)}),
    ((9,), {"axis": 0, "size": 4, "stride": 3, "padding": (1, 2)}),
    ((4, 2, 2), {"axis": 1, "size": 4, "stride": 1, "padding": (2, 2)}),
    ((2, 4, 1), {"axis": 1, "size": 1, "stride": 1, "padding": (0, 0)}),
    ((0, 4, 2), {"axis": 1, "size": 2, "stride": 1, "padding": (0, 0)}),
]


def spans(length, axis, size, stride, padding):
    """Yield the index of each window's elements along an axis, without padding."""
    count = (length + sum(padding) - size) // stride + 1
    for window in range(count):
        start = window * stride - padding[0]
        places = [p for p in range(start, start + size) if 0 <= p < length]
        whole = (slice(None),) * axis
        yield (*whole, window), [(*whole, place) for place in places]


def window_shape(shape, axis, size, stride, padding):
    count = (shape[axis] + sum(padding) - size) // stride + 1
    return (*shape[:axis], count, *shape[axis + 1 :])


def window_max(x, *, axis, **window):
    result = np.empty(window_shape(x.shape, axis, **window), x.dtype)
    for at, places in spans(x.shape[axis], axis, **window):
        result[at] = np.max([x[place] for place in places], axis=0)
    return result


def window_sum(x, *, axis, **window):
    result = np.empty(window_shape(x.shape, axis, **window), x.dtype)
    for at, places in spans(x.shape[axis], axis, **window):
        result[at] = np.sum([x[place] for place in places], axis=0)
    return result


def window_spread(g, *, axis, length, **window):
    shape = (*g.shape[:axis], length, *g.shape[axis + 1 :])
    result = np.zeros(shape, g.dtype)
    for at, places in spans(length, axis, **window):
        for place in places:
            result[place] += g[at]
    return result


def firsts(y, x, axis, window):
    """Yield index of each window, of each of its elements, and where that is first."""
    for at, places in spans(x.shape[axis], axis, **window):
        free = np.ones(y[at].shape, bool)
        for place in places:
            hit = (x[place] == y[at]) & free
            free &= ~hit
            yield at, place, hit


def window_scatter(g, y, x, *, axis, **window):
    result = np.zeros(x.shape, g.dtype)
    for at, place, hit in firsts(y, x, axis, window):
        result[place] += g[at] * hit
    return result


def window_pick(c, y, x, *, axis, **window):
    result = np.zeros(y.shape, c.dtype)
    for at, place, hit in firsts(y, x, axis, window):
        result[at] += c[place] * hit
    return result


def ties(shape):
    """Return few different values, so that many are equal; always the same ones."""
    size = int(np.prod(shape))
    return (np.arange(size) * 7 % 5 - 2.0).reshape(shape)


# `y` must be the windows' largest elements: of `ties`, by the shape it then has
_LARGEST = {
    window_shape(shape, **window): window_max(ties(shape), **window)
    for shape, window in _WINDOWS
}
assert len(_LARGEST) == len(_WINDOWS), "give each case another number of windows"
OPERANDS = {
    (name, position): value
    for name in ("window_scatter", "window_pick")
    for position, value in (
        (1, lambda rng, shape: _LARGEST[shape]),
        (2, lambda rng, shape: ties(shape)),
    )
}


CASES = {
    "conv_forward": [((x, k), a) for x, k, a in _CONVOLUTIONS],
    "conv_input_gradient": [
        ((output_shape(x, k, **a), k), {"lengths": x[1:-1], **a})
        for x, k, a in _CONVOLUTIONS
    ],
    "conv_kernel_gradient": [
        ((x, output_shape(x, k, **a)), {"window": k[:-2], **a})
        for x, k, a in _CONVOLUTIONS
    ],
    "window_max": [((shape,), window) for shape, window in _WINDOWS],
    "window_sum": [((shape,), window) for shape, window in _WINDOWS],
    "window_spread": [
        (
            (window_shape(shape, **window),),
            {"length": shape[window["axis"]], **window},
        )
        for shape, window in _WINDOWS
    ],
    "window_scatter": [
        ((window_shape(shape, **w), window_shape(shape, **w), shape), w)
        for shape, w in _WINDOWS
    ],
    "window_pick": [
        ((shape, window_shape(shape, **w), shape), w) for shape, w in _WINDOWS
    ],
}
DTYPES = {"window_max": dtypes.ALL, "window_sum": ("int32", *dtypes.FLOATS)}
REFERENCES = {
    function.__name__: function
    for function in (
        *(conv_forward, conv_input_gradient, conv_kernel_gradient, window_max),
        *(window_sum, window_spread, window_scatter, window_pick),
    )
}
