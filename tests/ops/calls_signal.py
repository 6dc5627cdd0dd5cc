"""Calls and formulas of transforms, patches, distances and special functions.

Merged into `calls.py` and `formulas.py`. Transforms are sums written out; patches and
frames are cut out one by one.
"""

import itertools
import math

import numpy as np

from tests.backend.references import erfc, erfinv
from tests.ops.call import call

_rng = np.random.default_rng(23)


def normal(*shape):
    return _rng.normal(size=shape)


X, Y, SIGNAL, IMAGES = normal(3, 4), normal(2, 4), normal(2, 21), normal(2, 3, 6, 5)
PAIR, SQUARE = (normal(3, 5), normal(3, 5)), (normal(2, 3, 4), normal(2, 3, 4))
WHOLE = _rng.integers(0, 9, (3, 4), dtype=np.int32)
BLOCKS = normal(2, 4, 6, 8)
WINDOW = np.linspace(0.1, 1, 5)
SPECTRUM = (normal(2, 7, 5), normal(2, 7, 5))
_POINT, _EMPTY = np.asarray(0.3), normal(0, 3)

CALLS = {
    "erfc": [call(X), call(4 * X), call(_POINT), call(_EMPTY)],
    "erfinv": [call(np.tanh(X)), call(_POINT), call(_EMPTY)],
    "fft": [call(PAIR), call(list(PAIR))],
    "fft2": [call(PAIR), call(SQUARE)],
    "ifft2": [call(PAIR), call(SQUARE)],
    "rfft": [*(call(SIGNAL, length) for length in (None, 8, 9, 30)), call(X)],
    "irfft": [call(PAIR, length) for length in (None, 8, 7, 5, 12)],
    "extract_sequences": [
        call(SIGNAL, 4, 2),
        call(SIGNAL, 5, 3),
        call(SIGNAL, 3, 7),
        call(WHOLE, 2, 1),
        call(SIGNAL, 21, 1),
    ],
    "stft": [
        call(SIGNAL, 4, 2, 8),
        call(SIGNAL, 5, 3, 7, window="hamming"),
        call(SIGNAL, 5, 2, 6, window=None, center=False),
        call(SIGNAL, 5, 4, 9, window=WINDOW),
        call(SIGNAL, 4, 9, 8, center=False),
    ],
    "istft": [
        call(SPECTRUM, 6, 2, 8),
        call(SPECTRUM, 8, 3, 8, length=11, window="hamming"),
        call(SPECTRUM, 5, 2, 8, window=WINDOW),
        call(SPECTRUM, 8, 4, 8, window=None),
        call(SPECTRUM, 5, 3, 8, window="hamming", center=False),
    ],
    "cdist": [call(X, Y), call(X, X), call(SQUARE[0], Y), call(WHOLE, WHOLE[:2])],
    "moments": [
        call(X, axes=[0]),
        call(X, axes=[0, 1], keepdims=True),
        call(SQUARE[0], axes=(0, -1)),
        call(WHOLE, axes=1),
    ],
    "polar": [call(np.abs(X), Y[:1]), call(2.0, X)],
    "psnr": [call(X, X + 0.1, 1.0), call(X, 2 * X, 255)],
    "rearrange": [
        call(IMAGES, "b c h w -> b h w c"),
        call(IMAGES, "b c h w -> (b h) (w c)"),
        call(IMAGES, "b c (h1 h2) w -> b h1 (h2 c) w", h1=2),
        call(WHOLE, "a b -> (b a)"),
    ],
    "depth_to_space": [
        call(BLOCKS, 2),
        call(np.moveaxis(BLOCKS, -1, 1), 2, data_format="channels_first"),
    ],
    "space_to_depth": [
        call(BLOCKS, 2),
        call(np.moveaxis(BLOCKS, -1, 1), 2, data_format="channels_first"),
    ],
    "unfold": [
        call(IMAGES, 2),
        call(IMAGES, (3, 2), dilation=(1, 2), padding=1, stride=2),
        call(IMAGES, (1, 2), padding=(0, 2), stride=(2, 1)),
    ],
    "fold": [
        call(normal(2, 8, 12), (4, 5), 2),
        call(normal(2, 6, 6), (4, 5), (1, 2), padding=(0, 1), stride=(2, 2)),
        call(normal(1, 4, 6), (4, 4), 2, dilation=(2, 1)),
    ],
}


