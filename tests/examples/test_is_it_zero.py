"""Tests of `examples/is_it_zero.py`: 99%, and the step that gets there."""

import is_it_zero
import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the examples extra is not installed")


# On 5,000 samples of MNIST, over 6 seeds: accuracy 0.991 and 0.990, standard deviation
# 0.0003 each; precision and recall of the zeros 0.947 to 0.960. (The full data gives
# 0.992 and 0.990.)
@pytest.mark.slow
def test_about_99_percent_on_mnist(real_mnist):
    found = is_it_zero.main(quick=True, data="mnist")
    for judged in found.values():
        assert judged["accuracy"] == pytest.approx(0.990, abs=0.003)
        assert judged["precision"] > 0.93
        assert judged["recall"] > 0.93


# Zeros are easy among the small digits: over 8 seeds at most one of the 360 test
# samples was wrong. Five are allowed.
@pytest.mark.parametrize("seed", range(3))
def test_the_small_digits(seed):
    found = is_it_zero.main(data="digits", seed=seed)
    assert list(found) == ["logistic_regression", "hidden_layer"]
    for judged in found.values():
        confusion = judged["confusion"]
        assert confusion.sum() == 360
        assert confusion.trace() >= 355
        assert judged["accuracy"] == pytest.approx(confusion.trace() / 360)
        true_zeros, called_zeros = confusion[1].sum(), confusion[:, 1].sum()
        assert judged["recall"] == pytest.approx(confusion[1, 1] / true_zeros)
        assert judged["precision"] == pytest.approx(confusion[1, 1] / called_zeros)


def test_an_epoch_is_one_step_over_all_samples(rng):
    x = rng.normal(size=(50, 3)).astype("float32")
    y = (x[:, 0] > 0).astype("float32")
    model = is_it_zero.build_models(num_pixels=3, rate=0.5)["logistic_regression"]
    kernel, bias = model.get_weights()
    costs = is_it_zero.train(model, x, y, epochs=1)

    p = 1 / (1 + np.exp(-(x @ kernel + bias)))[:, 0]
    assert costs == [
        pytest.approx(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), rel=1e-5)
    ]
    after = model.get_weights()
    # one step in float32: rounding only
    np.testing.assert_allclose(
        after[0][:, 0], kernel[:, 0] - 0.5 * (x.T @ (p - y)) / 50, atol=1e-6
    )
    np.testing.assert_allclose(after[1], bias - 0.5 * np.mean(p - y), atol=1e-6)


def test_prints_the_report(capsys):
    is_it_zero.main(data="digits", epochs=5)
    printed = capsys.readouterr().out
    assert "confusion matrix" in printed
    assert "precision    recall  f1-score   support" in printed
    assert printed.count("epoch    5  cost") == 2


def test_draws(picture):
    is_it_zero.main(data="digits", epochs=5, output=picture)
