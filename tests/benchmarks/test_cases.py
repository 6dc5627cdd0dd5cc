"""The models and data of the benchmarks: sizes, range, and that there is a signal."""

import numpy as np
import pytest

import kerasish
from benchmarks.cases import CASES, GROUPS, MEASURES, initial_weights, make_data
from benchmarks.peers import keras_style
from benchmarks.samples import KINDS

# those that take seconds to build; the others of their kind are tested
HEAVY = {"mobilenet-1.0-96", "mobilenet-1.0-224"} | {
    case.name for case in GROUPS["scale-variables"] if case.point > 100
}


@pytest.mark.parametrize(
    ("name", "num_weights"),
    [
        # (784 + 1) * 64 + (64 + 1) * 64 + (64 + 1) * 10
        ("mlp64-adam-b32", 55_050),
        ("mlp64-adam-b128", 55_050),
        # (784 + 1) * 512 + (512 + 1) * 512 + (512 + 1) * 10
        ("mlp512-sgd-b64", 669_706),
        # 9 * 32 + 32, 9 * 32 * 64 + 64, (5 * 5 * 64 + 1) * 10
        ("cnn-b128", 34_826),
        # 20,000 * 128, (128 + 64 + 1) * 4 * 64, (64 + 1) * 10
        ("lstm-b32", 2_610_058),
    ],
)
def test_number_of_weights(name, num_weights):
    case = CASES[name]
    made = sum(
        array.size for part in initial_weights(case).values() for array in part.values()
    )
    assert case.num_weights == made == num_weights


@pytest.mark.parametrize("name", [name for name in CASES if name not in HEAVY])
def test_the_stack_is_the_model_and_the_model_takes_a_step(name):
    case = CASES[name]
    data = case.make_data(min(case.batch_size, 8))
    trained = keras_style.Trained(kerasish, case, data)
    sizes = sum(np.prod(w.shape) for w in trained.model.trainable_weights)
    assert case.num_weights == sizes
    if case.is_trained:
        assert np.isfinite(trained.fit())
    given = trained.predict(data.x[:2])
    assert given.shape == (2, case.num_classes)
    np.testing.assert_allclose(given.sum(axis=1), 1, rtol=1e-5)


def test_mobile_net_has_the_published_number_of_weights():
    """Keras names 3,538,984 in all, of which 34,112 are moving means and variances."""
    assert CASES["mobilenet-1.0-224"].num_weights == 3_538_984 - 34_112


def test_every_case_asks_what_is_known():
    assert all(set(case.measures) <= set(MEASURES) for case in CASES.values())
    assert [case.point for case in GROUPS["scale-variables"]] == [10, 100, 1000, 5000]


@pytest.mark.parametrize("case", GROUPS["scale-variables"], ids=lambda c: c.name)
def test_points_have_as_many_variables_as_they_say(case):
    assert sum(map(len, initial_weights(case).values())) == case.point


def test_steps_count_the_smaller_last_batch():
    case = CASES["mlp64-adam-b128"]
    assert [case.num_steps(n) for n in (128, 129, 60_000)] == [1, 2, 469]


def test_a_limit_lowers_the_samples_only():
    case = CASES["lstm-b32"]
    assert [case.limited(n) for n in (None, 64, 10**6)] == [1280, 64, 1280]


def test_title():
    assert CASES["mlp64-adam-b32"].title == "784-64-64-10, Adam, batch size 32"


def test_data_have_the_promised_form():
    data = make_data(2500)
    assert data.x.shape == (2500, 784)
    assert data.x.dtype == np.float32
    assert data.x.min() >= -0.5
    assert data.x.max() <= 0.5
    assert set(data.labels.tolist()) == set(range(10))
    np.testing.assert_array_equal(data.one_hot.argmax(axis=1), data.labels)
    np.testing.assert_array_equal(data.one_hot.sum(axis=1), 1)


@pytest.mark.parametrize("kind", KINDS)
def test_data_are_the_same_every_time_and_never_zeros(kind):
    shape = {"tokens": (80,), "mnist": (28, 28, 1)}.get(kind, (12, 3))
    first, second = (KINDS[kind](100, shape, 10, 0) for _ in range(2))
    np.testing.assert_array_equal(first.x, second.x)
    np.testing.assert_array_equal(first.labels, second.labels)
    assert first.x.shape == (100, *shape)
    assert first.x.dtype == ("int32" if kind == "tokens" else "float32")
    assert first.x.std() > 0.1
    assert len(set(first.labels.tolist())) == 10


def test_without_the_file_of_mnist_its_shape_is_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    data = CASES["cnn-b128"].make_data(20)
    assert data.x.shape == (20, 28, 28, 1)
    assert data.x.min() >= -0.5


def test_with_the_file_of_mnist_its_images_are_scaled(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    images = np.arange(3, dtype="uint8")[:, None, None] * np.ones((28, 28), "uint8")
    labels = np.array([7, 8, 9], "uint8")
    (tmp_path / "datasets").mkdir()
    np.savez(tmp_path / "datasets" / "mnist.npz", x_train=images, y_train=labels)
    data = CASES["cnn-b128"].make_data(3)
    assert sorted(data.labels.tolist()) == [7, 8, 9]
    expected = (data.labels - 7) / 255
    np.testing.assert_allclose(data.x[:, 5, 5, 0], expected, rtol=1e-6)


@pytest.mark.parametrize("kind", ["digits", "patterns"])
def test_data_can_be_learned_but_not_without_error(kind):
    """The mean of a class finds its other samples; redrawn labels stay out of reach."""
    data = KINDS[kind](4000, (784,), 10, 0)
    known, asked = slice(0, 2000), slice(2000, 4000)
    means = np.stack(
        [data.x[known][data.labels[known] == label].mean(axis=0) for label in range(10)]
    )
    distances = np.stack([((data.x[asked] - m) ** 2).sum(axis=1) for m in means], 1)
    accuracy = (distances.argmin(axis=1) == data.labels[asked]).mean()
    assert 0.5 < accuracy < 0.95
