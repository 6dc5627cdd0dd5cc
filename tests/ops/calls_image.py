"""Calls and formulas of `ops.image` (merged into `calls.py` and `formulas.py`).

The formulas go pixel by pixel. Names have the prefix "image.".
"""

import colorsys
import itertools
import math

import numpy as np

from tests.ops.call import call
from tests.ops.calls_signal import extract_sequences as frames_of

_rng = np.random.default_rng(41)


def pixels(*shape):
    return _rng.uniform(0.02, 0.98, shape)


IMAGES, IMAGE, GRAY = pixels(2, 5, 6, 3), pixels(4, 7, 3), pixels(6, 4, 1)
FIRST = np.moveaxis(IMAGES, -1, 1)
WHOLE = _rng.integers(0, 256, (2, 5, 6, 3), dtype=np.uint8)
VOLUMES = pixels(2, 4, 3, 5, 2)
LARGE, OTHER = pixels(2, 13, 12, 2), pixels(2, 13, 12, 2)
PLACES = _rng.uniform(-8, 11, (2, 4, 3))
MODES = ("constant", "nearest", "wrap", "mirror", "reflect")
AFFINE = np.array(
    [[1, 0.2, 0.3, -0.1, 1.1, 0.4, 0, 0], [0.6, 0, 1, 0.3, -0.7, 2, 0, 0]]
)
CORNERS = np.array([[0.0, 0.0], [5.0, 0.0], [0.0, 4.0], [5.0, 4.0]])
MOVED = CORNERS + np.array([[0.4, 0.2], [-0.7, 0.1], [0.3, -0.6], [0.2, 0.5]])
_SMOOTH = ("bilinear", "bicubic", "lanczos3", "lanczos5")
_COLORS = [call(IMAGES), call(IMAGE), call(FIRST, data_format="channels_first")]

CALLS = {
    "image.rgb_to_hsv": [*_COLORS, call(np.round(IMAGES))],
    "image.hsv_to_rgb": [*_COLORS, call(IMAGE * [4, 1, 1])],
    "image.rgb_to_grayscale": [*_COLORS, call(GRAY), call(WHOLE)],
    "image.crop_images": [
        call(IMAGES, 1, 2, 1, 0),
        call(IMAGE, 1, bottom_cropping=0, target_width=4, right_cropping=1),
        call(
            FIRST, 2, 1, target_height=2, target_width=3, data_format="channels_first"
        ),
    ],
    "image.pad_images": [
        call(IMAGES, 1, 2, 1, 0),
        call(IMAGE, 1, bottom_padding=0, target_width=9, right_padding=1),
        call(
            FIRST, 2, 1, target_height=8, target_width=8, data_format="channels_first"
        ),
        call(WHOLE, 1, 1, 1, 1),
    ],
    "image.extract_patches": [
        call(IMAGES, 2),
        call(IMAGE, (3, 2), strides=(1, 2)),
        call(IMAGES, 2, strides=1, dilation_rate=2),
        call(IMAGES, (2, 3), strides=2, padding="same"),
        call(FIRST, 3, strides=1, padding="same", data_format="channels_first"),
    ],
    "image.extract_patches_3d": [
        call(VOLUMES, 2),
        call(VOLUMES[0], (2, 1, 3), strides=1, padding="same"),
        call(np.moveaxis(VOLUMES, -1, 1), 2, strides=1, data_format="channels_first"),
    ],
    "image.resize": [
        *(call(IMAGES, (9, 4), interpolation=how) for how in _SMOOTH),
        *(call(IMAGE, (3, 3), interpolation=how, antialias=True) for how in _SMOOTH),
        call(IMAGES, (9, 4), interpolation="nearest"),
        call(FIRST, (3, 8), data_format="channels_first"),
        call(IMAGES, (6, 3), crop_to_aspect_ratio=True),
        call(IMAGES, (8, 3), pad_to_aspect_ratio=True, fill_value=0.5),
        call(IMAGES, (5, 6)),
    ],
    "image.scale_and_translate": [
        call(
            IMAGES,
            (2, 7, 4, 3),
            np.array([1.5, 0.6]),
            np.array([0.3, -0.4]),
            (1, 2),
            how,
        )
        for how in ("linear", "cubic", "lanczos3")
    ]
    + [
        call(GRAY, (3, 4, 1), np.array([0.5]), np.array([1.0]), (0,), "bicubic", False),
    ],
    "image.map_coordinates": [
        *(
            call(IMAGE[..., 0], PLACES, order, fill_mode=mode, fill_value=0.5)
            for mode in MODES
            for order in (0, 1)
        ),
        call(IMAGE, pixels(3, 5) * 2, 1),
    ],
    "image.affine_transform": [
        *(call(IMAGES, AFFINE, fill_mode=mode) for mode in MODES),
        call(IMAGE, AFFINE[0], interpolation="nearest", fill_value=0.5),
        call(FIRST, AFFINE, data_format="channels_first"),
    ],
    "image.perspective_transform": [
        call(IMAGES, np.stack([CORNERS] * 2), np.stack([MOVED] * 2)),
        call(IMAGE, CORNERS, MOVED, interpolation="nearest", fill_value=0.5),
        call(FIRST[0], CORNERS, MOVED, data_format="channels_first"),
    ],
    "image.elastic_transform": [call(IMAGES, seed=3), call(IMAGE, 5.0, 2.0, seed=3)],
    "image.gaussian_blur": [
        call(IMAGES),
        call(IMAGE, (5, 5), (2.0, 2.0)),
        call(IMAGE, (4, 4), (0.7, 0.7)),
        call(FIRST, (3, 3), (0.5, 0.5), data_format="channels_first"),
    ],
    "image.sobel_edges": [call(IMAGES), call(FIRST, data_format="channels_first")],
    "image.ssim": [
        call(LARGE, OTHER),
        call(LARGE[0], LARGE[0] + 0.1, filter_size=7, filter_sigma=1.0),
        call(255 * LARGE, 255 * OTHER, 255, k1=0.1, k2=0.2),
        call(
            np.moveaxis(LARGE, -1, 1),
            np.moveaxis(OTHER, -1, 1),
            data_format="channels_first",
        ),
    ],
}


