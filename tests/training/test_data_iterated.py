import numpy as np
import pytest

from kerasish.training.data_iterated import IteratedAdapter, PyDatasetAdapter
from kerasish.utils.pydataset import PyDataset


def philox(seed=0):
    return np.random.Generator(np.random.Philox(seed))


def numbers(batches):
    return [int(batch.arrays()[0][0, 0]) for batch in batches]


def pair(number, size=2):
    return np.full((size, 3), float(number)), np.arange(size)


class Loader:
    """Like a PyTorch DataLoader: yields lists, can be iterated over again."""

    def __init__(self, count=3):
        self.count = count
        self.made = 0

    def __iter__(self):
        for number in range(self.count):
            self.made += 1
            yield list(pair(number))

    def __len__(self):
        return self.count


class TestIterated:
    def test_structure_comes_from_the_first_batch_which_is_not_lost(self):
        adapter = IteratedAdapter(pair(number) for number in range(3))
        assert [s.name for s in adapter.structure.specs] == ["x", "y"]
        assert [s.dtype for s in adapter.structure.specs] == ["float32", "int32"]
        assert [s.shape for s in adapter.structure.specs] == [(3,), ()]
        assert (adapter.num_batches, adapter.num_samples) == (None, None)
        assert adapter.batch_size is None
        assert numbers(adapter.epoch()) == [0, 1, 2]

    def test_loader_is_run_through_again(self):
        loader = Loader()
        adapter = IteratedAdapter(loader)
        assert adapter.num_batches == 3
        assert numbers(adapter.epoch()) == numbers(adapter.epoch()) == [0, 1, 2]
        assert loader.made == 6  # the first batch was not made twice
        assert not adapter.exhausted

    def test_length_that_is_not_known(self):
        class Stream(Loader):
            def __len__(self):
                raise TypeError("no length")

        assert IteratedAdapter(Stream()).num_batches is None

    @pytest.mark.parametrize(
        ("item", "names"),
        [
            (np.ones((2, 3)), ["x"]),
            ((np.ones((2, 3)),), ["x"]),
            ({"a": np.ones((2, 3))}, ["x['a']"]),
            (([np.ones((2, 3)), [1, 2]], [1, 2]), ["x[0]", "x[1]", "y"]),
            (([[1.0], [2.0]], [1, 2], [0.5, 0.5]), ["x", "y", "sample_weight"]),
            ((np.ones((2, 3)), None, np.ones(2)), ["x", "sample_weight"]),
            ((np.ones((2, 3)), None), ["x"]),
        ],
    )
    def test_what_may_be_yielded(self, item, names):
        adapter = IteratedAdapter(iter([item]))
        assert [spec.name for spec in adapter.structure.specs] == names
        (batch,) = adapter.epoch()
        assert batch.size == 2

    def test_batches_of_different_sizes(self):
        adapter = IteratedAdapter(pair(0, size) for size in (4, 3, 5, 1))
        batches = list(adapter.epoch())
        assert [batch.size for batch in batches] == [4, 3, 5, 1]
        assert batches[3].shapes == ((1, 3), (1,))

    def test_write_and_arrays(self):
        x, y = pair(7)
        adapter = IteratedAdapter([(x, y)])
        (batch,) = adapter.epoch()
        buffers = [np.empty((2, 3), "float32"), np.empty(2, "int32")]
        batch.write(buffers)
        for arrays in (buffers, batch.arrays()):
            assert [a.dtype.name for a in arrays] == ["float32", "int32"]
            np.testing.assert_array_equal(arrays[0], x)
            np.testing.assert_array_equal(arrays[1], y)

    def test_tensors(self):
        class Tensor:
            def __init__(self, array):
                self.array = array

            def detach(self):
                return self

            def cpu(self):
                return self

            def numpy(self):
                return self.array

        adapter = IteratedAdapter([[Tensor(part) for part in pair(5)]])
        assert numbers(adapter.epoch()) == [5]

    def test_class_weight(self):
        adapter = IteratedAdapter([pair(0, 3)], class_weight={1: 4.0})
        (batch,) = adapter.epoch()
        assert batch.arrays()[2].tolist() == [1, 4, 1]

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: iter([]), "iterable is empty"),
            (lambda: (i for i in ()), "generator is empty"),
            (lambda: ([1, 2] for _ in "a"), "(?s)must yield tuples.*list of 2 parts"),
            (lambda: [(1, 2, 3, 4)], "(?s)cannot be taken apart.*tuple of 4 parts"),
            (lambda: [(np.ones((2, 1)), np.ones(3))], "x with 2 samples, y with 3"),
        ],
    )
    def test_first_batch_is_wrong(self, make, message):
        with pytest.raises(ValueError, match=message):
            IteratedAdapter(make())

    @pytest.mark.parametrize(
        "second", [np.ones((2, 3)), ([np.ones((2, 3))], np.ones(2))]
    )
    def test_later_batch_has_another_form(self, second):
        adapter = IteratedAdapter(item for item in (pair(0), second))
        with pytest.raises(ValueError, match="another form") as error:
            list(adapter.epoch())
        assert "expected: x, y" in str(error.value)

    def test_errors_of_the_generator_come_through(self):
        def broken():
            yield pair(0)
            raise KeyError("mine")

        adapter = IteratedAdapter(broken())
        with pytest.raises(KeyError, match="mine"):
            list(adapter.epoch())


