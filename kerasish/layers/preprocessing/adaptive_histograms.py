"""Images whose levels are spread over the range by what levels there are nearby."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from kerasish import ops
from kerasish.layers.preprocessing.colour_layer import LEVELS, ColourLayer
from kerasish.layers.preprocessing.histograms import binned
from kerasish.saving.registry import public

_NUM_LEVELS = LEVELS[1] + 1


class Neighbours(NamedTuple):
    """Along one axis: the two tiles next to each pixel, and how near the second is."""

    first: list[int]
    second: list[int]
    share: list[float]


@public("keras.layers")
class ContrastLimitedAdaptiveHistogramEqualization(ColourLayer):
    """Levels equalized by the histogram of the tile of the image they lie in.

    The histograms are cut at a limit, what is above it spread over all levels, so that
    flat regions do not become noise. Between the middles of tiles, results are mixed.
    Done at inference too.

    Args:
        value_range: Least and greatest value of a channel.
        clip_limit: Limit of a level's pixels, in shares of what they would be if all
            levels had as many; 0 or less for no limit.
        tile_grid_size: How many tiles there are along height and width.
        data_format: "channels_last" or "channels_first"; the global setting by default.
        **kwargs: As for `BaseImagePreprocessingLayer`.

    References:
        Zuiderveld, "Contrast Limited Adaptive Histogram Equalization", Graphics Gems
        IV, 1994.

    Example:
        >>> import numpy as np
        >>> layer = ContrastLimitedAdaptiveHistogramEqualization(tile_grid_size=(2, 2))
        >>> layer(np.ones((1, 8, 8, 3))).shape
        (1, 8, 8, 3)
    """

    _USE_BASE_FACTOR = False

    def __init__(
        self,
        value_range: Sequence[float] = LEVELS,
        clip_limit: float = 4.0,
        tile_grid_size: Sequence[int] = (8, 8),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = value_range
        self.clip_limit = clip_limit
        self.tile_grid_size = tile_grid_size

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Return the images, equalized, in the layer's dtype."""
        images = self._as_images(images)
        levels = self._transform_value_range(images, self.value_range, LEVELS)
        whole = binned(ops.moveaxis(levels, self.channel_axis, 1), _NUM_LEVELS)
        batch, channels, height, width = whole.shape
        planes = ops.reshape(whole, (batch * channels, height, width))
        equalized = ops.reshape(self._equalized(planes), whole.shape)
        placed = ops.moveaxis(equalized, 1, self.channel_axis)
        return self._to_range(placed, LEVELS)

    def _equalized(self, planes: Any) -> Any:
        """Return int32 levels (n, height, width) equalized, float32."""
        count, *lengths = planes.shape
        rows, columns = self.tile_grid_size
        tables = self._tables(self._tiles(planes))
        # where a plane's tables begin among the numbers of all of them
        size = rows * columns * _NUM_LEVELS
        starts = ops.multiply(ops.arange(count, dtype="int32"), size)
        base = ops.add(planes, ops.reshape(starts, (count, 1, 1)))
        vertical, horizontal = (
            _neighbours(length, grid)
            for length, grid in zip(lengths, (rows, columns), strict=True)
        )
        above, below = (
            self._between(tables, base, [row * columns for row in near], horizontal)
            for near in (vertical.first, vertical.second)
        )
        share = ops.reshape(ops.cast(vertical.share, "float32"), (-1, 1))
        return _mixed(above, below, share)

    def _between(
        self, tables: Any, base: Any, rows: list[int], columns: Neighbours
    ) -> Any:
        """Return what tiles of a row make of levels, mixed along the width."""
        along = ops.multiply(ops.expand_dims(ops.cast(rows, "int32"), 1), _NUM_LEVELS)
        left, right = (
            ops.take(
                tables,
                ops.add(
                    base,
                    ops.add(along, ops.multiply(ops.cast(near, "int32"), _NUM_LEVELS)),
                ),
            )
            for near in (columns.first, columns.second)
        )
        return _mixed(left, right, ops.cast(columns.share, "float32"))

    def _tiles(self, planes: Any) -> Any:
        """Return the tiles of planes, (n * rows * columns, pixels).

        Tiles have one size: planes are continued by their mirror image.
        """
        for axis, grid in zip((1, 2), self.tile_grid_size, strict=True):
            length = planes.shape[axis]
            places = _mirrored(length, _tile_length(length, grid) * grid)
            planes = ops.take(planes, ops.cast(places, "int32"), axis=axis)
        count, height, width = planes.shape
        rows, columns = self.tile_grid_size
        cut = ops.reshape(
            planes, (count, rows, height // rows, columns, width // columns)
        )
        tiles = ops.transpose(cut, (0, 1, 3, 2, 4))
        pixels = (height // rows) * (width // columns)
        return ops.reshape(tiles, (count * rows * columns, pixels))

    def _tables(self, tiles: Any) -> Any:
        """Return what each tile makes of each level, flat, float32."""
        counts = ops.cast(ops.bincount(tiles, minlength=_NUM_LEVELS), "float32")
        if self.clip_limit > 0:
            limit = self.clip_limit * tiles.shape[1] / _NUM_LEVELS
            cut = ops.minimum(counts, limit)
            excess = ops.sum(ops.subtract(counts, cut), axis=1, keepdims=True)
            counts = ops.add(cut, ops.divide(excess, float(_NUM_LEVELS)))
        total = ops.cumsum(counts, axis=1)
        first, last = total[:, :1], total[:, -1:]
        width = ops.subtract(last, first)
        width = ops.where(ops.equal(width, 0), 1.0, width)
        share = ops.divide(ops.subtract(total, first), width)
        return ops.ravel(ops.multiply(share, float(LEVELS[1])))


def _mixed(first: Any, second: Any, share: Any) -> Any:
    """Return `first * (1 - share) + second * share`."""
    left = ops.multiply(first, ops.subtract(1.0, share))
    return ops.add(left, ops.multiply(second, share))


def _tile_length(length: int, grid: int) -> int:
    return -(-length // grid)


def _mirrored(length: int, wanted: int) -> list[int]:
    """Return places in a line of `length` that, walked to and fro, make up `wanted`."""
    walked = (place % (2 * length) for place in range(wanted))
    return [min(place, 2 * length - 1 - place) for place in walked]


def _neighbours(length: int, grid: int) -> Neighbours:
    """Return the tiles whose middles a pixel lies between, for each of `length`."""
    size = _tile_length(length, grid)
    places = [min(max(i / size - 0.5, 0.0), grid - 1.0) for i in range(length)]
    first = [int(place) for place in places]
    second = [min(tile + 1, grid - 1) for tile in first]
    share = [place - tile for place, tile in zip(places, first, strict=True)]
    return Neighbours(first, second, share)
