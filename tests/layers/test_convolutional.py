"""Convolution layers beside the contract: causal padding, weights, refusals."""

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops
from kerasish.config import set_image_data_format
from kerasish.errors import ShapeError


def image(*shape):
    return np.arange(np.prod(shape), dtype="float32").reshape(shape)


def test_by_hand():
    layer = layers.Conv1D(1, 2, kernel_initializer="ones", bias_initializer="ones")
    y = layer([[[1.0], [2.0], [4.0]]])
    assert ops.convert_to_numpy(y).reshape(-1).tolist() == [4, 7]


def test_weights_have_keras_shapes():
    layer = layers.Conv2D(6, (3, 2), groups=2)
    layer.build((None, 8, 8, 4))
    assert [(w.name, w.shape) for w in layer.weights] == [
        ("kernel", (3, 2, 2, 6)),
        ("bias", (6,)),
    ]
    bare = layers.Conv2D(6, 3, use_bias=False)
    bare.build((None, 8, 8, 4))
    assert bare.bias is None
    assert len(bare.weights) == 1


@pytest.mark.parametrize(("strides", "dilation"), [(1, 1), (2, 1), (1, 3)])
def test_causal_outputs_do_not_see_the_future(strides, dilation, rng):
    x = rng.normal(size=(2, 9, 3)).astype("float32")
    layer = layers.Conv1D(4, 3, strides, "causal", dilation_rate=dilation)
    before = layer(x)
    x[:, 6:] = 0
    after = layer(x)
    seen = 6 // strides
    np.testing.assert_array_equal(after[:, :seen], before[:, :seen])
    assert before.shape == layer.compute_output_shape(x.shape)


def test_the_global_data_format_is_the_default():
    set_image_data_format("channels_first")
    try:
        layer = layers.Conv2D(4, 3)
    finally:
        set_image_data_format("channels_last")
    assert layer.data_format == "channels_first"
    assert layer(image(1, 2, 5, 5)).shape == (1, 4, 3, 3)


def test_channels_first_computes_what_channels_last_does(rng):
    x = rng.normal(size=(2, 6, 5, 3)).astype("float32")
    last = layers.Conv2D(4, 3, bias_initializer="normal")
    first = layers.Conv2D(4, 3, data_format="channels_first")
    expected = last(x)
    first.build((None, 3, 6, 5))
    first.set_weights(last.get_weights())
    y = np.moveaxis(first(np.moveaxis(x, -1, 1)), 1, -1)
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)


def test_unknown_lengths_stay_unknown():
    layer = layers.Conv2D(4, 3, strides=2)
    shape = layer.compute_output_shape((None, None, 8, 3))
    assert shape == (None, None, 3, 4)


@pytest.mark.parametrize("padding", ["SAME", "Valid"])
def test_padding_may_be_written_large(padding):
    assert layers.Conv2D(4, 3, padding=padding).padding == padding.lower()


def test_whole_numbers_are_convolved_as_floats():
    layer = layers.Conv1D(1, 2, kernel_initializer="ones")
    y = layer(np.array([[[1], [2], [4]]], "int32"))
    assert (y.dtype, y.reshape(-1).tolist()) == ("float32", [3, 6])


MEANINGLESS = {
    "filters": (lambda: layers.Conv2D(0, 3), "positive number of filters(.|\n)*=0"),
    "groups": (lambda: layers.Conv2D(4, 3, groups=0), "positive number of groups"),
    "uneven": (
        lambda: layers.Conv2D(4, 3, groups=3),
        "cannot divide its filters into groups(.|\n)*groups=3, 4 filters",
    ),
    "window": (
        lambda: layers.Conv2D(4, (1, 2, 3)),
        r"kernel_size=\(1, 2, 3\)(.|\n)*a tuple of 2",
    ),
    "no window": (lambda: layers.Conv2D(4, 0), "kernel_size=0(.|\n)*at least 1"),
    "strides": (lambda: layers.Conv2D(4, 3, strides=(1, 0)), r"strides=\(1, 0\)"),
    "both": (
        lambda: layers.Conv2D(4, 3, strides=2, dilation_rate=2),
        "strides and dilation at once(.|\n)*leave one of them at 1",
    ),
    "padding": (
        lambda: layers.Conv2D(4, 3, padding="causal"),
        r"padding of Conv2D 'conv2d\w*' 'causal'(.|\n)*same, valid",
    ),
    "format": (
        lambda: layers.Conv2D(4, 3, data_format="last"),
        "data_format of Conv2D",
    ),
}


@pytest.mark.parametrize("case", MEANINGLESS)
def test_arguments_that_mean_nothing_are_refused(case):
    make, message = MEANINGLESS[case]
    with pytest.raises(ValueError, match=message):
        make()


UNFIT = {
    "few axes": (layers.Conv2D(4, 3), image(8, 8, 3), r"Conv2D(.|\n)*\(8, 8, 3\)"),
    "many axes": (
        layers.Conv1D(4, 3, name="many"),
        image(2, 8, 8, 3),
        r"Conv1D 'many' cannot take this input(.|\n)*3 axes: batch, 1 spatial",
    ),
    "groups": (
        layers.Conv2D(6, 3, groups=3),
        image(2, 8, 8, 4),
        "input channels into groups(.|\n)*groups=3, 4 input channels",
    ),
    "window": (
        layers.Conv2D(6, (9, 1), name="wide"),
        image(2, 8, 8, 4),
        r"Conv2D 'wide' has a window(.|\n)*\(2, 8, 8, 4\), window \(9, 1\)",
    ),
}


@pytest.mark.parametrize("case", UNFIT)
def test_inputs_that_do_not_fit_are_refused(case):
    layer, x, message = UNFIT[case]
    with pytest.raises(ValueError, match=message):
        layer(x)


def test_the_number_of_channels_must_be_known():
    layer = layers.Conv2D(4, 3, name="mine")
    with pytest.raises(ShapeError, match=r"Conv2D 'mine' must know(.|\n)*None, 8, 8"):
        layer.build((None, 8, 8, None))


def test_a_built_layer_keeps_to_its_channels():
    layer = layers.Conv2D(4, 3)
    layer(image(2, 8, 8, 3))
    with pytest.raises(ShapeError, match="last axis of length 3"):
        layer(image(2, 8, 8, 4))


def test_names_of_keras_2_are_the_same_classes():
    for rank in (1, 2, 3):
        for old, new in (
            (f"Convolution{rank}D", f"Conv{rank}D"),
            (f"Convolution{rank}DTranspose", f"Conv{rank}DTranspose"),
            (f"MaxPool{rank}D", f"MaxPooling{rank}D"),
            (f"GlobalAvgPool{rank}D", f"GlobalAveragePooling{rank}D"),
        ):
            assert getattr(layers, old) is getattr(layers, new)


def test_a_small_network_learns_where_a_bar_is(rng):
    """Columns and rows of light are told apart after a few steps."""
    x = rng.normal(0, 0.3, (64, 8, 8, 1)).astype("float32")
    y = rng.integers(0, 2, 64)
    for i, kind in enumerate(y):
        at = rng.integers(8)
        x[i, at if kind else slice(None), slice(None) if kind else at] += 1
    model = kerasish.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(4, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(8, 3, activation="relu"),
            layers.GlobalMaxPooling2D(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    kerasish.utils.set_random_seed(3)
    model.compile(
        kerasish.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"]
    )
    model.fit(x, y, batch_size=16, epochs=20, verbose=0)
    assert model.evaluate(x, y, verbose=0)[1] > 0.95
