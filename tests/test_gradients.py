"""Gradients of plain functions: `grad` and `value_and_grad`."""

import numpy as np
import pytest

import kerasish
from kerasish import grad, layers, ops, value_and_grad
from kerasish.errors import DTypeError, ShapeError


def host(value):
    return ops.convert_to_numpy(value)


def central_difference(function, x, direction, step=1e-6):
    """Return the slope of a function along a direction, in float64."""
    both = value_and_grad(function)
    ahead, _ = both(x + step * direction)
    behind, _ = both(x - step * direction)
    return float(host(ahead) - host(behind)) / (2 * step)


FUNCTIONS = {
    "polynomial": lambda x: ops.sum(x**3 - 2.0 * x),
    "mlp": lambda x: ops.mean(ops.tanh(ops.matmul(x, ops.transpose(x))) ** 2),
    "softmax": lambda x: ops.sum(ops.softmax(x) * ops.sin(x)),
    "norm": lambda x: ops.norm(x - ops.mean(x, axis=0)),
    "where": lambda x: ops.sum(ops.where(x > 0.1, ops.exp(x), x * x)),
    "slices": lambda x: ops.sum(x[0] * x[1]) + ops.max(x),
    "logsumexp": lambda x: ops.sum(ops.logsumexp(x, axis=-1)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_against_finite_differences(name, rng, backend):
    function = FUNCTIONS[name]
    x, direction = rng.normal(size=(2, 3, 4))
    slope = float((host(grad(function)(x)) * direction).sum())
    expected = central_difference(function, x, direction)
    np.testing.assert_allclose(slope, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", ["polynomial", "mlp", "softmax", "norm", "logsumexp"])
def test_gradients_of_gradients_against_finite_differences(name, rng):
    first = grad(FUNCTIONS[name])
    x, inner, outer = rng.normal(size=(3, 3, 4))

    def slope(x):
        return ops.sum(first(x) * inner)

    found = float((host(grad(slope)(x)) * outer).sum())
    expected = central_difference(slope, x, outer, step=1e-5)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


def test_value_and_gradient_come_together():
    value, slope = value_and_grad(lambda x: ops.sum(x * x))(np.array([1.0, 3.0]))
    assert float(value) == 10.0
    np.testing.assert_array_equal(host(slope), [2.0, 6.0])


def test_three_times_over():
    third = grad(grad(grad(lambda x: x**4)))
    assert float(third(2.0)) == 48.0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_dtype_is_the_argument_s(dtype):
    assert host(grad(lambda x: ops.sum(x * x))(np.ones(2, dtype))).dtype == dtype


def product(x, y):
    return ops.sum(x * y)


@pytest.mark.parametrize(
    ("argnums", "expected"),
    [(0, 3.0), (1, 2.0), (-1, 2.0), ((0, 1), (3.0, 2.0)), ([1], (2.0,))],
)
def test_argnums(argnums, expected):
    found = grad(product, argnums)(2.0, 3.0)
    if isinstance(expected, tuple):
        assert isinstance(found, tuple)
        assert tuple(map(float, found)) == expected
    else:
        assert float(found) == expected


def test_nested_arguments_give_nested_gradients():
    parameters = {"w": np.full(2, 3.0), "rest": [np.ones(2), (np.ones(()),)]}

    def function(p):
        return ops.sum(p["w"] * p["rest"][0]) * p["rest"][1][0]

    found = grad(function)(parameters)
    assert list(found) == ["w", "rest"]
    # the keys are not in sorted order: each gradient must find its own
    np.testing.assert_array_equal(host(found["w"]), [1.0, 1.0])
    np.testing.assert_array_equal(host(found["rest"][0]), [3.0, 3.0])
    assert float(found["rest"][1][0]) == 6.0


def test_gradients_by_variables():
    w = kerasish.Variable(np.array([1.0, 2.0], "float32"), name="w")
    b = kerasish.Variable(np.float32(0.5), name="b")
    both = value_and_grad(lambda x: ops.sum(x * w) + b, variables=[b, w])
    value, (by_b, by_w) = both(np.array([3.0, 4.0], "float32"))
    assert float(value) == 11.5
    assert float(by_b) == 1.0
    np.testing.assert_array_equal(host(by_w), [3.0, 4.0])
    w.assign([0.0, 0.0])  # compiled functions read variables anew
    assert float(both(np.ones(2, "float32"))[0]) == 0.5


def test_variables_without_arguments():
    w = kerasish.Variable(np.ones(2, "float32"))
    (found,) = grad(lambda: ops.sum(w * w), variables=[w])()
    np.testing.assert_array_equal(host(found), [2.0, 2.0])


@pytest.mark.parametrize("function", [lambda x, y: ops.sum(y), lambda x, y: 3.0])
def test_what_the_value_does_not_depend_on_has_gradient_zero(function):
    found = grad(function)(np.ones((2, 3), "float32"), np.ones(2))
    np.testing.assert_array_equal(host(found), np.zeros((2, 3)))
    w = kerasish.Variable(np.ones(2, "float32"))
    (by_w,) = grad(function, variables=[w])(np.ones(3), np.ones(2))
    np.testing.assert_array_equal(host(by_w), [0.0, 0.0])


def test_functions_are_traced_once_per_shape():
    traced = []

    def function(x):
        traced.append(x.shape)
        return ops.sum(x * x)

    slope = grad(function)
    for size in (2, 3, 2, 3, 2):
        x = np.arange(size, dtype="float32")
        np.testing.assert_array_equal(host(slope(x)), 2 * x)
    assert traced == [(2,), (3,)]
    slope(np.ones(2))
    assert traced[2:] == [(2,)]  # another dtype


def test_results_are_copies():
    slope = grad(lambda x: ops.sum(x * x))
    first = slope(np.ones(2, "float32"))
    slope(np.full(2, 5.0, "float32"))
    np.testing.assert_array_equal(host(first), [2.0, 2.0])


def test_inside_a_layer_a_gradient_is_part_of_the_step(rng):
    class Slope(layers.Layer):
        """The derivative of a cubic with a trained factor."""

        def build(self, input_shape):
            self.factor = self.add_weight((), "ones", name="factor")

        def call(self, inputs):
            return grad(lambda x: ops.sum(self.factor * x**3))(inputs)

    model = kerasish.Sequential([layers.Input((1,)), Slope()])
    x = rng.uniform(1.0, 2.0, size=(20, 1)).astype("float32")
    y = model.predict(x, verbose=0)
    np.testing.assert_allclose(y, 3 * x**2, rtol=1e-5)
    model.compile(kerasish.optimizers.SGD(0.01), "mse")
    model.fit(x, 2 * y, epochs=60, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], 2.0, rtol=1e-3)


def test_gradients_train_by_hand(rng):
    layer = layers.Dense(1)
    x = rng.normal(size=(30, 3)).astype("float32")
    y = x @ np.array([[1.0], [2.0], [3.0]], "float32")
    layer(x)
    optimizer = kerasish.optimizers.Adam(0.1)
    step = value_and_grad(
        lambda: ops.mean((layer(x) - y) ** 2), variables=layer.trainable_variables
    )
    first, _ = step()
    for _ in range(200):
        last, gradients = step()
        optimizer.apply(gradients, layer.trainable_variables)
    assert float(last) < float(first) / 1000


@pytest.mark.parametrize("value", [3, True, np.array([1, 2]), [1.0, 2]])
def test_whole_numbers_have_no_gradient(value):
    with pytest.raises(DTypeError, match=r"at floating-point numbers(.|\n)*3\.0"):
        grad(lambda x: ops.sum(x) if not isinstance(x, list) else x[0])(value)


def test_other_arguments_may_be_whole_numbers():
    assert float(grad(lambda x, n: x * n)(2.0, 3)) == 3.0
    found = grad(lambda x, n: ops.sum(x * n))(np.ones(2), np.array([4, 5]))
    np.testing.assert_array_equal(host(found), [4.0, 5.0])


@pytest.mark.parametrize("argnums", [2, -3, (0, 5)])
def test_an_argument_that_is_not_there(argnums):
    with pytest.raises(IndexError, match=r"no such argument(.|\n)*2 arguments"):
        grad(product, argnums)(1.0, 2.0)


@pytest.mark.parametrize("shape", [(3,), (1,), (2, 2)])
def test_only_scalars_have_gradients(shape):
    with pytest.raises(ShapeError, match=r"Only a scalar has(.|\n)*ops\.sum"):
        grad(lambda x: x * x)(np.ones(shape))


def test_python_branches_on_values_are_explained():
    with pytest.raises(TypeError, match=r"no value yet(.|\n)*ops\.where"):
        grad(lambda x: x if x > 0 else -x)(1.0)


def test_the_wrapped_function_keeps_its_name():
    assert grad(product).__name__ == "product"
    assert value_and_grad(product).__name__ == "product"


def test_what_is_wanted_beside_the_value():
    w = kerasish.Variable([2.0, 3.0])

    def loss(x):
        y = x * w
        return ops.sum(y), {"y": y, "count": 2}

    (value, beside), (slope,) = value_and_grad(loss, variables=[w], has_aux=True)(
        ops.convert_to_tensor([1.0, 4.0])
    )
    assert float(value) == 14
    assert beside["y"].tolist() == [2, 12]
    assert int(beside["count"]) == 2
    assert slope.tolist() == [1, 4]
    slope, beside = grad(lambda x: (x * x, x + 1), has_aux=True)(3.0)
    assert (float(slope), float(beside)) == (6, 4)


def test_more_beside_the_value_inside_a_gradient():
    def outer(x):
        (value, y), slope = value_and_grad(lambda x: (x**3, x * 2), has_aux=True)(x)
        return slope + y + 0 * value

    assert float(grad(outer)(2.0)) == 14
