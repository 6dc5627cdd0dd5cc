"""Discretization: numbers that Keras 3.15.1 gives, learning, models, messages."""

import numpy as np
import pytest

from kerasish import layers, models, ops

DATA = np.random.default_rng(0).normal(size=1000).astype("float32")


def values(tensor):
    return ops.convert_to_numpy(tensor)


def adapted(data, **arguments):
    layer = layers.Discretization(**arguments)
    layer.adapt(data)
    return layer


def test_bins_hold_their_lower_boundary():
    layer = layers.Discretization(bin_boundaries=[0.0, 1.0, 2.0])
    x = np.array([[-1.5, 1.0, 3.4, 0.5], [0.0, 2.0, np.nan, np.inf]])
    found = values(layer(x))
    assert found.tolist() == [[0, 2, 3, 1], [1, 3, 3, 3]]
    assert found.dtype == np.int32


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("multi_hot", [[1, 0, 1, 0], [0, 1, 0, 0]]),
        ("count", [[1, 0, 1, 0], [0, 2, 0, 0]]),
        ("one_hot", [[[1, 0, 0, 0], [0, 0, 1, 0]], [[0, 1, 0, 0], [0, 1, 0, 0]]]),
    ],
)
def test_modes(mode, expected):
    layer = layers.Discretization([0.0, 1.0, 2.0], output_mode=mode)
    found = values(layer(np.array([[-1.5, 1.0], [0.5, 0.5]])))
    assert found.tolist() == expected
    assert layer.compute_output_shape((2, 2)) == found.shape


# what Keras's adapt finds on TensorFlow
@pytest.mark.parametrize(
    ("data", "arguments", "expected"),
    [
        (DATA, {"num_bins": 4}, [-0.690945, -0.075573, 0.613189]),
        (DATA, {"num_bins": 4, "epsilon": 0.1}, [-0.702565, -0.075573, 0.611367]),
        (DATA[:10], {"num_bins": 3}, [-0.40114793, 0.28297344]),
        (np.array([1.0, 2.0, 3.0]), {"num_bins": 3}, [1.0, 2.0]),
        (np.array([1.0, 2.0, 3.0]), {"num_bins": 5}, [1.0, 2.0]),
        (np.array([1.0, 1, 1, 1, 5, 5, 9]), {"num_bins": 3}, [1.0, 3.66666667]),
    ],
)
def test_boundaries_between_equally_many(data, arguments, expected):
    layer = adapted(data, **arguments)
    np.testing.assert_allclose(layer.bin_boundaries, expected, rtol=1e-5)


@pytest.mark.parametrize("size", [100, 333])
def test_batches_give_nearly_the_same_boundaries(size):
    batches = [DATA[i : i + size] for i in range(0, len(DATA), size)]
    layer = adapted(batches, num_bins=4)
    shares = np.diff(np.searchsorted(np.sort(DATA), [-9, *layer.bin_boundaries, 9]))
    assert (abs(shares - 250) < 25).all()  # entries stand for one hundredth each


def test_data_of_any_shape_or_a_list():
    expected = adapted(DATA, num_bins=4).bin_boundaries
    assert adapted(DATA.reshape(10, 100), num_bins=4).bin_boundaries == expected
    assert adapted(DATA.tolist(), num_bins=4).bin_boundaries == expected


def test_inside_a_model_it_is_traced_and_saved(tmp_path):
    numbers = layers.Input((1,))
    learnt = adapted(DATA, num_bins=4, output_mode="one_hot", name="bins")
    model = models.Model(numbers, layers.Dense(1)(learnt(numbers)))
    model.compile("sgd", "mse")
    x = DATA[:8, None]
    model.fit(x, np.ones(8), verbose=0)
    model.save(tmp_path / "m.keras")
    again = models.load_model(tmp_path / "m.keras")
    assert again.get_layer("bins").bin_boundaries == learnt.bin_boundaries
    np.testing.assert_allclose(
        again.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6
    )


def test_configs_hold_what_was_learnt():
    layer = adapted(DATA, num_bins=4)
    config = layer.get_config()
    assert config["num_bins"] == 4
    again = layers.Discretization.from_config(config)
    assert again.bin_boundaries == layer.bin_boundaries
    again.adapt(DATA * 2)  # it can learn anew
    assert again.bin_boundaries != layer.bin_boundaries


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "needs either boundaries or a number of bins"),
        ({"bin_boundaries": [0.0], "num_bins": 2}, "needs either boundaries"),
        ({"num_bins": 0}, "needs a bin"),
        ({"bin_boundaries": [1.0, 0.0]}, r"must ascend(.|\n)*sorted"),
        ({"num_bins": 2, "output_mode": "onehot"}, "did you mean 'one_hot'"),
        ({"num_bins": 2, "sparse": True}, "cannot make sparse tensors"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        layers.Discretization(**arguments)


def test_without_boundaries_it_cannot_be_called():
    with pytest.raises(ValueError, match=r"'mine' has no boundaries yet(.|\n)*adapt"):
        layers.Discretization(num_bins=3, name="mine")(DATA)


def test_given_boundaries_are_not_learnt():
    with pytest.raises(ValueError, match=r"was given its boundaries(.|\n)*num_bins"):
        layers.Discretization([0.0]).adapt(DATA)
