"""Kernels of several results on every installed backend, by their table of checks."""

import numpy as np
import pytest

from kerasish.graph.tensor import Spec
from tests.backend.cases import several
from tests.backend.harness import rubbish
from tests.backend.several import SEVERAL

OPS = several()
EACH = pytest.mark.parametrize("name", sorted(OPS))


def test_every_operation_of_several_results_has_a_check():
    assert set(OPS) == set(SEVERAL)


def in_dtype(operands, dtype):
    """Return operands with their floats in another dtype."""
    return [x.astype(dtype) if x.dtype.kind == "f" else x for x in operands]


@EACH
def test_backend_has_a_kernel(backend, name):
    assert name in backend.kernels


@EACH
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_results_pass_the_check(backend, name, dtype):
    for operands, attributes in SEVERAL[name].cases:
        hosts = in_dtype(operands, dtype)
        forms = [Spec(x.shape, x.dtype.name) for x in hosts]
        specs = OPS[name].pieces(forms, attributes)
        outs = tuple(rubbish(backend, s.shape, s.dtype) for s in specs)
        inputs = [backend.from_host(x) for x in hosts]
        kernel = backend.kernels[name]
        keywords = scratched(backend, kernel, tuple(specs), inputs, attributes)
        with backend.execution_scope(), np.errstate(all="ignore"):
            backend.bind(name, outs, inputs, keywords)()
        results = [backend.to_host(out) for out in outs]
        assert [(r.shape, r.dtype.name) for r in results] == [
            (s.shape, s.dtype) for s in specs
        ]
        for x, array in zip(hosts, inputs, strict=True):
            np.testing.assert_array_equal(backend.to_host(array), x)
        rtol = 1e-4 if dtype == "float32" else 1e-10
        SEVERAL[name].check(results, *operands, rtol=rtol, **attributes)


def scratched(backend, kernel, specs, inputs, attributes):
    rule = getattr(kernel, "scratch", None)
    if rule is None:
        return dict(attributes)
    forms = [Spec(tuple(a.shape), str(a.dtype)) for a in inputs]
    needs = rule(specs, *forms, **attributes)
    return {**attributes, "scratch": tuple(rubbish(backend, *n) for n in needs)}
