"""Cases and references of the primitives that write at computed places."""

import numpy as np

from kerasish.backend import dtypes

OWN_DTYPE = {("scatter_into", 1): "int32"}
DTYPES = {
    "scatter_into": dtypes.UNSIGNED + dtypes.SIGNED + dtypes.FLOATS,
    "set_slice": dtypes.ALL,
}
_FORMS = [
    ((4,), (5,), (5,)),
    ((3, 2), (6,), (6, 2)),
    ((5, 2, 3), (2, 2), (2, 2, 2, 3)),
    ((3, 2), (0,), (0, 2)),
    ((3,), (), ()),
]
CASES = {
    "scatter_into": [
        (shapes, {"how": how})
        for how in ("set", "max", "min", "mul")
        for shapes in _FORMS
    ],
    "set_slice": [
        (((5,), (2,)), {"slices": (slice(1, 3),)}),
        (((3, 4), (3, 2)), {"slices": (slice(None), slice(0, 2))}),
        (((3, 4), (1, 4)), {"slices": (slice(2, 3), slice(0, 4))}),
        (((3,), (0,)), {"slices": (slice(1, 1),)}),
    ],
}
# every first length of a case holds these
OPERANDS = {
    ("scatter_into", 1): lambda rng, shape: rng.integers(0, 3, shape).astype("int32")
}


def scatter_into(x, indices, updates, *, how):
    result = np.array(x)
    rows = updates.reshape((indices.size, *x.shape[1:]))
    combine = {"max": np.maximum, "min": np.minimum, "mul": np.multiply}.get(how)
    for row, update in zip(indices.reshape(-1), rows, strict=True):
        result[row] = update if combine is None else combine(result[row], update)
    return result


def set_slice(x, updates, *, slices):
    result = np.array(x)
    result[slices] = updates
    return result


REFERENCES = {"scatter_into": scatter_into, "set_slice": set_slice}
