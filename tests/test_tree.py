"""`keras.tree`: what is nested, in which order it is walked, and what does not fit."""

from collections import OrderedDict, defaultdict, deque, namedtuple

import numpy as np
import pytest

from kerasish import tree

Pair = namedtuple("Pair", "a b")
Other = namedtuple("Other", "a b")


@pytest.mark.parametrize(
    ("structure", "paths"),
    [
        (7, [((), 7)]),
        (None, [((), None)]),
        ([1, [2]], [((0,), 1), ((1, 0), 2)]),
        ({"b": 1, "a": 2}, [(("a",), 2), (("b",), 1)]),
        (OrderedDict(b=1, a=2), [(("b",), 1), (("a",), 2)]),
        (defaultdict(int, b=1, a=2), [(("a",), 2), (("b",), 1)]),
        (Pair([1], 2), [((0, 0), 1), ((1,), 2)]),
        (deque([1, 2]), [((0,), 1), ((1,), 2)]),
        ({"a": 3, 1: 2}, [((1,), 2), (("a",), 3)]),
        ({2: 1, 1: [None]}, [((1, 0), None), ((2,), 1)]),
        ([], []),
    ],
    ids=repr,
)
def test_leaves_and_their_paths(structure, paths):
    assert tree.flatten_with_path(structure) == paths
    assert tree.flatten(structure) == [leaf for _, leaf in paths]


def test_keys_without_any_order_are_visited_as_they_come():
    structure = {1j: "first", 0j: "second"}
    assert tree.flatten(structure) == ["first", "second"]


class Shelf(list):
    pass


@pytest.mark.parametrize(
    "leaf", [1, "text", {1, 2}, range(3), Shelf([1]), np.ones(2)], ids=repr
)
def test_not_nested(leaf):
    assert not tree.is_nested(leaf)
    (alone,) = tree.flatten(leaf)
    assert alone is leaf


def test_types_are_kept():
    structures = [
        OrderedDict(b=1, a=2),
        defaultdict(list, a=1),
        deque([1, 2], maxlen=5),
        Pair(1, 2),
        (1, [2]),
    ]
    mapped = tree.map_structure(lambda x: x + 1, structures)
    assert mapped == [
        OrderedDict(b=2, a=3),
        defaultdict(list, a=2),
        deque([2, 3]),
        Pair(2, 3),
        (2, [3]),
    ]
    assert [type(part) for part in mapped] == [type(part) for part in structures]
    assert mapped[1].default_factory is list
    assert mapped[2].maxlen == 5


def test_pack_sequence_as():
    structure = {"b": 1, "a": Pair(0, [0])}
    assert tree.pack_sequence_as(structure, (5, 6, 7)) == {"b": 7, "a": Pair(5, [6])}
    assert tree.pack_sequence_as(0, [[1]]) == [1]


@pytest.mark.parametrize("flat", [[1], [1, 2, 3]])
def test_pack_sequence_as_needs_as_many_values(flat):
    with pytest.raises(ValueError, match="do not fill") as error:
        tree.pack_sequence_as([0, 0], flat)
    assert f"got:      {len(flat)} values" in str(error.value)


def test_pack_sequence_as_needs_a_sequence():
    with pytest.raises(TypeError, match="not iterable"):
        tree.pack_sequence_as([0, 0], 3)


def test_map_structure_of_several():
    first = {"b": 1, "a": 2}
    mapped = tree.map_structure(lambda x, y: x - y, first, OrderedDict(a=10, b=20))
    assert mapped == {"b": -19, "a": -8}
    assert list(mapped) == ["b", "a"]


def test_none_is_a_leaf_or_is_not():
    assert tree.map_structure(repr, [1, None]) == ["1", "None"]
    assert tree.map_structure(repr, [1, None], none_is_leaf=False) == ["1", None]
    with pytest.raises(ValueError, match=r"at \[1\]"):
        tree.map_structure(max, [1, None], [1, 2], none_is_leaf=False)
    with pytest.raises(ValueError, match=r"at \[0\]"):
        tree.map_structure(max, [1], [None], none_is_leaf=False)


UNLIKE = [
    ([1], (1,)),
    ([1, 2], [1]),
    ([1], 1),
    (1, [1]),
    ([1, [2]], [1, 2]),
    ([1, 2], [1, [2]]),
    ({"a": 1}, {"b": 1}),
    ({"a": 1}, {"a": 1, "b": 2}),
    ({"a": 1}, [1]),
    (Pair(1, 2), (1, 2)),
    (Pair(1, 2), Other(1, 2)),
    ([], ()),
]


