"""Property: however a program is compiled, it computes what it does eagerly."""

import pytest
from hypothesis import given

from tests.graph.programs import (
    assert_same,
    compiled,
    eagerly,
    interpreted,
    programs,
)

RUNS = 3


@given(programs())
def test_a_plan_computes_what_the_program_does(program):
    assert_same(compiled(program, RUNS), eagerly(program, RUNS))


@given(programs())
def test_without_optimization_too(program):
    assert_same(compiled(program, RUNS, optimize=False), eagerly(program, RUNS))


@given(programs())
def test_the_interpreter_does_too(program):
    assert_same(interpreted(program, RUNS), eagerly(program, RUNS))


@pytest.mark.parametrize("backend", ["strict", "strict_fusing"])
@given(program=programs())
def test_on_a_strict_device_too(backend, program):
    assert_same(compiled(program, RUNS, backend), eagerly(program, RUNS))