class Dataset(PyDataset):
    """Notes what is called."""

    def __init__(self, count=4, **options):
        super().__init__(**options)
        self.count = count
        self.log = []

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        self.log.append(index)
        return pair(index)

    def on_epoch_begin(self):
        self.log.append("begin")

    def on_epoch_end(self):
        self.log.append("end")


class TestPyDataset:
    def test_hooks_and_batches_once_a_pass(self):
        dataset = Dataset(3)
        adapter = PyDatasetAdapter(dataset)
        assert adapter.num_batches == 3
        for _ in range(2):
            assert numbers(adapter.epoch()) == [0, 1, 2]
        assert dataset.log == ["begin", 0, 1, 2, "end"] * 2

    def test_steps_within_a_pass(self):
        dataset = Dataset(4)
        adapter = PyDatasetAdapter(dataset, steps=2)
        assert numbers(adapter.epoch()) == [0, 1]
        assert numbers(adapter.epoch()) == [2, 3]
        # the pass is over: said now, not when a third epoch begins
        assert dataset.log == ["begin", 0, 1, 2, 3, "end"]
        assert numbers(adapter.epoch()) == [0, 1]

    def test_steps_beyond_a_pass(self):
        adapter = PyDatasetAdapter(Dataset(2), steps=3)
        for _ in range(2):
            with pytest.warns(UserWarning, match="ran out of data"):
                assert numbers(adapter.epoch()) == [0, 1]

    def test_shuffle_changes_the_order_of_batches(self):
        adapter = PyDatasetAdapter(Dataset(8), shuffle=True)
        rng = philox()
        first, second = numbers(adapter.epoch(rng)), numbers(adapter.epoch(rng))
        assert sorted(first) == sorted(second) == list(range(8))
        assert first != second
        assert first == numbers(
            PyDatasetAdapter(Dataset(8), shuffle=True).epoch(philox())
        )
        with pytest.raises(ValueError, match="needs a generator"):
            list(adapter.epoch())

    def test_what_on_epoch_end_changes_is_seen(self):
        class Growing(Dataset):
            def on_epoch_end(self):
                self.count += 1

        adapter = PyDatasetAdapter(Growing(2))
        assert numbers(adapter.epoch()) == [0, 1]
        assert adapter.num_batches == 3
        assert numbers(adapter.epoch()) == [0, 1, 2]

    def test_endless(self):
        class Endless(PyDataset):
            num_batches = None

            def __getitem__(self, index):
                return pair(index)

        adapter = PyDatasetAdapter(Endless(), shuffle=True, steps=3)
        assert adapter.pass_length is None
        assert numbers(adapter.epoch(philox())) == [0, 1, 2]
        assert numbers(adapter.epoch(philox())) == [3, 4, 5]

    def test_lists_and_class_weight(self):
        class Lists(Dataset):
            def __getitem__(self, index):
                return list(pair(index))

        (batch,) = PyDatasetAdapter(Lists(1), class_weight={0: 2.0}).epoch()
        assert batch.arrays()[2].tolist() == [2, 1]

    def test_workers_keep_the_order(self):
        dataset = Dataset(6, workers=3)
        adapter = PyDatasetAdapter(dataset)
        for _ in range(2):
            assert numbers(adapter.epoch()) == [0, 1, 2, 3, 4, 5]

    def test_empty(self):
        with pytest.raises(ValueError, match="PyDataset 'Dataset' is empty"):
            PyDatasetAdapter(Dataset(0))
