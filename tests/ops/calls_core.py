"""Calls and formulas of scattering and slicing at computed places (see `calls.py`)."""

import numpy as np

from tests.ops.call import call

_rng = np.random.default_rng(11)


def floats(*shape):
    return _rng.uniform(-2, 2, shape)


IDS = np.array([0, 2, 1, 2, 0, 2], np.int32)
# one element alone, pairs, and an element picked twice
PLACES = np.array([[0, 1], [2, 3], [1, 0], [2, 3]], np.int32)
ROWS = np.array([[2], [0]], np.int32)
NESTED = np.array([[[0, 1], [1, 2]], [[2, 0], [0, 1]]], np.int32)
WHOLE = np.arange(6, dtype=np.int32)

_SEGMENTS = [
    call(floats(6, 2), IDS, 4),
    call(floats(6), IDS, 3),
    call(floats(6, 2), IDS, num_segments=5, sorted=False),
]
CALLS = {
    "scatter": [
        call(PLACES, floats(4), (3, 4)),
        call(ROWS, floats(2, 4), (3, 4)),
        call(NESTED, floats(2, 2, 5), (3, 3, 5)),
        call(ROWS, np.array([3, 4], np.int32), (3,)),
        call(-1 - ROWS, floats(2), (3,)),
    ],
    # Keras's NumPy backend writes into its operand, so no two calls share one
    "scatter_update": [
        call(floats(3, 4), PLACES, floats(4)),
        call(floats(3, 4), ROWS, floats(2, 4)),
        *(
            call(floats(3, 4), PLACES, floats(4), reduction=how)
            for how in ("add", "max", "min", "mul")
        ),
        call(np.arange(3, dtype=np.int32), ROWS, np.array([7, 8], np.int32)),
    ],
    "segment_sum": [*_SEGMENTS, call(WHOLE, IDS, 3)],
    "segment_max": _SEGMENTS,
    "segment_min": _SEGMENTS,
    "segment_prod": [*_SEGMENTS, call(WHOLE, IDS, 3)],
    "slice": [
        call(floats(3, 4), [1, 0], (2, 3)),
        call(floats(3, 4), np.array([0, 1], np.int32), (3, 3)),
        call(floats(5), [2], (2,)),
    ],
    "slice_update": [
        call(floats(3, 4), [1, 2], floats(2, 2)),
        call(floats(3, 4), np.array([0, 1], np.int32), floats(3, 1)),
        call(np.arange(4, dtype=np.int32), [1], np.array([7, 8], np.int32)),
    ],
}


def scatter(indices, values, shape):
    return scatter_update(np.zeros(shape, values.dtype), indices, values, "add")


def scatter_update(inputs, indices, updates, reduction=None):
    result = np.array(inputs)
    combine = {
        "add": np.add,
        "max": np.maximum,
        "min": np.minimum,
        "mul": np.multiply,
        None: lambda old, new: new,
    }[reduction]
    for place in np.ndindex(indices.shape[:-1]):
        at = tuple(indices[place])
        result[at] = combine(result[at], updates[place])
    return result


def segments(combine, start):
    def reduced(data, segment_ids, num_segments, sorted=False):
        shape = (num_segments, *data.shape[1:])
        result = np.full(shape, start, data.dtype)
        for segment, row in zip(segment_ids, data, strict=True):
            result[segment] = combine(result[segment], row)
        return result

    return reduced


def cut(start_indices, shape):
    pairs = zip(start_indices, shape, strict=True)
    return tuple(slice(start, start + length) for start, length in pairs)


def slice_update(inputs, start_indices, updates):
    result = np.array(inputs)
    result[cut(start_indices, updates.shape)] = updates
    return result


FORMULAS = {
    "scatter": scatter,
    "scatter_update": scatter_update,
    "segment_sum": segments(np.add, 0),
    "segment_max": segments(np.maximum, -np.inf),
    "segment_min": segments(np.minimum, np.inf),
    "segment_prod": segments(np.multiply, 1),
    "slice": lambda inputs, starts, shape: inputs[cut(starts, shape)],
    "slice_update": slice_update,
}
