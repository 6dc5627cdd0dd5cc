"""Losses, metrics, initializers and random draws have Keras's names and signatures.

(Optimizers: `test_optimizers.py`.)
"""

import inspect
import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import pytest

keras = pytest.importorskip("keras", reason="the parity extra is not installed")

import kerasish

pytestmark = pytest.mark.parity

ROOMS = ("losses", "metrics", "initializers", "random")
OURS_ONLY = {"random": {"draw_seed", "host_generator", "set_random_seed"}}
# Keras takes and ignores further keywords
DIFFERENT = {("random", "SeedGenerator")}


def public(module):
    return {name for name in dir(module) if not name.startswith("_")}


CALLABLE = [
    (room, name)
    for room in ROOMS
    for name in sorted(public(getattr(keras, room)))
    if (room, name) not in DIFFERENT
]


@pytest.mark.parametrize("room", ROOMS)
def test_names(room):
    ours = {*getattr(kerasish, room).__all__} - OURS_ONLY.get(room, set())
    assert ours == public(getattr(keras, room))


@pytest.mark.parametrize(("room", "name"), CALLABLE, ids="-".join)
def test_signatures(room, name):
    mine, his = (
        inspect.signature(getattr(getattr(library, room), name)).parameters
        for library in (kerasish, keras)
    )
    assert [(p.name, p.default) for p in mine.values()] == [
        (p.name, p.default) for p in his.values()
    ]
