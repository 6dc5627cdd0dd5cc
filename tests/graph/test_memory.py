"""The memory planner, as the pure function it is: lifetimes in, offsets out."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasish.graph.memory import (
    ALIGNMENT,
    Buffer,
    aligned,
    assign_offsets,
    lower_bound,
)

LIFETIMES = st.tuples(st.integers(0, 20), st.integers(0, 20)).map(sorted)
BUFFERS = st.lists(
    st.builds(lambda size, life: Buffer(size, *life), st.integers(0, 5000), LIFETIMES),
    max_size=30,
)


def alive_together(one, other):
    return one.first <= other.last and other.first <= one.last


def apart(one, other):
    """Whether two (offset, size) ranges share no byte."""
    return one[0] + one[1] <= other[0] or other[0] + other[1] <= one[0]


def most_alive(buffers):
    """Return the largest sum of aligned sizes alive at one step, step by step."""
    return max(
        (
            sum(aligned(b.size) for b in buffers if b.first <= step <= b.last)
            for step in range(22)
        ),
        default=0,
    )


@given(BUFFERS)
def test_buffers_alive_at_one_time_never_overlap(buffers):
    offsets, _ = assign_offsets(buffers)
    placed = list(zip(buffers, offsets, strict=True))
    for (one, at), (other, there) in itertools.combinations(placed, 2):
        if alive_together(one, other):
            assert apart((at, one.size), (there, other.size))


@given(BUFFERS)
def test_the_total_lies_between_the_bound_and_the_sum(buffers):
    offsets, total = assign_offsets(buffers)
    assert lower_bound(buffers) <= total <= sum(aligned(b.size) for b in buffers)
    assert all(at + b.size <= total for at, b in zip(offsets, buffers, strict=True))


@given(BUFFERS)
def test_the_bound_is_the_most_that_is_alive_at_one_step(buffers):
    assert lower_bound(buffers) == most_alive(buffers)


@given(BUFFERS)
def test_offsets_are_aligned(buffers):
    offsets, total = assign_offsets(buffers)
    assert all(at % ALIGNMENT == 0 for at in (*offsets, total))


@given(BUFFERS)
def test_equal_needs_give_equal_plans(buffers):
    assert assign_offsets(buffers) == assign_offsets(list(buffers))


@pytest.mark.parametrize(
    ("size", "expected"), [(0, 0), (1, 64), (64, 64), (65, 128), (1000, 1024)]
)
def test_aligned(size, expected):
    assert aligned(size) == expected


def test_nothing_needs_nothing():
    assert assign_offsets([]) == ([], 0)
    assert lower_bound([]) == 0


def test_memory_is_used_again_once_it_is_free():
    buffers = [Buffer(1000, 0, 1), Buffer(1000, 2, 3), Buffer(1000, 4, 5)]
    assert assign_offsets(buffers) == ([0, 0, 0], 1024)


def test_a_step_that_frees_and_a_step_that_needs_do_not_share():
    _, total = assign_offsets([Buffer(64, 0, 1), Buffer(64, 1, 2)])
    assert total == 128


def test_the_lowest_gap_that_fits_is_taken():
    buffers = [
        Buffer(256, 0, 9),
        Buffer(192, 0, 1),
        Buffer(128, 0, 9),
        Buffer(64, 2, 9),
    ]
    offsets, total = assign_offsets(buffers)
    assert offsets == [0, 256, 448, 256]
    assert total == 576
