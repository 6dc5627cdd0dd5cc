"""Loops, branches, scattering and their gradients, against Keras on JAX.

Each program is written once, over the module of operations it is given.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np
import pytest

from kerasish import ops
from kerasish.gradients import grad
from kerasish.graph import tree

keras = pytest.importorskip("keras", reason="the parity extra is not installed")
jax = pytest.importorskip("jax", reason="the parity extra is not installed")

RNG = np.random.default_rng(1)
X = RNG.normal(size=(5, 3)).astype("float32")
W = (0.5 * RNG.normal(size=(3, 3))).astype("float32")
IDS = np.array([0, 2, 2, 7, -1], "int32")


def recurrent(o, x, w):
    def step(h, a):
        h = o.tanh(o.matmul(h, w) + a)
        return h, {"h": h, "sum": o.sum(h)}

    return o.scan(step, o.zeros((3,)), x)


def reversed_pairs(o, x, w):
    def step(c, ab):
        return (c[1], c[0] + o.sum(ab[0])), (c[0], ab[1] * 2)

    return o.scan(step, (0.0, 1.0), (x, x[::-1]), reverse=True)


def counted(o, x, w):
    return o.fori_loop(1, 4, lambda i, v: v * o.cast(i, "float32") + o.sin(v), x)


def growing(o, x, w):
    return o.while_loop(
        lambda v, n: o.sum(v * v) < 500,
        lambda v, n: (v * 1.5, n + 1),
        (x, 0),
        maximum_iterations=9,
    )


def picking(o, x, w):
    return [
        o.cond(x[0, 0] > 0, lambda: x * 2, lambda: o.exp(x)),
        o.switch(7, [lambda a: a, lambda a: a * 3], x),
        o.map(lambda row: {"a": o.sum(row), "b": row * 2}, x),
        o.vectorized_map(lambda ab: o.dot(ab[0], ab[1]), (x, x[::-1])),
    ]


def partial(o, x, w):
    return [
        o.associative_scan(o.add, x),
        o.associative_scan(lambda a, b: a * b, x, reverse=True, axis=1),
    ]


def segments(o, x, w):
    return [
        getattr(o, f"segment_{kind}")(x, IDS, num_segments=4)
        for kind in ("sum", "max", "min")
    ]


def products(o, x, w):
    return o.segment_prod(x, IDS, num_segments=4)  # JAX has no gradient of it


def scattered(o, x, w):
    places = np.array([[0, 1], [4, 2], [1, 0], [0, 1]], "int32")
    values = w.reshape(-1)[:4]
    updated = [
        o.scatter_update(x, places, values, reduction=how)
        for how in ("add", "max", "min", "mul")
    ]
    return [
        *updated,
        o.scatter(places, values, (5, 3)),
        o.slice(x, [1, 0], (2, 2)),
        o.slice_update(x, o.convert_to_tensor([4, 1]), w[:2, :2]),
    ]


def forwards(o, x, w):
    return o.jvp(lambda a, b: (o.matmul(a, b), o.sum(a)), (x, w), (x * 2, w - 1))


PROGRAMS = [
    *(recurrent, reversed_pairs, counted, growing, picking, partial),
    *(segments, products, scattered, forwards),
]
EACH = pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)


@EACH
def test_results(program):
    ours = program(ops, X, W)
    theirs = program(keras.ops, jax.numpy.asarray(X), jax.numpy.asarray(W))
    one, other = tree.flatten(ours), tree.flatten(theirs)
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        assert (np.shape(a), str(a.dtype)) == (np.shape(b), str(b.dtype))
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(
    "program",
    [recurrent, reversed_pairs, counted, picking, partial, segments],
    ids=lambda p: p.__name__,
)
def test_gradients(program):
    def total(o, x, w):
        leaves = [o.sum(o.tanh(y)) for y in tree.flatten(program(o, x, w))]
        return o.sum(o.stack(leaves))

    ours = grad(lambda x, w: total(ops, x, w), (0, 1))(X, W)
    theirs = jax.grad(lambda x, w: total(keras.ops, x, w), (0, 1))(X, W)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)


def test_a_gradient_of_ones_own():
    def program(o):
        @o.custom_gradient
        def steep(a, b):
            def back(*args, upstream=None):
                (upstream,) = args
                return upstream * b, upstream * 3

            return a * b, back

        return lambda x, y: o.sum(o.sin(steep(x, y)))

    y = X[::-1].copy()
    ours = grad(program(ops), (0, 1))(X, y)
    theirs = jax.grad(program(keras.ops), (0, 1))(X, y)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
