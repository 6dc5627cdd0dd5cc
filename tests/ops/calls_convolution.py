"""Calls and formulas of convolution and pooling (merged into `calls.py`).

The formulas are loops over windows; `test_convolution.py` uses them on whole grids of
arguments. Spatial arguments are tuples where Keras's NumPy backend asks for them.
"""

import itertools
import math

import numpy as np

from tests.ops.call import call

_rng = np.random.default_rng(23)


def normal(*shape):
    return _rng.normal(size=shape)


def wholes(*shape):
    return _rng.integers(-3, 4, shape, dtype=np.int32)


def pairs_of(padding, lengths, spans, strides):
    """Return the padding of each axis; TensorFlow's "same"."""
    if padding == "valid":
        return [(0, 0)] * len(lengths)
    totals = [
        max((math.ceil(n / s) - 1) * s + span - n, 0)
        for n, span, s in zip(lengths, spans, strides, strict=True)
    ]
    return [(total // 2, total - total // 2) for total in totals]


def many(value, rank):
    return (value,) * rank if isinstance(value, int) else tuple(value)


def last(x, data_format):
    return np.moveaxis(x, 1, -1) if data_format == "channels_first" else x


def back(x, data_format):
    return np.moveaxis(x, -1, 1) if data_format == "channels_first" else x


def cut(x, size, strides, padding, dilation, filling):
    """Yield each output's place and its window of x, channels last."""
    lengths = x.shape[1:-1]
    spans = [(k - 1) * d + 1 for k, d in zip(size, dilation, strict=True)]
    pairs = pairs_of(padding, lengths, spans, strides)
    wide = np.pad(x, [(0, 0), *pairs, (0, 0)], constant_values=filling)
    counts = [
        (n - span) // s + 1
        for n, span, s in zip(wide.shape[1:-1], spans, strides, strict=True)
    ]
    for place in np.ndindex(*counts):
        cuts = [
            slice(p * s, p * s + span, d)
            for p, s, span, d in zip(place, strides, spans, dilation, strict=True)
        ]
        yield tuple(counts), place, wide[(slice(None), *cuts)]


def conv(x, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    x, rank = last(x, data_format), kernel.ndim - 2
    groups = x.shape[-1] // kernel.shape[-2]
    how = many(strides, rank), padding, many(dilation_rate, rank), 0
    parts = zip(np.split(x, groups, -1), np.split(kernel, groups, -1), strict=True)
    joined = []
    for part, own in parts:
        windows = list(cut(part, kernel.shape[:-2], *how))
        result = np.empty((x.shape[0], *windows[0][0], own.shape[-1]), x.dtype)
        for _, place, window in windows:
            axes = range(1, window.ndim), range(own.ndim - 1)
            result[(slice(None), *place)] = np.tensordot(window, own, axes)
        joined.append(result)
    return back(np.concatenate(joined, -1), data_format)


def depthwise_conv(
    x, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1
):
    by_group = kernel.reshape((*kernel.shape[:-2], 1, -1))
    return conv(x, by_group, strides, padding, data_format, dilation_rate)


def separable_conv(
    x,
    depthwise_kernel,
    pointwise_kernel,
    strides=1,
    padding="valid",
    data_format=None,
    dilation_rate=1,
):
    hidden = depthwise_conv(
        x, depthwise_kernel, strides, padding, data_format, dilation_rate
    )
    return conv(hidden, pointwise_kernel, 1, "valid", data_format)


def conv_transpose(
    x,
    kernel,
    strides=1,
    padding="valid",
    output_padding=None,
    data_format=None,
    dilation_rate=1,
):
    x, rank = last(x, data_format), kernel.ndim - 2
    strides, dilation = many(strides, rank), many(dilation_rate, rank)
    spans = [(k - 1) * d + 1 for k, d in zip(kernel.shape, dilation, strict=False)]
    full = [
        (n - 1) * s + span
        for n, s, span in zip(x.shape[1:-1], strides, spans, strict=True)
    ]
    whole = np.zeros((x.shape[0], *full, kernel.shape[-2]))
    places, taps = np.ndindex(*x.shape[1:-1]), np.ndindex(*kernel.shape[:-2])
    for place, tap in itertools.product(places, taps):
        axes = zip(place, strides, tap, dilation, strict=True)
        at = (p * s + t * d for p, s, t, d in axes)
        whole[(slice(None), *at)] += x[(slice(None), *place)] @ kernel[tap].T
    more = (None,) * rank if output_padding is None else many(output_padding, rank)
    for axis in range(rank):
        wanted = transposed_length(
            x.shape[axis + 1], spans[axis], strides[axis], padding, more[axis]
        )
        start = max(full[axis] - wanted, 0) // 2 if padding == "same" else 0
        place = [np.arange(n) for n in whole.shape]
        place[axis + 1] = start + np.arange(min(wanted, full[axis] - start))
        whole = whole[np.ix_(*place)]
        after = [(0, 0)] * whole.ndim
        after[axis + 1] = (0, wanted - whole.shape[axis + 1])
        whole = np.pad(whole, after)
    return back(whole, data_format)


def transposed_length(length, span, stride, padding, more):
    if more is None and padding == "same":
        return length * stride
    if more is None:
        return length * stride + max(span - stride, 0)
    cut_off = 2 * (span // 2) if padding == "same" else 0
    return (length - 1) * stride + span - cut_off + more


def pooled(x, pool_size, strides, padding, data_format, filling, function):
    x = last(x, data_format)
    size = many(pool_size, x.ndim - 2)
    steps = size if strides is None else many(strides, x.ndim - 2)
    windows = list(cut(x, size, steps, padding, (1,) * len(size), filling))
    result = np.empty((x.shape[0], *windows[0][0], x.shape[-1]))
    for _, place, window in windows:
        axes = tuple(range(1, x.ndim - 1))
        result[(slice(None), *place)] = function(window, axes)
    return back(result, data_format)


def max_pool(x, pool_size, strides=None, padding="valid", data_format=None):
    most = pooled(x, pool_size, strides, padding, data_format, x.min(), np.max)
    return most.astype(x.dtype)


def average_pool(x, pool_size, strides=None, padding="valid", data_format=None):
    x = x.astype("float64")
    how = strides, padding, data_format, np.nan
    return pooled(x, pool_size, *how, np.nanmean)


def adaptive(x, output_size, data_format, function):
    x = last(x, data_format)
    size = many(output_size, x.ndim - 2)
    result = np.empty((x.shape[0], *size, x.shape[-1]))
    for place in np.ndindex(*size):
        cuts = [
            slice(i * n // k, math.ceil((i + 1) * n / k))
            for i, n, k in zip(place, x.shape[1:-1], size, strict=True)
        ]
        window = x[(slice(None), *cuts)]
        axes = tuple(range(1, x.ndim - 1))
        result[(slice(None), *place)] = function(window, axes)
    return back(result, data_format)


def adaptive_max_pool(x, output_size, data_format=None):
    return adaptive(x, output_size, data_format, np.max).astype(x.dtype)


def adaptive_average_pool(x, output_size, data_format=None):
    return adaptive(x, output_size, data_format, np.mean)


STEPS, IMAGE, FILM = normal(2, 7, 4), normal(2, 6, 5, 4), normal(1, 4, 5, 3, 2)
TURNED = np.moveaxis(IMAGE, -1, 1)
WHOLE = wholes(2, 5, 2)
FIRST = {"data_format": "channels_first"}
_POOLS = [
    call(STEPS, (2,), (2,)),
    call(STEPS, 3, 1, "same"),
    call(IMAGE, (2, 3), (1, 2), padding="same"),
    call(TURNED, (2, 2), strides=(2, 2), **FIRST),
    call(FILM, (2, 3, 2), strides=2),
    call(WHOLE, (2,), strides=(1,)),
]
_ADAPTIVE = [
    call(STEPS, 3),
    call(IMAGE, (2, 5)),
    call(IMAGE, (7, 1)),
    call(TURNED, (6, 2), **FIRST),
    call(FILM, 2),
]

CALLS = {
    "conv": [
        call(STEPS, normal(3, 4, 5)),
        call(STEPS, normal(2, 2, 6), strides=2, padding="same"),
        call(IMAGE, normal(3, 2, 4, 3), (2, 1), "same"),
        call(IMAGE, normal(1, 1, 4, 3), strides=2),
        call(IMAGE, normal(6, 5, 4, 2)),
        call(IMAGE, normal(2, 3, 2, 4), dilation_rate=(2, 1)),
        call(TURNED, normal(3, 3, 4, 2), padding="same", **FIRST),
        call(FILM, normal(2, 3, 2, 2, 3), strides=(2, 1, 1)),
        call(WHOLE, wholes(2, 2, 3)),
    ],
    "depthwise_conv": [
        call(STEPS, normal(3, 4, 1), padding="same"),
        call(IMAGE, normal(2, 3, 4, 2), strides=2),
        call(IMAGE, normal(2, 2, 4, 1), dilation_rate=2),
        call(TURNED, normal(3, 3, 4, 2), padding="same", **FIRST),
    ],
    "separable_conv": [
        call(STEPS, normal(3, 4, 2), normal(1, 8, 3), padding="same"),
        call(IMAGE, normal(2, 3, 4, 1), normal(1, 1, 4, 2), strides=(2, 2)),
        call(TURNED, normal(2, 2, 4, 2), normal(1, 1, 8, 3), **FIRST),
    ],
    "conv_transpose": [
        call(STEPS, normal(3, 5, 4)),
        call(STEPS, normal(2, 5, 4), strides=3),
        call(STEPS, normal(4, 5, 4), strides=2, padding="same"),
        call(STEPS, normal(3, 2, 4), strides=2, padding="same", output_padding=1),
        call(IMAGE, normal(3, 2, 9, 4), (2, 1), "same"),
        call(TURNED, normal(3, 3, 2, 4), dilation_rate=2, **FIRST),
        call(FILM, normal(2, 1, 2, 1, 2), strides=2, output_padding=(1, 0, 1)),
    ],
    "max_pool": _POOLS,
    "average_pool": [
        *_POOLS,
        call(np.abs(wholes(1, 4, 1)).astype("uint8"), (2,), (2,)),
    ],
    "adaptive_max_pool": [*_ADAPTIVE, call(WHOLE, 2)],
    "adaptive_average_pool": [*_ADAPTIVE, call(WHOLE, 2)],
}
FORMULAS = {
    function.__name__: function
    for function in (
        *(conv, depthwise_conv, separable_conv, conv_transpose, max_pool),
        *(average_pool, adaptive_max_pool, adaptive_average_pool),
    )
}
