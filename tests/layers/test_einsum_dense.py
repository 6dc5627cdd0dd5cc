"""EinsumDense: equations, lengths that must agree, biases, refusals."""

import numpy as np
import pytest

import kerasish
from kerasish import layers, ops


def built(equation, output_shape, input_shape, **more):
    layer = layers.EinsumDense(equation, output_shape, **more)
    layer.build(input_shape)
    return layer


@pytest.mark.parametrize(
    ("equation", "output_shape", "shape"),
    [
        ("ab,bc->ac", 3, (2, 4)),
        ("abc,cde->abde", (None, 2, 3), (2, 5, 4)),
        ("abc,cd->adb", (3, None), (2, 5, 4)),
        ("...ab,bc->...ac", (None, 3), (2, 2, 5, 4)),
        ("...x,xy->...y", 3, (2, 2, 5, 4)),
        ("ab...,bc->ac...", 3, (2, 4, 5)),
        ("ab,b->a", (), (2, 4)),
        ("aab,bc->ac", 3, (2, 2, 4)),
    ],
)
def test_it_is_the_einsum_of_input_and_kernel(equation, output_shape, shape, rng):
    layer = built(equation, output_shape, shape)
    x = rng.normal(size=shape).astype("float32")
    expected = np.einsum(equation, x, layer.kernel.numpy())
    np.testing.assert_allclose(layer(x), expected, rtol=1e-5, atol=1e-6)
    computed = layer.compute_output_shape(shape)
    assert len(computed) == expected.ndim
    for length, real in zip(computed, expected.shape, strict=True):
        assert length in (None, real)


@pytest.mark.parametrize(
    ("bias_axes", "shape"), [("d", (8,)), ("bd", (5, 8)), ("db", (5, 8)), ("b", (5, 1))]
)
def test_a_bias_begins_at_its_first_axis(bias_axes, shape):
    layer = built("abc,cd->abd", (5, 8), (None, 5, 4), bias_axes=bias_axes)
    assert layer.bias.shape == shape


def test_a_bias_of_an_equation_open_to_the_right_has_ones_behind():
    layer = built("ab...,bc->ac...", 8, (None, 4, 5, 6), bias_axes="c")
    assert layer.bias.shape == (8, 1, 1)


def test_unknown_lengths_stay_unknown():
    layer = layers.EinsumDense("abc,cd->abd", (None, 8))
    assert layer.compute_output_shape((None, None, 4)) == (None, None, 8)
    open_left = layers.EinsumDense("...x,xy->...y", 8)
    assert open_left.compute_output_shape((None, 7, None, 4)) == (None, 7, None, 8)


def test_a_number_is_one_axis():
    assert layers.EinsumDense("ab,bc->ac", 3).get_config()["output_shape"] == (3,)


def test_regularizers_and_constraints_belong_to_the_weights():
    layer = built(
        "ab,bc->ac",
        3,
        (None, 4),
        bias_axes="c",
        kernel_regularizer="l2",
        bias_regularizer="l1",
        kernel_constraint="non_neg",
    )
    assert len(layer.losses) == 2
    assert type(layer.kernel.constraint).__name__ == "NonNeg"


def test_a_model_with_unknown_lengths_learns(rng):
    inputs = layers.Input((None, 4))
    outputs = layers.EinsumDense("abc,cd->abd", (None, 2), bias_axes="d")(inputs)
    assert outputs.shape == (None, None, 2)
    model = kerasish.Model(inputs, outputs)
    model.compile("adam", "mse")
    x = rng.normal(size=(8, 5, 4)).astype("float32")
    losses = model.fit(x, x[..., :2], epochs=4, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


REFUSED = {
    "no arrow": (("ab,bc", 3, (None, 4)), "cannot read its equation"),
    "one operand": (("ab->ab", 3, (None, 4)), "cannot read its equation"),
    "two ellipses": (("...a,ab...->b...", 3, (None, 4)), "cannot read its equation"),
    "unknown letter": (("ab,bc->ad", 3, (None, 4)), "'d' in the output 'ad'"),
    "two lengths": (("abc,cd->abd", (6, 8), (None, 5, 4)), "'b' is 5 in the input"),
    "too few": (("abc,cd->abd", (8,), (None, 5, 4)), "a length for each axis"),
    "too low a rank": (("abc,cd->abd", (None, 8), (None, 4)), "input of this rank"),
    "unknown depth": (("ab,bc->ac", 3, (None, None)), "every length of the kernel"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case):
    arguments, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        built(*arguments)


@pytest.mark.parametrize(
    ("bias_axes", "message"),
    [("c", "'c' in bias_axes"), ("", "without axes"), ("b", "every length of bias")],
)
def test_refused_biases(bias_axes, message):
    with pytest.raises(ValueError, match=message):
        built("abc,cd->abd", (None, 8), (None, None, 4), bias_axes=bias_axes)


def test_there_is_no_packing():
    with pytest.raises(ValueError, match="gptq_unpacked_column_size=2"):
        layers.EinsumDense("ab,bc->ac", 3, gptq_unpacked_column_size=2)


def test_a_mask_ends_with_a_warning():
    x = layers.Embedding(5, 4, mask_zero=True)(ops.array([[1, 0]]))
    with pytest.warns(UserWarning, match="the mask ends here"):
        layers.EinsumDense("abc,cd->abd", (None, 8))(x)
