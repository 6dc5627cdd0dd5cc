"""Whatever form the same numbers come in, they train to the same weights."""

import numpy as np
import pytest

import kerasish
from kerasish import layers

SAMPLES, BATCH, EPOCHS = 30, 8, 2


@pytest.fixture
def data(rng):
    """Numbers that every form can hold exactly, the dtypes of integers included."""
    x = rng.integers(0, 9, size=(SAMPLES, 3)).astype("float32")
    return x, x @ np.array([[1.0], [-2.0], [0.5]], "float32") / 8


def network():
    kerasish.utils.set_random_seed(1)
    model = kerasish.Sequential(
        [layers.Input((3,)), layers.Dense(4, activation="tanh"), layers.Dense(1)]
    )
    model.compile("adam", "mse", metrics=["mae"])
    return model


def fitted(x, y=None, **arguments):
    """Return weights and logs after training in the order of the data."""
    model = network()
    given = {"epochs": EPOCHS, "shuffle": False, "verbose": 0, **arguments}
    history = model.fit(x, y, **given)
    return model.get_weights(), history.history


@pytest.fixture
def expected(data):
    return fitted(*data, batch_size=BATCH)


def assert_same(found, expected):
    for mine, his in zip(found[0], expected[0], strict=True):
        np.testing.assert_array_equal(mine, his)
    assert found[1] == expected[1]


def batches(x, y):
    """Yield the batches of one epoch, a short last one included."""
    for start in range(0, len(x), BATCH):
        yield x[start : start + BATCH], y[start : start + BATCH]


def frames(name):
    def make(x, y, tmp_path):
        module = pytest.importorskip(name)
        columns = {f"x{i}": x[:, i] for i in range(x.shape[1])}
        return module.DataFrame(columns), module.DataFrame({"y": y[:, 0]})

    return make


