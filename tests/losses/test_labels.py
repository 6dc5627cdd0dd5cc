import numpy as np
import pytest

from kerasish.losses.labels import check_labels


@pytest.mark.parametrize(
    "y",
    [
        np.array([0, 1, 2]),
        np.array([[0], [2]], dtype="uint8"),
        np.array([[0, 1], [2, 0]], dtype="int64"),
        np.array([0.0, 2.0], dtype="float32"),
        np.array([True, False]),
        np.array(2),
        np.zeros((0, 1), dtype="int32"),
    ],
)
def test_labels_inside(y):
    check_labels(y, 3)


def test_the_first_wrong_label_and_its_row_are_named():
    y = np.zeros((100, 1), dtype="int32")
    y[42], y[60] = 12, 11
    with pytest.raises(ValueError, match="label 12 in row 42") as raised:
        check_labels(y, 10, "y_train")
    message = str(raised.value)
    assert message.startswith("y_train holds a class label")
    assert "labels run from 0 to 12" in message
    assert "whole numbers from 0 to 9" in message
    assert "13 units" in message


def test_labels_that_start_at_one():
    with pytest.raises(ValueError, match="subtract 1"):
        check_labels(np.arange(1, 11), 10)


def test_negative_labels():
    with pytest.raises(ValueError, match=r"label -1 in row 1 .*\n.*\n.*ignore_class"):
        check_labels(np.array([0, -1, 3]), 10)


def test_labels_in_rows_of_several():
    with pytest.raises(ValueError, match="label 7 in row 1"):
        check_labels(np.array([[0, 1], [2, 7], [9, 0]]), 3)


def test_labels_that_are_no_numbers():
    with pytest.raises(ValueError, match="label nan in row 2"):
        check_labels(np.array([0.0, 1.0, np.nan]), 3)


def test_an_ignored_label_may_stand_anywhere():
    check_labels(np.array([0, -1, 2]), 3, ignore_class=-1)
    check_labels(np.array([0, 255, 2], dtype="uint8"), 3, ignore_class=255)
    with pytest.raises(ValueError, match="label 4 in row 2"):
        check_labels(np.array([0, -1, 4]), 3, ignore_class=-1)
