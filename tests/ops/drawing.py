"""Hypothesis strategies for shapes, axes, slices and arrays."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

LENGTHS = st.integers(0, 4)
SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
SOLID = hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4)


def filled(shape, dtype="float64"):
    """Return distinct values of both signs, in no order."""
    size = int(np.prod(shape, dtype=int))
    values = np.random.default_rng(size).permutation(size) - size / 2 + 0.25
    return values.reshape(shape).astype(dtype)


def arrays(shapes=SHAPES):
    return shapes.map(filled)


@st.composite
def with_axes(draw, shapes=SOLID):
    """Return an array and some of its axes, counted from either end."""
    x = filled(draw(shapes))
    axes = draw(st.sets(st.integers(0, x.ndim - 1), min_size=1))
    signed = [a - x.ndim if draw(st.booleans()) else a for a in sorted(axes)]
    return x, tuple(signed)


@st.composite
def with_axis(draw, shapes=SOLID):
    """Return an array and one of its axes."""
    x = filled(draw(shapes))
    return x, draw(st.integers(-x.ndim, x.ndim - 1))


@st.composite
def with_key(draw):
    """Return an array and what it can be indexed with."""
    x = filled(draw(SOLID))
    first, last = sorted(draw(st.integers(0, x.ndim)) for _ in range(2))
    front = [draw(_key(n)) for n in x.shape[:first]]
    back = [draw(_key(n)) for n in x.shape[last:]]
    keys = [*front, ..., *back] if back or draw(st.booleans()) else front
    if draw(st.booleans()):
        keys.insert(draw(st.integers(0, len(keys))), None)
    return x, tuple(keys)


def _key(length):
    bound = st.none() | st.integers(-length - 1, length + 1)
    step = st.none() | st.sampled_from([1, 2, -1, -2])
    slices = st.builds(slice, bound, bound, step)
    return st.integers(-length, length - 1) | slices


@st.composite
def with_newshape(draw):
    """Return an array and a shape that holds as many elements, perhaps with a -1."""
    x = filled(draw(SOLID))
    factors = []
    rest = x.size
    while rest > 1:
        divisors = [d for d in range(1, rest + 1) if rest % d == 0]
        factors.append(draw(st.sampled_from(divisors)))
        rest //= factors[-1]
        if len(factors) > 4:
            factors.append(rest)
            break
    shape = factors or [1]
    if draw(st.booleans()):
        shape[draw(st.integers(0, len(shape) - 1))] = -1
    return x, tuple(shape)


BROADCASTABLE = hnp.mutually_broadcastable_shapes(
    num_shapes=2, max_dims=4, min_side=0, max_side=4
).map(lambda shapes: [filled(s) for s in shapes.input_shapes])
