"""Windows over a series."""

import numpy as np
import pytest

from kerasish.utils import timeseries_dataset_from_array

SERIES = np.arange(20)
TARGETS = SERIES * 10


def windows(*arguments, **options):
    """Return the windows and their targets, of all batches."""
    batches = list(timeseries_dataset_from_array(*arguments, **options))
    return tuple(np.concatenate(part).tolist() for part in zip(*batches, strict=True))


def test_every_step_starts_a_window():
    x, y = windows(SERIES, TARGETS, 5, batch_size=4)
    assert x == [list(range(i, i + 5)) for i in range(16)]
    assert y == [10 * i for i in range(16)]


def test_stride_and_rate():
    x, y = windows(SERIES, TARGETS, 4, sequence_stride=3, sampling_rate=2)
    assert x == [list(range(i, i + 8, 2)) for i in (0, 3, 6, 9, 12)]
    assert y == [0, 30, 60, 90, 120]
    x, y = windows(SERIES, TARGETS, 2, sampling_rate=19)
    assert (x, y) == ([[0, 19]], [0])


def test_part_of_the_series():
    x, y = windows(SERIES, TARGETS, 4, start_index=3, end_index=12)
    assert x == [list(range(i, i + 4)) for i in range(3, 9)]
    assert y == [30, 40, 50, 60, 70, 80]


def test_fewer_targets_than_steps():
    x, y = windows(SERIES, TARGETS[:9], 4)
    assert len(x) == len(y) == 9
    x, y = windows(SERIES, TARGETS[:9], 4, start_index=3)
    assert (x[0], y) == ([3, 4, 5, 6], [30, 40, 50, 60, 70, 80])


def test_without_targets():
    (batch,) = timeseries_dataset_from_array([[1, 2], [3, 4], [5, 6]], None, 2)
    assert batch.tolist() == [[[1, 2], [3, 4]], [[3, 4], [5, 6]]]


def test_batches_and_order():
    dataset = timeseries_dataset_from_array(
        SERIES, TARGETS, 4, batch_size=6, shuffle=True, seed=1
    )
    assert [len(y) for _, y in dataset] == [6, 6, 5]
    passes = [np.concatenate([y for _, y in dataset]).tolist() for _ in range(2)]
    assert passes[0] != passes[1]
    assert sorted(passes[0]) == TARGETS[:17].tolist()
    for x, y in timeseries_dataset_from_array(SERIES, TARGETS, 4, batch_size=None):
        assert x.tolist() == list(range(y // 10, y // 10 + 4))


def test_no_window_fits():
    assert list(timeseries_dataset_from_array(SERIES, TARGETS, 21)) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sequence_stride": 0}, "got:      sequence_stride=0"),
        ({"sequence_stride": 20}, "expected: 1 to 19"),
        ({"sampling_rate": 0}, "got:      sampling_rate=0"),
        ({"sampling_rate": 20}, "`sampling_rate` does not fit data of length 20"),
        ({"start_index": -1}, "expected: 0 to 19"),
        ({"start_index": 20}, "got:      start_index=20"),
        ({"end_index": 0}, "expected: 1 to 20"),
        ({"end_index": 21}, "got:      end_index=21"),
        ({"start_index": 5, "end_index": 5}, "expected: 6 to 20"),
        ({"format": "numpy"}, "Unknown `format` 'numpy'"),
    ],
)
def test_wrong_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        timeseries_dataset_from_array(SERIES, TARGETS, 2, **options)
