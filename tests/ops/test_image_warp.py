"""Warped images: transforms as tensors, random fields, gradients, messages."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import get_backend
from kerasish.errors import ShapeError
from kerasish.graph.gradient import spec_of
from kerasish.graph.replay import compile_graph
from kerasish.graph.trace import trace
from kerasish.random import SeedGenerator
from tests.ops.slope import assert_slope

RNG = np.random.default_rng(24)
IMAGES = RNG.uniform(0, 1, (2, 5, 6, 3))
STILL = np.array([1.0, 0, 0, 0, 1, 0, 0, 0])
MOVES = STILL + RNG.normal(size=(2, 8)) * [0.1, 0.1, 1, 0.1, 0.1, 1, 0.01, 0.01]
CORNERS = np.array([[0.0, 0], [5, 0], [0, 4], [5, 4]])
MOVED = CORNERS + RNG.normal(size=(2, 4, 2)) * 0.4


def test_one_transform_serves_all_images(backend):
    x = IMAGES.astype("float32")
    transform = MOVES[0].astype("float32")
    both = ops.image.affine_transform(x, transform)
    one = ops.image.affine_transform(x[1], transform)
    np.testing.assert_allclose(
        ops.convert_to_numpy(both)[1], ops.convert_to_numpy(one), atol=1e-6
    )


def test_a_transform_with_a_denominator_is_a_perspective(backend):
    """The corners of a perspective come to where the transform reads them."""
    x, transform = IMAGES.astype("float32"), MOVES[0]
    h = np.append(transform, 1).reshape(3, 3)
    reads = np.concatenate([CORNERS, np.ones((4, 1))], 1) @ h.T
    start = (reads[:, :2] / reads[:, 2:]).astype("float32")
    for found, expected in zip(
        ops.convert_to_numpy(ops.image.affine_transform(x, transform)),
        ops.convert_to_numpy(
            ops.image.perspective_transform(x, start, CORNERS.astype("float32"))
        ),
        strict=True,
    ):
        np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_transforms_may_be_tensors_of_a_trace(interpolation):
    graph = trace(
        lambda x, t: ops.image.affine_transform(x, t, interpolation, "reflect"),
        [spec_of(IMAGES), spec_of(MOVES)],
    )
    planned = compile_graph(graph, get_backend())(IMAGES, MOVES)
    eager = ops.image.affine_transform(IMAGES, MOVES, interpolation, "reflect")
    np.testing.assert_allclose(planned, eager, rtol=1e-12)


def test_gradients():
    assert_slope(
        lambda x, t: ops.sum(
            ops.sin(ops.image.affine_transform(x, t, fill_mode="wrap"))
        ),
        *(IMAGES, MOVES),
    )
    assert_slope(
        lambda x, a, b: ops.sum(ops.sin(ops.image.perspective_transform(x, a, b))),
        *(IMAGES, CORNERS + np.zeros((2, 1, 1)), MOVED),
    )
    assert_slope(
        lambda x: ops.sum(ops.sin(ops.image.elastic_transform(x, 2.0, 1.0, seed=1))),
        IMAGES,
    )


@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32"])
def test_dtypes_stay(backend, dtype):
    x = (IMAGES * 200).astype(dtype)
    for moved in (
        ops.image.affine_transform(x, STILL),
        ops.image.perspective_transform(x, CORNERS, CORNERS),
    ):
        assert str(moved.dtype) == dtype
        np.testing.assert_allclose(ops.convert_to_numpy(moved), x, rtol=2e-3)


def ramps(size):
    """Return images of which a pixel holds its own row and column."""
    rows, columns = np.mgrid[:size, :size].astype("float32")
    return np.stack([rows, columns], -1)


def test_elastic_displacements_have_the_size_they_are_said_to_have():
    x = np.stack([ramps(120)] * 2)
    for sigma in (2.0, 4.0):
        moved = ops.image.elastic_transform(x, 5.0, sigma, seed=2, fill_mode="nearest")
        shift = (ops.convert_to_numpy(moved) - x)[:, 30:-30, 30:-30]
        assert 0.24 * 5 < shift.std() < 0.32 * 5
        assert abs(shift.mean()) < 0.5
        # one field for each image and each direction
        down, across = shift[..., 0].ravel(), shift[..., 1].ravel()
        assert abs(np.corrcoef(down, across)[0, 1]) < 0.3
        assert abs(np.corrcoef(shift[0].ravel(), shift[1].ravel())[0, 1]) < 0.3


def test_elastic_fields_are_smooth():
    x = ramps(120)
    moved = ops.image.elastic_transform(x, 5.0, 4.0, seed=2, fill_mode="nearest")
    shift = (ops.convert_to_numpy(moved) - x)[30:-30, 30:-30]
    assert np.abs(np.diff(shift, axis=0)).max() < 0.25 * np.abs(shift).max()


def test_seeds_decide(backend):
    x = IMAGES.astype("float32")
    generator = SeedGenerator(5)
    one, same, other, next_one = (
        ops.convert_to_numpy(ops.image.elastic_transform(x, seed=seed))
        for seed in (1, 1, generator, generator)
    )
    np.testing.assert_array_equal(one, same)
    assert np.abs(other - next_one).max() > 0


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("affine_transform", (STILL,)),
        ("perspective_transform", (CORNERS, CORNERS)),
        ("elastic_transform", ()),
    ],
)
def test_messages(name, args):
    operation = getattr(ops.image, name)
    with pytest.raises(ValueError, match="Unknown interpolation 'bicubic'"):
        operation(IMAGES, *args, interpolation="bicubic")
    with pytest.raises(ShapeError, match=f"{name} works on one image"):
        operation(IMAGES[0, 0], *args)


def test_parameters_must_fit():
    with pytest.raises(ShapeError, match=r"`transform` does not fit.*\n.*\(3, 8\)"):
        ops.image.affine_transform(IMAGES, np.stack([STILL] * 3))
    with pytest.raises(ShapeError, match="`end_points` does not fit the images"):
        ops.image.perspective_transform(IMAGES, CORNERS, CORNERS[:3])
    with pytest.raises(ValueError, match="Unknown fill mode"):
        ops.image.affine_transform(IMAGES, STILL, fill_mode="edge")
    with pytest.raises(ValueError, match="Singular"):
        ops.image.perspective_transform(IMAGES, CORNERS, 0 * CORNERS)
