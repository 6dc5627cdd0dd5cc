"""Merging layers: what they broadcast, masks, functions of the same name, messages."""

import numpy as np
import pytest

from kerasish import layers, models, ops
from kerasish.errors import ShapeError
from kerasish.graph.masks import get_mask

RNG = np.random.default_rng(1)
SUMMED = {
    "Add": lambda a, b: a + b,
    "Subtract": lambda a, b: a - b,
    "Multiply": lambda a, b: a * b,
    "Average": lambda a, b: (a + b) / 2,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
}
NAMES = list(SUMMED)


def values(tensor):
    return ops.convert_to_numpy(tensor)


def array(*shape):
    return RNG.normal(size=shape).astype("float32")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("first", "second"),
    [((2, 3), (2, 3)), ((2, 1), (2, 3)), ((2, 4, 3), (2, 1, 3)), ((1, 3), (2, 3))],
)
def test_two_tensors_are_combined_with_broadcasting(name, first, second):
    a, b = array(*first), array(*second)
    if first[0] != second[0]:
        with pytest.raises(ShapeError, match="batches of different sizes"):
            getattr(layers, name)()([a, b])
        return
    y = getattr(layers, name)()([a, b])
    np.testing.assert_allclose(values(y), SUMMED[name](a, b), rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_shorter_rank_is_filled_up_behind_the_batch(name):
    a, b = array(4, 3), array(4, 2, 3)
    y = getattr(layers, name)()([a, b])
    np.testing.assert_allclose(values(y), SUMMED[name](a[:, None], b), rtol=1e-6)


@pytest.mark.parametrize("name", ["Add", "Multiply", "Average", "Maximum", "Minimum"])
def test_more_than_two_are_combined_from_the_left(name):
    a, b, c = (array(2, 3) for _ in range(3))
    y = values(getattr(layers, name)()([a, b, c]))
    expected = SUMMED[name](SUMMED[name](a, b), c)
    expected = (a + b + c) / 3 if name == "Average" else expected
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [*NAMES, "Concatenate"])
def test_functions_do_what_the_layers_do(name):
    pair = [array(2, 3), array(2, 3)]
    function = getattr(layers, name.lower())
    np.testing.assert_array_equal(
        values(function(pair)), values(getattr(layers, name)()(pair))
    )
    assert function.__name__ == name.lower()
    assert "inputs" in function.__doc__


def test_functions_build_models():
    a, b = layers.Input((3,)), layers.Input((3,))
    parts = [layers.add([a, b]), layers.multiply([a, b]), layers.subtract([a, b])]
    joined = layers.concatenate(parts, axis=-1, name="joined")
    model = models.Model([a, b], [joined, layers.dot([a, b], axes=1)])
    x, y = array(5, 3), array(5, 3)
    found, product = model.predict([x, y], verbose=0)
    np.testing.assert_allclose(found, np.concatenate([x + y, x * y, x - y], 1), 1e-5)
    np.testing.assert_allclose(product[:, 0], (x * y).sum(1), rtol=1e-4, atol=1e-6)
    assert model.get_layer("joined").axis == -1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ([(None, 3), (None, 1)], (None, 3)),
        ([(None, None, 3), (None, 2, 3)], (None, None, 3)),
        ([(4, 2, 3), (None, 3)], (None, 2, 3)),
    ],
)
def test_shapes_may_have_gaps(name, shapes, expected):
    assert getattr(layers, name)().compute_output_shape(shapes) == expected


@pytest.mark.parametrize("name", NAMES)
def test_samples_that_do_not_broadcast_are_refused(name):
    layer = getattr(layers, name)(name="mine")
    with pytest.raises(
        ShapeError, match=r"'mine' cannot merge these inputs(.|\n)*\(3,\) and \(4,\)"
    ):
        layer([array(2, 3), array(2, 4)])


@pytest.mark.parametrize("name", [*NAMES, "Concatenate"])
def test_a_lone_tensor_is_no_list(name):
    layer = getattr(layers, name)(name="mine")
    with pytest.raises(ShapeError, match=r"'mine' takes a list of(.|\n)*layer\(\[x1"):
        layer(array(2, 3))


def test_a_difference_and_a_product_take_two():
    three = [array(2, 3)] * 3
    for layer in (layers.Subtract(name="mine"), layers.Dot(1, name="mine")):
        with pytest.raises(ShapeError, match="'mine' takes a list of exactly 2"):
            layer(three)


# concatenation ------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [1, 2, -1, 0])
def test_tensors_are_joined_along_an_axis(axis):
    parts = [array(2, 3, 4), array(2, 3, 4)]
    y = layers.Concatenate(axis=axis)(parts)
    np.testing.assert_array_equal(values(y), np.concatenate(parts, axis))


def test_lengths_along_the_axis_add_up_if_they_are_known():
    layer = layers.Concatenate(axis=1)
    assert layer.compute_output_shape([(None, 2, 3), (None, 4, 3)]) == (None, 6, 3)
    assert layer.compute_output_shape([(2, None, 3), (2, 4, None)]) == (2, None, 3)


@pytest.mark.parametrize("shapes", [[(2, 3), (2, 3, 1)], [(2, 3, 4), (2, 3, 5)]])
def test_other_axes_must_agree(shapes):
    layer = layers.Concatenate(axis=1, name="mine")
    with pytest.raises(ShapeError, match="'mine' cannot join these inputs"):
        layer([array(*shape) for shape in shapes])


