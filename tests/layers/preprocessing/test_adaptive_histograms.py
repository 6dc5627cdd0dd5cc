"""Equalization by tiles: against a loop over pixels."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.layers import ContrastLimitedAdaptiveHistogramEqualization as Clahe


def host(x):
    return ops.convert_to_numpy(x)


def table(tile, clip_limit):
    """Return what a tile makes of each level."""
    counts = np.bincount(tile.ravel(), minlength=256).astype(float)
    if clip_limit > 0:
        limit = clip_limit * tile.size / 256
        counts = np.minimum(counts, limit) + np.maximum(counts - limit, 0).sum() / 256
    total = counts.cumsum()
    return (total - total[0]) / (total[-1] - total[0]) * 255


def by_loops(image, clip_limit, grid):
    """Return an image of one channel, equalized pixel by pixel."""
    sizes = [-(-n // g) for n, g in zip(image.shape, grid, strict=True)]
    margins = [(0, s * g - n) for s, g, n in zip(sizes, grid, image.shape, strict=True)]
    whole = np.pad(image, margins, mode="symmetric")
    tables = {
        (i, j): table(
            whole[i * sizes[0] : (i + 1) * sizes[0], j * sizes[1] : (j + 1) * sizes[1]],
            clip_limit,
        )
        for i in range(grid[0])
        for j in range(grid[1])
    }
    found = np.zeros(image.shape)
    for place in np.ndindex(*image.shape):
        for i in range(grid[0]):
            for j in range(grid[1]):
                share = 1.0
                for axis, tile in enumerate((i, j)):
                    at = place[axis] / sizes[axis] - 0.5
                    at = min(max(at, 0), grid[axis] - 1)
                    share *= max(0, 1 - abs(at - tile))
                found[place] += share * tables[i, j][image[place]]
    return found


@pytest.mark.parametrize("clip_limit", [0.0, 20.0])
@pytest.mark.parametrize(
    ("shape", "grid"), [((8, 8), (2, 2)), ((7, 11), (3, 2)), ((4, 5), (8, 8))]
)
def test_against_loops(shape, grid, clip_limit, rng, backend):
    image = rng.integers(0, 256, shape)
    layer = Clahe(clip_limit=clip_limit, tile_grid_size=grid)
    found = host(layer(image[None, ..., None].astype("float32")))[0, ..., 0]
    np.testing.assert_allclose(found, by_loops(image, clip_limit, grid), atol=1e-3)


def test_images_and_channels_are_apart(rng):
    x = rng.integers(0, 256, (2, 8, 9, 3)).astype("float32")
    layer = Clahe(tile_grid_size=(2, 3))
    found = host(layer(x))
    for i in range(2):
        for channel in range(3):
            part = x[i : i + 1, ..., channel : channel + 1]
            np.testing.assert_allclose(
                found[i, ..., channel], host(layer(part))[0, ..., 0], rtol=1e-6
            )


def test_values_of_another_range(rng):
    x = rng.integers(0, 256, (1, 8, 8, 3)).astype("float32")
    unit = host(Clahe(value_range=(0, 1), tile_grid_size=(2, 2))((x + 0.5) / 255))
    whole = host(Clahe(tile_grid_size=(2, 2))(x + 0.5))
    np.testing.assert_allclose(255 * unit, whole, atol=1e-3)