def on_batches(function):
    """Return a formula for a batch with the channels last as one for any layout."""

    def of_any(images, *args, data_format="channels_last", **kwargs):
        first = data_format == "channels_first"
        batch = images if images.ndim == 4 else images[None]
        batch = np.moveaxis(batch, 1, -1) if first else batch
        result = function(batch, *args, **kwargs)
        result = np.moveaxis(result, 3, 1) if first else result
        return result if images.ndim == 4 else result[0]

    return of_any


def each_pixel(function):
    return on_batches(lambda x: np.apply_along_axis(lambda p: function(*p), -1, x))


def grayscale(images):
    if images.shape[-1] == 1:
        return images
    gray = (images @ np.array([0.2989, 0.587, 0.114]))[..., None]
    return gray.astype(images.dtype)


def margins(length, before, after, target, sign):
    if target is None:
        return before, after
    total = sign * (target - length)
    return (before, total - before) if before is not None else (total - after, after)


def crop_images(
    images, top=None, left=None, bottom=None, right=None, height=None, width=None
):
    a, b = margins(images.shape[1], top, bottom, height, -1)
    c, d = margins(images.shape[2], left, right, width, -1)
    return images[:, a : images.shape[1] - b, c : images.shape[2] - d]


def pad_images(
    images, top=None, left=None, bottom=None, right=None, height=None, width=None
):
    rows = margins(images.shape[1], top, bottom, height, 1)
    columns = margins(images.shape[2], left, right, width, 1)
    return np.pad(images, [(0, 0), rows, columns, (0, 0)])


def with_short_names(function, kind):
    """Return a formula that takes Keras's names of margins."""
    names = {f"{side}_{kind}": side for side in ("top", "left", "bottom", "right")}
    names |= {"target_height": "height", "target_width": "width"}

    def renamed(images, *args, **kwargs):
        own = {names.get(k, k): v for k, v in kwargs.items()}
        return on_batches(function)(images, *args, **own)

    return renamed


def image_patches(x, *args, **kwargs):
    return patches(2, x, *args, **kwargs)


def volume_patches(x, *args, **kwargs):
    return patches(3, x, *args, **kwargs)


