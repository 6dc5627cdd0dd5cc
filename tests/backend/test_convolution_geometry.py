"""Blocks make up the whole, once each; taps are those a loop finds."""

import itertools

import pytest

from kerasish.backend.convolution_geometry import (
    Geometry,
    blocks,
    largest_block,
    places_under,
    taps_of,
)


def geometry(**changes):
    sizes = {
        "batch": 5,
        "lengths": (9, 4),
        "outputs": (5, 3),
        "window": (3, 2),
        "strides": (2, 1),
        "dilation": (1, 2),
        "padding": ((1, 1), (0, 1)),
        "groups": 1,
        "channels": 2,
        "filters": 3,
    }
    return Geometry(**{**sizes, **changes})


@pytest.mark.parametrize("most", [2, 5])
@pytest.mark.parametrize("limit", [1, 3, 6, 7, 20, 1000])
def test_blocks_cover_each_row_of_each_sample_once(limit, most):
    g, row_size = geometry(), 3
    seen = []
    largest = largest_block(g, row_size, limit, most)
    assert largest.num_samples <= most
    for block in [
        block
        for samples in (slice(0, 2), slice(2, 5))
        for block in blocks(g, samples, largest)
    ]:
        rows = range(block.rows.start, block.rows.stop)
        samples = range(block.samples.start, block.samples.stop)
        seen += itertools.product(samples, rows)
        assert block.num_samples <= largest.num_samples
        assert block.num_rows <= largest.num_rows
        elements = block.num_samples * block.num_rows * row_size
        assert elements <= max(limit, row_size)
        assert block.num_samples == 1 or block.num_rows == g.outputs[0]
    assert sorted(seen) == [*itertools.product(range(5), range(5))]


def test_places_under_all_rows_reach_from_padding_to_padding():
    assert places_under(geometry(), slice(0, 5)) == (slice(-1, 10), slice(0, 5))
    assert places_under(geometry(), slice(2, 3)) == (slice(3, 6), slice(0, 5))


@pytest.mark.parametrize("rows", [slice(0, 5), slice(1, 3), slice(4, 5)])
def test_taps_are_the_places_inside(rows):
    g = geometry()
    found = set()
    for tap, windows, places in taps_of(g, rows):
        counts = (rows.stop - rows.start, g.outputs[1])
        outer = itertools.product(
            *(range(n)[w] for n, w in zip(counts, windows, strict=True))
        )
        inner = itertools.product(
            *(range(n)[p] for n, p in zip(g.lengths, places, strict=True))
        )
        found |= {(tap, *pair) for pair in zip(outer, inner, strict=True)}
    expected = set()
    for tap, (i, j) in enumerate(itertools.product(range(3), range(2))):
        for row, column in itertools.product(range(rows.stop - rows.start), range(3)):
            place = ((row + rows.start) * 2 + i - 1, column + 2 * j)
            if 0 <= place[0] < 9 and 0 <= place[1] < 4:
                expected.add((tap, (row, column), place))
    assert found == expected


def test_kinds_are_told_apart():
    assert not geometry().is_depthwise
    assert geometry(groups=2, channels=1).is_depthwise
    assert not geometry(groups=1, channels=1).is_depthwise
    assert geometry(batch=0).is_empty
    assert geometry(filters=0).is_empty
    assert not geometry().is_empty
    assert geometry().num_products == 5 * 15 * 6 * 2 * 3