def waves(n, sign):
    return np.exp(sign * 2j * np.pi * np.outer(np.arange(n), np.arange(n)) / n)


def parts(z):
    return z.real, z.imag


def fft(x):
    z = x[0] + 1j * x[1]
    return parts(z @ waves(z.shape[-1], -1))


def _fft2(x, sign):
    z = x[0] + 1j * x[1]
    return waves(z.shape[-2], sign) @ z @ waves(z.shape[-1], sign)


def fft2(x):
    return parts(_fft2(x, -1))


def ifft2(x):
    return parts(_fft2(x, 1) / (x[0].shape[-1] * x[0].shape[-2]))


def of_length(x, length):
    filled = np.zeros((*x.shape[:-1], length), x.dtype)
    kept = min(length, x.shape[-1])
    filled[..., :kept] = x[..., :kept]
    return filled


def rfft(x, fft_length=None):
    n = x.shape[-1] if fft_length is None else fft_length
    return parts((of_length(x, n) @ waves(n, -1))[..., : n // 2 + 1])


def irfft(x, fft_length=None):
    z = x[0] + 1j * x[1]
    n = 2 * (z.shape[-1] - 1) if fft_length is None else fft_length
    half = of_length(z, n // 2 + 1)
    mirrored = np.conj(half[..., 1 : (n + 1) // 2])[..., ::-1]
    whole = np.concatenate([half, mirrored], -1)
    return (whole @ waves(n, 1)).real / n


def extract_sequences(x, sequence_length, sequence_stride):
    last = x.shape[-1] - sequence_length
    starts = range(0, last + 1, sequence_stride)
    return np.stack([x[..., s : s + sequence_length] for s in starts], -2)


def window_of(window, length, fft_length):
    if window is None:
        return np.ones(fft_length)
    turns = 2 * np.pi * np.arange(length) / length
    if isinstance(window, str):
        level = {"hann": 0.5, "hamming": 0.54}[window]
        window = level - (1 - level) * np.cos(turns)
    before = (fft_length - length) // 2
    return np.pad(window, (before, fft_length - length - before))


def stft(x, sequence_length, sequence_stride, fft_length, window="hann", center=True):
    if center:
        x = np.pad(x, [(0, 0), (fft_length // 2,) * 2], mode="reflect")
    frames = extract_sequences(x, fft_length, sequence_stride)
    return rfft(frames * window_of(window, sequence_length, fft_length))


def istft(
    x,
    sequence_length,
    sequence_stride,
    fft_length,
    length=None,
    window="hann",
    center=True,
):
    frames = irfft(x, fft_length)
    factors = window_of(window, sequence_length, fft_length)
    count = frames.shape[-2]
    total = np.zeros((*frames.shape[:-2], (count - 1) * sequence_stride + fft_length))
    weight = np.zeros(total.shape[-1])
    for i in range(count):
        place = slice(i * sequence_stride, i * sequence_stride + fft_length)
        total[..., place] += frames[..., i, :] * factors
        weight[place] += factors**2
    signal = np.where(
        weight > 1e-10, total / np.where(weight > 1e-10, weight, 1), total
    )
    if window is None:
        signal = signal * fft_length / sequence_stride
    start = fft_length // 2 if center else 0
    stop = signal.shape[-1] - start if length is None else start + length
    return signal[..., start:stop]


def cdist(x, y):
    return np.linalg.norm(x[..., :, None, :] - y[..., None, :, :], axis=-1)


def moments(x, axes, keepdims=False):
    axes = tuple(np.atleast_1d(axes))
    return np.mean(x, axes, keepdims=keepdims), np.var(x, axes, keepdims=keepdims)


def polar(abs_, angle):
    return abs_ * np.cos(angle), abs_ * np.sin(angle)


def psnr(x1, x2, max_val):
    return 10 * math.log10(max_val**2 / np.mean((x1 - x2) ** 2))


def rearrange(tensor, pattern, **lengths):
    """Read and write element by element, by the names of the axes."""
    before, after = (groups_of(side) for side in pattern.split("->"))
    for group, n in zip(before, np.shape(tensor), strict=True):
        known = math.prod(lengths.get(name, 1) for name in group)
        lengths |= {name: n // known for name in group if name not in lengths}
    names = [name for group in before for name in group]
    shape = [math.prod(lengths[name] for name in group) for group in after]
    result = np.zeros(shape, tensor.dtype)
    for place in itertools.product(*(range(lengths[name]) for name in names)):
        at = dict(zip(names, place, strict=True))
        source, target = (
            tuple(joined(group, at, lengths) for group in side)
            for side in (before, after)
        )
        result[target] = tensor[source]
    return result


def groups_of(side):
    groups, inside = [], False
    for token in side.replace("(", " ( ").replace(")", " ) ").split():
        if token in "()":
            inside = token == "("
            groups += [[]] if inside else []
        elif inside:
            groups[-1].append(token)
        else:
            groups.append([token])
    return groups


def joined(group, at, lengths):
    index = 0
    for name in group:
        index = index * lengths[name] + at[name]
    return index


def depth_to_space(x, block_size, data_format="channels_last"):
    if data_format == "channels_first":
        pattern = "n (c i j) h w -> n c (h i) (w j)"
    else:
        pattern = "n h w (i j c) -> n (h i) (w j) c"
    return rearrange(x, pattern, i=block_size, j=block_size)


def space_to_depth(x, block_size, data_format="channels_last"):
    if data_format == "channels_first":
        pattern = "n c (h i) (w j) -> n (c i j) h w"
    else:
        pattern = "n (h i) (w j) c -> n h w (i j c)"
    return rearrange(x, pattern, i=block_size, j=block_size)


def two(value):
    return (value, value) if isinstance(value, int) else value


def window_places(height, width, size, dilation, stride):
    """Yield each window: the rows and columns of its places, in order."""
    reach = [(k - 1) * d for k, d in zip(size, dilation, strict=True)]
    for top in range(0, height - reach[0], stride[0]):
        for left in range(0, width - reach[1], stride[1]):
            yield [
                (top + i * dilation[0], left + j * dilation[1])
                for i in range(size[0])
                for j in range(size[1])
            ]


def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    margins = [(m, m) for m in two(padding)]
    x = np.pad(x, [(0, 0), (0, 0), *margins])
    how = [two(v) for v in (kernel_size, dilation, stride)]
    columns = [
        np.stack([x[:, :, i, j] for i, j in places], -1).reshape(len(x), -1)
        for places in window_places(*x.shape[2:], *how)
    ]
    return np.stack(columns, -1)


def fold(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    (height, width), (top, left) = two(output_size), two(padding)
    how = [two(v) for v in (kernel_size, dilation, stride)]
    area = math.prod(how[0])
    padded = np.zeros((len(x), x.shape[1] // area, height + 2 * top, width + 2 * left))
    windows = window_places(*padded.shape[2:], *how)
    for column, places in zip(np.moveaxis(x, -1, 0), windows, strict=True):
        values = column.reshape(len(x), -1, area)
        for k, (i, j) in enumerate(places):
            padded[:, :, i, j] += values[:, :, k]
    return padded[:, :, top : top + height, left : left + width]


FORMULAS = {
    function.__name__: function
    for function in (
        *(erfc, erfinv, fft, fft2, ifft2, rfft, irfft, extract_sequences, stft),
        *(istft, cdist, moments, polar, psnr, rearrange, depth_to_space),
        *(space_to_depth, unfold, fold),
    )
}
