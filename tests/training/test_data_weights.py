import numpy as np
import pytest

from kerasish.training.data_structure import DataStructure
from kerasish.training.data_weights import (
    assemble,
    check_sample_weight,
    to_sample_weight,
)

A, B = np.zeros((4, 2)), np.zeros((4, 3), "int64")


class TestSampleWeight:
    @pytest.mark.parametrize(
        ("target", "weight"),
        [
            ((4,), (4,)),
            ((4, 3), (4,)),
            ((4, 3), (4, 1)),
            ((4, 5, 3), (4, 5)),
            ((4, 5), (4, 5)),
            ((4, 1), (4, 5)),
        ],
    )
    def test_shapes_that_fit(self, target, weight):
        check_sample_weight(DataStructure(A, np.ones(target), np.ones(weight)))

    def test_column_beside_vector(self):
        check_sample_weight(DataStructure(A, np.ones(4), np.ones((4, 1))))

    @pytest.mark.parametrize(
        ("target", "weight"),
        [((4, 5, 3), (4, 6)), ((4, 3), (4, 3, 2)), ((4,), (4, 2, 2))],
    )
    def test_shapes_that_do_not(self, target, weight):
        structure = DataStructure(A, np.ones(target), np.ones(weight))
        with pytest.raises(ValueError, match="sample_weight does not fit y") as error:
            check_sample_weight(structure)
        assert f"weights of shape {weight[1:]}" in str(error.value)
        assert f"targets of shape {target[1:]}" in str(error.value)
        assert "expected: one weight a sample" in str(error.value)

    def test_more_weights_than_targets(self):
        structure = DataStructure(A, A, [np.ones(4), np.ones(4)])
        with pytest.raises(ValueError, match=r"(?s)more sample weights.*2 arrays"):
            check_sample_weight(structure)

    def test_one_for_several_targets(self):
        check_sample_weight(DataStructure(A, [A, B], np.ones(4)))
        check_sample_weight(DataStructure(A, [A, B], [None, np.ones(4)]))


class TestClassWeight:
    labels = np.array([0, 1, 2, 1])
    expected = [1.0, 2.0, 3.0, 2.0]

    @pytest.mark.parametrize(
        "targets",
        [
            labels,
            labels[:, None],
            labels.astype("float32"),
            labels.astype("uint8"),
            np.eye(3)[labels],
            [labels],
            {"out": labels},
        ],
    )
    def test_labels_and_one_hot_rows(self, targets):
        weights = to_sample_weight(targets, {0: 1.0, 1: 2.0, 2: 3})
        assert weights.dtype == np.float32
        assert weights.tolist() == self.expected

    def test_class_without_weight_weighs_one(self):
        assert to_sample_weight(self.labels, {1: 2.0}).tolist() == [1, 2, 1, 2]
        assert to_sample_weight(self.labels, {}).tolist() == [1, 1, 1, 1]

    def test_binary_bools(self):
        weights = to_sample_weight(np.array([True, False]), {1: 5.0})
        assert weights.tolist() == [5, 1]

    @pytest.mark.parametrize(
        ("targets", "class_weight", "error", "message"),
        [
            (labels, [1, 2, 3], TypeError, "(?s)is no dict.*got:      list"),
            (labels, {"a": 1.0}, ValueError, "(?s)cannot occur.*got:      'a'"),
            (labels, {-1: 1.0}, ValueError, "(?s)cannot occur.*got:      -1"),
            (np.eye(3), {3: 1.0}, ValueError, "(?s)cannot occur.*got:      3"),
            ([labels, labels], {1: 1.0}, ValueError, "(?s)single output.*2 arrays"),
            (None, {1: 1.0}, ValueError, "(?s)single output.*0 arrays"),
            (np.ones((4, 2, 3)), {1: 1.0}, ValueError, r"(?s)one class.*\(4, 2, 3\)"),
        ],
    )
    def test_errors(self, targets, class_weight, error, message):
        with pytest.raises(error, match=message):
            to_sample_weight(targets, class_weight)

    def test_assemble_puts_them_in_place_of_sample_weights(self):
        structure = assemble(A, self.labels, class_weight={0: 5.0})
        assert structure.leaves[2].tolist() == [5, 1, 1, 1]
        with pytest.raises(ValueError, match="at the same time"):
            assemble(A, self.labels, np.ones(4), {0: 5.0})
