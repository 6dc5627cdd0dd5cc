"""Tests of `examples/fashion.py`: the loader, the loop, what it prints and learns."""

import re

import fashion
import numpy as np
import pytest

import kerasish as keras


# On 6,400 samples of MNIST, over 6 seeds: first loss 2.35, standard deviation 0.04;
# 0.559 right, with one of 0.016; test loss 1.99, with one of 0.017.
@pytest.mark.slow
def test_begins_to_learn_mnist(real_mnist):
    found = fashion.main(quick=True, data="mnist")
    assert len(found["losses"]) == 5 * 100
    # ten classes, nothing known: log 10 = 2.303, and what the random start adds
    assert found["losses"][0] == pytest.approx(2.35, abs=4 * 0.04)
    assert found["accuracies"][-1] == pytest.approx(0.559, abs=4 * 0.016)
    assert found["test losses"][-1] == pytest.approx(1.99, abs=4 * 0.018)
    assert found["test losses"] == sorted(found["test losses"], reverse=True)


# At a rate of 0.1 on the small digits, over 6 seeds: 0.915, standard deviation 0.012.
def test_learns_the_small_digits_at_a_higher_rate():
    for seed in range(3):
        found = fashion.main(data="digits", rate=0.1, seed=seed)
        assert found["accuracies"][-1] > 0.915 - 4 * 0.012


def test_prints_what_such_loops_print(capsys):
    fashion.main(data="digits", epochs=2)
    printed = capsys.readouterr().out
    assert "Total params:" in printed
    assert len(re.findall(r"^Epoch \d\n-{31}$", printed, re.M)) == 2
    assert re.search(r"^loss: 2\.\d{6}  \[   64/ 1437\]$", printed, re.M)
    assert re.search(
        r"^Test Error:\n Accuracy: \d+\.\d%, Avg loss: \d\.\d{6}$", printed, re.M
    )


def test_average_of_batches_is_that_of_the_samples(rng):
    x = rng.uniform(size=(150, 8, 8)).astype("float32")  # batches of 64, 64 and 22
    y = rng.integers(10, size=150)
    model = fashion.build_model((8, 8), rate=0.1)
    accuracy, loss = fashion.test(fashion.Loader(x, y), model)
    expected = model.evaluate(x, y, batch_size=150, verbose=0)
    # float32 means of 150 values
    np.testing.assert_allclose([loss, accuracy], expected, rtol=1e-5)


def test_loader_goes_through_all_samples_each_time():
    x, y = np.arange(10.0), np.arange(10)
    loader = fashion.Loader(x, y, batch_size=4)
    assert len(loader) == 3
    for _ in range(2):
        batches = list(loader)
        assert [len(b) for b, _ in batches] == [4, 4, 2]
        np.testing.assert_array_equal(np.concatenate([b for b, _ in batches]), x)


def test_loader_shuffles_pairs_by_the_seed():
    x, y = np.arange(100.0), np.arange(100)
    loader = fashion.Loader(x, y, batch_size=30, shuffle=True)
    orders = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        batches = list(loader)
        assert all(np.array_equal(bx, by) for bx, by in batches)
        orders.append(np.concatenate([by for _, by in batches]).tolist())
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[2]) == list(range(100))


def test_fit_takes_the_loader(rng):
    x = rng.uniform(size=(100, 8, 8)).astype("float32")
    loader = fashion.Loader(x, rng.integers(10, size=100))
    model = fashion.build_model((8, 8), rate=0.1)
    history = model.fit(loader, epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2


def test_draws(picture):
    fashion.main(data="digits", epochs=1, output=picture)