# dot products -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("axes", "first", "second", "formula"),
    [
        (1, (5, 3), (5, 3), "ba,ba->b"),
        ((1, 2), (5, 3), (5, 4, 3), "ba,bca->bc"),
        ((2, 1), (5, 2, 3), (5, 3, 4), "bca,bad->bcd"),
        (-1, (5, 2, 3), (5, 4, 3), "bca,bda->bcd"),
        ((1, 3), (5, 2, 3), (5, 4, 6, 2), "bac,bdea->bcde"),
    ],
)
def test_products_are_summed_sample_by_sample(axes, first, second, formula):
    a, b = array(*first), array(*second)
    expected = np.einsum(formula, a, b)
    expected = expected[:, None] if expected.ndim == 1 else expected
    layer = layers.Dot(axes=axes)
    np.testing.assert_allclose(values(layer([a, b])), expected, rtol=1e-4, atol=1e-5)
    shapes = [(None, *first[1:]), (None, *second[1:])]
    assert layer.compute_output_shape(shapes) == (None, *expected.shape[1:])


def test_normalized_products_are_cosines():
    a = np.array([[3.0, 4.0], [1.0, 0.0]], "float32")
    b = np.array([[4.0, 3.0], [0.0, 2.0]], "float32")
    y = values(layers.Dot(axes=1, normalize=True)([a, b]))
    np.testing.assert_allclose(y, [[0.96], [0.0]], atol=1e-6)


@pytest.mark.parametrize("axes", [(0, 1), (1,), (1, 2, 3), (1.0, 1)])
def test_axes_of_a_product_are_checked(axes):
    with pytest.raises(ValueError, match="cannot understand its axes"):
        layers.Dot(axes=axes)


def test_axes_of_a_product_are_numbers():
    with pytest.raises(TypeError, match="cannot understand its axes"):
        layers.Dot(axes="last")


def test_lengths_summed_over_must_agree():
    layer = layers.Dot(axes=1, name="mine")
    with pytest.raises(ShapeError, match=r"'mine' sums over axes of one length"):
        layer([array(2, 3), array(2, 4)])


# masks --------------------------------------------------------------------------------

STEPS = np.array([[[1.0], [2.0], [0.0]]], "float32")
OTHER = np.array([[[1.0], [0.0], [0.0]]], "float32")


def mask_of(tensor):
    mask = get_mask(tensor)
    return None if mask is None else values(mask).tolist()


@pytest.mark.parametrize("name", NAMES)
def test_a_step_counts_if_it_does_in_any_input(name):
    masked, other = layers.Masking()(STEPS), layers.Masking()(OTHER)
    y = getattr(layers, name)()([masked, other])
    assert mask_of(y) == [[True, True, False]]
    assert mask_of(getattr(layers, name)()([masked, array(1, 3, 1)])) is None


def test_masks_are_joined_with_the_steps():
    masked = layers.Masking()(STEPS)
    y = layers.Concatenate(axis=1)([masked, array(1, 2, 1)])
    assert mask_of(y) == [[True, True, False, True, True]]


def test_masks_of_joined_features_hold_where_any_does():
    y = layers.Concatenate()([layers.Masking()(STEPS), layers.Masking()(OTHER)])
    assert mask_of(y) == [[True, True, False]]


def test_masks_come_in_a_list_as_long_as_the_inputs():
    layer = layers.Add(name="mine")
    with pytest.raises(ValueError, match="'mine' needs one mask"):
        layer.compute_mask([STEPS, OTHER], [None])
    with pytest.raises(ValueError, match="'mine' needs one mask"):
        layer.compute_mask([STEPS, OTHER], np.ones((1, 3), "bool"))


MASKED = {
    # [5, masked 2, 3] with its negative, which has no mask, and with another such as
    # [masked, masked, 2]
    "Multiply": ([-25, -2, -9], [5, 0, 6]),
    "Maximum": ([5, -2, 3], [5, 2, 3]),
    "Minimum": ([-5, -2, -3], [5, 2, 2]),
}


@pytest.mark.parametrize("name", MASKED)
@pytest.mark.parametrize("symbolic", [False, True])
def test_what_is_masked_stands_back(name, symbolic):
    look_up = layers.Embedding(4, 1, mask_zero=True)
    look_up.build((None, 3))
    look_up.set_weights([np.array([[2.0], [5.0], [3.0], [2.0]])])
    first, other = np.array([[1, 0, 2]]), np.array([[0, 0, 3]])

    def merged(a, b):
        x, y = look_up(a), look_up(b)
        return [
            getattr(layers, name)()(pair) for pair in ([x, ops.negative(x)], [x, y])
        ]

    if symbolic:
        inputs = [layers.Input((3,), dtype="int32") for _ in range(2)]
        found = models.Model(inputs, merged(*inputs))([first, other])
    else:
        found = merged(first, other)
    shown = [values(tensor).ravel().tolist() for tensor in found]
    assert shown == [list(expected) for expected in MASKED[name]]


def test_one_without_a_mask_is_taken_where_others_have_none():
    look_up = layers.Embedding(3, 1, mask_zero=True)
    look_up.build((None, 3))
    look_up.set_weights([np.array([[9.0], [5.0], [3.0]])])
    x = look_up(np.array([[1, 0, 2]]))
    plain = np.array([[[1.0], [2.0], [7.0]]], "float32")
    assert values(layers.Maximum()([x, plain])).ravel().tolist() == [5, 2, 7]
    assert values(layers.Multiply()([x, plain])).ravel().tolist() == [5, 2, 21]
