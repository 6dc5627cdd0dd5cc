"""Tests of `examples/siamese.py`: pairs, the loss, and against pixels."""

import numpy as np
import pytest
import siamese


# Over 10 seeds: 0.946, standard deviation 0.008; by pixels 0.796, with one of 0.008.
@pytest.mark.parametrize("seed", range(3))
def test_tells_pairs_better_than_pixels_do(seed):
    found = siamese.main(seed=seed)
    assert found["accuracy"] > 0.946 - 4 * 0.008
    assert found["by pixels"] < 0.796 + 4 * 0.008


def test_half_of_the_pairs_are_the_same_digit(rng):
    labels = rng.integers(10, size=500)
    x = np.repeat(labels[:, None], 64, axis=1)
    (left, right), same = siamese.make_pairs(rng, x, labels, 2000)
    assert np.array_equal(left[:, 0] == right[:, 0], same[:, 0] == 1)
    # 0.45, and a tenth of the others by chance: 0.505, standard deviation 0.011
    assert same.mean() == pytest.approx(0.505, abs=4 * 0.011)


def test_contrastive_loss_by_hand():
    same = np.array([[1.0], [1.0], [0.0], [0.0]], "float32")
    distance = np.array([[0.5], [0.0], [0.25], [3.0]], "float32")
    found = siamese.contrastive_loss(same, distance)
    np.testing.assert_allclose(found, [0.25, 0, 0.75**2, 0])
    right = siamese.near_means_same(same, distance)
    np.testing.assert_array_equal(right, [[0], [1], [0], [1]])


def test_both_pictures_go_through_the_same_weights():
    model = siamese.build_model()
    assert [w.shape for w in model.weights] == [(64, 128), (128,), (128, 16), (16,)]
