import h5py
import numpy as np
import pytest

from kerasish import layers
from kerasish.errors import FileFormatError
from kerasish.saving.weight_match import LayerArrays, describe, load_matched


@pytest.fixture
def root(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        yield file


@pytest.fixture
def dense():
    layer = layers.Dense(4, name="d")
    layer(np.zeros((1, 3), "float32"))
    return layer


def stored(root, *shapes):
    start = len(root)
    return [
        root.create_dataset(f"a{start + i}", data=np.full(shape, 2.0, "float64"))
        for i, shape in enumerate(shapes)
    ]


def test_arrays_that_fit_are_assigned_and_cast(root, dense):
    load_matched([LayerArrays(dense, dense.weights, stored(root, (3, 4), (4,)))], False)
    assert all((w.numpy() == 2).all() for w in dense.weights)
    assert dense.weights[0].numpy().dtype == "float32"


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (
            [(3, 5), (5,)],
            r"stored:   kernel \(3, 5\), bias \(5,\)\n  expected: kernel ",
        ),
        ([(3, 4), (5,)], r"stored:   bias \(5,\)\n  expected: bias \(4,\)"),
        ([(3, 4)], r"stored:   1 weights: \(3, 4\)\n  expected: 2 weights: kernel "),
        ([], r"stored:   0 weights\n  expected: 2 weights"),
    ],
)
def test_a_misfit_names_layer_weight_and_shapes(root, dense, shapes, message):
    found = LayerArrays(dense, dense.weights, stored(root, *shapes))
    with pytest.raises(FileFormatError, match=f"Dense 'd' does not fit.*\n  {message}"):
        load_matched([found], False)


def test_a_misfit_changes_nothing(root, dense):
    before = dense.get_weights()
    good = LayerArrays(dense, dense.weights, stored(root, (3, 4), (4,)))
    bad = LayerArrays(dense, dense.weights, stored(root, (3, 4)))
    with pytest.raises(FileFormatError, match=r"fix: .*skip_mismatch=True"):
        load_matched([good, bad], False)
    for weight, value in zip(dense.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)


def test_a_misfit_can_be_skipped_with_a_warning(root, dense):
    other = layers.Dense(1, use_bias=False, name="other")
    other(np.zeros((1, 2), "float32"))
    bad = LayerArrays(dense, dense.weights, stored(root, (3, 5), (5,)))
    good = LayerArrays(other, other.weights, stored(root, (2, 1)))
    with pytest.warns(UserWarning, match=r"Dense 'd' keeps its weights[^$]*\(3, 5\)"):
        load_matched([bad, good], True)
    assert (other.weights[0].numpy() == 2).all()


def test_layers_are_described_by_class_and_name(dense):
    assert describe(dense) == "Dense 'd'"
