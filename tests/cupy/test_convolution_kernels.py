"""The kernels that slide windows, on the look-alike of CuPy, against their meaning."""

import numpy as np
import pytest

from kerasish.graph.registry import operation
from tests.backend import cases_convolution
from tests.backend.cases import operands_of, spec_of
from tests.backend.harness import assert_agrees, meaning, run

NAMES = sorted(cases_convolution.CASES)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NAMES)
def test_kernels_agree_with_their_references(fake_backend, name, dtype):
    op = operation(name)
    for shapes, attributes in cases_convolution.CASES[name]:
        operands = operands_of(op, shapes, attributes, dtype)
        spec = spec_of(op, operands, attributes)
        expected = meaning(cases_convolution.REFERENCES[name], operands, attributes)
        result = run(fake_backend, name, spec, operands, attributes)
        assert_agrees(result, expected, spec, operands)


def test_nothing_is_compiled_for_them(fake_backend, launches):
    x = np.ones((2, 5, 2), "float32")
    how = {"axis": 1, "size": 2, "stride": 2, "padding": (0, 0)}
    spec = spec_of(operation("window_max"), [x], how)
    run(fake_backend, "window_max", spec, [x], how)
    assert launches == []
