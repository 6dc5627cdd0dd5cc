import h5py
import numpy as np
import pytest

from kerasish.training.data import make_adapter, train_validation_split
from kerasish.training.data_indexed import IndexedAdapter
from kerasish.training.data_iterated import IteratedAdapter, PyDatasetAdapter
from kerasish.utils.pydataset import PyDataset

X = np.arange(20.0).reshape(10, 2)
Y = np.arange(10)


class Dataset(PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return X, Y


def batches():
    yield X, Y


class TestMakeAdapter:
    @pytest.mark.parametrize(
        ("x", "kind"),
        [
            (X, IndexedAdapter),
            (X.tolist(), IndexedAdapter),
            ([X, X], IndexedAdapter),
            ({"a": X}, IndexedAdapter),
            (memoryview(X), IndexedAdapter),
            (Dataset(), PyDatasetAdapter),
            (batches(), IteratedAdapter),
            (map(tuple, [[X, Y]]), IteratedAdapter),
        ],
    )
    def test_kind(self, x, kind):
        assert type(make_adapter(x)) is kind

    def test_frames_and_files(self, tmp_path):
        pandas = pytest.importorskip("pandas", reason="pandas (extra: test)")
        frame = pandas.DataFrame({"a": [1, 2], "b": [0.5, 1.5]})
        (batch,) = make_adapter(frame, frame["a"]).epoch()
        assert [a.tolist() for a in batch.arrays()] == [
            [[1, 0.5], [2, 1.5]],
            [[1], [2]],
        ]
        with h5py.File(tmp_path / "data.h5", "w") as file:
            file["x"] = X
            assert make_adapter(file["x"]).num_samples == 10

    def test_arguments_arrive(self):
        adapter = make_adapter(X, Y, None, 4, True, 7, {0: 2.0})
        assert (adapter.batch_size, adapter.shuffle, adapter.steps) == (4, True, 7)
        assert adapter.structure.has_sample_weight
        adapter = make_adapter(Dataset(), shuffle=True, steps=7)
        assert (adapter.shuffle, adapter.steps) == (True, 7)
        assert make_adapter(batches(), shuffle=True, steps=3).num_batches == 3

    @pytest.mark.parametrize("x", [Dataset(), batches()])
    @pytest.mark.parametrize(
        ("name", "value", "fix"),
        [
            ("y", Y, "yield the targets with the inputs"),
            ("sample_weight", Y, "yield the weights too"),
            ("batch_size", 32, "leave `batch_size` out"),
        ],
    )
    def test_arguments_that_do_not_go_with_batches(self, x, name, value, fix):
        with pytest.raises(ValueError, match=f"`{name}` should not be passed") as error:
            make_adapter(x, **{name: value})
        kind = "PyDataset" if isinstance(x, Dataset) else "generator"
        assert f"providing `x` as a {kind}" in str(error.value)
        assert f"fix:      {fix}" in str(error.value)

    @pytest.mark.parametrize(
        ("x", "words"),
        [
            (None, "got:      None"),
            (3, "got:      int"),
            ("data.csv", "got:      str"),
            (batches, "call it: pass batches(), not batches"),
        ],
    )
    def test_what_is_no_data(self, x, words):
        with pytest.raises(TypeError, match="Unrecognized data type") as error:
            make_adapter(x)
        assert words in str(error.value)


class TestValidationSplit:
    @pytest.mark.parametrize(
        ("total", "fraction", "first"),
        # the second number is what Keras 3.15 cuts at
        [(10, 0.3, 7), (10, 0.1, 9), (3, 0.5, 1), (2, 0.1, 1), (7, 1 / 3, 4)],
    )
    def test_last_samples_are_for_validation(self, total, fraction, first):
        (train,), (validation,) = train_validation_split((np.arange(total),), fraction)
        assert train.tolist() == list(range(first))
        assert validation.tolist() == list(range(first, total))

    def test_structure_is_kept_and_nothing_copied(self):
        arrays = ({"a": X, "b": [Y, [0] * 10]}, (Y,), None)
        train, validation = train_validation_split(arrays, 0.2)
        assert np.shares_memory(train[0]["a"], X)
        assert np.shares_memory(validation[1][0], Y)
        assert validation[0]["b"][1].tolist() == [0, 0]
        assert (train[2], validation[2]) == (None, None)
        assert isinstance(train[1], tuple)
        adapter = make_adapter(*validation)
        assert adapter.num_samples == 2
        assert adapter.batch(slice(0, 2))[1][0].tolist() == [8, 9]

    def test_data_on_disk_is_not_read(self, tmp_path):
        with h5py.File(tmp_path / "data.h5", "w") as file:
            file["x"], file["y"] = X, Y
            parts = train_validation_split((file["x"], file["y"]), 0.3)
            for part, rows in zip(parts, (X[:7], X[7:]), strict=True):
                assert not isinstance(part[0], np.ndarray)
                (batch,) = make_adapter(*part).epoch()
                np.testing.assert_array_equal(batch.arrays()[0], rows)

    def test_column_major_data(self):
        columns = np.asfortranarray(X)
        parts = train_validation_split((columns, Y), 0.3)
        (batch,) = make_adapter(*parts[1]).epoch()
        np.testing.assert_array_equal(batch.arrays()[0], X[7:])

    @pytest.mark.parametrize("fraction", [0, 1.0, -0.5, 2, float("nan")])
    def test_no_fraction(self, fraction):
        with pytest.raises(ValueError, match="`validation_split` is no fraction"):
            train_validation_split((X, Y), fraction)

    @pytest.mark.parametrize(("total", "fraction"), [(1, 0.5), (2, 0.9)])
    def test_not_enough_samples(self, total, fraction):
        with pytest.raises(ValueError, match="which is not sufficient") as error:
            train_validation_split((X[:total],), fraction)
        assert f"contains {total} samples" in str(error.value)
        assert f"got:      validation_split={fraction}" in str(error.value)

    def test_lengths_that_differ(self):
        with pytest.raises(ValueError, match="x with 10 samples, y with 9 samples"):
            train_validation_split((X, Y[:9]), 0.5)

    @pytest.mark.parametrize("x", [batches(), Dataset()])
    def test_generators_cannot_be_cut(self, x):
        with pytest.raises(ValueError, match=r"(?s)only supported for arrays.*type"):
            train_validation_split((x, None), 0.5)