def series(x, y, tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(x, index=[f"row {i}" for i in range(len(x))])
    return frame, pandas.Series(y[:, 0])


def hdf5(x, y, tmp_path):
    h5py = pytest.importorskip("h5py")
    file = h5py.File(tmp_path / "data.h5", "w")
    return file.create_dataset("x", data=x), file.create_dataset("y", data=y)


def memory_map(x, y, tmp_path):
    made = []
    for name, array in (("x", x), ("y", y)):
        mapped = np.memmap(tmp_path / name, array.dtype, "w+", shape=array.shape)
        mapped[:] = array
        made.append(mapped)
    return made


def read_only(x, y, tmp_path):
    x, y = x.copy(), y.copy()
    x.flags.writeable = y.flags.writeable = False
    return x, y


ARRAYS = {
    "lists": lambda x, y, tmp: (x.tolist(), y.tolist()),
    "float64": lambda x, y, tmp: (x.astype("float64"), y.astype("float64")),
    "column_major": lambda x, y, tmp: (np.asfortranarray(x), y),
    "every_second_row": lambda x, y, tmp: (np.repeat(x, 2, 0)[::2], y),
    "backwards": lambda x, y, tmp: (x[::-1].copy()[::-1], y),
    "rank_one_targets": lambda x, y, tmp: (x, y[:, 0]),
    "uint8": lambda x, y, tmp: (x.astype("uint8"), y),
    "int64": lambda x, y, tmp: (x.astype("int64"), y),
    "float16": lambda x, y, tmp: (x.astype("float16"), y),
    "read_only": read_only,
    "pandas": frames("pandas"),
    "pandas_series": series,
    "polars": frames("polars"),
    "hdf5": hdf5,
    "memory_map": memory_map,
    "variables": lambda x, y, tmp: (kerasish.Variable(x), kerasish.Variable(y)),
}


@pytest.mark.parametrize("form", ARRAYS)
def test_arrays_of_any_kind(form, data, expected, tmp_path):
    x, y = ARRAYS[form](*data, tmp_path)
    found = fitted(x, y, batch_size=BATCH)
    assert_same(found, expected)


@pytest.mark.parametrize("form", ["float64", "hdf5", "memory_map", "pandas", "lists"])
def test_shuffled_arrays_of_any_kind(form, data, tmp_path):
    expected = fitted(*data, batch_size=BATCH, shuffle=True)
    found = fitted(*ARRAYS[form](*data, tmp_path), batch_size=BATCH, shuffle=True)
    assert_same(found, expected)


class Loader:
    """An iterable with a length, as PyTorch's DataLoader is."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __len__(self):
        return -(-len(self.x) // BATCH)

    def __iter__(self):
        return batches(self.x, self.y)


class Dataset(kerasish.utils.PyDataset):
    def __init__(self, x, y, **kwargs):
        super().__init__(**kwargs)
        self.batches = list(batches(x, y))

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]


def endless(x, y):
    while True:
        yield from batches(x, y)


class Weighted(Loader):
    """Batches that bring sample weights, all of them 1."""

    def __iter__(self):
        for x, y in batches(self.x, self.y):
            yield x, y, np.ones(len(x))


ITERABLES = {
    "loader": (Loader, {}),
    "dataset": (Dataset, {}),
    "dataset_with_threads": (lambda x, y: Dataset(x, y, workers=2), {}),
    "generator": (endless, {"steps_per_epoch": 4}),
    "weighted": (Weighted, {}),
}


@pytest.mark.parametrize("form", ITERABLES)
def test_iterables_of_batches(form, data, expected):
    make, arguments = ITERABLES[form]
    found = fitted(make(*data), **arguments)
    for mine, his in zip(found[0], expected[0], strict=True):
        np.testing.assert_allclose(mine, his, rtol=1e-6)
    for name, values in expected[1].items():
        np.testing.assert_allclose(found[1][name], values, rtol=1e-5)


@pytest.mark.parametrize("form", ["float64", "hdf5", "pandas", "polars", "memory_map"])
def test_evaluate_and_predict_take_the_same(form, data, tmp_path):
    model = network()
    x, y = ARRAYS[form](*data, tmp_path)
    assert model.evaluate(x, y, verbose=0) == model.evaluate(*data, verbose=0)
    found = model.predict(x, batch_size=BATCH, verbose=0)
    expected = model.predict(data[0], batch_size=BATCH, verbose=0)
    np.testing.assert_array_equal(found, expected)


def test_predict_takes_generators_with_and_without_targets(data):
    x, y = data
    model = network()
    expected = model.predict(x, batch_size=BATCH, verbose=0)
    for form in (
        (a for a, _ in batches(x, y)),
        ((a,) for a, _ in batches(x, y)),
        batches(x, y),
    ):
        np.testing.assert_array_equal(model.predict(form, verbose=0), expected)


def test_validation_data_may_be_iterables(data):
    logs = [
        network().fit(*data, validation_data=v, shuffle=False, verbose=0, **more)
        for v, more in (
            (data, {"validation_batch_size": BATCH}),
            (Loader(*data), {}),
            (Dataset(*data), {}),
            (endless(*data), {"validation_steps": 4}),
        )
    ]
    for history in logs[1:]:
        for name, values in logs[0].history.items():
            np.testing.assert_allclose(history.history[name], values, rtol=1e-5)


def test_the_user_s_arrays_are_left_alone(data):
    x, y = data
    kept = x.copy(), y.copy()
    network().fit(x, y, epochs=2, verbose=0, validation_split=0.2)
    np.testing.assert_array_equal(x, kept[0])
    np.testing.assert_array_equal(y, kept[1])


def test_several_inputs_by_position_and_by_name(data):
    class Sum(kerasish.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, inputs):
            if isinstance(inputs, dict):
                inputs = (inputs["a"], inputs["b"])
            return self.dense(inputs[0] - inputs[1])

    x, y = data
    results = []
    for form in ([x, 2 * x], (x, 2 * x), {"b": 2 * x, "a": x}):
        kerasish.utils.set_random_seed(1)
        model = Sum()
        model.compile("sgd", "mse")
        history = model.fit(form, y, shuffle=False, verbose=0)
        results.append((history.history["loss"], model.get_weights()))
    for loss, weights in results[1:]:
        assert loss == results[0][0]
        for mine, his in zip(weights, results[0][1], strict=True):
            np.testing.assert_array_equal(mine, his)
