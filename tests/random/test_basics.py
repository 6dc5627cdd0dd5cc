import numpy as np

from kerasish import ops
from kerasish.random.basics import as_shape, box_muller, normals, wide_dtype


def test_shapes():
    assert as_shape(3) == (3,)
    assert as_shape([2, 3]) == (2, 3)


def test_normal_values_come_in_pairs():
    u1, u2 = ops.convert_to_tensor([0.0, 0.5]), ops.convert_to_tensor([0.25, 0.0])
    values = ops.convert_to_numpy(normals(u1, u2))
    radius = np.sqrt(-2 * np.log(0.5))
    np.testing.assert_allclose(values, [0.0, radius, 0.0, 0.0], atol=1e-6)


def test_an_odd_number_of_normal_values():
    key = ops.convert_to_tensor(np.array([1, 2], "uint32"))
    assert tuple(box_muller(key, (3, 3), "float32").shape) == (3, 3)


def test_half_precision_is_computed_in_single():
    assert [wide_dtype(d) for d in ("float16", "float32", "float64")] == [
        "float32",
        "float32",
        "float64",
    ]
