import pytest

from kerasish.utils.packing import pack_x_y_sample_weight, unpack_x_y_sample_weight


@pytest.mark.parametrize(
    ("arguments", "packed"),
    [
        (("x",), "x"),
        ((["a", "b"],), (["a", "b"],)),
        ((("a", "b"),), (("a", "b"),)),
        (({"a": 1},), {"a": 1}),
        (("x", "y"), ("x", "y")),
        (("x", None, "w"), "x"),
        (("x", "y", "w"), ("x", "y", "w")),
    ],
)
def test_pack(arguments, packed):
    assert pack_x_y_sample_weight(*arguments) == packed


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        ("x", ("x", None, None)),
        (None, (None, None, None)),
        ({"a": 1}, ({"a": 1}, None, None)),
        (("x",), ("x", None, None)),
        (["x", "y"], ("x", "y", None)),
        (("x", "y", "w"), ("x", "y", "w")),
    ],
)
def test_unpack(data, parts):
    assert unpack_x_y_sample_weight(data) == parts


@pytest.mark.parametrize("data", [(), [1, 2, 3, 4]])
def test_unpack_wrong_length(data):
    with pytest.raises(ValueError, match="cannot be taken apart") as error:
        unpack_x_y_sample_weight(data)
    assert f"a {type(data).__name__} of {len(data)} parts" in str(error.value)
    assert "fix:" in str(error.value)
