"""The next hour of a series: a recurrent network against the naive forecast.

A year of hourly demand, made here: a daily and a weekly rhythm, weather that drifts,
and noise. The network sees three days at a time, cut out of the series by
`timeseries_dataset_from_array`, and forecasts the hour after them. The naive forecasts,
"as an hour ago" and "as a day ago", are what any model has to beat first.

Training, validation and test follow one another in time: a random split would let the
network see the hours on either side of those it is asked for.
"""

import argparse

import numpy as np

import kerasish as keras
from kerasish import layers

DAY, WEEK = 24, 7 * 24
LENGTH = 3 * DAY  # hours that the network sees


def make_series(rng, hours):
    """Return hourly demand, float32 of shape (hours,)."""
    hour = np.arange(hours)
    daily = 3 * np.sin(2 * np.pi * hour / DAY) + np.sin(4 * np.pi * hour / DAY)
    weekend = 2.0 * (hour % WEEK >= 5 * DAY)
    weather = np.zeros(hours)
    for now in range(1, hours):
        weather[now] = 0.99 * weather[now - 1] + 0.1 * rng.normal()
    noise = 0.3 * rng.normal(size=hours)
    return (20 + daily - weekend + weather + noise).astype("float32")


def make_windows(series, shuffle=False):
    """Return batches of windows, float32[n, LENGTH, 1], and the hours that follow."""
    return keras.utils.timeseries_dataset_from_array(
        series[:-1, None],
        targets=series[LENGTH:],
        sequence_length=LENGTH,
        batch_size=64,
        shuffle=shuffle,
        seed=1,
    )


def build_model():
    """Return a compiled network that reads three days and tells the next hour."""
    model = keras.Sequential(
        [
            keras.Input(shape=(LENGTH, 1)),
            layers.Conv1D(16, kernel_size=5, strides=2, activation="relu"),
            layers.GRU(24),
            layers.Dense(1),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.005),
        loss="mse",
        metrics=["mae"],
    )
    return model


def main(seed=0, epochs=8, days=365):
    """Return the mean absolute errors on the test hours: the network's and naive."""
    keras.utils.set_random_seed(seed)
    series = make_series(np.random.default_rng(seed), days * DAY)
    first, second = int(0.6 * len(series)), int(0.8 * len(series))
    mean, deviation = series[:first].mean(), series[:first].std()
    scaled = (series - mean) / deviation

    model = build_model()
    best = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
    model.fit(
        make_windows(scaled[:first], shuffle=True),
        validation_data=make_windows(scaled[first:second]),
        epochs=epochs,
        callbacks=[best],
        verbose=2,
    )
    _, error = model.evaluate(make_windows(scaled[second:]), verbose=0)

    test = series[second:]
    errors = {"network": error * deviation}
    for name, lag in [("an hour ago", 1), ("a day ago", DAY)]:
        errors[name] = np.abs(test[LENGTH:] - test[LENGTH - lag : -lag]).mean()
    for name, error in errors.items():
        print(f"mean absolute error, {name}: {error:.3f}")
    return errors


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=8)
    main(**vars(parser.parse_args()))
