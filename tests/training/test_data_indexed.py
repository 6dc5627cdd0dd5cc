import itertools

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasish.training.data_indexed import IndexedAdapter

X = np.arange(20.0).reshape(10, 2)
Y = np.arange(10)


def philox(seed=0):
    return np.random.Generator(np.random.Philox(seed))


def epoch(adapter, rng=None):
    """The y of each batch of one epoch."""
    return [batch.arrays()[1].tolist() for batch in adapter.epoch(rng)]


def test_counts():
    adapter = IndexedAdapter(X, Y, batch_size=4)
    assert (adapter.num_samples, adapter.batch_size) == (10, 4)
    assert adapter.num_batches == adapter.pass_length == 3
    assert IndexedAdapter(X, Y).batch_size == 32
    assert IndexedAdapter(X, Y, batch_size=5).num_batches == 2
    assert IndexedAdapter(X, Y, batch_size=4, steps=7).num_batches == 7


def test_in_order():
    adapter = IndexedAdapter(X, Y, batch_size=4)
    assert adapter.epoch_indices() is None
    batches = list(adapter.epoch())
    assert [b.selection for b in batches] == [slice(0, 4), slice(4, 8), slice(8, 10)]
    assert [b.size for b in batches] == [4, 4, 2]
    assert batches[2].shapes == ((2, 2), (2,))
    assert epoch(adapter) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_arrays_have_the_dtypes_of_the_specs():
    (batch,) = IndexedAdapter(X, Y, np.arange(10)).epoch()
    x, y, weights = batch.arrays()
    assert [a.dtype.name for a in (x, y, weights)] == ["float32", "int32", "float32"]
    np.testing.assert_array_equal(x, X)
    buffers = [np.empty((10, 2), "float32"), np.empty(10, "int32"), np.empty(10)]
    batch.write(buffers)
    np.testing.assert_array_equal(buffers[2], np.arange(10))
    x[0] = 99  # a copy: the user's data stays as it is
    assert X[0, 0] == 0


def test_shuffle_draws_a_new_order_for_each_pass():
    adapter = IndexedAdapter(X, Y, batch_size=4, shuffle=True)
    rng = philox()
    first, second = epoch(adapter, rng), epoch(adapter, rng)
    assert [len(b) for b in first] == [4, 4, 2]
    assert sorted(itertools.chain(*first)) == list(range(10))
    assert sorted(itertools.chain(*second)) == list(range(10))
    assert first != second
    assert first == epoch(adapter, philox())
    assert first != epoch(adapter, philox(1))


def test_x_and_y_stay_together():
    adapter = IndexedAdapter(X, Y, batch_size=3, shuffle=True)
    for batch in adapter.epoch(philox()):
        x, y = batch.arrays()
        np.testing.assert_array_equal(x[:, 0], 2 * y)


@given(st.integers(1, 40), st.integers(1, 50), st.sampled_from([True, "batch"]))
def test_every_order_is_a_permutation(num_samples, batch_size, shuffle):
    adapter = IndexedAdapter(
        np.arange(num_samples), batch_size=batch_size, shuffle=shuffle
    )
    order = adapter.epoch_indices(philox())
    assert sorted(order.tolist()) == list(range(num_samples))


def test_batchwise_order_keeps_runs_together():
    adapter = IndexedAdapter(X, Y, batch_size=3, shuffle="batch")
    batches = epoch(adapter, philox(2))
    assert batches[3] == [9]
    runs = [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert sorted(batches[:3]) == runs
    assert batches[:3] != runs


def test_batchwise_order_reads_a_file_in_slices(tmp_path, monkeypatch):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["x"] = X
        adapter = IndexedAdapter(file["x"], batch_size=3, shuffle="batch")
        read = []
        source = adapter.arrays[0]
        original = source._read
        monkeypatch.setattr(source, "_read", lambda s: read.append(s) or original(s))
        for batch in adapter.epoch(philox()):
            batch.arrays()
    assert len(read) == 4
    assert all(isinstance(selection, slice) for selection in read)


def test_h5_is_the_same_as_the_array(tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["x"], file["y"] = X, Y
        on_disk = IndexedAdapter(file["x"], file["y"], batch_size=4, shuffle=True)
        in_memory = IndexedAdapter(X, Y, batch_size=4, shuffle=True)
        pairs = zip(on_disk.epoch(philox()), in_memory.epoch(philox()), strict=True)
        for one, other in pairs:
            for array, expected in zip(one.arrays(), other.arrays(), strict=True):
                np.testing.assert_array_equal(array, expected)


def test_batch_is_nested_as_the_data_was():
    adapter = IndexedAdapter({"a": X, "b": [Y, Y]}, (Y,), np.ones(10))
    x, y, weights = adapter.batch(np.array([3, 1]))
    assert x["a"].tolist() == [[6, 7], [2, 3]]
    assert x["b"][1].tolist() == [3, 1]
    assert isinstance(y, tuple)
    assert weights.tolist() == [1, 1]
    x, y, _ = adapter.batch(slice(8, None))
    assert y[0].tolist() == [8, 9]


def test_class_weight():
    adapter = IndexedAdapter(X, Y % 2, class_weight={1: 3.0})
    (batch,) = adapter.epoch()
    assert batch.arrays()[2].tolist() == [1, 3] * 5


@pytest.mark.parametrize("shuffle", [True, "batch"])
def test_shuffling_needs_a_generator(shuffle):
    adapter = IndexedAdapter(X, Y, shuffle=shuffle)
    with pytest.raises(ValueError, match=r"(?s)needs a generator.*Philox"):
        list(adapter.epoch())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "`batch_size` must be a positive integer"),
        ({"batch_size": -1}, "(?s)positive.*got:      -1 of type int"),
        ({"batch_size": 2.5}, "(?s)positive.*got:      2.5 of type float"),
        ({"steps": 0}, "`steps_per_epoch` must be a positive integer"),
        ({"shuffle": "bach"}, "(?s)Cannot understand `shuffle`.*'bach'"),
        ({"shuffle": None}, "Cannot understand `shuffle`"),
        ({"y": Y[:9]}, "(?s)cardinality.*x with 10 samples, y with 9 samples"),
        ({"sample_weight": Y[:9]}, "(?s)cardinality.*sample_weight with 9 samples"),
        ({"sample_weight": np.ones((10, 3))}, "sample_weight does not fit y"),
        ({"x": X[:0], "y": Y[:0]}, "The data is empty"),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        IndexedAdapter(**{"x": X, "y": np.ones((10, 2)), **options})
