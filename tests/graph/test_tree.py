"""Nested structures: flattening and putting back together."""

from collections import namedtuple

from hypothesis import given
from hypothesis import strategies as st

from kerasish.graph import tree

Pair = namedtuple("Pair", "first second")

STRUCTURES = st.recursive(
    st.integers() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3)
        | st.builds(Pair, inner, inner)
    ),
    max_leaves=12,
)


@given(STRUCTURES)
def test_pack_undoes_flatten(structure):
    again = tree.pack(structure, tree.flatten(structure))
    assert again == structure
    assert types(again) == types(structure)


def types(structure):
    """Return a structure's types, nested as it is."""
    if isinstance(structure, dict):
        return dict, {key: types(value) for key, value in structure.items()}
    if isinstance(structure, list | tuple):
        return type(structure), [types(item) for item in structure]
    return None


@given(STRUCTURES)
def test_map_visits_the_leaves_in_flattens_order(structure):
    seen = []
    tree.map_structure(seen.append, structure)
    assert seen == tree.flatten(structure)


@given(STRUCTURES)
def test_map_keeps_the_structure(structure):
    mapped = tree.map_structure(lambda leaf: [leaf], structure)
    assert tree.flatten(mapped) == tree.flatten(structure)


@given(STRUCTURES)
def test_map_takes_several_structures(structure):
    pairs = []
    tree.map_structure(lambda a, b: pairs.append((a, b)), structure, structure)
    assert pairs == [(leaf, leaf) for leaf in tree.flatten(structure)]


def test_dicts_are_visited_in_the_order_of_their_keys():
    structure = {"b": 1, "a": [2, 3]}
    assert tree.flatten(structure) == [2, 3, 1]
    assert list(tree.pack(structure, [20, 30, 10])) == ["b", "a"]
    assert tree.pack(structure, [20, 30, 10]) == {"b": 10, "a": [20, 30]}


def test_none_is_a_leaf():
    assert tree.flatten([None, (1, None)]) == [None, 1, None]


def test_a_lone_leaf_is_a_structure():
    assert tree.flatten(5) == [5]
    assert tree.pack(0, [5]) == 5
    assert tree.map_structure(str, 5) == "5"


def test_named_tuples_stay_named():
    mapped = tree.map_structure(str, Pair(1, [2]))
    assert mapped == Pair("1", ["2"])
    assert mapped.second == ["2"]
