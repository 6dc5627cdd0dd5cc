"""`SampleDataset`: what can be run through again and again."""

import numpy as np
import pytest

import kerasish
from kerasish.utils.samples import SampleDataset, from_rows

X = np.arange(10.0).reshape(5, 2)
Y = np.arange(5)
NUMBERS = SampleDataset(lambda: iter(range(5)), 5)


def pairs(batch_size=None, shuffle=False, seed=None):
    return from_rows(lambda rows: (X[rows], Y[rows]), 5, batch_size, shuffle, seed)


def labels(dataset):
    return [np.ravel(y).tolist() for _, y in dataset]


def test_single_samples():
    dataset = pairs()
    assert len(dataset) == 5
    assert dataset.batch_size is None
    x, y = next(iter(dataset))
    assert (x.shape, int(y)) == ((2,), 0)
    assert labels(dataset) == labels(dataset) == [[0], [1], [2], [3], [4]]


def test_batches():
    dataset = pairs(batch_size=2)
    assert len(dataset) == 3
    assert labels(dataset) == [[0, 1], [2, 3], [4]]
    assert repr(dataset) == "<SampleDataset of 3 batches>"
    assert repr(pairs()) == "<SampleDataset of 5 samples>"


def test_batch_of_samples():
    dataset = pairs().batch(3)
    assert len(dataset) == 2
    assert labels(dataset) == [[0, 1, 2], [3, 4]]
    np.testing.assert_array_equal(next(iter(dataset))[0], X[:3])


def test_batches_are_not_batched_again():
    with pytest.raises(ValueError, match="in batches already") as error:
        pairs(batch_size=2).batch(2)
    assert "got:      batches of 2" in str(error.value)


@pytest.mark.parametrize("make", [lambda n: pairs(n), lambda n: pairs().batch(n)])
def test_batch_size_is_positive(make):
    with pytest.raises(ValueError, match=r"(?s)greater than zero.*batch_size=0"):
        make(0)


def test_each_pass_has_its_order():
    dataset = pairs(batch_size=5, shuffle=True, seed=3)
    orders = [tuple(labels(dataset)[0]) for _ in range(4)]
    assert len(set(orders)) > 1
    assert all(sorted(order) == [0, 1, 2, 3, 4] for order in orders)
    again = pairs(batch_size=5, shuffle=True, seed=3)
    assert [tuple(labels(again)[0]) for _ in range(4)] == orders


def test_orders_follow_the_process_wide_seed():
    orders = []
    for _ in range(2):
        kerasish.utils.set_random_seed(5)
        orders.append(labels(pairs(batch_size=5, shuffle=True)))
    assert orders[0] == orders[1]


def test_map_gives_the_parts_of_tuples():
    doubled = pairs(batch_size=2).map(lambda x, y: (x * 2, y + 1))
    assert len(doubled) == 3
    assert labels(doubled) == [[1, 2], [3, 4], [5]]
    single = from_rows(lambda rows: X[rows], 5, None, False, None)
    assert [float(v) for v in single.map(np.sum)] == X.sum(axis=1).tolist()


@pytest.mark.parametrize(("count", "number"), [(0, 0), (2, 2), (9, 5), (-1, 5)])
def test_take(count, number):
    part = pairs().take(count)
    assert len(part) == len(list(part)) == number


@pytest.mark.parametrize(("count", "number"), [(0, 5), (2, 3), (9, 0), (-1, 0)])
def test_skip(count, number):
    rest = NUMBERS.skip(count)
    assert len(rest) == len(list(rest)) == number
    assert list(rest) == list(range(5))[5 - number :]


def test_repeat():
    twice = NUMBERS.repeat(2)
    assert len(twice) == 10
    assert list(twice) == [0, 1, 2, 3, 4] * 2


def test_unbatch():
    again = NUMBERS.map(lambda x: (x, -x)).batch(2).unbatch()
    assert [(int(a), int(b)) for a, b in again] == [(i, -i) for i in range(5)]
    with pytest.raises(ValueError, match="not in batches"):
        NUMBERS.unbatch()


@pytest.mark.parametrize("buffer_size", [1, 3, 100])
def test_shuffle(buffer_size):
    mixed = NUMBERS.shuffle(buffer_size, seed=3)
    passes = [list(mixed) for _ in range(8)]
    assert all(sorted(one) == [0, 1, 2, 3, 4] for one in passes)
    if buffer_size == 1:
        assert passes[0] == [0, 1, 2, 3, 4]
    else:
        assert any(one != passes[0] for one in passes)
    if buffer_size == 3:  # nothing comes before it was in the buffer
        assert all(one.index(4) >= 2 for one in passes)
    assert list(NUMBERS.shuffle(buffer_size, seed=3)) == passes[0]
    fixed = NUMBERS.shuffle(buffer_size, seed=3, reshuffle_each_iteration=False)
    assert list(fixed) == list(fixed) == passes[0]


def test_cache_runs_through_the_source_once():
    seen = []
    cached = NUMBERS.map(lambda x: seen.append(x) or x).cache()
    next(iter(cached))
    assert list(cached) == list(cached) == [0, 1, 2, 3, 4]
    assert seen == [0, 0, 1, 2, 3, 4]


@pytest.mark.parametrize("buffer_size", [1, 2, 100, -1])
def test_prefetch_keeps_the_order(buffer_size):
    assert list(NUMBERS.prefetch(buffer_size)) == [0, 1, 2, 3, 4]
    assert next(iter(NUMBERS.prefetch(buffer_size))) == 0


def test_prefetch_passes_errors_on():
    broken = NUMBERS.map(lambda x: 1 // (x - 3)).prefetch(2)
    with pytest.raises(ZeroDivisionError):
        list(broken)


def test_models_train_on_it():
    kerasish.utils.set_random_seed(0)
    model = kerasish.Sequential(
        [kerasish.Input((2,)), kerasish.layers.Dense(1, name="out")]
    )
    model.compile(kerasish.optimizers.Adam(0.1), "mse")
    dataset = pairs(batch_size=2, shuffle=True, seed=0)
    losses = model.fit(dataset, epochs=30, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 10
    assert model.evaluate(dataset, verbose=0) < losses[0] / 10
    assert model.predict(dataset.map(lambda x, y: x), verbose=0).shape == (5, 1)


def test_facts_are_empty_by_default():
    dataset = SampleDataset(lambda: iter([1]), 1)
    assert dataset.class_names is None
    assert dataset.file_paths is None