@pytest.mark.parametrize(("a", "b"), UNLIKE, ids=repr)
def test_structures_that_differ(a, b):
    with pytest.raises(ValueError, match="don't have the same nested structure"):
        tree.assert_same_structure(a, b)
    with pytest.raises(ValueError, match="don't have the same nested structure"):
        tree.map_structure(lambda x, y: x, a, b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (None, 1),
        ([1, (2,)], [None, ("x",)]),
        ({"a": 1, "b": 2}, OrderedDict(b=1, a=2)),
        ({"a": 1}, defaultdict(int, a=1)),
        (Pair(1, 2), Pair(3, 4)),
    ],
    ids=repr,
)
def test_structures_that_are_alike(a, b):
    tree.assert_same_structure(a, b)
    tree.assert_same_paths(a, b)


def test_message_says_where():
    with pytest.raises(ValueError, match="same nested structure") as error:
        tree.assert_same_structure({"x": [1, [2]]}, {"x": [1, (2,)]})
    assert str(error.value).splitlines() == [
        "The structures don't have the same nested structure: at ['x', 1].",
        "  got:      (2,) of type tuple",
        "  expected: a list of 1 entries",
    ]


@pytest.mark.parametrize("value", [True, False])
def test_check_types_is_no_longer_used(value):
    with pytest.warns(DeprecationWarning, match="no longer has any effect"):
        tree.assert_same_structure([1], [2], check_types=value)


def test_paths_do_not_tell_lists_from_tuples():
    tree.assert_same_paths([1, (2, 3)], (1, [2, 3]))
    tree.assert_same_paths(Pair(1, 2), (1, 2))
    with pytest.raises(ValueError, match="same paths") as error:
        tree.assert_same_paths({"a": 1}, {"b": 1})
    assert "only in `a`: [('a',)], only in `b`: [('b',)]" in str(error.value)


def test_map_structure_up_to():
    deep = [[1, 2], {"a": 3}]
    assert tree.map_structure_up_to([0, 0], lambda x: x, deep) == deep
    pairs = tree.map_structure_up_to(
        {"b": 0, "a": 0}, max, {"a": 1, "b": 5}, {"a": 2, "b": 3}
    )
    assert pairs == {"b": 5, "a": 2}
    with pytest.raises(ValueError, match="a list of 2 entries"):
        tree.map_structure_up_to([0, 0], max, deep, [1])
    with pytest.raises(ValueError, match="with the keys 'a'"):
        tree.map_structure_up_to({"a": 0}, repr, {"a": 3, "b": 4})


@pytest.mark.parametrize(
    "call",
    [
        lambda: tree.map_structure(max),
        lambda: tree.map_structure_up_to([0], max),
    ],
)
def test_a_structure_is_needed(call):
    with pytest.raises(ValueError, match="Must provide at least one structure"):
        call()


def test_traverse_visits_parts_before_or_after_what_is_in_them():
    structure = [1, (2, {"b": 3, "a": 4})]
    seen = []
    assert tree.traverse(seen.append, structure) == structure
    assert seen == [structure, 1, structure[1], 2, structure[1][1], 4, 3]
    seen.clear()
    tree.traverse(seen.append, structure, top_down=False)
    assert seen == [1, 2, 4, 3, structure[1][1], structure[1], structure]


def test_traverse_replaces():
    def double(part):
        if isinstance(part, tuple):
            return sum(part)
        return part * 10 if isinstance(part, int) else None

    assert tree.traverse(double, [1, (2, 3)]) == [10, 5]
    assert tree.traverse(double, [1, (2, 3)], top_down=False) == [10, 50]


@pytest.mark.parametrize("top_down", [True, False])
def test_traverse_puts_none_and_false_values(top_down):
    values = {1: tree.MAP_TO_NONE, 2: False, 3: 0}

    def replace(part):
        return values.get(part) if isinstance(part, int) else None

    assert tree.traverse(replace, [1, (2, 3)], top_down) == [None, (False, 0)]


def test_lists_to_tuples():
    structure = [1, Pair([2], ()), {"a": [[3]]}]
    assert tree.lists_to_tuples(structure) == (1, Pair((2,), ()), {"a": ((3,),)})


def test_map_shape_structure():
    shapes = {"a": (1, None), "b": [(3,), [4, 5]], "c": (), "d": None}
    assert tree.map_shape_structure(repr, shapes) == {
        "a": "(1, None)",
        "b": ["(3,)", "[4, 5]"],
        "c": "()",
        "d": "None",
    }
    assert tree.map_shape_structure(len, (1, 2)) == 2
