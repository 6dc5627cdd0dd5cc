from pathlib import Path

import numpy as np
import pytest

from kerasish.datasets import digits


def test_shapes_dtypes_and_ranges():
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert (x_train.shape, y_train.shape) == ((1437, 8, 8), (1437,))
    assert (x_test.shape, y_test.shape) == ((360, 8, 8), (360,))
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype("uint8")}
    assert (x_train.min(), x_train.max()) == (0, 16)
    labels = np.concatenate([y_train, y_test])
    counts = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]  # of UCI's test set
    assert np.bincount(labels).tolist() == counts


def test_split_is_repeatable_and_depends_on_the_seed():
    def first(seed):
        return digits.load_data(seed=seed)[0][1]

    np.testing.assert_array_equal(first(0), first(0))
    assert not np.array_equal(first(0), first(1))


def test_every_picture_is_in_one_part():
    (x_train, _), (x_test, _) = digits.load_data(test_fraction=0.5)
    assert (len(x_train), len(x_test)) == (898, 899)
    (x_whole, _), _ = digits.load_data(test_fraction=0.001)

    def rows(*parts):
        return np.unique(np.concatenate([p.reshape(-1, 64) for p in parts]), axis=0)

    both = rows(x_train, x_test)
    assert len(x_whole) == 1795
    assert len(rows(both, rows(x_whole))) == len(both)


def test_same_as_scikit_learn():
    datasets = pytest.importorskip(
        "sklearn.datasets", reason="scikit-learn (extra: test) has the original"
    )
    images, labels = datasets.load_digits().images, datasets.load_digits().target
    order = np.random.Generator(np.random.Philox(0)).permutation(1797)
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    np.testing.assert_array_equal(np.concatenate([x_test, x_train]), images[order])
    np.testing.assert_array_equal(np.concatenate([y_test, y_train]), labels[order])


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 1.5])
def test_wrong_fraction(fraction):
    with pytest.raises(ValueError, match="leaves nothing") as error:
        digits.load_data(fraction)
    assert f"got:      {fraction}" in str(error.value)


def test_file_is_small_and_says_where_it_comes_from():
    folder = Path(digits.__file__).parent
    assert (folder / "digits.npz").stat().st_size < 100_000
    text = (folder / "digits.md").read_text(encoding="utf-8")
    assert "CC BY 4.0" in text
    assert "Alpaydin" in text
