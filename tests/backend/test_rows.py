"""What can be said of a body along rows: its levels, passes and last reads."""

from kerasish.backend.rows import RowBody, held_along
from kerasish.graph.fuse import Instruction
from kerasish.graph.tensor import Spec


def body_of(*steps):
    return [Instruction(name, (*operands,), "float32") for name, *operands in steps]


SOFTMAX = body_of(
    ("reduce_max", 0),
    ("subtract", 0, 1),
    ("exp", 2),
    ("reduce_sum", 3),
    ("divide", 3, 4),
)


def test_a_softmax_takes_three_passes():
    body = RowBody(SOFTMAX, [False])
    assert body.is_number == [False, True, False, False, True, False]
    assert body.level == [0, 1, 1, 1, 2, 2]
    first, second, third = body.passes([5])
    assert (first.reads, first.elements, first.sums) == ((0,), (), (1,))
    assert (second.reads, second.elements, second.sums) == ((0,), (2, 3), (4,))
    assert (third.reads, third.elements, third.sums) == ((0,), (2, 3, 5), ())


def test_what_is_kept_is_read_and_not_computed_again():
    third = RowBody(SOFTMAX, [False]).passes([5], kept=[3])[2]
    assert (third.reads, third.elements) == ((3,), (5,))


def test_a_number_of_the_row_is_computed_between_passes():
    steps = [("reduce_sum", 0), ("multiply", 2, 1), ("subtract", 0, 3)]
    body = RowBody(body_of(*steps), [False, True])
    assert [one.numbers for one in body.passes([4])] == [(), (3,)]


def test_numbers_after_the_last_pass_need_no_elements():
    steps = [("reduce_sum", 0), ("negative", 1)]
    *_, last = RowBody(body_of(*steps), [False]).passes([2])
    assert last.numbers == (2,)
    assert not last.reads
    assert not last.elements


def test_held_is_what_does_not_run_along_the_row():
    inputs = [Spec((4, 3), "f"), Spec((4, 1), "f"), Spec((3,), "f"), Spec((), "f")]
    assert held_along(inputs, [False] * 4, (4, 3)) == [False, True, False, True]
    assert held_along([Spec((4,), "f")], [True], (4, 4)) == [True]
