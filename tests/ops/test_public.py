"""Every public operation against NumPy or its formula, and on every backend alike."""

from operator import attrgetter

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend import get_backend, set_floatx
from kerasish.graph import tree
from kerasish.graph.gradient import spec_of
from kerasish.graph.replay import compile_graph
from kerasish.graph.trace import trace
from tests.ops.calls import CALLS
from tests.ops.formulas import FORMULAS

# by name; those of the namespace `ops.image` with it
PUBLIC = {*ops.__all__, *(f"image.{name}" for name in ops.image.__all__)}
# These have tests of their own: random_bits by its definition (see
# tests/backend/test_composed_kernels.py), decompositions by putting them together again
# (test_decomposition.py), and what is random (test_image.py).
WITHOUT_FORMULA = {
    *("random_bits", "eig", "eigh", "qr", "svd"),
    "image.elastic_transform",
    *("view_as_complex", "view_as_real"),  # they raise: test_complex_parts.py
}
# these tell something about a tensor, or make one of nothing: nothing to trace
UNTRACED = {
    *(
        "arange convert_to_numpy dtype eye full identity is_tensor linspace ndim"
    ).split(),
    *("ones shape size tri zeros random_bits zeros_like ones_like full_like").split(),
    # the number of their results depends on values: test_counting.py, test_sets.py
    *("empty_like", "bincount", "nonzero", "unique"),
}
# these take functions: test_control_flow.py, test_scans.py and others
TAKING_FUNCTIONS = set(
    "associative_scan cond custom_gradient fori_loop jvp map scan switch "
    "vectorize vectorized_map while_loop".split()
)
EACH = pytest.mark.parametrize("name", sorted(CALLS))


def leaves(result):
    """Return the arrays of a result, and its numbers and texts as they are."""
    return [
        ops.convert_to_numpy(leaf) if hasattr(leaf, "dtype") else leaf
        for leaf in tree.flatten(result)
    ]


def assert_same(result, expected, **tolerance):
    ours, theirs = leaves(result), leaves(expected)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        if isinstance(other, str):
            assert one == other
            continue
        assert np.shape(one) == np.shape(other)
        np.testing.assert_allclose(one, other, **tolerance)


def test_every_public_operation_has_calls():
    assert PUBLIC - set(CALLS) - TAKING_FUNCTIONS == set()


def test_every_call_is_of_a_public_operation():
    assert set(CALLS) - PUBLIC == set()
    assert set(CALLS) - set(FORMULAS) == WITHOUT_FORMULA


@pytest.mark.parametrize("name", sorted(set(CALLS) - WITHOUT_FORMULA))
def test_it_computes_its_formula(name):
    set_floatx("float64")
    for args, kwargs in CALLS[name]:
        result = attrgetter(name)(ops)(*args, **kwargs)
        expected = FORMULAS[name](*args, **kwargs)
        assert_same(result, expected, rtol=1e-12, atol=1e-12)


@EACH
def test_it_is_the_same_on_every_backend(backend, name):
    for args, kwargs in CALLS[name]:
        on_device = [single(a) for a in args]
        result = attrgetter(name)(ops)(*on_device, **kwargs)
        expected = FORMULAS.get(name, numpys)(*args, **kwargs)
        if name in WITHOUT_FORMULA or name == "is_tensor":
            continue
        assert_same(result, expected, rtol=2e-5, atol=2e-6)


def numpys(*args, **kwargs):
    return None


def single(value):
    """Return an argument with its float arrays in float32."""
    return tree.map_structure(_single, value) if not is_key(value) else value


def _single(leaf):
    is_double = isinstance(leaf, np.ndarray) and leaf.dtype == "float64"
    return leaf.astype("float32") if is_double else leaf


def is_key(value):
    return isinstance(value, tuple | slice)


@pytest.mark.parametrize("name", sorted(set(CALLS) - UNTRACED))
def test_traced_it_computes_what_it_does_eagerly(name):
    operation = attrgetter(name)(ops)
    for args, kwargs in CALLS[name]:
        if not isinstance(args[0], np.ndarray):
            continue  # lists and numbers are constants
        first, *others = args
        eager = operation(first, *others, **kwargs)
        graph = trace(
            lambda x, others=others, kwargs=kwargs: operation(x, *others, **kwargs),
            [spec_of(first)],
        )
        for optimize in (True, False):
            result = compile_graph(graph, get_backend(), optimize)(first)
            assert_same(result, eager, rtol=1e-13, atol=1e-13)
            for one, other in zip(leaves(result), leaves(eager), strict=True):
                assert one.dtype == other.dtype
