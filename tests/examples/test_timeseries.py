"""Tests of `examples/timeseries.py`: windows, and against the naive forecasts."""

import numpy as np
import pytest
import timeseries


# Over 10 seeds: 0.360 to 0.383, where "an hour ago" is off by 0.652 to 0.667 and "a day
# ago" by 0.90 to 0.98. The noise alone makes 0.3 * sqrt(2 / pi) = 0.24.
@pytest.mark.parametrize("seed", range(3))
def test_beats_the_naive_forecasts(seed):
    found = timeseries.main(seed=seed)
    assert 0.24 < found["network"] < 0.369 + 4 * 0.009
    assert found["network"] < 0.7 * found["an hour ago"] < found["a day ago"]


def test_the_target_is_the_hour_after_the_window():
    series = np.arange(100, dtype="float32")
    x, y = next(iter(timeseries.make_windows(series)))
    assert x.shape == (100 - timeseries.LENGTH, timeseries.LENGTH, 1)
    np.testing.assert_array_equal(x[:, -1, 0] + 1, y)
    np.testing.assert_array_equal(x[0, :, 0], series[: timeseries.LENGTH])
    assert y[-1] == 99
