import pytest

from kerasish import metrics
from kerasish.metrics.resolve import depends_on_shapes, resolve_accuracy

BINARY = (metrics.BinaryAccuracy, metrics.BinaryCrossentropy)
SPARSE = (metrics.SparseCategoricalAccuracy, metrics.SparseCategoricalCrossentropy)
ONE_HOT = (metrics.CategoricalAccuracy, metrics.CategoricalCrossentropy)


@pytest.mark.parametrize(
    ("y_true", "y_pred", "expected"),
    [
        ((None,), (None, 1), BINARY),
        ((None, 1), (None, 1), BINARY),
        ((8, 2), (8, 1), BINARY),
        ((None, 5), (None, 5, 1), BINARY),
        ((None,), (None, 3), SPARSE),
        ((8, 1), (8, 3), SPARSE),
        ((8, 5), (8, 5, 3), SPARSE),
        ((8, 5, 1), (8, 5, 3), SPARSE),
        ((None, 3), (None, 3), ONE_HOT),
        ((8, 2), (8, 2), ONE_HOT),
        ((8, 5, 3), (8, 5, 3), ONE_HOT),
    ],
)
def test_by_shape(y_true, y_pred, expected):
    for kind in ("accuracy", "acc", "Accuracy", "ACC"):
        assert resolve_accuracy(kind, y_true, y_pred) is expected[0]
    for kind in ("crossentropy", "ce"):
        assert resolve_accuracy(kind, y_true, y_pred) is expected[1]


def test_other_names():
    assert not depends_on_shapes("mse")
    assert not depends_on_shapes(None)
    with pytest.raises(ValueError, match="did you mean 'accuracy'"):
        resolve_accuracy("accurac", (8,), (8, 1))
