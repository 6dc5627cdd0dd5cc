"""The gradient of every public operation against finite differences, in float64."""

from operator import attrgetter

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import dtypes, set_floatx
from kerasish.gradients import grad
from kerasish.graph import tree
from tests.ops.calls import CALLS
from tests.ops.slope import assert_slope

_KINKS = "the calls are at kinks, as multiples of whole pixels are"
# what is left out here, and why
WITHOUT = {
    "convert_to_numpy": "a host array ends what is traced",
    "eig": "its gradient is refused: below",
    "histogram": "its edges jump with the data; counts are steps",
    "image.affine_transform": _KINKS,
    "image.rgb_to_hsv": "hues jump at gray and at red",
    "image.scale_and_translate": _KINKS,
    "lstsq": "the calls cut small singular values off, which jumps",
    "nanstd": "some groups have equal elements, where it has a kink",
    "nextafter": "the slope is 1 to 16 digits",
    "normalize": "some vectors are 0, where it jumps",
    "pinv": "the calls cut small singular values off, which jumps",
    **dict.fromkeys(("segment_max", "segment_min"), "empty segments are infinite"),
    **dict.fromkeys(("sort", "top_k"), "some elements are equal, where it has a kink"),
    "std": "some groups have equal elements, where it has a kink",
    "stop_gradient": "that is what it is for",
    "unique": "the number of its results depends on values",
}


def weighted(result):
    """Return a number that depends on every real number of a result; None: on none."""
    total = None
    for leaf in tree.flatten(result):
        if dtypes.is_float(ops.dtype(leaf)) and 0 not in leaf.shape:
            weights = np.cos(np.arange(1.0, 1 + np.prod(leaf.shape)))
            part = ops.sum(ops.multiply(leaf, weights.reshape(leaf.shape)))
            total = part if total is None else total + part
    return total


def real(value):
    """Return whether an argument is something to differentiate by."""
    is_array = isinstance(value, np.ndarray) and value.dtype == "float64"
    return is_array and value.size > 0 and np.isfinite(value).all()


@pytest.mark.parametrize("name", sorted(set(CALLS) - set(WITHOUT)))
def test_slope(name):
    set_floatx("float64")
    operation = attrgetter(name)(ops)
    for args, kwargs in CALLS[name]:
        places = [i for i, value in enumerate(args) if real(value)]
        if not places:
            continue

        def function(*points, args=args, kwargs=kwargs, places=places):
            given = dict(zip(places, points, strict=True))
            whole = [given.get(i, value) for i, value in enumerate(args)]
            return weighted(operation(*whole, **kwargs))

        points = [args[i] for i in places]
        if function(*points) is None:
            continue
        assert_slope(function, *points, rtol=1e-5, atol=1e-6)


def test_a_gradient_that_is_not_known_is_refused():
    with pytest.raises(
        ValueError, match=r"'eig' has no gradient\.\n.*general matrices"
    ):
        grad(lambda x: ops.sum(ops.eig(x)[0][0]))(np.eye(2))
