"""Bodies: cutting a part out of a graph, and reading variables inside one."""

import numpy as np
import pytest

from kerasish import ops
from kerasish.graph.body import (
    Body,
    BodyTrace,
    captured,
    dependents,
    open_body,
    placeholder,
    within,
)
from kerasish.graph.tensor import CONSTANT, INPUT, READ, Spec
from kerasish.graph.trace import current_trace, open_trace, scope
from kerasish.graph.variable import Arena, Variable

SPEC = Spec((3,), "float32")


def leaf():
    return placeholder(SPEC)


def test_a_closed_body_is_a_copy_that_begins_at_its_inputs():
    x, y = leaf(), leaf()
    middle = ops.exp(x)
    body = Body([middle, y], [ops.softplus(middle) * y, middle])
    graph = body.closed()
    assert [t.op for t in graph.inputs] == [INPUT, INPUT]
    assert graph.outputs[1] is graph.inputs[0]
    names = [t.op.name for t in graph.nodes()]
    assert names == ["input", "input", "softplus", "multiply"]
    assert x not in graph.nodes()


def test_compositions_are_copied_with_their_nodes():
    x = leaf()
    (result,) = Body([x], [ops.softplus(x)]).closed().outputs
    inner = [t for t in within([result.expansion], []) if t.op is INPUT]
    assert inner == list(result.inputs)


def test_the_interior_is_what_lies_between():
    x = leaf()
    outside = ops.exp(x)
    inside = ops.sin(outside)
    body = Body([outside], [inside + 1.0])
    assert [t.op.name for t in body.interior()] == ["sin", "add"]


def test_equal_bodies_are_told_apart_by_their_text():
    x = leaf()
    assert repr(Body([x], [x])) != repr(Body([x], [x]))


def test_what_depends_on_what():
    x, y = leaf(), leaf()
    a, b = ops.exp(x), ops.exp(y)
    c = a + b
    assert dependents([x, y, a, b, c], [x]) == {x, a, c}


def test_what_is_captured_is_found_in_order():
    x, y, z = leaf(), leaf(), leaf()
    a, b = ops.exp(x), ops.exp(y)
    added = a + z
    product = added * b
    total = product * 2.0
    inside = {added, b, product, total}
    assert captured([total], [z], inside.__contains__) == [y, a]
    assert any(t.op is CONSTANT for t in within([total], []))  # not captured


# variables


@pytest.fixture
def variable():
    return Variable(np.zeros(3, "float32"))


def test_a_variable_is_read_through_the_trace_around(variable):
    with open_trace() as outer:
        variable.assign(ops.exp(variable))
        with open_body() as inner:
            first, second = inner.read(variable), inner.read(variable)
            assert current_trace() is inner
    assert first is second
    assert first.op.name == "reshape_to"
    assert first.inputs == (outer.writes[variable],)
    assert not inner.writes


def test_each_body_has_an_alias_of_its_own(variable):
    with open_trace() as outer:
        with open_body() as one:
            first = one.read(variable)
        with open_body() as two:
            second = two.read(variable)
    assert first is not second
    assert first.inputs == second.inputs == (outer.reads[variable],)
    assert outer.reads[variable].op is READ


def test_assignments_stay_inside(variable):
    with open_trace() as outer:
        with open_body() as inner:
            variable.assign(variable + 1.0)
            assert inner.read(variable) is inner.writes[variable]
        assert not outer.writes


def test_a_body_without_a_trace_around_has_one_for_reading(variable):
    with open_body() as inner:
        assert inner.read(variable).inputs[0].op is READ


def test_messages_keep_the_layers_name():
    with open_trace(), scope("model"), scope("lstm"), open_body() as inner:
        assert inner.scope == "model/lstm"
        assert ops.exp(leaf()).scope == "model/lstm"


def arena():
    a, b = Variable(np.zeros(2, "float32")), Variable(np.zeros(3, "float32"))
    return a, b, Arena([a, b], "both")


@pytest.mark.parametrize("written", ["flat", "member"])
def test_an_arena_that_is_reached_in_two_ways_is_split(written):
    a, b, both = arena()
    with open_trace(), open_body() as inner:
        (a if written == "flat" else both.flat).value  # noqa: B018
        variable = both.flat if written == "flat" else a
        variable.assign(variable * 2.0)
        assert inner.split_arenas() == {both}
    with open_trace(), open_body({both}) as inner:
        inner.read(a)
        b.assign(b * 2.0)
        assert list(inner.writes) == [both.flat]
        assert not inner.split_arenas()


def test_members_alone_do_not_split_an_arena():
    a, b, _ = arena()
    with open_trace(), open_body() as inner:
        a.assign(a + b[0])
        assert not inner.split_arenas()


def test_a_member_of_a_whole_arena_is_a_part_of_the_flat_variable():
    a, _, both = arena()
    inner = BodyTrace({both})
    with open_trace(inner):
        part = inner.read(a)
    assert part.shape == (2,)
    assert inner.reads[both.flat] in within([part], [])
