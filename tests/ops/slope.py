"""A gradient against the central difference along a random direction, in float64."""

import numpy as np

from kerasish import ops
from kerasish.gradients import grad

STEP = 1e-5


def assert_slope(function, *points, seed=3, rtol=2e-6, atol=2e-7):
    """Assert that the gradient of a scalar function is its slope at these points."""
    rng = np.random.default_rng(seed)
    direction = [rng.normal(size=np.shape(p)) for p in points]
    parts = grad(function, range(len(points)))(*points)
    promised = sum(float(ops.vdot(g, d)) for g, d in zip(parts, direction, strict=True))
    ahead, behind = (
        float(function(*(p + h * d for p, d in zip(points, direction, strict=True))))
        for h in (STEP, -STEP)
    )
    slope = (ahead - behind) / (2 * STEP)
    np.testing.assert_allclose(promised, slope, rtol=rtol, atol=atol)
