import numpy as np
import pytest

from kerasish.utils.numerical import normalize, to_categorical


class TestToCategorical:
    def test_rows_are_one_hot_float64(self):
        rows = to_categorical([0, 1, 2, 1])
        assert rows.dtype == np.float64
        np.testing.assert_array_equal(rows, np.eye(3)[[0, 1, 2, 1]])

    @pytest.mark.parametrize(
        ("shape", "expected"),
        [
            ((), (4,)),
            ((3,), (3, 4)),
            ((3, 1), (3, 4)),
            ((1,), (1, 4)),
            ((2, 3), (2, 3, 4)),
            ((2, 3, 1), (2, 3, 4)),
            ((0,), (0, 4)),
        ],
    )
    def test_shape(self, shape, expected):
        assert to_categorical(np.zeros(shape, int), 4).shape == expected

    def test_floats_are_cut_and_bools_count(self):
        np.testing.assert_array_equal(to_categorical([0.7, 1.2]), np.eye(2))
        np.testing.assert_array_equal(to_categorical([False, True]), np.eye(2))

    @pytest.mark.parametrize("label", [5, -1])
    def test_class_out_of_range(self, label):
        with pytest.raises(IndexError, match="out of range") as error:
            to_categorical([0, label], 3)
        assert f"got:      {label} (1 such numbers)" in str(error.value)
        assert "expected: 0 to 2 (num_classes=3)" in str(error.value)
        assert "fix:" in str(error.value)

    def test_empty_needs_num_classes(self):
        with pytest.raises(ValueError, match="pass `num_classes`"):
            to_categorical([])


class TestNormalize:
    x = np.array([[3.0, 4.0], [0.0, 0.0], [1.0, -1.0]])

    @pytest.mark.parametrize("order", [1, 2, 3, np.inf])
    @pytest.mark.parametrize("axis", [0, 1, -1])
    def test_norm_is_one(self, order, axis):
        rows = np.moveaxis(normalize(self.x, axis=axis, order=order), axis, -1)
        norms = np.linalg.norm(rows, order, axis=-1)
        zero = np.all(rows == 0, axis=-1)
        np.testing.assert_allclose(norms[~zero], 1, rtol=1e-14)

    def test_values(self):
        s = np.sqrt(0.5)
        expected = [[0.6, 0.8], [0, 0], [s, -s]]
        np.testing.assert_allclose(normalize(self.x), expected, rtol=1e-15)

    def test_dtype_and_input_are_kept(self):
        x = self.x.astype("float32")
        assert normalize(x).dtype == np.float32
        assert normalize([[3, 4]]).tolist() == [[0.6, 0.8]]
        np.testing.assert_array_equal(x, self.x)

    @pytest.mark.parametrize("axis", [0, -1])
    def test_vector_becomes_a_row(self, axis):
        assert normalize([3.0, 4.0], axis=axis).tolist() == [[0.6, 0.8]]

    @pytest.mark.parametrize(("x", "axis"), [(3.0, -1), ([1.0], 1), ([1.0], -2)])
    def test_no_such_axis(self, x, axis):
        with pytest.raises(ValueError, match="cannot find the axis") as error:
            normalize(x, axis=axis)
        assert f"axis={axis}" in str(error.value)
