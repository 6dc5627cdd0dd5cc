"""`kerasish.tree` walks structures as `keras.tree` does."""

import inspect
import os
from collections import OrderedDict, defaultdict, deque, namedtuple

import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", reason="the parity extra is not installed")

from kerasish import tree

Pair = namedtuple("Pair", "a b")
Other = namedtuple("Other", "a b")


class Shelf(list):
    pass


STRUCTURES = [
    None,
    1,
    [1, [2, ()]],
    (1, (2, [3])),
    {"b": 1, "a": [2, None]},
    {2: 1, 1: 3},
    {1: 2, "a": 3},
    OrderedDict(b=1, a=2),
    defaultdict(int, b=1, a=2),
    deque([1, 2], maxlen=3),
    Pair([1], {"x": 2}),
    Other([1], {"x": 2}),
    Shelf([1, 2]),
    [None, 5],
    {},
    "text",
]
CALLS = {
    "flatten": lambda t, s: t.flatten(s),
    "flatten_with_path": lambda t, s: t.flatten_with_path(s),
    "is_nested": lambda t, s: t.is_nested(s),
    "lists_to_tuples": lambda t, s: t.lists_to_tuples(s),
    "map_shape_structure": lambda t, s: t.map_shape_structure(lambda x: [x], s),
    "map_structure": lambda t, s: t.map_structure(lambda x: [x], s),
    "map_without_none": lambda t, s: t.map_structure(
        lambda x: [x], s, none_is_leaf=False
    ),
    "map_structure_up_to": lambda t, s: t.map_structure_up_to([0, 0], repr, s),
    "pack": lambda t, s: t.pack_sequence_as(s, range(len(t.flatten(s)))),
    "traverse": lambda t, s: t.traverse(
        lambda x: t.MAP_TO_NONE if x == 2 else len(x) if isinstance(x, dict) else None,
        s,
        top_down=False,
    ),
}


def result(call, *arguments):
    """Return a call's result with its type, or ValueError if it raises one."""
    try:
        value = call(*arguments)
    except ValueError:
        return ValueError
    return repr(value), type(value)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("structure", STRUCTURES, ids=repr)
def test_walks_agree(name, structure):
    ours = result(CALLS[name], tree, structure)
    assert ours == result(CALLS[name], keras.tree, structure)


@pytest.mark.parametrize("name", ["assert_same_structure", "assert_same_paths"])
@pytest.mark.parametrize("a", STRUCTURES, ids=repr)
def test_comparisons_agree(name, a):
    for b in STRUCTURES:
        ours = result(getattr(tree, name), a, b)
        assert ours == result(getattr(keras.tree, name), a, b), b


def test_names_and_signatures_agree():
    assert set(tree.__all__) == {n for n in dir(keras.tree) if not n.startswith("_")}
    for name in tree.__all__:
        ours = inspect.signature(getattr(tree, name)).parameters.values()
        theirs = inspect.signature(getattr(keras.tree, name)).parameters.values()
        assert [(p.name, p.default) for p in ours] == [
            (p.name, p.default) for p in theirs
        ]