def patches(
    rank, x, size, strides=None, dilation_rate=1, padding="valid", data_format=None
):
    """Cut windows one by one, of one image or volume or a batch of them."""
    size, strides, gaps = (
        (v,) * rank if isinstance(v, int) else v
        for v in (size, strides or size, dilation_rate)
    )
    x = np.moveaxis(x, -1 - rank, -1) if data_format == "channels_first" else x
    lengths = x.shape[-1 - rank : -1]
    reach = [(k - 1) * d + 1 for k, d in zip(size, gaps, strict=True)]
    if padding == "same":
        total = [
            max((math.ceil(n / s) - 1) * s + r - n, 0)
            for n, s, r in zip(lengths, strides, reach, strict=True)
        ]
        around = [(t // 2, t - t // 2) for t in total]
        x = np.pad(x, [(0, 0)] * (x.ndim - rank - 1) + around + [(0, 0)])
        lengths = x.shape[-1 - rank : -1]
    steps = zip(lengths, reach, strides, strict=True)
    starts = [range(0, n - r + 1, s) for n, r, s in steps]
    result = np.zeros(
        (*x.shape[: -1 - rank], *map(len, starts), math.prod(size) * x.shape[-1])
    )
    for place in np.ndindex(*map(len, starts)):
        values = [
            x[(..., *at, slice(None))]
            for at in itertools.product(
                *(
                    range(starts[i][p], starts[i][p] + reach[i], gaps[i])
                    for i, p in enumerate(place)
                )
            )
        ]
        result[(..., *place, slice(None))] = np.concatenate(values, -1)
    if data_format == "channels_first":
        return np.moveaxis(result, -1, -1 - rank)
    return result


# resizing


def triangle(x):
    return max(1 - x, 0)


def cubic(x):
    if x < 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0


def lanczos(radius):
    return lambda x: float(np.sinc(x) * np.sinc(x / radius)) if x <= radius else 0


KERNELS = {
    **dict.fromkeys(("linear", "bilinear"), triangle),
    **dict.fromkeys(("cubic", "bicubic"), cubic),
    "lanczos3": lanczos(3),
    "lanczos5": lanczos(5),
}


def line(values, length, scale, translation, kernel, antialias):
    """Return one line of pixels stretched and moved."""
    result = np.zeros(length)
    widening = max(1 / scale, 1) if antialias else 1
    for i in range(length):
        centre = (i + 0.5 - translation) / scale - 0.5
        if -0.5 <= centre <= len(values) - 0.5:
            weights = [kernel(abs(centre - j) / widening) for j in range(len(values))]
            result[i] = np.dot(weights, values) / sum(weights)
    return result


def scale_and_translate(
    images, output_shape, scale, translation, spatial_dims, method, antialias=True
):
    for axis, factor, shift in zip(spatial_dims, scale, translation, strict=True):
        how = (output_shape[axis], factor, shift, KERNELS[method], antialias)
        images = np.apply_along_axis(line, axis, images, *how)
    return images


def nearest(images, axis, length):
    old = images.shape[axis]
    return np.take(
        images, [(2 * i + 1) * old // (2 * length) for i in range(length)], axis
    )


def resize(
    images,
    size,
    interpolation="bilinear",
    antialias=False,
    crop_to_aspect_ratio=False,
    pad_to_aspect_ratio=False,
    fill_value=0.0,
):
    height, width = images.shape[1:3]
    if crop_to_aspect_ratio:
        kept = min(height, int(width * size[0] / size[1]))
        across = min(width, int(height * size[1] / size[0]))
        top, left = (height - kept) // 2, (width - across) // 2
        images = images[:, top : top + kept, left : left + across]
    if pad_to_aspect_ratio:
        down = max(height, int(width * size[0] / size[1])) - height
        across = max(width, int(height * size[1] / size[0])) - width
        around = [(0, 0), (down // 2, down // 2), (across // 2, across // 2), (0, 0)]
        images = np.pad(images, around, constant_values=fill_value)
    if images.shape[1:3] == tuple(size):
        return images
    if interpolation == "nearest":
        return nearest(nearest(images, 1, size[0]), 2, size[1])
    scale = [new / old for new, old in zip(size, images.shape[1:3], strict=True)]
    shape = (len(images), *size, images.shape[-1])
    return scale_and_translate(
        images, shape, scale, (0, 0), (1, 2), interpolation, antialias
    )


# reading between pixels

_PAD_MODES = {"nearest": "edge", "wrap": "wrap", "mirror": "reflect"}
_PAD_MODES["reflect"] = "symmetric"
_FAR = 12


def map_coordinates(inputs, coordinates, order, fill_mode="constant", fill_value=0):
    """Read off a tensor that is continued far enough on all sides."""
    how = (
        {"constant_values": fill_value}
        if fill_mode == "constant"
        else {"mode": _PAD_MODES[fill_mode]}
    )
    wide = np.pad(inputs, _FAR, **how)
    result = np.zeros(coordinates.shape[1:])
    for place in np.ndindex(result.shape):
        at = coordinates[(slice(None), *place)] + _FAR
        if order == 0:
            result[place] = wide[tuple(np.floor(at + 0.5).astype(int))]
            continue
        low = np.floor(at).astype(int)
        for corner in itertools.product((0, 1), repeat=len(at)):
            weights = [t if c else 1 - t for c, t in zip(corner, at - low, strict=True)]
            result[place] += math.prod(weights) * wide[tuple(low + corner)]
    return result


def warped(images, find, interpolation, fill_mode, fill_value):
    """Read each pixel (x, y) of image n at `find(n, x, y)`."""
    rows, columns = np.mgrid[: images.shape[1], : images.shape[2]]
    order = {"nearest": 0, "bilinear": 1}[interpolation]
    result = np.zeros(images.shape)
    for n, channel in np.ndindex(len(images), images.shape[-1]):
        x, y = find(n, columns, rows)
        result[n, ..., channel] = map_coordinates(
            images[n, ..., channel], np.stack([y, x]), order, fill_mode, fill_value
        )
    return result


def affine_transform(
    images, transform, interpolation="bilinear", fill_mode="constant", fill_value=0
):
    each = np.reshape(transform, (-1, 8))

    def find(n, x, y):
        a0, a1, a2, b0, b1, b2, _, _ = each[n]
        return a0 * x + a1 * y + a2, b0 * x + b1 * y + b2

    return warped(images, find, interpolation, fill_mode, fill_value)


def perspective_transform(
    images, start_points, end_points, interpolation="bilinear", fill_value=0
):
    starts, ends = (np.reshape(p, (-1, 4, 2)) for p in (start_points, end_points))

    def find(n, x, y):
        rows, right = [], []
        for (u, v), (s, t) in zip(starts[n], ends[n], strict=True):
            rows += [[s, t, 1, 0, 0, 0, -u * s, -u * t]]
            rows += [[0, 0, 0, s, t, 1, -v * s, -v * t]]
            right += [u, v]
        h = np.linalg.solve(rows, right)
        depth = h[6] * x + h[7] * y + 1
        return (h[0] * x + h[1] * y + h[2]) / depth, (
            h[3] * x + h[4] * y + h[5]
        ) / depth

    return warped(images, find, interpolation, "constant", fill_value)


# filters


def bell(size, sigma):
    places = np.arange(size) - (size - 1) / 2
    values = np.exp(-(places**2) / (2 * sigma**2))
    return values / values.sum()


def convolved(images, rows, columns):
    """Return the sum over each window that lies inside the images."""
    for axis, taps in ((1, rows), (2, columns)):
        lines = frames_of(np.moveaxis(images, axis, -1), len(taps), 1)
        images = np.moveaxis(lines @ taps, -1, axis)
    return images


def gaussian_blur(images, kernel_size=(3, 3), sigma=(1.0, 1.0)):
    around = [((k - 1) // 2, k // 2) for k in kernel_size]
    wide = np.pad(images, [(0, 0), *around, (0, 0)])
    return convolved(wide, *map(bell, kernel_size, sigma))


def sobel_edges(images):
    wide = np.pad(images, [(0, 0), (1, 1), (1, 1), (0, 0)], mode="edge")
    smooth, rise = np.array([1, 2, 1]), np.array([-1, 0, 1])
    edges = convolved(wide, rise, smooth), convolved(wide, smooth, rise)
    return np.stack(edges, -1)


def ssim(
    image1,
    image2,
    max_val=1.0,
    filter_size=11,
    filter_sigma=1.5,
    k1=0.01,
    k2=0.03,
    data_format="channels_last",
):
    x, y = (np.reshape(i, (-1, *i.shape[-3:])) for i in (image1, image2))
    if data_format == "channels_first":
        x, y = np.moveaxis(x, 1, -1), np.moveaxis(y, 1, -1)
    taps = bell(filter_size, filter_sigma)

    def mean(z):
        return convolved(z, taps, taps)

    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    mx, my = mean(x), mean(y)
    covariance = mean(x * y) - mx * my
    spread = mean(x * x) - mx**2 + mean(y * y) - my**2
    brightness = (2 * mx * my + c1) / (mx**2 + my**2 + c1)
    index = brightness * (2 * covariance + c2) / (spread + c2)
    result = index.mean((1, 2, 3))
    return result if image1.ndim == 4 else result[0]


FORMULAS = {
    "image.rgb_to_hsv": each_pixel(colorsys.rgb_to_hsv),
    "image.hsv_to_rgb": each_pixel(colorsys.hsv_to_rgb),
    "image.rgb_to_grayscale": on_batches(grayscale),
    "image.crop_images": with_short_names(crop_images, "cropping"),
    "image.pad_images": with_short_names(pad_images, "padding"),
    "image.extract_patches": image_patches,
    "image.extract_patches_3d": volume_patches,
    "image.resize": on_batches(resize),
    "image.scale_and_translate": scale_and_translate,
    "image.map_coordinates": map_coordinates,
    "image.affine_transform": on_batches(affine_transform),
    "image.perspective_transform": on_batches(perspective_transform),
    "image.gaussian_blur": on_batches(gaussian_blur),
    "image.sobel_edges": on_batches(sobel_edges),
    "image.ssim": ssim,
}
