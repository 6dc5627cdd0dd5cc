from collections import namedtuple

import numpy as np
import pytest

from kerasish.training.data_structure import DataStructure, LeafSpec, standardize

A, B = np.zeros((4, 2)), np.zeros((4, 3), "int64")
Pair = namedtuple("Pair", ["left", "right"])


class TestStandardize:
    @pytest.mark.parametrize(
        ("numbers", "dtype", "shape"),
        [
            ([1, 2, 3], "int64", (3,)),
            ((1.0, 2.0), "float64", (2,)),
            ([[1, 2], [3, 4], [5, 6]], "int64", (3, 2)),
            ([True, False], "bool", (2,)),
            ([np.float32(1), np.float32(2)], "float32", (2,)),
            ([[[1.0]]], "float64", (1, 1, 1)),
        ],
    )
    def test_numbers_in_lists_are_one_array(self, numbers, dtype, shape):
        array = standardize(numbers, "x")
        assert (array.dtype, array.shape) == (np.dtype(dtype), shape)

    def test_arrays_in_lists_are_several(self):
        assert standardize([A, B], "x")[1] is B
        assert standardize((A, B), "x") == (A, B)
        nested = standardize({"a": A, "b": [B, [1, 2]]}, "x")
        assert nested["a"] is A
        assert nested["b"][1].tolist() == [1, 2]
        assert type(standardize(Pair(A, B), "x")) is Pair

    @pytest.mark.parametrize(
        ("data", "name", "error", "message"),
        [
            ([[1, 2], [3]], "x", ValueError, "(?s)different lengths.*pad_sequences"),
            ([], "x", ValueError, "x is empty"),
            (["a", "b"], "y", TypeError, "(?s)y has a dtype.*turn text"),
            ([1, None], "x", TypeError, "(?s)x has a dtype.*got:      object"),
            (None, "x", TypeError, "(?s)x cannot be read.*got:      None"),
            ({"a": [A, None]}, "x", TypeError, r"x\['a'\]\[1\] cannot be read"),
            ([A, "text"], "x", TypeError, r"x\[1\] cannot be read"),
            ([A, 1], "x", TypeError, r"x\[1\] cannot be read"),
        ],
    )
    def test_errors(self, data, name, error, message):
        with pytest.raises(error, match=message):
            standardize(data, name)


class TestDataStructure:
    def test_flat_leaves_and_specs(self):
        structure = DataStructure({"b": B, "a": A}, [A, None], None)
        assert list(map(id, structure.leaves)) == list(map(id, [A, B, A]))
        assert structure.specs == (
            LeafSpec("x['a']", (2,), "float32"),
            LeafSpec("x['b']", (3,), "int32"),
            LeafSpec("y[0]", (2,), "float32"),
        )
        assert (structure.num_x, structure.num_y, structure.num_weights) == (2, 1, 0)
        assert structure.has_y
        assert not structure.has_sample_weight

    def test_weights_are_floats(self):
        structure = DataStructure(A, A, np.ones(4, "int64"))
        assert structure.specs[2] == LeafSpec("sample_weight", (), "float32")

    @pytest.mark.parametrize(
        ("x", "y", "sample_weight", "leaves", "packed"),
        [
            (A, None, None, "1", ("1", None, None)),
            (A, A, A, "123", ("1", "2", "3")),
            ([A, B], A, None, "123", (["1", "2"], "3", None)),
            ([A], (A,), None, "12", (["1"], ("2",), None)),
            (
                {"b": B, "a": A},
                [A, None],
                [None, A],
                "1234",
                ({"b": "2", "a": "1"}, ["3", None], [None, "4"]),
            ),
            (Pair(A, B), A, None, "123", (Pair("1", "2"), "3", None)),
        ],
    )
    def test_pack(self, x, y, sample_weight, leaves, packed):
        structure = DataStructure(x, y, sample_weight)
        assert len(structure.leaves) == len(leaves)
        assert structure.pack(leaves) == packed

    def test_same_form(self):
        assert DataStructure([A, B], A).same_form(DataStructure([B, A], B))
        assert not DataStructure([A, B], A).same_form(DataStructure([A, B]))
        assert not DataStructure({"a": A}).same_form(DataStructure({"b": A}))

    def test_lengths_that_differ_are_all_named(self):
        structure = DataStructure({"a": A, "b": B[:3]}, A[:2])
        with pytest.raises(ValueError, match="Data cardinality is ambiguous") as error:
            structure.num_samples()
        expected = "x['a'] with 4 samples, x['b'] with 3 samples, y with 2 samples"
        assert f"got:      {expected}" in str(error.value)
        assert "fix:" in str(error.value)

    def test_empty(self):
        with pytest.raises(ValueError, match=r"(?s)data is empty.*x with 0 samples"):
            DataStructure(A[:0], A[:0]).num_samples()
